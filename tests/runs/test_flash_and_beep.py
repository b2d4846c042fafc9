"""The harness moves nothing by itself: a model that measures finds every offset to half a frame."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avbench.results import archive
from avbench.tasks.synchrony import OffsetRecord
from tests.media.muxing import mux
from tests.running import Runs
from tests.runs.appearing import FPS, INSTANT, RATE, finder, tone, write_appearing

RATES = (4.0, 10.0, 12.5, 15.0, 24_000 / 1001, 25.0, 30_000 / 1001, 48.0, 60.0)
SAMPLE = 1 / 16_000
# The tone is heard when it passes a level, which AAC's pre-echo and its rise move by a little.
RISE = 1e-3


CONTAINERS = ("mp4", "m4v", "mov", "mkv")  # those avbench writes
FOREIGN: dict[str, dict[str, Any]] = {
    "ts": {},
    "webm": {"codec": "libvpx", "codec_options": {"deadline": "realtime"}, "audio_codec": "libopus"},
    "avi": {"codec": "mpeg4", "codec_options": {"qscale": "2"}, "audio_codec": "pcm_s16le"},
}


def write_foreign(folder: Path, fps: float) -> None:
    """Write the same clip to containers that avbench reads and does not write."""
    first, frame = round(INSTANT * fps), 1 / Fraction(fps).limit_denominator(1_000_000)
    pictures = [(k / fps, np.full((32, 32, 3), 255 * (k >= first), np.uint8)) for k in range(round(6 * fps))]
    heard = [(0.0, np.repeat(tone(first / fps, 6.0), 3, axis=1))]
    for ending, how in FOREIGN.items():
        tick = frame if ending == "avi" else Fraction(1, 1000 if ending == "webm" else 90_000)
        mux(folder / f"clip-{ending}.{ending}", frames=pictures, sound=heard, rate=3 * RATE, tick=tick, **how)


def write_unlike(folder: Path) -> None:
    """Write a clip whose sound stream begins 0.3 s late, and one whose sound lasts a second longer."""
    pictures = [(k / FPS, np.full((32, 32, 3), 255 * (k >= 60), np.uint8)) for k in range(130)]
    heard = tone(60 / FPS, 6.2)
    late = [(0.3, heard[:, round(0.3 * RATE) :])]
    mux(folder / "late.mkv", frames=pictures, sound=late, rate=RATE)
    mux(folder / "longer.mkv", frames=pictures, sound=[(0.0, heard)], rate=RATE)


def measured(record: OffsetRecord) -> float:
    """Return how late the model said the sound was: its score of the first offset, -1 s, is -|-1 - late|."""
    return -record.scores[0] - 1.0


@pytest.mark.parametrize("fps", RATES, ids=lambda fps: f"{fps:.5g}")
def test_the_offset_is_found_to_half_a_frame_at_every_rate_and_in_every_container(
    runs: Runs, tmp_path: Path, fps: float
) -> None:
    folder = tmp_path / "appearing"
    folder.mkdir()
    for container in CONTAINERS:
        write_appearing(folder / f"clip-{container}.{container}", fps=fps)
    write_foreign(folder, fps)

    (done,) = runs.finished(
        finder(), tasks=("folder-sync",), data_root=folder, model_args={"fps": f"{fps!r}"}
    )
    records = archive.read_records(done.path, done.result.records_sha256, OffsetRecord)

    assert done.result.coverage.evaluated == len(CONTAINERS) + len(FOREIGN), done.result.coverage
    for record in records:
        assert abs(measured(record) - record.offset) <= 0.5 / fps + SAMPLE + RISE, record


def test_streams_that_begin_or_end_apart_are_still_on_one_clock(runs: Runs, tmp_path: Path) -> None:
    folder = tmp_path / "unlike"
    folder.mkdir()
    write_unlike(folder)

    (done,) = runs.finished(finder(), tasks=("folder-sync",), data_root=folder)
    records = archive.read_records(done.path, done.result.records_sha256, OffsetRecord)

    assert done.result.coverage.evaluated == 2, done.result.coverage
    for record in records:
        assert abs(measured(record) - record.offset) <= 0.5 / FPS + SAMPLE + RISE, record
