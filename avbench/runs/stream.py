"""All clips through a model, once: decoded while it computes, kept batch by batch.

Batches are fixed slices of the dataset's order, always full: a clip that fails leaves its slot to another
of its batch, the last batch is filled up. A batch that lacks an output is computed whole. So what a model
is given does not depend on where an earlier run was interrupted, and neither do the bytes it returns.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.records import AudioInput, Progress, VideoInput
from avbench.resolve import Plan
from avbench.results.provenance import fit_of
from avbench.runs.census import Census, LeftOut
from avbench.runs.embedding import Embedder
from avbench.runs.slots import Decoded, Slots, Unread
from avbench.store import Modality, Row, Shelf

MODALITIES: tuple[Modality, ...] = ("video", "audio")
# What the content of a file decides: found out once, remembered.
LASTING = frozenset({"corrupt", "no-audio", "no-video", "too-short", "too-large"})


@dataclass(slots=True, kw_only=True)
class Outputs:
    """What is known of the clips' embeddings so far; clips of the same content share theirs.

    Attributes:
        keys: Digest of each clip's content, by clip id.
        left_out: Clips that have none, and why, by clip id.
        rows: ``(dim,)`` or ``(time, dim)`` by key, by modality.
        reused: Outputs taken from the store.
        computed: Outputs computed now.
        filled: Digests of the clips that were filled up to the window.
    """

    keys: Mapping[str, str]
    left_out: dict[str, LeftOut]
    rows: dict[Modality, dict[str, Row]] = field(default_factory=lambda: {"video": {}, "audio": {}})
    reused: int = 0
    computed: int = 0
    filled: set[str] = field(default_factory=set[str])

    def lacks(self, clip: Clip, modality: Modality) -> bool:
        """Return whether the clip still needs this output."""
        return clip.id not in self.left_out and self.keys[clip.id] not in self.rows[modality]

    def of(self, clips: Sequence[Clip]) -> Mapping[Modality, Mapping[str, Row]]:
        """Return the embeddings of clips that have them, by modality and clip id."""
        return {
            modality: {clip.id: rows[self.keys[clip.id]] for clip in clips}
            for modality, rows in self.rows.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A slice of the dataset's order in which an output is missing.

    Attributes:
        clips: Its clips that may still succeed.
        modalities: The streams to decode and embed for all of them.
    """

    clips: tuple[Clip, ...]
    modalities: tuple[Modality, ...]


def recall(
    clips: Sequence[Clip], census: Census, shelf: Shelf, modalities: Sequence[Modality] = MODALITIES
) -> Outputs:
    """Take from the store what earlier runs have left."""
    outputs = Outputs(keys=census.keys, left_out=dict(census.left_out))
    for key in dict.fromkeys(census.keys.values()):
        for modality in modalities:
            if (row := shelf.read(key, modality)) is not None:
                outputs.rows[modality][key] = row
                outputs.reused += 1
        outputs.filled |= {key} if was_filled(shelf, key) else set()
    for clip in clips:
        if any(outputs.lacks(clip, each) for each in modalities) and (
            failure := shelf.read_failure(census.keys[clip.id])
        ):
            outputs.left_out[clip.id] = LeftOut(reason=failure[0], message=failure[1])
    return outputs


def unfinished(plan: Plan, outputs: Outputs, modalities: Sequence[Modality] = MODALITIES) -> list[Batch]:
    """Return the batches in which an output is missing, in the dataset's order."""
    batches: list[Batch] = []
    for first in range(0, len(plan.clips), plan.batch_size):
        part = plan.clips[first : first + plan.batch_size]
        wanted: tuple[Modality, ...] = tuple(
            each for each in modalities if any(outputs.lacks(clip, each) for clip in part)
        )
        if wanted:
            clips = tuple(clip for clip in part if clip.id not in outputs.left_out)
            batches.append(Batch(clips=clips, modalities=wanted))
    return batches


def embed_batches(
    plan: Plan,
    shelf: Shelf,
    outputs: Outputs,
    batches: Sequence[Batch],
    embedder: Embedder,
    progress: Progress,
) -> None:
    """Decode and embed batches, adding to ``outputs`` and keeping every batch at once.

    Raises:
        ModelError: The model broke its contract, or failed on every clip of a batch's worth.
        StorageError: An output cannot be kept.
    """
    total, done = sum(len(batch.clips) for batch in batches), 0
    progress("embedding", 0, total)
    with closing(_decoded(plan, batches)) as decoded:
        for batch, results in zip(batches, decoded, strict=True):
            note_failures(shelf, outputs.keys, outputs.left_out, results)
            slots = [(clip, each) for clip, each in results if not isinstance(each, MediaError)]
            outputs.filled |= note_filled(shelf, outputs.keys, slots)
            for modality in batch.modalities if slots else ():
                _keep(shelf, outputs, modality, embedder.embed(slots, modality))
            for clip, _ in slots:
                if any(outputs.lacks(clip, modality) for modality in batch.modalities):
                    outputs.left_out[clip.id] = LeftOut(reason="model", message=embedder.attempts.trouble)
            done += len(batch.clips)
            progress("embedding", done, total)
    for modality in MODALITIES:
        embedder.attempts.refuse_failure(f"embed_{modality}", 1)


def note_failures(
    shelf: Shelf,
    keys: Mapping[str, str],
    left_out: dict[str, LeftOut],
    results: Sequence[tuple[Clip, Decoded | MediaError]],
) -> None:
    """Leave out the clips that could not be decoded, and keep what will not change about their files."""
    for clip, result in results:
        if isinstance(result, MediaError):
            # Documents are published: where files lie on this machine is nobody's business.
            message = result.message.replace(str(clip.path), clip.path.name)
            left_out[clip.id] = LeftOut(reason=result.reason, message=message)
            if result.reason in LASTING:
                shelf.write_failure(keys[clip.id], result.reason, message)


def note_filled(shelf: Shelf, keys: Mapping[str, str], slots: Slots) -> set[str]:
    """Keep by how much clips were filled up, and return the digests of those that were."""
    filled = {keys[clip.id]: decoded.filled for clip, decoded in slots if decoded.filled}
    for key, seconds in filled.items():
        for modality, each in seconds.items():
            shelf.write(key, f"{modality}.filled", np.array([each], np.float32))
    return set(filled)


def was_filled(shelf: Shelf, key: str) -> bool:
    """Say whether an earlier run has filled a clip up to the window."""
    return any(shelf.read(key, f"{modality}.filled") is not None for modality in MODALITIES)


def _keep(shelf: Shelf, outputs: Outputs, modality: Modality, rows: Mapping[str, Row]) -> None:
    for clip_id, row in rows.items():
        key = outputs.keys[clip_id]
        if key not in outputs.rows[modality]:
            shelf.write(key, modality, row)
            outputs.rows[modality][key] = row
            outputs.computed += 1


def _decoded(plan: Plan, batches: Sequence[Batch]) -> Generator[list[tuple[Clip, Decoded | MediaError]]]:
    inputs = plan.contestant.inputs
    wanted = {modality for batch in batches for modality in batch.modalities}
    return decoded_batches(
        plan,
        [batch.clips for batch in batches],
        video=inputs.video if "video" in wanted else None,
        audio=inputs.audio if "audio" in wanted else None,
    )


def decoded_batches(
    plan: Plan, batches: Sequence[Sequence[Clip]], *, video: VideoInput | None, audio: AudioInput | None
) -> Generator[list[tuple[Clip, Decoded | MediaError]]]:
    """Yield every batch's clips with what was decoded of them, in order, decoding ahead.

    Args:
        plan: Says the window, and how many processes decode.
        batches: The clips.
        video: Frames wanted, or ``None``.
        audio: Samples wanted, or ``None``.
    """
    clips = [clip for batch in batches for clip in batch]
    with closing(_outcomes(plan, clips, video, audio)) as outcomes:
        for batch in batches:
            yield [(clip, next(outcomes)) for clip in batch]


def _outcomes(
    plan: Plan, clips: Sequence[Clip], video: VideoInput | None, audio: AudioInput | None
) -> Generator[Decoded | MediaError]:
    if video is None and audio is None:
        yield from (Unread() for _ in clips)
        return
    from avbench.media.info import Fit
    from avbench.media.workers import decode_clips

    seconds, processes, fit = plan.spec.seconds, plan.workers, Fit(**fit_of(plan.spec))
    yield from decode_clips(clips, seconds=seconds, video=video, audio=audio, processes=processes, fit=fit)
