"""The command line: one file per command, imported when it is asked for."""

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click

from avbench import __version__
from avbench.errors import AvbenchError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("avbench.cli.run", "Run a model on tasks and record the result."),
    "list": ("avbench.cli.listing", "List models, tasks, datasets, metrics."),
    "show": ("avbench.cli.show", "Show a result, a model or a task."),
    "train": ("avbench.cli.train", "Train a model."),
    "data": ("avbench.cli.data", "Make and inspect data."),
    "leaderboard": ("avbench.cli.leaderboard", "Build leaderboards from result files."),
    "doctor": ("avbench.cli.doctor", "Check this machine: packages, decoder, device, disk."),
    "plugins": ("avbench.cli.plugins", "List plugins and check models against the contract."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the bundled commands, in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module that holds the command."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[cmd_name][0]).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from their one-line summaries, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"auto_envvar_prefix": "AVBENCH"})
@click.version_option(__version__, prog_name="avbench")
def cli() -> None:
    """Benchmark audio-video models: retrieval, video-to-audio generation, synchrony."""


def main(args: list[str] | None = None) -> Any:
    """Run the command line; errors a user can cause become two lines and an exit code."""
    try:
        return cli.main(args=args, prog_name="avbench", standalone_mode=True)
    except AvbenchError as error:
        click.echo(f"error: {error.message}", err=True)
        click.echo(f" hint: {error.hint}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo(
            "interrupted: everything computed so far is kept; run the same command to go on.", err=True
        )
        sys.exit(130)
