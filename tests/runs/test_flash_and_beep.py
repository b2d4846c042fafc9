"""The harness moves nothing by itself: a model that measures finds every offset to half a frame."""

from pathlib import Path

import pytest

from avbench import archive
from avbench.tasks.synchrony import OffsetRecord
from tests.running import Runs
from tests.runs.appearing import finder, write_appearing

RATES = (4.0, 10.0, 12.5, 15.0, 24_000 / 1001, 25.0, 30_000 / 1001, 48.0, 60.0)
SAMPLE = 1 / 16_000
# The tone is heard when it passes a level, which AAC's pre-echo and its rise move by a little.
RISE = 1e-3


def measured(record: OffsetRecord) -> float:
    """Return how late the model said the sound was: its score of the first offset, -1 s, is -|-1 - late|."""
    return -record.scores[0] - 1.0


@pytest.mark.parametrize("fps", RATES, ids=lambda fps: f"{fps:.5g}")
def test_the_offset_is_found_to_half_a_frame_at_every_rate_and_in_every_container(
    runs: Runs, tmp_path: Path, fps: float
) -> None:
    folder = tmp_path / "appearing"
    folder.mkdir()
    for container in ("mp4", "m4v", "mov", "mkv"):
        write_appearing(folder / f"clip-{container}.{container}", fps=fps)

    (done,) = runs.finished(
        finder(), tasks=("folder-sync",), data_root=folder, model_args={"fps": f"{fps!r}"}
    )
    records = archive.read_records(done.path, done.result.records_sha256, OffsetRecord)

    assert done.result.coverage.evaluated == 4, done.result.coverage
    for record in records:
        assert abs(measured(record) - record.offset) <= 0.5 / fps + SAMPLE + RISE, record
