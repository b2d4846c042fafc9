"""Guards of avsynth, measured on rendered files: writes docs/avsynth-guards.md.

    python benchmarks/avsynth_guards.py [--difficulty standard …] [--train 240] [--out docs/avsynth-guards.md]

1. Trivial probes, fitted on train and scored on test, in every gallery.
2. What perfect perception, classes alone, and everything but time achieve, in every gallery.
3. How far the array path is from the decoded file.
4. What a clip costs.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from avbench.clips import Clip
from avbench.datasets.avsynth.arrays import render_arrays
from avbench.datasets.avsynth.dataset import Avsynth, choice_from, open_avsynth
from avbench.datasets.avsynth.presets import DIFFICULTIES, SCALES, VERSION
from avbench.datasets.avsynth.probes import (
    AUDIO_STATISTICS,
    VIDEO_STATISTICS,
    Probe,
    audio_statistics,
    probe_score,
    video_statistics,
)
from avbench.datasets.avsynth.render import render_clip
from avbench.media.decode import read_clip
from avbench.protocols import AudioBatch, VideoBatch
from avbench.records import AudioInput, DatasetRequest, VideoInput
from avbench.specs import RetrievalProtocol
from avbench.store import cache_folder
from avbench.tasks.retrieval import score_retrieval
from avbench_baselines.truth import TRUTH_MODELS
from gmscavp.inputs import LogMelConfig
from gmscavp.log_mel import LogMel

PICTURES = VideoInput(fps=12.5, height=56, width=56)
MONO, STEREO = AudioInput(sample_rate=16_000), AudioInput(sample_rate=16_000, channels=2)
GALLERIES = ("standard", *SCALES)
PROBES = ("linear", "forest")

Values = NDArray[np.float64]


def report_progress(what: str, done: int, total: int) -> None:
    """Print every hundredth step."""
    if done % 100 == 0 or done == total:
        print(f"{what}: {done} of {total}", flush=True)


def opened(difficulty: str, **args: str) -> Avsynth:
    """Open a split, rendering what is missing into the cache folder."""
    request = DatasetRequest(
        cache=cache_folder(), root=None, args={"difficulty": difficulty, **args}, progress=report_progress
    )
    return open_avsynth(request)


def statistics_of(path: Path) -> tuple[Values, Values]:
    """Return the trivial statistics of picture ``(statistic,)`` and sound ``(statistic,)`` of a file."""
    sizes = {"video": 0, "audio": 0}
    with av.open(str(path)) as file:
        for packet in file.demux():
            sizes[packet.stream.type] += packet.size
    clip = read_clip(path, seconds=8.0, video=PICTURES, audio=STEREO)
    video = video_statistics(clip.frames, PICTURES.fps, sizes["video"])
    return video, audio_statistics(clip.samples, STEREO.sample_rate, sizes["audio"])


def measured(clips: Sequence[Clip], pool: ProcessPoolExecutor) -> tuple[Values, Values]:
    """Return the trivial statistics of clips: ``(clip, statistic)`` of picture and of sound."""
    rows = list(pool.map(statistics_of, [clip.path for clip in clips], chunksize=8))
    return np.array([video for video, _ in rows]), np.array([audio for _, audio in rows])


def probe_lines(train: Avsynth, test: Avsynth) -> list[str]:
    """Return the table of the trivial probes."""
    with ProcessPoolExecutor(2) as pool:
        known, unknown = measured(train.clips, pool), measured(test.clips, pool)
    row_of = {clip.id: row for row, clip in enumerate(test.clips)}
    lines = ["| gallery | queries | chance | linear probe | forest probe | random pairings, 95 % |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for name in GALLERIES:
        members = [np.array([row_of[k] for k in g.clip_ids]) for g in test.galleries if g.name == name]
        scores = [probe_score(Probe(k).fit(*known).distances(*unknown), members) for k in PROBES]
        said = [f"{s.recall:.1%} (p = {s.p:.2f})" for s in scores]
        span = f"{scores[0].low:.1%} … {scores[0].high:.1%}"
        count = 2 * sum(len(each) for each in members)
        lines.append(f"| {name} | {count} | {scores[0].chance:.1%} | {said[0]} | {said[1]} | {span} |")
    return lines


def observer_lines(test: Avsynth) -> list[str]:
    """Return the table of the models that read the truth."""
    protocol = RetrievalProtocol()
    values: dict[tuple[str, str], str] = {}
    ids, groups = [clip.id for clip in test.clips], [clip.group for clip in test.clips]
    for name, make in TRUTH_MODELS.items():
        model, batch = make(), tuple(test.clips)
        frames, samples = torch.zeros(len(ids), 0, 3, 0, 0), torch.zeros(len(ids), 1, 0)
        seen = model.embed_video(VideoBatch(frames=frames.byte(), fps=1.0, clips=batch)).numpy()
        heard = model.embed_audio(AudioBatch(samples=samples, sample_rate=1, clips=batch)).numpy()
        for each in score_retrieval(protocol, test.galleries, ids, groups, seen, heard, seed=0).measurements:
            values[name, each.id] = f"{each.value:.1%} ({each.low:.1%} … {each.high:.1%})"
    lines = [f"| gallery | {' | '.join(TRUTH_MODELS)} |", "| --- |" + " --- |" * len(TRUTH_MODELS)]
    for gallery in GALLERIES:
        prefix = "" if gallery == "standard" else f"{gallery}."
        cells = [values[name, f"{prefix}v2a.recall@1"] for name in TRUTH_MODELS]
        lines.append(f"| {gallery} | {' | '.join(cells)} |")
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far arrays are from the decoded file: grey levels, dB of log-mel, dB of signal to noise."""

    pixels: float
    pixels_99: float
    mel: float
    snr: float


def gap_of(clip: Clip, difficulty: str) -> Gap:
    """Measure one clip of the test split."""
    choice = choice_from({"difficulty": difficulty})
    place = next(each for each in choice.places if each.id == clip.id)
    frames, samples = render_arrays(choice.recipe.scene(place), video=PICTURES, audio=MONO)
    decoded = read_clip(clip.path, seconds=8.0, video=PICTURES, audio=MONO)
    assert decoded.frames is not None and decoded.samples is not None
    off = np.abs(frames.astype(int) - decoded.frames)
    log_mel = LogMel(LogMelConfig())
    mel = (log_mel(torch.from_numpy(samples)) - log_mel(torch.from_numpy(decoded.samples))).abs().mean()
    noise = float(np.mean((samples - decoded.samples) ** 2))
    return Gap(
        pixels=float(off.mean()),
        pixels_99=float(np.percentile(off, 99)),
        mel=100 * float(mel),
        snr=10 * float(np.log10(np.mean(samples**2) / noise)),
    )


def gap_line(test: Avsynth, difficulty: str) -> str:
    """Return one row: arrays against files."""
    gaps = [gap_of(clip, difficulty) for clip in test.clips[:96:8]]
    cells = [
        f"{np.mean(values):.1f} (worst {worst(values):.1f})"
        for values, worst in (
            ([each.pixels for each in gaps], max),
            ([each.pixels_99 for each in gaps], max),
            ([each.mel for each in gaps], max),
            ([each.snr for each in gaps], min),
        )
    ]
    return f"| {difficulty} | {' | '.join(cells)} |"


def cost_line(difficulty: str) -> str:
    """Return one row: processor time of a clip."""
    choice = choice_from({"difficulty": difficulty})
    scenes = [choice.recipe.scene(place) for place in choice.places[:96:8]]

    def milliseconds(work: Callable[[int], object]) -> float:
        for k in range(len(scenes)):
            work(k)
        start = time.process_time()
        for k in range(len(scenes)):
            work(k)
        return 1000 * (time.process_time() - start) / len(scenes)

    # One thread, as the rendering processes have: idle threads of BLAS would be counted too.
    with TemporaryDirectory() as folder, threadpool_limits(1):
        media, truth = Path(folder, "clip.mp4"), Path(folder, "clip.json")
        arrays = milliseconds(lambda k: render_arrays(scenes[k], video=PICTURES, audio=MONO))
        file = milliseconds(lambda k: render_clip(scenes[k], media, truth))
        size = media.stat().st_size
    return f"| {difficulty} | {arrays:.0f} ms | {file:.0f} ms | {size / 1000:.0f} kB |"


HEAD = f"""# Guards of avsynth

Made by `python benchmarks/avsynth_guards.py`, generator version {VERSION}. What each guard is for stands in
[avsynth.md](avsynth.md).
"""

PROBE_TEXT = f"""Two estimators (ridge regression, random forest) learn on train to predict, from
{len(VIDEO_STATISTICS)} statistics of the picture ({", ".join(VIDEO_STATISTICS)}),
{len(AUDIO_STATISTICS)} of the sound ({", ".join(AUDIO_STATISTICS)}).
Candidates of the test galleries are ranked by the distance
between prediction and fact; recall at 1 over both directions. The last column is where 95 % of random
pairings lie, p the share of random pairings that do at least as well as the probe: of the 14 of a difficulty,
one or so is below 0.05 by chance.
"""

OBSERVER_TEXT = """Models that read the truth side-car instead of the media; recall at 1, video to audio, with
95 % intervals.
"""

GAP_TEXT = """The same clips rendered to arrays, as training reads them, and decoded from the file, at 56 × 56
pixels, 12.5 frames a second and 16 kHz mono; mean (worst) over 12 clips. What remains is the coding by H.264
and AAC. The tests allow a mean of 4 grey levels of 255 and a signal to noise ratio of 15 dB.
"""

GAP_COLUMNS = (
    "| difficulty | pixels, grey levels | 99th percentile | log-mel, dB | signal to noise, dB |",
    "| --- | --- | --- | --- | --- |",
)
COST_COLUMNS = (
    "| difficulty | arrays (56 × 56, 12.5 fps, mono) | file (112 × 112, 25 fps, stereo) | size of a file |",
    "| --- | --- | --- | --- |",
)


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--difficulty", nargs="+", choices=list(DIFFICULTIES), default=list(DIFFICULTIES))
    parser.add_argument("--train", type=int, default=240)
    parser.add_argument("--out", type=Path, default=Path("docs/avsynth-guards.md"))
    options = parser.parse_args()
    parts, gaps, costs = [HEAD], [], []
    for difficulty in options.difficulty:
        test = opened(difficulty)
        train = opened(difficulty, split="train", clips=str(options.train))
        parts += [f"## Trivial probes, {difficulty}\n", PROBE_TEXT, *probe_lines(train, test), ""]
        parts += [f"## Perfect observers, {difficulty}\n", OBSERVER_TEXT, *observer_lines(test), ""]
        gaps.append(gap_line(test, difficulty))
        costs.append(cost_line(difficulty))
        print("\n".join(parts), flush=True)
    parts += ["## Arrays against files\n", GAP_TEXT, *GAP_COLUMNS, *gaps, ""]
    parts += ["## What a clip costs\n", "Processor time on one core.\n", *COST_COLUMNS, *costs]
    options.out.write_text("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
