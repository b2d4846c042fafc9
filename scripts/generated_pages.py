"""Write what follows from the code and from the results, or check that it is current.

python scripts/generated_pages.py            writes docs/cli.md, the schema, the boards, what pages quote
python scripts/generated_pages.py --check    exits 1 if one of them would change
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import click
from ablation_page import page as ablation_page
from choice_results import PICTURE, choices_block, curves_block, picture
from pretraining_cost import measured_block
from quoted_results import comparison_block, quoted, run_block, sound_block, synchrony_block
from task_pages import FOLDER, index_block, spec_block
from trials import trials_block

from avbench.boards.pages import page as board_page
from avbench.boards.published import read_published
from avbench.boards.ranking import boards, read_entries
from avbench.cli import COMMANDS, CONTEXT, SECTIONS, cli
from avbench.results import archive
from avbench.results.document import json_schema
from avbench.tasks import real

ROOT = Path(__file__).parent.parent
HEAD = """\
# The command line

<!-- Written by scripts/generated_pages.py from the commands themselves: do not edit. -->

Every option can also be given by a variable: `AVBENCH_RUN_MODEL=gmscavp` stands for `--model` of
`avbench run`. What is wrong is said in two lines on standard error, what and what to do, with an exit code:
0 done, 2 wrong usage or unknown name, 3 plugin, 4 data, 5 model, 6 storage, 7 finished with more failed
clips than allowed, 130 interrupted, 1 anything else.
"""


def command_page() -> str:
    """Return docs/cli.md: a table of the commands, then each with its arguments and options."""
    root = click.Context(cli, info_name="avbench", **CONTEXT)
    parts = [HEAD]
    for title, commands in SECTIONS.items():
        rows = (
            f"| [`avbench {name}`](#avbench-{name}) | {summary} |" for name, (_, summary) in commands.items()
        )
        parts.append("\n".join([f"| {title} | |", "| --- | --- |", *rows]) + "\n")
    for name in COMMANDS:
        command = cli.get_command(root, name)
        if command is None:
            raise LookupError(f"no command {name}")
        parts.extend(_sections(command, click.Context(command, info_name=name, parent=root)))
    return "\n".join(parts)


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    depth = context.command_path.count(" ") + 1
    yield f"{'#' * depth} {context.command_path}\n\n{_description(command)}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _sections(inner, click.Context(inner, info_name=name, parent=context))
        return
    yield f"```\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    records = [option.get_help_record(context) for option in command.params]
    rows = [f"| `{_cell(flags)}` | {_cell(meaning)} |" for flags, meaning in filter(None, records) if meaning]
    if rows:
        yield "\n".join(["| option | |", "| --- | --- |", *rows]) + "\n"


def _description(command: click.Command) -> str:
    # A backspace alone on its line asks click to keep the lines below as they are: here, a block of code.
    blocks: list[str] = []
    for block in inspect.cleandoc(command.help or "").split("\n\n"):
        lines = block.removeprefix("\b\n").splitlines()
        examples = [line.strip() for line in lines if line.startswith(" ")]
        if block.startswith("\b\n") and examples:
            blocks.append("\n".join(line for line in lines if not line.startswith(" ")))
            blocks.append("\n".join(["```bash", *examples, "```"]))
        else:
            blocks.append("\n".join(lines))
    return "\n\n".join(filter(None, blocks))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def page_with(name: str, blocks: Mapping[str, Callable[[], str]]) -> Callable[[], str]:
    """Return a function that gives a page with its blocks of results as they are now."""

    def page() -> str:
        text = (ROOT / name).read_text("utf-8")
        for block, content in blocks.items():
            text = quoted(text, block, content())
        return text

    return page


def board_pages() -> dict[str, Callable[[], str]]:
    """Return the pages of the leaderboards, by name, as `avbench leaderboard build` writes them."""
    folder = ROOT / "leaderboards"
    entries, _ = read_entries(folder / "results")
    return {
        f"leaderboards/{archive.safe_name(board.task)}.md": partial(board_page, board, folder)
        for board in boards(entries, read_published(folder / "published"))
    }


README = {
    "run": run_block,
    "results": comparison_block,
    "sound": sound_block,
    "synchrony": synchrony_block,
}
CARDS = {
    "models/gmscavp/README.md": {
        "results": comparison_block,
        "synchrony": synchrony_block,
        "trials": trials_block,
    },
    "plugins/cavp/README.md": {"results": comparison_block},
}
PAGES: Mapping[str, Callable[[], str]] = {
    "docs/cli.md": command_page,
    "docs/result.schema.json": json_schema,
    "models/gmscavp/ablation.md": ablation_page,
    "README.md": page_with("README.md", README),
    PICTURE: picture,
    "docs/counterfactuals.md": page_with(
        "docs/counterfactuals.md", {"choices": choices_block, "curves": curves_block}
    ),
    "docs/pretraining.md": page_with("docs/pretraining.md", {"cost": measured_block}),
    f"{FOLDER}/README.md": page_with(f"{FOLDER}/README.md", {"tasks": index_block}),
    **{
        f"{FOLDER}/{spec.name}.md": page_with(f"{FOLDER}/{spec.name}.md", {"spec": partial(spec_block, spec)})
        for spec in real.TASKS
    },
    **{card: page_with(card, blocks) for card, blocks in CARDS.items()},
}


def main(arguments: list[str]) -> int:
    """Write or check every page; return the exit code."""
    stale = 0
    for name, page in {**PAGES, **board_pages()}.items():
        path, text = ROOT / name, page()
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        if "--check" in arguments:
            print(f"{name} is not current: run python scripts/generated_pages.py", file=sys.stderr)
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
