"""``avbench data``: make and inspect data, one file per subcommand."""

import click

from avbench.cli.lazy import Entries, LazyGroup

ENTRIES: Entries = {
    "index": ("avbench.cli.data.index", "Scan a tree once: what is there and what each file holds."),
    "coverage": ("avbench.cli.data.coverage", "Say how much of a list is on disk and fit to be used."),
    "check": ("avbench.cli.data.check", "Say what is wrong with the media files of a tree."),
    "shards": ("avbench.cli.data.shards", "Write the clips of a dataset to WebDataset tars."),
    "stats": ("avbench.cli.data.stats", "Say how long and large the media files of a tree are."),
    "render": ("avbench.cli.data.render", "Render procedural data to files."),
    "sheet": ("avbench.cli.data.sheet", "Draw what data look and sound like."),
    "mimic": ("avbench.cli.data.mimic", "Write a small tree that imitates a data set, to rehearse with."),
    "leakage": ("avbench.cli.data.leakage", "Say whether what is tested on was seen before."),
    "lists": ("avbench.cli.data.lists", "Show the lists that have a name, or say which a file is."),
}


@click.group("data", cls=LazyGroup, entries=ENTRIES)
def command() -> None:
    """Make and inspect data."""
