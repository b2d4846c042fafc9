"""All clips through a model, once: decoded while it computes, kept batch by batch.

Batches are fixed slices of the dataset's order, always full: a clip that fails leaves its slot to another
of its batch, the last batch is filled up. A batch that lacks an output is computed whole. So what a model
is given does not depend on where an earlier run was interrupted, and neither do the bytes it returns.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from avbench.census import Census
from avbench.clips import Clip
from avbench.embedding import Decoded, Embedder, Unread
from avbench.errors import MediaError
from avbench.records import Progress
from avbench.resolve import Plan
from avbench.store import Modality, Row, Shelf

MODALITIES: tuple[Modality, ...] = ("video", "audio")
# What the content of a file decides: found out once, remembered.
LASTING = frozenset({"corrupt", "no-audio", "no-video", "too-short", "too-large"})


@dataclass(slots=True, kw_only=True)
class Outputs:
    """What is known of the clips' embeddings so far.

    Attributes:
        rows: ``(dim,)`` or ``(time, dim)`` by clip id, by modality.
        reasons: Why a clip has none, by clip id.
        reused: Outputs taken from the store.
        computed: Outputs computed now.
    """

    rows: dict[Modality, dict[str, Row]] = field(default_factory=lambda: {"video": {}, "audio": {}})
    reasons: dict[str, str] = field(default_factory=dict)
    reused: int = 0
    computed: int = 0

    def lacks(self, clip: Clip, modality: Modality) -> bool:
        """Return whether the clip still needs this output."""
        return clip.id not in self.reasons and clip.id not in self.rows[modality]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A slice of the dataset's order in which an output is missing.

    Attributes:
        clips: Its clips that may still succeed.
        modalities: The streams to decode and embed for all of them.
    """

    clips: tuple[Clip, ...]
    modalities: tuple[Modality, ...]


def recall(plan: Plan, census: Census, shelf: Shelf) -> Outputs:
    """Take from the store what earlier runs have left."""
    outputs = Outputs(reasons=dict(census.reasons))
    for clip in plan.clips:
        digest = census.digests.get(clip.id)
        if digest is None:
            continue
        for modality in MODALITIES:
            if (row := shelf.read(digest, modality)) is not None:
                outputs.rows[modality][clip.id] = row
                outputs.reused += 1
        if outputs.lacks(clip, "video") and (reason := shelf.read_reason(digest)) is not None:
            outputs.reasons[clip.id] = reason
    return outputs


def unfinished(plan: Plan, outputs: Outputs) -> list[Batch]:
    """Return the batches in which an output is missing, in the dataset's order."""
    batches: list[Batch] = []
    for first in range(0, len(plan.clips), plan.batch_size):
        part = plan.clips[first : first + plan.batch_size]
        wanted: tuple[Modality, ...] = tuple(
            each for each in MODALITIES if any(outputs.lacks(clip, each) for clip in part)
        )
        if wanted:
            clips = tuple(clip for clip in part if clip.id not in outputs.reasons)
            batches.append(Batch(clips=clips, modalities=wanted))
    return batches


def embed_batches(
    plan: Plan,
    census: Census,
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
            _note_failures(census, shelf, outputs, results)
            slots = [(clip, each) for clip, each in results if not isinstance(each, MediaError)]
            for modality in batch.modalities if slots else ():
                _keep(census, shelf, outputs, modality, embedder.embed(slots, modality))
            for clip, _ in slots:
                if any(outputs.lacks(clip, modality) for modality in batch.modalities):
                    outputs.reasons[clip.id] = "model"
            done += len(batch.clips)
            progress("embedding", done, total)
    for modality in MODALITIES:
        embedder.refuse_failure(modality, 1)


def _note_failures(
    census: Census, shelf: Shelf, outputs: Outputs, results: Sequence[tuple[Clip, Decoded | MediaError]]
) -> None:
    for clip, result in results:
        if isinstance(result, MediaError):
            outputs.reasons[clip.id] = result.reason
            if result.reason in LASTING:
                shelf.write_reason(census.digests[clip.id], result.reason)


def _keep(
    census: Census, shelf: Shelf, outputs: Outputs, modality: Modality, rows: Mapping[str, Row]
) -> None:
    for clip_id, row in rows.items():
        if clip_id not in outputs.rows[modality]:
            shelf.write(census.digests[clip_id], modality, row)
            outputs.rows[modality][clip_id] = row
            outputs.computed += 1


def _decoded(plan: Plan, batches: Sequence[Batch]) -> Generator[list[tuple[Clip, Decoded | MediaError]]]:
    """Yield every batch's clips with what was decoded of them, in order, decoding ahead."""
    outcomes = _outcomes(plan, batches)
    with closing(outcomes):
        for batch in batches:
            yield [(clip, next(outcomes)) for clip in batch.clips]


def _outcomes(plan: Plan, batches: Sequence[Batch]) -> Generator[Decoded | MediaError]:
    inputs = plan.contestant.inputs
    wanted = {modality for batch in batches for modality in batch.modalities}
    video = inputs.video if "video" in wanted else None
    audio = inputs.audio if "audio" in wanted else None
    clips = [clip for batch in batches for clip in batch.clips]
    if video is None and audio is None:
        yield from (Unread() for _ in clips)
        return
    from avbench.media.workers import decode_clips

    seconds, processes = plan.spec.seconds, plan.workers
    yield from decode_clips(clips, seconds=seconds, video=video, audio=audio, processes=processes)
