import os
import subprocess
import sys
import time
from pathlib import Path

KILLED = """
import os, time
from avbench.datasets.avsynth.processes import rendering_processes

if __name__ == "__main__":
    pool = rendering_processes(2)
    ready = [pool.submit(os.getpid) for _ in range(8)]
    pids = {each.result() for each in ready}
    waiting = [pool.submit(time.sleep, 60) for _ in range(2)]
    print(*pids, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_rendering_processes_end_when_the_run_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)

    # The output stays open as long as a process that inherited it lives.
    finished = subprocess.run(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=50, check=False
    )

    assert finished.returncode == -9
    pids = [int(pid) for pid in finished.stdout.split()]
    assert pids
    deadline = time.monotonic() + 20
    while any(_lives(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(_lives(pid) for pid in pids)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
