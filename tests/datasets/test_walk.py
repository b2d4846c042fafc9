"""The walk by which media files are looked for: everything below a folder once, and what it cannot read."""

import os
from pathlib import Path

import pytest

from avbench.datasets.walk import walk


def walked(root: Path) -> tuple[set[str], list[str]]:
    closed: list[str] = []
    entries = walk(root, lambda folder, error: closed.append(f"{folder.name}: {error.strerror}"))
    return {os.path.relpath(entry.path, root) for entry in entries}, closed


def test_files_are_met_at_any_depth_and_hidden_names_nowhere(tmp_path: Path):
    for name in ("a.mp4", "b/c/d.wav", "b/.e", ".f/g.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert walked(tmp_path) == ({"a.mp4", "b/c/d.wav"}, [])


def test_a_link_is_met_wherever_it_leads_and_a_circle_ends(tmp_path: Path):
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")

    assert walked(tmp_path) == ({"round", "gone"}, [])


def test_a_folder_that_cannot_be_read_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "open.mp4").touch()
    scandir = os.scandir

    def refused(folder: Path):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)

    assert walked(tmp_path) == ({"open.mp4"}, ["closed: Permission denied"])


def test_a_root_that_is_not_there_is_told(tmp_path: Path):
    assert walked(tmp_path / "none") == (set(), ["none: No such file or directory"])
