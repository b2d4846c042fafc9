"""The lists of mimic trees, read by the readers of the real ones: the clips that the side-car names."""

import importlib
from pathlib import Path

import pytest

from avbench.datasets.file_names import ClipKey
from avbench.datasets.mimic.layouts import LAYOUTS
from avbench.datasets.mimic.parts import Split
from avbench.errors import DataError

pytest.importorskip("avbench.lists.audioset", reason="the readers of real lists are not here")

READERS = {"vggsound": "vggsound", "audioset": "audioset", "audiocaps": "audioset"}


def written(dataset: str, folder: Path) -> None:
    layout = LAYOUTS[dataset]
    listed = [part for part in layout.parts() if part.kind != "unlisted"]
    for name, text in layout.lists(listed, layout.classes).items():
        (folder / name).write_bytes(text.encode())


@pytest.mark.parametrize("split", ["test", "train"])
@pytest.mark.parametrize("dataset", READERS)
def test_a_list_is_read_as_what_it_was_written_from(tmp_path: Path, dataset: str, split: Split) -> None:
    written(dataset, tmp_path)
    layout = LAYOUTS[dataset]
    reader = getattr(importlib.import_module(f"avbench.lists.{READERS[dataset]}"), f"read_{dataset}")
    found = reader(tmp_path / (layout.test_list if split == "test" else layout.train_list))
    assert [clip.key for clip in found.clips] == [
        ClipKey(source=part.source, start=1000 * part.start, end=1000 * part.end)
        for part in layout.parts()
        if part.split == split and part.kind != "unlisted"
    ]


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    written("vggsound", tmp_path)
    reader = importlib.import_module("avbench.lists.vggsound").read_vggsound
    with pytest.raises(DataError, match="outside_000030"):
        reader(tmp_path / "escaping.csv")
