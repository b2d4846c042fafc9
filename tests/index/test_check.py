"""The audit: every planted flaw is found under its code, and nothing is decoded twice."""

import csv
import json
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest

from avbench.cli import main
from avbench.clips import REASONS
from avbench.datasets.mimic.tree import Mimic, read_mimic
from avbench.errors import MediaError
from avbench.index.check import check
from avbench.index.findings import CODES
from avbench.index.scan import scan
from avbench.media.encode import write_clip
from avbench.media.measure import changes, level, measure

OWN = {"truncated": "corrupt", "not-a-video": "corrupt", "short": "too-short", "outside": "missing"}
SOUND = ("whole", "unlisted", "reupload")


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["data", *args])
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mimic") / "tree"
    assert run("mimic", "vggsound", "--out", str(folder), "--quiet") == 0
    return folder


def planted(mimic: Mimic) -> set[tuple[str, str]]:
    """Return path, or id where there is no file, and code of everything that is wrong."""
    wrong: set[tuple[str, str]] = set()
    for clip in mimic.clips:
        code = OWN.get(clip.kind, clip.kind)
        name = f"{clip.source}_{clip.start}_{clip.end}" if code == "missing" else clip.path
        wrong |= set() if clip.kind in SOUND else {(name, code)}
    return wrong


def test_every_planted_flaw_is_found_under_its_code_and_no_other(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    asked = ("check", str(tree), "--index", str(tmp_path / "i.parquet"), "--quiet", "--seconds", "10")
    listed = ("--list", str(tree / "test.csv"), "--out", str(tmp_path / "report.csv"))

    assert run(*asked, *listed, "--json") == 0

    found = json.loads(capsys.readouterr().out)
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        assert [*csv.DictReader(file)] == found["findings"]
    assert {(each["path"], each["code"]) for each in found["findings"]} == planted(read_mimic(tree))
    assert run(*asked, "--strict") == 1
    assert "1 clipped: more than 0.5 %" in capsys.readouterr().out


def clip(path: Path, age: float = 60.0, seed: int = 0) -> Path:
    draw = np.random.default_rng(seed)
    frames = draw.integers(0, 255, (10, 32, 48, 3), np.uint8)
    samples = draw.uniform(-0.5, 0.5, (1, 16_000)).astype(np.float32)
    path.parent.mkdir(exist_ok=True)
    write_clip(path, frames=frames, fps=10, samples=samples, sample_rate=16_000)
    os.utime(path, (time.time() - age,) * 2)
    return path


def audited(root: Path, seconds: float | None = None):
    entries = scan(root, root.parent / "i.parquet", silent, processes=1).entries
    return check(root, entries, root.parent / "m.jsonl", silent, processes=1, seconds=seconds)


def test_copies_are_named_after_the_first(tmp_path: Path):
    root = tmp_path / "root"
    content = clip(root / "b.mp4").read_bytes()
    for name in ("a.mp4", "c.mp4"):
        (root / name).write_bytes(content)

    found = audited(root).findings

    assert [(each.path, each.code) for each in found] == [("b.mp4", "duplicate"), ("c.mp4", "duplicate")]
    assert all("a.mp4" in each.message for each in found)


def test_only_what_is_new_is_decoded_and_a_length_is_judged_without_decoding(tmp_path: Path):
    root = tmp_path / "root"
    clip(root / "a.mp4")
    assert (audited(root).measured, audited(root).measured) == (1, 0)

    clip(root / "b.mp4", seed=1)
    clip(root / "young.mp4", age=0.0, seed=2)
    assert [audited(root).measured for _ in range(2)] == [2, 1]

    again = audited(root, seconds=1.5)
    assert {(each.path, each.code) for each in again.findings} == {
        (name, "too-short") for name in ("a.mp4", "b.mp4", "young.mp4")
    }
    assert not audited(root, seconds=1.05).findings


def test_an_interrupted_audit_goes_on(tmp_path: Path):
    def interrupt(what: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    root = tmp_path / "root"
    for seed in range(3):
        clip(root / f"{seed}.mp4", seed=seed)
    entries = scan(root, tmp_path / "i.parquet", silent, processes=1).entries
    with pytest.raises(KeyboardInterrupt):
        check(root, entries, tmp_path / "m.jsonl", interrupt, processes=1)
    with (tmp_path / "m.jsonl").open("a") as file:
        file.write('[1, "cut o')

    assert (audited(root).measured, audited(root).measured) == (1, 0)


def test_a_file_damaged_in_its_middle_is_found_by_decoding(tmp_path: Path):
    path = clip(tmp_path / "root" / "a.mp4")
    content = bytearray(path.read_bytes())
    data = content.find(b"mdat") + 4
    content[data : data + (len(content) - data) * 3 // 4] = bytes((len(content) - data) * 3 // 4)
    path.write_bytes(content)
    with pytest.raises(MediaError) as raised:
        measure(path, video=True, audio=True)

    (finding,) = audited(tmp_path / "root").findings
    assert finding.code == raised.value.reason == "corrupt"


def test_levels_and_changes_are_what_a_loop_counts():
    draw = np.random.default_rng(0)
    samples = draw.normal(0, 0.5, (2, 500)).astype(np.float32)
    frames = draw.integers(0, 255, (4, 3, 5, 5), np.uint8)

    shares = [sum(abs(float(each)) >= 0.99 for each in channel) / 500 for channel in samples]
    assert level(samples) == (pytest.approx(max(abs(float(x)) for x in samples.ravel())), max(shares))
    expected = [
        max(
            abs(sum(int(frames[t + 1, c, y, x]) - int(frames[t, c, y, x]) for c in range(3))) / 3
            for y in range(5)
            for x in range(5)
        )
        for t in range(3)
    ]
    assert changes(frames) == pytest.approx(expected, rel=1e-5)
    assert len(changes(frames[:1])) == 0


def test_the_documented_table_is_that_of_the_code():
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")

    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", page, re.MULTILINE)) == dict(CODES)
    assert set(CODES) - set(REASONS) == {"clipped", "stream-offset", "variable-rate", "duplicate"}
