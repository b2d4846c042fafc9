"""``avbench data``: make and inspect data."""

import importlib
from collections.abc import Mapping
from pathlib import Path

import click

from avbench.cli.options import json_option, print_json
from avbench.cli.progress import progress_to_stderr

# Subcommand → the module that holds it, imported when it is asked for.
MODULES: Mapping[str, str] = {
    "mimic": "avbench.cli.data.mimic",
    "leakage": "avbench.cli.data.leakage",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *MODULES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in MODULES:
            return importlib.import_module(MODULES[cmd_name]).command
        return super().get_command(ctx, cmd_name)


@click.group("data", cls=_LazyGroup)
def command() -> None:
    """Make and inspect data."""


@command.group("render")
def render() -> None:
    """Render procedural data to files."""


@render.command("avsynth")
@click.option("--preset", default="8s", metavar="8s|5s|10s|224", help="Length and size of the clips.")
@click.option("--difficulty", default="standard", metavar="easy|moderate|standard|hard", help="How hard.")
@click.option("--split", default="test", metavar="train|val|test|new-world", help="Which split.")
@click.option("--world", default="0", metavar="SEED", help="Seed of the world.")
@click.option("--clips", metavar="N", help="Only N clips of the standard gallery.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="SCALE=on|off|mute",
    help="Decouple (off) or fix (mute) a scale, S0 to S5. Repeatable.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to.  [default: the cache folder, where runs look]",
)
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
def render_avsynth(
    switches: tuple[str, ...], out: Path | None, as_json: bool, quiet: bool, **chosen: str | None
) -> None:
    """Render clips of avsynth: mp4 files, each with its truth beside it.

    What is there already is kept: the same command goes on where it was interrupted.

    \b
    Examples:
      avbench data render avsynth
      avbench data render avsynth --difficulty hard --split val --out ~/avsynth-val
      avbench data render avsynth --clips 16 --switch S2=off --out try
    """
    from avbench.datasets.avsynth.dataset import choice_from, render
    from avbench.store import cache_folder

    given = {name: value for name, value in chosen.items() if value is not None}
    choice = choice_from(given | dict(_switch(each) for each in switches))
    folder = out if out is not None else cache_folder() / "avsynth" / choice.folder
    with progress_to_stderr(quiet=quiet) as progress:
        made = render(choice, folder, progress)
    size = sum(clip.path.stat().st_size for clip in made.clips)
    if as_json:
        galleries = [{"name": each.name, "clips": len(each.clip_ids)} for each in made.galleries]
        document = {"folder": str(folder), "revision": made.revision, "clips": len(made.clips)}
        print_json({**document, "bytes": size, "galleries": galleries})
    else:
        click.echo(f"{len(made.clips)} clips, {size / 1e6:.0f} MB, in {folder}")


def _switch(text: str) -> tuple[str, str]:
    scale, _, position = text.partition("=")
    return scale, position


@command.group("sheet")
def sheet() -> None:
    """Draw what data look and sound like."""


@sheet.command("avsynth")
@click.option("--difficulty", default="standard", metavar="easy|moderate|standard|hard", help="How hard.")
@click.option("--preset", default="8s", metavar="8s|5s|10s|224", help="Length and size of the clip.")
@click.option("--clip", "number", type=click.IntRange(min=0), default=0, help="Which training clip.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The PNG file to write.",
)
@click.option("--stills", is_flag=True, help="One frame of 15 clips instead: easy, standard, hard.")
def sheet_avsynth(difficulty: str, preset: str, number: int, out: Path, stills: bool) -> None:
    """Draw a contact sheet of a clip of avsynth: frames over a spectrogram with every landing marked.

    \b
    Example:
      avbench data sheet avsynth --clip 7 --out sheet.png
    """
    import tempfile

    from avbench.datasets.avsynth.dataset import choice_from
    from avbench.datasets.avsynth.render import render_clip
    from avbench.datasets.avsynth.sheet import draw_sheet, draw_stills

    if stills:
        draw_stills(out)
        click.echo(out)
        return
    asked = {"difficulty": difficulty, "preset": preset, "split": "train", "clips": str(number + 2)}
    choice = choice_from(asked)
    with tempfile.TemporaryDirectory() as folder:
        media, truth = Path(folder, "clip.mp4"), Path(folder, "clip.json")
        render_clip(choice.recipe.scene(choice.places[number]), media, truth)
        draw_sheet(media, truth, out)
    click.echo(out)
