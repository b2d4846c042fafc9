"""The command line: one file per command, imported when it is asked for."""

import errno
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from avbench import __version__
from avbench.cli.lazy import Entries, LazyGroup
from avbench.errors import AvbenchError, StorageError, UnknownName

# Section → command → the module that holds it and its summary, so that help imports none of them.
SECTIONS: Mapping[str, Entries] = {
    "Evaluate": {
        "run": ("avbench.cli.run", "Run a model on tasks and record the results."),
        "generate": ("avbench.cli.generate", "Make sound for videos."),
        "show": ("avbench.cli.show", "Show a result, a model or a task."),
        "leaderboard": ("avbench.cli.leaderboard", "Build leaderboards from result files."),
    },
    "Prepare": {
        "data": ("avbench.cli.data", "Make and inspect data."),
        "train": ("avbench.cli.train", "Train a model."),
        "stats": ("avbench.cli.stats", "Build and show reference statistics."),
        "weights": ("avbench.cli.weights", "Bring public checkpoints to a model."),
    },
    "Look around": {
        "list": ("avbench.cli.listing", "List models, tasks, datasets, metrics, plugins."),
        "metrics": ("avbench.cli.metrics", "Explain what a number means."),
        "plugins": ("avbench.cli.plugins", "List plugins; check a model against the contract."),
        "doctor": ("avbench.cli.doctor", "Check this machine: packages, decoder, device, disk."),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}

CONTEXT = {
    "auto_envvar_prefix": "AVBENCH",
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "show_default": True,
}
EPILOG = """\
Plugins may add commands of their own: `avbench plugins list` names them. Every option can be set by a
variable: AVBENCH_RUN_MODEL=gmscavp stands for --model of `avbench run`.

\b
Exit codes: 0 done, 2 wrong usage or unknown name, 3 plugin, 4 data, 5 model, 6 storage,
7 finished with more failed clips than allowed, 130 interrupted, 1 anything else."""


class _Commands(LazyGroup):
    """The bundled commands in their sections, and those of plugins, which help does not import."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module that holds the command, or find it among the plugins' commands."""
        if cmd_name in self.entries:
            return super().get_command(ctx, cmd_name)
        from avbench.plugins import registry

        commands = registry.load().commands
        return commands.get(cmd_name) if cmd_name in commands else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for.

        Raises:
            UnknownName: Neither avbench nor a plugin has it.
            PluginError: Several plugins have it.
        """
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from avbench.plugins import registry

            raise UnknownName(
                "command", args[0], [*self.entries, *(c.name or "" for c in registry.load().commands)]
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands section by section."""
        for title, entries in SECTIONS.items():
            self.format_section(title, entries, formatter)


@click.group(cls=_Commands, entries=COMMANDS, context_settings=CONTEXT, epilog=EPILOG)
@click.version_option(__version__, prog_name="avbench", message="%(prog)s %(version)s")
def cli() -> None:
    """Benchmark audio-video models: retrieval, video-to-audio generation, synchrony.

    \b
    Start here:
      avbench run --model gmscavp --task avsynth-retrieval
      avbench list
    """


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; what a user can cause becomes two lines and an exit code."""
    sys.exit(_exit_code(None if args is None else list(args)))


def _exit_code(args: list[str] | None) -> int:
    # click's standalone mode would answer Ctrl-C with "Aborted!" and 1, and a wrong option in its own form.
    try:
        code = cli.main(args=args, prog_name="avbench", standalone_mode=False)
        sys.stdout.flush()
    except AvbenchError as error:
        return _report(error)
    except (KeyboardInterrupt, click.Abort):
        click.echo(
            "interrupted: everything computed so far is kept; run the same command to go on.", err=True
        )
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _report_usage(error)
    except BrokenPipeError:
        return _abandon_stdout()
    except OSError as error:
        return _report(_storage_error(error))
    return code if isinstance(code, int) else 0


def _report(error: AvbenchError) -> int:
    click.echo(f"error: {error.message}", err=True)
    click.echo(f" hint: {error.hint}", err=True)
    return error.exit_code


def _report_usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "avbench"
    click.echo(f"error: {error.format_message()}", err=True)
    click.echo(f" hint: `{path} --help` lists what can be given.", err=True)
    return error.exit_code


def _abandon_stdout() -> int:
    # The reader has gone (`avbench list | head -1`): say nothing, and keep the interpreter from flushing.
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _storage_error(error: OSError) -> StorageError:
    """Return the error for a file that cannot be written; any other ``OSError`` is a bug and is raised."""
    where = error.filename or "a file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            f"The disk is full: {where} cannot be written.",
            hint="Free some space and run the same command; everything computed so far is kept.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(
            f"Permission denied: {where}.",
            hint="Give another folder (--output, --out, AVBENCH_CACHE), or permission to this one.",
        )
    raise error
