"""What the files of an index are like: counted by hand, and by the command."""

import json
from pathlib import Path

import numpy as np
import pytest

from avbench.cli import main
from avbench.index.entries import Entry
from avbench.index.summary import summarised
from avbench.media.encode import write_clip


def entry(path: str, **facts: object) -> Entry:
    return Entry(path=path, bytes=10, mtime_ns=0, probed_ns=0, **facts)  # type: ignore[arg-type]


def test_files_are_counted_by_what_their_headers_say():
    both = {"video": "h264", "audio": "aac", "width": 48, "height": 32, "fps": 30_000 / 1001}
    found = summarised(
        [
            entry("a", seconds=2.0, **both),
            entry("b", seconds=5.0, **both),
            entry("c", seconds=9.0, video="vp9", width=64, height=48, fps=10.0),
            entry("d", audio="aac"),
            entry("e", reason="corrupt", message="No."),
        ]
    )

    assert (found.files, found.bytes, found.seconds) == (5, 50, 16.0)
    assert found.streams == {"both": 2, "video": 1, "audio": 1, "none": 1}
    assert found.quantiles["seconds"] == {"least": 2, "5 %": 2, "median": 5, "95 %": 9, "most": 9}
    assert "sample_rate" not in found.quantiles
    assert list(found.counts["video"].items()) == [("h264", 2), ("vp9", 1)]
    assert found.counts["size"] == {"48×32": 2, "64×48": 1}
    assert found.counts["fps"] == {"29.97": 2, "10": 1}


def test_the_command_tells_them_of_a_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "tree").mkdir()
    frames = np.zeros((10, 32, 48, 3), np.uint8)
    write_clip(tmp_path / "tree" / "a.mp4", frames=frames, fps=10, samples=None, sample_rate=16_000)
    asked = ["data", "stats", str(tmp_path / "tree"), "--index", str(tmp_path / "i.parquet"), "--quiet"]

    for given in ([], ["--json"]):
        with pytest.raises(SystemExit) as stopped:
            main([*asked, *given])
        assert not stopped.value.code
    said, _, document = capsys.readouterr().out.partition("{")

    assert "streams: both 0, video 1, audio 0, none 0" in said
    assert "files by size: 48×32 (1)" in said
    assert json.loads("{" + document)["counts"]["fps"] == {"10": 1}
