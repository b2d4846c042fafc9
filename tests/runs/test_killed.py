"""A run that is killed or interrupted from outside leaves what it computed, and no process behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avbench.results.document import from_json
from tests.model_sources import seeing
from tests.running import stable

RUN = ("run", "--model", "seeing", "--plugin", "seeing.py", "--task", "folder-retrieval", "--json")


@pytest.fixture
def dying(tmp_path: Path) -> Path:
    """A model that stops at its second batch, once, and says so; the cache and clips are its neighbours."""
    # Short sleeps: a signal between a file's creation and signal.pause() would be waited out for ever.
    until = "[time.sleep(0.05) for _ in iter(lambda: os.path.exists('go on'), True)]"
    wait = f"if Seeing.batches == 2 and not os.path.exists('go on'): open('here', 'w'); {until}"
    (tmp_path / "seeing.py").write_text(seeing(audio=wait))
    return tmp_path


def start(folder: Path, clips: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "avbench", *RUN, "--data-root", str(clips), "--batch-size", "4"],
        cwd=folder,
        env={**os.environ, "AVBENCH_CACHE": str(folder / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # A shell starts what it puts in the background with the interrupt ignored, which is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (folder / "here").exists() and process.poll() is None:
        time.sleep(0.05)
    return process


def decoders_of(folder: Path) -> list[str]:
    """Return the processes whose environment names this test's cache."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder / "cache").encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def wait_until_gone(folder: Path) -> list[str]:
    for _ in range(200):
        if not (left := decoders_of(folder)):
            return []
        time.sleep(0.05)
    return left


def test_a_run_killed_outright_resumes_to_the_same_document(
    dying: Path, tiny_clips: Path, avbench_command
) -> None:
    process = start(dying, tiny_clips)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(list((dying / "cache").rglob("*.audio"))) == 4
    assert len(list((dying / "cache").rglob("*.video"))) == 8
    assert wait_until_gone(dying) == []

    (dying / "go on").touch()
    run = (*RUN, "--data-root", str(tiny_clips), "--batch-size", "4")
    caches = ("cache", "another cache")
    resumed, whole = (
        from_json(avbench_command(*run, cwd=dying, env={"AVBENCH_CACHE": str(dying / cache)}).stdout)
        for cache in caches
    )
    assert (resumed.run.reused, whole.run.reused) == (12, 0)
    assert stable(resumed) == stable(whole)


def test_ctrl_c_is_one_sentence_and_exit_code_130(dying: Path, tiny_clips: Path) -> None:
    process = start(dying, tiny_clips)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert stdout == ""
    assert "interrupted: everything computed so far is kept" in stderr
    assert "Traceback" not in stderr
    assert len(list((dying / "cache").rglob("*.video"))) == 8
    assert wait_until_gone(dying) == []
