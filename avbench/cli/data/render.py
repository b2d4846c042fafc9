"""``avbench data render``: procedural data as files."""

from pathlib import Path

import click

from avbench.cli.options import json_option, print_json
from avbench.cli.progress import progress_to_stderr


@click.group("render")
def command() -> None:
    """Render procedural data to files."""


@command.command("avsynth")
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
