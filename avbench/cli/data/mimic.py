"""``avbench data mimic``: a small tree that imitates a data set, to rehearse with."""

from pathlib import Path

import click

from avbench.cli.options import json_option, print_json
from avbench.cli.progress import progress_to_stderr


@click.command("mimic")
@click.argument("dataset")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where to: a new or an empty folder.",
)
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
def command(dataset: str, out: Path, as_json: bool, quiet: bool) -> None:
    """Write a small tree that imitates DATASET: real forms of lists, invented ids, rendered clips.

    DATASET is vggsound, audioset, panda70m, audiocaps, ave, llp, greatesthits, avsync15, kinetics-sounds,
    foleybench or moviegen.
    Some clips are missing, broken, short, silent, still, without a stream or there twice; DIR/mimic.json says
    which. The same command writes the same tree again.

    \b
    Examples:
      avbench data mimic vggsound --out vggsound
      avbench data mimic panda70m --out panda --json
    """
    from avbench.datasets.mimic.parts import KINDS
    from avbench.datasets.mimic.tree import write_tree

    with progress_to_stderr(quiet=quiet) as progress:
        tree = write_tree(dataset, out, progress)
    if as_json:
        print_json({"folder": str(out), **tree.model_dump(mode="json")})
        return
    click.echo(
        f"{len(tree.clips)} clips that imitate {dataset}, in {out}; what each is: {out / 'mimic.json'}"
    )
    for kind, count in tree.kinds().items():
        click.echo(f"  {count:2d} {kind}: {KINDS[kind]}")
    lists = {tree.test_list: tree.of("test"), tree.train_list: tree.of("train")}
    click.echo("lists: " + ", ".join(f"{name} ({len(of)} clips)" for name, of in lists.items() if name))
