"""A group of commands that are known by name and summary, and imported when they are asked for."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

# Command → the module that holds it as ``command``, and its summary.
Entries = Mapping[str, tuple[str, str]]


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used.

    Args:
        entries: The commands, in the order in which help lists them.
    """

    def __init__(self, *args: Any, entries: Entries, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module that holds the command."""
        return (
            importlib.import_module(self.entries[cmd_name][0]).command if cmd_name in self.entries else None
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from their one-line summaries, importing none of them."""
        self.format_section("Commands", self.entries, formatter)

    def format_section(self, title: str, entries: Entries, formatter: click.HelpFormatter) -> None:
        """List some of the commands under a title; all sections are equally wide."""
        width = max(map(len, self.entries))
        with formatter.section(title):
            formatter.write_dl([(name.ljust(width), summary) for name, (_, summary) in entries.items()])
