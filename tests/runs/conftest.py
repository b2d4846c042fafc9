"""Runs in this process over the tiny clips, and a count of what they decode."""

import shutil
from pathlib import Path

import pytest

from tests.running import Runs


@pytest.fixture
def runs(tmp_path: Path, tiny_clips: Path) -> Runs:
    return Runs(tmp_path, tiny_clips)


@pytest.fixture
def some_clips(tmp_path: Path, tiny_clips: Path) -> Path:
    """A folder of six of the tiny clips, to be spoilt."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for clip in sorted(tiny_clips.iterdir())[:6]:
        shutil.copy(clip, folder)
    return folder


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file that is decoded from here on."""
    from avbench.media import decode

    paths: list[Path] = []
    read_clip = decode.read_clip

    def counted(path: Path, **options):
        paths.append(path)
        return read_clip(path, **options)

    monkeypatch.setattr(decode, "read_clip", counted)
    return paths
