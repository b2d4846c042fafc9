"""Decoded clips a second, against a bare PyAV loop that only decodes, in as many processes; memory of a run.

    python benchmarks/decode.py [--clips 48] [--processes 2] [--repeats 5]

Bar: at least 0.7 × the rate of the bare loop, which opens each file and decodes every frame of both
streams, with one thread a codec, and drops them. What avbench does more: pick frames by presentation time,
scale them, convert them to RGB, mix and resample the sound, and hand arrays to this process. Files are
avsynth clips (8 s, 25 fps, 112 × 112, AAC); 12.5 fps of 56 × 56 and 16 kHz mono are asked for, as the bundled
models do. Both sides start their processes before the clock, are timed in turn, and the fastest of each is
compared.

Memory: the peak resident set of the process of ``avbench run --limit N``, over N.

Measured on two shared cores, av 18.1: bare loop 45.5 clips/s, avbench 39.2, ratio 0.86; peak 353 MiB over 32
clips, 367 MiB over 128.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

from avbench.clips import Clip
from avbench.media.info import DecodedClip
from avbench.media.workers import decode_clips
from avbench.records import AudioInput, VideoInput

VIDEO = VideoInput(fps=12.5, height=56, width=56)
AUDIO = AudioInput(sample_rate=16_000)
SECONDS = 8.0
PEAK = """
import resource, sys
from avbench.cli import main
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def rendered(folder: Path, clips: int) -> list[Path]:
    """Render clips of avsynth's standard gallery and return their files."""
    command = ["data", "render", "avsynth", "--split", "val", "--out", str(folder), "--clips", str(clips)]
    subprocess.run([sys.executable, "-m", "avbench", *command], check=True)
    return sorted(folder.rglob("*.mp4"))[:clips]


def decode_bare(path: Path) -> int:
    """Decode every frame of both streams of a file, and return how many there were."""
    import av

    with av.open(str(path)) as file:
        for stream in file.streams:
            stream.codec_context.thread_count = 1
        return sum(1 for packet in file.demux() for _ in packet.decode())


def time_bare(pool: Pool, files: Sequence[Path]) -> float:
    """Return the seconds that the bare loop takes."""
    start = time.perf_counter()
    for frames in pool.imap(decode_bare, files):
        assert frames > 0
    return time.perf_counter() - start


def time_ours(files: Sequence[Path], processes: int) -> float:
    """Return the seconds from the first clip to the last; the clips before it start the processes."""
    warm_up = [Clip(id=f"warm-up {k}", path=files[0]) for k in range(2 * processes)]
    clips = [*warm_up, *(Clip(id=path.stem, path=path) for path in files)]
    outcomes = decode_clips(clips, seconds=SECONDS, video=VIDEO, audio=AUDIO, processes=processes)
    for _ in warm_up:
        next(outcomes)
    start = time.perf_counter()
    for outcome in outcomes:
        assert isinstance(outcome, DecodedClip), outcome
    return time.perf_counter() - start


def compare(files: Sequence[Path], processes: int, repeats: int) -> dict[str, float]:
    """Return the best rates of both and their ratio."""
    bare, ours = [], []
    with get_context("spawn").Pool(processes) as pool:
        time_bare(pool, files[: 2 * processes])
        for _ in range(repeats):
            bare.append(time_bare(pool, files))
            ours.append(time_ours(files, processes))
    rates = {"bare_clips_per_s": len(files) / min(bare), "avbench_clips_per_s": len(files) / min(ours)}
    return rates | {"ratio": min(bare) / min(ours)}


def run_peak(files: Path, limit: int) -> dict[str, float]:
    """Return the peak resident set of a run over ``limit`` clips that keeps nothing it finds kept, in MiB."""
    with tempfile.TemporaryDirectory() as results:
        command = ["run", "--model", "gmscavp", "--task", "folder-retrieval", "--data-root", str(files)]
        command += ["--limit", str(limit), "--recompute", "--output", results]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *command],
            check=True,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
    return {"clips": limit, "peak_mib": int(done.stderr.split()[-1]) / 1024}


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=48)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", type=int, nargs="*", default=[32, 128], metavar="N")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = rendered(Path(folder), max([given.clips, *given.memory]))
        figures = {
            "clips": given.clips,
            "processes": given.processes,
            **compare(files[: given.clips], given.processes, given.repeats),
            "memory": [run_peak(Path(folder), limit) for limit in given.memory],
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
