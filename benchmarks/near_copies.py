"""Which near copies are found, and which different clips are called copies.

``python benchmarks/near_copies.py --avsynth standard --clips 200`` renders clips; ``--media DIR`` takes those
of a folder. Of each a copy is written at 160×120 (avsynth: its own size), 12 frames a second, crf 34, three
tenths of the volume: as it is, from 1.37 s on, mirrored, its middle 85 %, its middle three quarters in
width, and the first three of these changes at once. A copy counts as found if it and its original are called
alike; a pair of different clips, or of a clip and the copy of another, is wrong.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from avbench.datasets.avsynth.galleries import places
from avbench.datasets.avsynth.presets import COUPLED, Media, difficulty_preset
from avbench.datasets.avsynth.render import Recipe
from avbench.datasets.file_names import VIDEO_ENDINGS
from avbench.datasets.mimic.media import Take, take
from avbench.datasets.named_files import media_files
from avbench.errors import MediaError
from avbench.leakage.copies import alike
from avbench.leakage.prints import Print, print_of
from avbench.media.decode import read_clip
from avbench.media.encode import write_clip
from avbench.media.info import Fit
from avbench.records import AudioInput, VideoInput

FPS, RATE, SECONDS, LATE = 12, 16_000, 10.0, 1.37


def later(made: Take) -> Take:
    """Leave out the beginning."""
    return Take(frames=made.frames[round(LATE * FPS) :], samples=made.samples[:, round(LATE * RATE) :])


def mirrored(made: Take) -> Take:
    """Turn left to right."""
    return Take(frames=made.frames[:, :, ::-1], samples=made.samples)


def middle(made: Take, width: float, height: float) -> Take:
    """Keep the middle of the picture; sizes stay even."""
    rows, columns = made.frames.shape[1:3]
    kept = [round(size * part / 2) * 2 for size, part in ((rows, height), (columns, width))]
    top, left = (rows - kept[0]) // 2, (columns - kept[1]) // 2
    frames = made.frames[:, top : top + kept[0], left : left + kept[1]]
    return Take(frames=frames, samples=made.samples)


CHANGES: Mapping[str, Callable[[Take], Take]] = {
    "none": lambda made: made,
    "later": later,
    "mirrored": mirrored,
    "cropped": lambda made: middle(made, 0.85, 0.85),
    "narrowed": lambda made: middle(made, 0.75, 1.0),
    "all": lambda made: later(mirrored(middle(made, 0.85, 0.85))),
}


def rendered(name: str, clips: int, folder: Path) -> Iterator[tuple[Path, Take]]:
    """Render clips of avsynth and write each as a file."""
    media = Media(seconds=SECONDS, fps=FPS, size=64, sample_rate=RATE)
    recipe = Recipe(media=media, difficulty=difficulty_preset(name), switches=COUPLED)
    for number, place in enumerate(places("val", recipe.difficulty, clips)):
        made = take(recipe.scene(place))
        yield written(folder / f"{number}.mp4", made, crf=23, gain=1.0), made


def decoded(folder: Path) -> Iterator[tuple[Path, Take]]:
    """Decode the files of a folder that last for five seconds."""
    video, audio = VideoInput(fps=FPS, height=120, width=160), AudioInput(sample_rate=RATE)
    for path in media_files(folder, VIDEO_ENDINGS):
        try:
            clip = read_clip(path, seconds=SECONDS, video=video, audio=audio, fit=Fit(shortest=5.0))
        except MediaError:
            continue
        assert clip.frames is not None
        assert clip.samples is not None
        yield path, Take(frames=clip.frames.transpose(0, 2, 3, 1), samples=clip.samples)


def written(path: Path, made: Take, *, crf: int, gain: float) -> Path:
    """Write a file."""
    write_clip(
        path,
        frames=np.ascontiguousarray(made.frames),
        fps=FPS,
        samples=made.samples * np.float32(gain),
        sample_rate=RATE,
        crf=crf,
    )
    return path


def counted(originals: Sequence[Print], copies: Sequence[Print]) -> dict[str, int]:
    """Count the copies that are found, and the pairs that are none."""
    right = {frozenset((one.path, copy.path)) for one, copy in zip(originals, copies, strict=True)}
    pairs = {frozenset((pair.first, pair.second)) for pair in alike([*originals, *copies])}
    return {"copies": len(right), "found": len(right & pairs), "wrong": len(pairs - right)}


def main() -> None:
    """Print every figure as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--avsynth", default="standard")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--media", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = decoded(given.media) if given.media else rendered(given.avsynth, given.clips, folder)
        clips = [(print_of(path), each) for path, each in made]
        prints = [each for each, _ in clips]
        every = list(alike(prints, -1.0, -1.0))
        both = [pair.least for pair in every if pair.picture is not None and pair.sound is not None]
        alone = [pair.least for pair in every if pair.picture is None or pair.sound is None]
        figures: dict[str, object] = {
            "clips": len(clips),
            "pairs": len(every),
            "called alike": len(list(alike(prints))),
            "highest by both": max(both, default=None),
            "highest by one stream": max(alone, default=None),
        }
        for change, apply in CHANGES.items():
            files = (
                written(folder / f"{change}-{number}.mp4", apply(each), crf=34, gain=0.3)
                for number, (_, each) in enumerate(clips)
            )
            figures[change] = counted(prints, [print_of(path) for path in files])
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
