"""``avbench data shards``: the clips of a dataset as WebDataset tars."""

from pathlib import Path

import click

from avbench.cli.options import KeyValues, json_option, merged, plugin_option, print_json
from avbench.cli.progress import progress_to_stderr


@click.command("shards")
@click.argument("root", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where to: a folder without tars.",
)
@click.option(
    "--per-shard", type=click.IntRange(min=1), default=1000, show_default=True, help="Clips a tar holds."
)
@click.option("--dataset", default="folder", show_default=True, metavar="NAME", help="What ROOT holds.")
@click.option("--list", "asked", metavar="FILE|NAME", help="Which clips: a list of the dataset's authors.")
@click.option("--dataset-args", type=KeyValues(), multiple=True, help="Passed to the dataset.")
@plugin_option
@json_option
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    root: Path,
    out: Path,
    per_shard: int,
    dataset: str,
    asked: str | None,
    dataset_args: tuple[dict[str, str], ...],
    plugins: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the clips below ROOT to tars, media as they are, with a json that says what each is.

    The same clips make the same bytes. What is written can be read as the dataset `shards`.

    \b
    Examples:
      avbench data shards clips --out shards --per-shard 500
      avbench data shards /data/vggsound --dataset vggsound --list train.csv --out shards
    """
    from avbench.datasets.write_shards import write_shards
    from avbench.plugins import registry
    from avbench.records import DatasetRequest
    from avbench.store import cache_folder

    args = merged(dataset_args) | ({"list": asked} if asked else {})
    with progress_to_stderr(quiet=quiet) as progress:
        request = DatasetRequest(cache=cache_folder(), root=root, args=args, progress=progress)
        opened = registry.load(plugins).datasets.get(dataset).open(request)
        written = write_shards(opened.clips, out, per_shard, progress)
    if as_json:
        counts = {"clips": written.clips, "missing": list(written.missing), "notes": list(opened.notes)}
        print_json({"shards": [str(path) for path in written.shards], **counts})
        return
    click.echo(f"{written.clips} clips in {(tars := len(written.shards))} tar{'s' * (tars != 1)}, in {out}")
    if written.missing:
        click.echo(f"note: {len(written.missing)} clips are missing, {written.missing[0]} one of them")
    for note in opened.notes:
        click.echo(f"note: {note}")
