"""``avbench data lists``: which clips a list asks for."""

from pathlib import Path

import click

from avbench.cli.options import json_option, print_json


@click.command("lists")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--dataset", metavar="NAME", help="Whose list it is, or lists are to be shown.  [default: vggsound]"
)
@click.option("--subset", metavar="NAME", help="The known list that FILE is to be, or that is taken from it.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="IDS",
    help="Write the ids, one a line, sorted: `sha256sum` of it is the digest.",
)
@json_option
def command(
    file: Path | None, dataset: str | None, subset: str | None, out: Path | None, as_json: bool
) -> None:
    """Show the lists that have a name, or read FILE, as its authors distribute it, and say which it is.

    \b
    Examples:
      avbench data lists
      avbench data lists test.csv
      avbench data lists vggsounder.csv --subset av-clean --out av-clean.txt
      avbench data lists balanced_train_segments.csv --dataset audioset --json
    """
    from avbench.errors import UnknownName, UsageError
    from avbench.lists.origins import READERS, list_asked_for
    from avbench.pages.text import counted
    from avbench.store import write_whole

    if dataset is not None and dataset not in READERS:
        raise UnknownName("dataset of lists", dataset, READERS)
    if file is None and subset is None:
        _show_known(dataset, as_json)
        return
    dataset = dataset or "vggsound"
    given = {"list": str(file)} if file else {}
    read = list_asked_for(dataset, given | ({"subset": subset} if subset else {}))
    if read is None:
        raise UsageError(
            f"The ids of {subset} are not part of avbench.", hint="Give the file they are read from."
        )
    if out is not None:
        write_whole(out, "".join(f"{each}\n" for each in sorted(clip.id for clip in read.clips)).encode())
    sources = len({clip.key.source for clip in read.clips})
    classes = len({name for clip in read.clips for name in clip.classes})
    counts = {"clips": len(read.clips), "sources": sources, "classes": classes}
    if as_json:
        print_json({"name": read.name, **counts, "sha256": read.digest, "notes": list(read.notes)})
        return
    of = f"{counted(sources, 'recording')}, {classes} class{'es' * (classes != 1)}"
    click.echo(f"{read.name}: {counted(len(read.clips), 'clip')} of {of}")
    click.echo(f"sha256 {read.digest}")
    for note in read.notes:
        click.echo(f"note: {note}")


def _show_known(dataset: str | None, as_json: bool) -> None:
    from avbench.lists.known import KNOWN

    shown = [known for known in KNOWN.values() if dataset in (None, known.dataset)]
    if as_json:
        fields = ("name", "dataset", "count", "digest", "made_of")
        print_json([{field: getattr(known, field) for field in fields} for known in shown])
        return
    if not shown:
        click.echo(f"No list of {dataset} has a name.")
    for known in shown:
        click.echo(f"{known.name:26}{known.count:>7,}  {known.digest[:16]}…  from {known.made_of}")
