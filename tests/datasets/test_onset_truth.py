"""When something is heard: as the side-cars of Greatest Hits say it, from the window's start."""

from pathlib import Path

import numpy as np
import pytest

from avbench.clips import Clip
from avbench.datasets.onset_truth import onsets_of
from avbench.errors import DataError


def clip(folder: Path, text: str, start: float = 0.0) -> Clip:
    truth = folder / "2015-02-16-16-49-06_times.txt"
    truth.write_text(text)
    return Clip(id="a", path=folder / "a.mp4", start=start, truth=truth)


def test_the_first_column_is_the_instant_whatever_else_a_line_says(tmp_path: Path) -> None:
    text = "0.96 wood hit static\n3.5 None scratch None\n\n2.25 metal hit rigid-motion\n"
    np.testing.assert_array_equal(onsets_of(clip(tmp_path, text), 8.0), [0.96, 2.25, 3.5])


def test_only_what_lies_in_the_window_counts_from_where_it_begins(tmp_path: Path) -> None:
    text = "0.5 wood hit static\n2.0 wood hit static\n3.75 wood hit static\n4.0 wood hit static\n"
    np.testing.assert_array_equal(onsets_of(clip(tmp_path, text, start=2.0), 2.0), [0.0, 1.75])


@pytest.mark.parametrize("text", ["wood hit static\n", "nan wood hit static\n", "-1 wood hit static\n"])
def test_a_line_without_an_instant_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"2015-02-16-16-49-06_times\.txt"):
        onsets_of(clip(tmp_path, text), 8.0)


def test_a_side_car_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = Clip(id="a", path=tmp_path / "a.mp4", truth=tmp_path / "gone.txt")
    with pytest.raises(DataError, match=r"gone\.txt"):
        onsets_of(gone, 8.0)
