"""What a mimic tree consists of: whole clips, and one or more of everything that goes wrong."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Split = Literal["test", "train"]

KINDS: Mapping[str, str] = {
    "whole": "nothing is wrong with it",
    "missing": "listed, and not on disk",
    "empty": "no bytes",
    "truncated": "the first half of a file: a download that broke off",
    "not-a-video": "the web page that said the video is gone, under a video's name",
    "short": "a third of the length",
    "silent": "digital silence throughout",
    "still": "one picture throughout",
    "no-audio": "no audio stream",
    "no-video": "no video stream",
    "clipped": "sound far beyond full scale, cut off there",
    "variable-rate": "frames left out at random, as a phone or a screen recorder does",
    "stream-offset": "the sound stream begins after the picture, and says so",
    "reupload": "another clip's content under another id: smaller, quieter, coded anew",
    "outside": "a link that leaves the tree",
    "unlisted": "on disk, and in no list",
}

LEFT_OUT: Mapping[str, str] = {
    "missing": "missing",
    "empty": "empty",
    "truncated": "corrupt",
    "not-a-video": "corrupt",
    "short": "too-short",
    "no-audio": "no-audio",
    "no-video": "no-video",
    "outside": "missing",
}
"""Kind → reason code under which a run leaves the clip out; the other kinds are evaluated."""

SECONDS = 10
WHOLE = 16
PLANTED = ("missing", *(kind for kind in KINDS if kind not in ("whole", "unlisted")))

# Ids that have broken readers: they begin with what looks like an option, hold what looks like a start time,
# begin with the letter that some dumps put before an id, or end in the separator.
AWKWARD = (
    "-mimic_A0-_",
    "--mimic-B1x",
    "_mimic_C2_3",
    "a_000030_b1",
    "Ymimic-D4_0",
    "mimic_E5_30",
    "0123456789_",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One clip of a mimic tree.

    Attributes:
        number: Its place among all.
        kind: A key of :data:`KINDS`.
        split: The list that asks for it; an unlisted one is ``test`` as well.
        source: The video's id, 11 characters.
        start: Where the clip begins in that video, in whole seconds.
        label: Number of its class.
        scene: Which rendered scene it shows; a re-upload shows that of another clip.
        row: Number of its video in its split.
        turn: Number of this clip among those of its video in its split.
    """

    number: int
    kind: str
    split: Split
    source: str
    start: int
    label: int
    scene: int
    row: int
    turn: int = 0

    @property
    def end(self) -> int:
        """Where it ends in its video, in whole seconds."""
        return self.start + SECONDS

    @property
    def on_disk(self) -> bool:
        """Whether there is a media file, be it a broken one."""
        return self.kind not in ("missing", "outside")


def parts(classes: int, identify: Callable[[int], str], *, repeat: bool) -> tuple[Part, ...]:
    """Return the clips of a tree; the same for every data set but for what the arguments say.

    Args:
        classes: How many classes there are.
        identify: Gives the id of a video by its number.
        repeat: Whether a split may hold two clips of one video.

    Among the clips of the test split two come from one video. Of the training split one clip is a re-upload
    of the first test clip and one comes from the video of the second: what a leak looks like.
    """
    return tuple(each for each in _parts(classes, identify) if repeat or not each.turn)


def _parts(classes: int, identify: Callable[[int], str]) -> Iterator[Part]:
    kinds = [*("whole",) * WHOLE, *PLANTED, "unlisted"]
    for number, kind in enumerate(kinds):
        # The last whole clip is of the same video as the first, a minute later.
        again = number == WHOLE - 1
        yield Part(
            number=number,
            kind=kind,
            split="test",
            source=identify(0 if again else number),
            start=90 if again else (30, 0, 177, 30, 11)[number % 5],
            label=number % classes,
            scene=0 if kind == "reupload" else number,
            row=0 if again else number,
            turn=int(again),
        )
    first = len(kinds)
    for turn, kind in enumerate(["whole", "whole", "whole", "whole", "reupload"]):
        shared = turn == 1
        yield Part(
            number=first + turn,
            kind=kind,
            split="train",
            source=identify(1 if shared else first + turn),
            start=200 if shared else 30,
            label=(1 if kind == "reupload" else turn) % classes,
            scene=1 if kind == "reupload" else first + turn,
            row=turn,
        )


def video_id(number: int) -> str:
    """Return an invented video id: 11 letters, digits, ``-`` and ``_``, the same for the same number."""
    if number < len(AWKWARD):
        return AWKWARD[number]
    return base64.urlsafe_b64encode(hashlib.sha256(f"mimic {number}".encode()).digest()).decode()[:11]
