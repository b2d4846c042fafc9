"""``avbench generate``: sounds for videos of any length, to wav files and to videos to be watched."""

import json
from pathlib import Path
from typing import Any

import click

from avbench.cli.options import KeyValues, json_option, merged, plugin_option, print_json
from avbench.cli.progress import progress_to_stderr
from avbench.cli.run import Budget
from avbench.errors import BudgetExceeded
from avbench.runs.job import Report
from avbench.soundtracks.making import SoundtrackRequest, make_soundtracks
from avbench.soundtracks.takes import Soundtrack, WithoutSound
from avbench.store import cache_folder


@click.command("generate")
@click.option("--model", required=True, metavar="NAME", help="The model: `avbench list models`.")
@click.option(
    "--video",
    "videos",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE|DIR",
    help="A video, or a folder of them.",
)
@click.option(
    "--out",
    "output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where sounds are written.",
)
@click.option(
    "--model-args", type=KeyValues(), multiple=True, help="Passed to the model: guidance=3,sampler=ddim."
)
@click.option("--samples", type=click.IntRange(min=1), default=1, help="Sounds for each video.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the first; the next adds 1.")
@click.option("--device", default="auto", metavar="auto|cpu|cuda", help="Where the model computes.")
@click.option("--no-mux", "muxed", flag_value=False, default=True, help="Write no videos, sounds alone.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--fail-on-error", type=Budget(), help="Exit with 7 if more videos fail: a count or 0.05.")
@plugin_option
@json_option
@click.option("--quiet", is_flag=True, help="No progress: only the path of each sound.")
def command(
    plugins: tuple[str, ...],
    fail_on_error: int | float | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make sound for videos.

    For each video NAME the folder receives NAME.wav, NAME.mp4 with the video's picture and the sound, and
    NAME.json, which says what it was made from; with several samples NAME.0.wav, NAME.1.wav and so on. What
    is there and was made from the same is kept. A video that fails is named with the reason, and the rest
    goes on.

    \b
    Examples:
      avbench generate --model gmscavp --video clip.mp4 --out sounds
      avbench generate --model gmscavp --video ~/videos --out sounds --samples 3 --model-args guidance=3
    """
    from avbench.plugins import registry

    options["model_args"] = merged(options["model_args"])
    request = SoundtrackRequest(**options)
    made: list[Soundtrack] = []
    failed: list[WithoutSound] = []
    with progress_to_stderr(quiet=quiet) as progress:
        report = Report(say=lambda line: None if quiet else click.echo(line, err=True), progress=progress)
        for each in make_soundtracks(registry.load(plugins), request, cache_folder(), report):
            if isinstance(each, WithoutSound):
                failed.append(each)
                click.echo(f"left out: {each.video.name}: {each.reason}: {each.message}", err=True)
            else:
                made.append(each)
                _tell(each, report, as_json=as_json)
    if as_json:
        print_json({"sounds": [_document(each) for each in made], "left_out": [_reason(e) for e in failed]})
    _fail_over_budget(len(failed), len({each.video for each in (*made, *failed)}), fail_on_error)


def _tell(sound: Soundtrack, report: Report, *, as_json: bool) -> None:
    note = sound.note
    if not as_json:
        click.echo(sound.files[0])
    if not sound.kept:
        recoded = ", picture coded anew as H.264" if sound.recoded else ""
        report.say(
            f"{note.video}: {note.seconds:.1f} s, real-time factor {note.real_time_factor:.2f}{recoded}"
        )


def _document(sound: Soundtrack) -> dict[str, Any]:
    files = [str(path) for path in sound.files]
    return {"files": files, "kept": sound.kept} | json.loads(sound.note.model_dump_json())


def _reason(failure: WithoutSound) -> dict[str, str]:
    return {"video": str(failure.video), "reason": failure.reason, "message": failure.message}


def _fail_over_budget(failed: int, videos: int, budget: int | float | None) -> None:
    allowed = budget * videos if isinstance(budget, float) else budget
    if allowed is not None and failed > allowed:
        raise BudgetExceeded(
            f"{failed} of {videos} videos failed; --fail-on-error allows {allowed:g}.",
            hint="The other sounds are written; mend the files, or allow more.",
        )
