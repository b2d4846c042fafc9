import os
import subprocess
import sys
import time
from pathlib import Path

KILLED = """
import os, sys, time
from pathlib import Path
from avbench.datasets.avsynth.processes import rendering_processes

def report(folder):
    (folder / str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    pool = rendering_processes(2)
    working = [pool.submit(report, folder) for _ in range(2)]
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.05)
    os.kill(os.getpid(), 9)
"""


def test_rendering_processes_end_when_the_run_is_killed(tmp_path: Path) -> None:
    script, folder = tmp_path / "killed.py", tmp_path / "pids"
    script.write_text(KILLED)
    folder.mkdir()

    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    finished = subprocess.run([sys.executable, str(script), str(folder)], timeout=120, check=False, **quiet)

    assert finished.returncode == -9
    pids = [int(each.name) for each in folder.iterdir()]
    deadline = time.monotonic() + 30
    while any(_lives(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(_lives(pid) for pid in pids)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
