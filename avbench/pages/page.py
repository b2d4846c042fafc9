"""The page of a generation run: scores, then clips to see and hear, truth beside what was made.

    <folder>/index.html          the page; opens from the disk, needs no network, plays without its script
    <folder>/clips.json          what is marked and measured, as data
    <folder>/clips/01-truth.wav  a clip's own sound as it was scored, and ``.png``, its spectrogram
    <folder>/clips/01-made-1.wav the same of the first sound that was made for it
    <folder>/clips/01.mp4        its picture with that sound, and ``.png``, a still

The same result gives the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path

from avbench.errors import UsageError
from avbench.pages.colours import gradient
from avbench.pages.exhibits import Exhibition
from avbench.pages.files import DATA, put, remove_earlier, video_name, write_data, write_sounds
from avbench.pages.frame import beside, framed
from avbench.pages.rows import clip_row
from avbench.pages.spectrograms import RANGE_DB
from avbench.pages.summary import KINDS, choice, notes, page_kind, provenance, scores
from avbench.pages.videos import write_videos
from avbench.records import Progress
from avbench.results.archive import prepare
from avbench.results.document import RunResult
from avbench.specs import TaskSpec, pinned

INDEX = "index.html"


def prepare_page(folder: Path, specs: Sequence[TaskSpec]) -> None:
    """Refuse a page that cannot be had, before anything is computed for it.

    Raises:
        UsageError: The tasks are several, or of a kind that has no page; the folder is a file.
        StorageError: The folder cannot be written.
    """
    if len(specs) > 1:
        raise UsageError(
            f"A page shows one task, not {len(specs)}.",
            hint="Run them one by one, each with a --page of its own.",
        )
    for spec in specs:
        if page_kind(spec.kind, pinned(spec.protocol)) not in KINDS:
            *some, last = KINDS
            raise UsageError(
                f"There is no page of {spec.name!r}, a task of {spec.kind}.",
                hint=f"Leave --page out, or run a task of {', '.join(some)} or {last}: `avbench list tasks`.",
            )
    prepare(folder, option="--page")


def write_page(
    folder: Path, result: RunResult, shown: Exhibition, *, workers: int, progress: Progress
) -> Path:
    """Write the page of a result and return where it is.

    Args:
        folder: Receives it; files of an earlier page are replaced.
        result: The document.
        shown: The clips.
        workers: Decoding processes.
        progress: Told how far it has come.

    Raises:
        StorageError: It cannot be written.
    """
    remove_earlier(folder)
    write_sounds(folder, shown)
    dubbed = [
        (each.clip, each.made[0].samples, folder / f"{video_name(number)}.mp4")
        for number, each in enumerate(shown.clips, 1)
    ]
    absent = write_videos(
        dubbed, seconds=shown.seconds, sample_rate=shown.sample_rate, workers=workers, progress=progress
    )
    write_data(folder, shown)
    put(folder / INDEX, page(result, shown, absent).encode())
    return folder / INDEX


def page(result: RunResult, shown: Exhibition, absent: dict[str, str]) -> str:
    """Return the page.

    Args:
        result: The document.
        shown: The clips.
        absent: Why there is no video, by clip id, of those that have none.
    """
    rows = [
        clip_row(result, shown, number, absent.get(each.clip.id))
        for number, each in enumerate(shown.clips, 1)
    ]
    body = (
        f'{scores(result)}{notes(result)}<section aria-labelledby="clips" data-seconds="{shown.seconds:g}">\n'
        f'<h2 id="clips">Clips</h2>\n<p>{choice(shown)}</p>\n'
        f"{_legend(result, shown)}{''.join(rows)}</section>\n"
    )
    return framed(result, body, f"{provenance(result)}<script>\n{beside('page.js')}</script>\n")


def _legend(result: RunResult, shown: Exhibition) -> str:
    by_side_car = result.task.protocol.get("onsets") == "side-car"
    source = "from the clip's side-car" if by_side_car else "detected in the true sound"
    colours = ", ".join(gradient())
    return (
        '<ul class="legend">\n'
        f'<li><i class="key line"></i>a true onset, {source}</li>\n'
        '<li><i class="key tick"></i>an onset detected in this sound</li>\n'
        '<li><i class="key near"></i>within 0.1 s of a true onset: one there counts as found</li>\n'
        '<li><i class="key loudness"></i>loudness of this sound, over the <i class="key outline"></i>outline '
        "of the true one's; each scaled to its own peak</li>\n"
        f'<li><i class="key scale" style="background:linear-gradient(90deg,{colours})"></i>'
        f"{RANGE_DB:g} dB, up to the loudest of a clip's sounds; mel bands to "
        f"{min(shown.sample_rate / 2, 11_025) / 1000:g} kHz</li>\n</ul>\n"
        '<p class="hint">Click into a spectrogram to play from there. '
        f'<a href="{DATA}">The marks as data</a>.</p>\n'
    )
