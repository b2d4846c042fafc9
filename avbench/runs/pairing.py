"""Pairs through a model: each clip's picture with its own sound, that of another moment, or another's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from avbench.clips import Clip
from avbench.records import ModelInputs
from avbench.results.document import digest_of
from avbench.runs.attempts import Attempts
from avbench.runs.border import check_alignment_scores
from avbench.runs.slots import Slots, audio_batch, video_batch
from avbench.runs.trials import fault_of
from avbench.specs import AlignmentProtocol
from avbench.store import Row
from avbench.tasks.pairs import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Which picture goes with which sound.

    Attributes:
        protocol: The window and the shifts.
        pairs: The pair each clip makes, by clip id.
        clips: The clips, by id.
    """

    protocol: AlignmentProtocol
    pairs: Mapping[str, Pair]
    clips: Mapping[str, Clip]

    def seen(self, clip: Clip) -> Clip:
        """Return the clip from where its picture is taken."""
        return replace(clip, start=clip.start + self.protocol.largest + self.pairs[clip.id].shift)

    def heard(self, clip: Clip) -> Clip:
        """Return the clip a sound is from, from where it is taken."""
        source = self.clips[self.pairs[clip.id].sound]
        return replace(source, start=source.start + self.protocol.largest)

    def keys(self, contents: Mapping[str, str]) -> dict[str, str]:
        """Return what each pair is made of, as a digest by clip id, from what the clips contain."""
        return {
            clip_id: digest_of([contents[clip_id], contents[pair.sound], pair.shift])
            for clip_id, pair in self.pairs.items()
            if clip_id in contents and pair.sound in contents
        }


@dataclass(slots=True, kw_only=True)
class PairScorer:
    """A loaded model that judges pairs, and how it has fared so far.

    Attributes:
        name: The model's name, for messages.
        model: An object with ``alignment_scores``.
        inputs: What it reads.
        device: Where it computes.
        batch_size: Rows of every batch it is given.
        pairing: The pairs.
        method: What it is asked for.
        attempts: What became of the clips so far.
    """

    name: str
    model: Any
    inputs: ModelInputs
    device: str
    batch_size: int
    pairing: Pairing
    method: str = "alignment_scores"
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = Attempts(name=self.name, batch_size=self.batch_size)

    def score(self, slots: Slots) -> Mapping[str, Row]:
        """Judge some clips' pairs.

        Args:
            slots: At most ``batch_size`` clips; the batch is filled up by repeating the first.

        Returns:
            The logit ``(1,)`` by clip id; a clip without a finite one is absent.

        Raises:
            ModelError: The model broke its contract, or has failed on every clip of a batch's worth.
        """
        return self.attempts.over(slots, self.method, self.forward, fault_of)

    def forward(self, slots: Slots) -> Sequence[Row]:
        """Ask the model: a row a clip, whatever it holds.

        Raises:
            ModelError: The model broke its contract.
        """
        import torch

        pairing, window = self.pairing, self.pairing.protocol.window
        seen = [(pairing.seen(clip), decoded) for clip, decoded in slots]
        heard = [(pairing.heard(clip), decoded) for clip, decoded in slots]
        video = video_batch(seen, self.inputs, self.device, seconds=window)
        audio = audio_batch(heard, self.inputs, self.device)
        with torch.inference_mode():
            output = self.model.alignment_scores(video, audio)
        return list(check_alignment_scores(self.name, output, len(slots)))
