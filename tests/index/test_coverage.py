"""How much of a list is there: each condition counts those that met the ones before, whole and by class."""

from dataclasses import astuple
from pathlib import Path

from avbench.clips import Clip
from avbench.index.coverage import Share, coverage
from avbench.index.entries import Entry

ROOT = Path("/root-of-the-data")


def clip(name: str, *classes: str, start: float = 0.0, end: float | None = None) -> Clip:
    return Clip(id=name, path=ROOT / f"{name}.mp4", classes=classes, start=start, end=end)


def entry(name: str, seconds: float = 10.0, **facts: str | None) -> tuple[Path, Entry]:
    streams = {"video": "h264", "audio": "aac"} | facts
    line = Entry(path=f"{name}.mp4", bytes=1, mtime_ns=0, probed_ns=0, seconds=seconds, **streams)
    return ROOT / f"{name}.mp4", line


ENTRIES = dict(
    [
        entry("whole"),
        entry("rounded", 9.97),
        entry("short", 6.0),
        entry("mute", audio=None),
        entry("broken", video=None, audio=None, reason="corrupt"),
    ]
)
CLIPS = [
    clip("whole", "bells", "birds"),
    clip("rounded", "bells"),
    clip("short", "bells"),
    clip("mute", "birds"),
    clip("broken", "birds"),
    clip("missing", "birds"),
]


def test_a_condition_counts_the_clips_that_met_those_before() -> None:
    whole, _ = coverage(CLIPS, ENTRIES, name="list", seconds=10.0)

    assert astuple(whole) == ("list", 6, 5, 4, 3, 2)


def test_a_clip_counts_in_each_of_its_classes_and_what_lacks_most_comes_first() -> None:
    _, classes = coverage(CLIPS, ENTRIES, name="list", seconds=10.0)

    assert classes == (
        Share(name="birds", asked=4, found=3, opened=2, sound_and_picture=1, long_enough=1),
        Share(name="bells", asked=3, found=3, opened=3, sound_and_picture=3, long_enough=2),
    )


def test_a_stretch_must_lie_within_its_file() -> None:
    stretches = [clip("whole", start=2.0), clip("whole", start=2.0, end=9.0), clip("whole", end=8.0)]

    shares = [coverage([each], ENTRIES, name="-", seconds=8.0)[0].long_enough for each in stretches]

    assert shares == [1, 0, 1]


def test_nothing_asked_for_is_nothing_found() -> None:
    whole, classes = coverage([], ENTRIES, name="empty", seconds=10.0)

    assert (astuple(whole)[1:], classes) == ((0, 0, 0, 0, 0), ())
