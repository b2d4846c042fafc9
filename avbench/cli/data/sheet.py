"""``avbench data sheet``: contact sheets."""

from pathlib import Path

import click


@click.group("sheet")
def command() -> None:
    """Draw what data look and sound like."""


@command.command("avsynth")
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
