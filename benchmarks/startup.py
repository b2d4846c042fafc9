"""How long `avbench --help` takes, against a process that imports click and pluggy and ends.

Runs the commands in turn, so that a busy machine slows all alike, and prints the medians and their ratios.

    python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time

RUNS = 25
COMMANDS = {
    "import click, pluggy": ["-c", "import click, pluggy"],
    "avbench --help": ["-m", "avbench", "--help"],
    "avbench list": ["-m", "avbench", "list"],
}


def seconds(arguments: list[str]) -> float:
    """Return the wall time of one process, in seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            times[name].append(seconds(arguments))
    floor = statistics.median(times["import click, pluggy"])
    for name, each in times.items():
        median = statistics.median(each)
        print(f"{name:<24} {median * 1000:6.0f} ms   {median / floor:.2f} x")


if __name__ == "__main__":
    main()
