"""Clips that are not trained on, each under its reason: counted in a sentence, listed in a file."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.media.info import DecodedClip
from avbench.runs.census import LeftOut
from avbench.store import write_whole
from avbench.training.arrays import Frames, Samples, as_stored

LIST = "left-out.jsonl"


def kept(clip: Clip, outcome: DecodedClip | MediaError) -> tuple[Frames, Samples] | LeftOut:
    """Return what is kept of a decoded clip, or why it is left out.

    Sound that never changes says nothing of what is seen: such a clip is ``silent``.
    """
    if isinstance(outcome, MediaError):
        # The list is part of a run: where files lie on this machine is nobody's business.
        message = outcome.message.replace(str(clip.path), clip.path.name)
        return LeftOut(reason=outcome.reason, message=message)
    assert outcome.frames is not None and outcome.samples is not None
    frames, samples = as_stored(outcome.frames, outcome.samples)
    if (samples == samples[:, :1]).all():
        return LeftOut(reason="silent", message=f"The sound of {clip.id} never changes.")
    return frames, samples


def counted(reasons: Iterable[LeftOut]) -> str:
    """Count clips by their reason: ``3 corrupt, 1 silent``."""
    counts = Counter(each.reason for each in reasons)
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))


@dataclass(slots=True)
class LeftOutList:
    """The file of a run that lists the clips it leaves out, one JSON object a line.

    Attributes:
        path: The file.
        clips: All clips there are.
        found: Those that turned out to be of no use while training went on, by number.
    """

    path: Path
    clips: Sequence[Clip]
    found: dict[int, LeftOut] = field(default_factory=dict)

    def recall(self) -> None:
        """Read what earlier parts of the run found: a clip that took too long once stays left out."""
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                entry = json.loads(line)
                if entry["training"] and self.clips[entry["number"]].id == entry["id"]:
                    reason = LeftOut(reason=entry["reason"], message=entry["message"])
                    self.found[int(entry["number"])] = reason
            except (ValueError, KeyError, TypeError, IndexError):
                continue

    def write(self, before: Mapping[int, LeftOut]) -> None:
        """Write the list anew.

        Args:
            before: Clips that are left out from the start, by number.

        Raises:
            StorageError: It cannot be written.
        """
        lines = [self._line(number, each, training=False) for number, each in sorted(before.items())]
        lines += [self._line(number, each, training=True) for number, each in sorted(self.found.items())]
        write_whole(self.path, "".join(lines).encode())

    def add(self, number: int, reason: LeftOut) -> None:
        """Add a clip that turned out to be of no use."""
        self.found[number] = reason
        with self.path.open("a", encoding="utf-8") as file:
            file.write(self._line(number, reason, training=True))

    def _line(self, number: int, why: LeftOut, *, training: bool) -> str:
        entry = {"number": number, "id": self.clips[number].id, "reason": why.reason, "message": why.message}
        return json.dumps(entry | {"training": training}) + "\n"
