"""What the documents show is run: code, commands, and the tour from a plugin to a row on a leaderboard."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from avbench import DatasetRecord, EmbedderRecord, JudgeRecord, MetricRecord, ModelRecord, TaskSpec
from avbench.cli import COMMANDS, cli
from avbench.plugins import discovery

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md"), *DOCS.glob("tasks/*.md")])


def blocks(text, *languages):
    """Return language and body of each fenced block."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [(language, body) for language, body in found if language in languages]


def commands(page):
    """Return the arguments of each ``avbench`` command in the bash blocks of a page."""
    for _, body in blocks(page.read_text("utf-8"), "bash"):
        for line in body.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|\||;|\|", line):
                words = shlex.split(part, comments=True)
                if words and words[0] == "avbench":
                    yield words[1:]


def parse(command, args, name, parent=None):
    """Parse arguments as the command would, running nothing.

    Raises:
        click.UsageError: There is no such command or option, or a needed one is missing.
    """
    try:
        context = command.make_context(name, list(args), parent=parent)
    except click.exceptions.Exit:  # --help, --version
        return
    except click.MissingParameter:
        raise
    except click.BadParameter:  # a path that is not here
        return
    if isinstance(command, click.Group):
        inner, rest = [*context._protected_args, *context.args][0], context._protected_args + context.args
        found = command.get_command(context, inner)
        if found is None:
            raise click.UsageError(f"no command {inner}")
        parse(found, rest[1:], inner, context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists_with_its_options(page):
    for args in commands(page):
        parse(cli, args, "avbench")


@pytest.mark.parametrize(
    "args", [["lits"], ["list", "--jsn"], ["plugins", "check"], ["plugins", "chekc", "x"]]
)
def test_a_command_that_does_not_exist_is_caught(args):
    with pytest.raises(click.UsageError):
        parse(cli, args, "avbench")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


KINDS = {
    "avbench_models": ModelRecord,
    "avbench_tasks": TaskSpec,
    "avbench_datasets": DatasetRecord,
    "avbench_metrics": MetricRecord,
    "avbench_embedders": EmbedderRecord,
    "avbench_judges": JudgeRecord,
    "avbench_commands": click.Command,
}
SECTIONS = re.findall(
    r"^## `(\w+)\(.*?^```python\n(.*?)^```$", (DOCS / "hooks.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("hook", "source"), SECTIONS, ids=[hook for hook, _ in SECTIONS])
def test_each_example_of_a_hook_is_a_plugin_that_contributes(tmp_path, hook, source):
    file = tmp_path / "example.py"
    file.write_text(source)

    discovered, _ = discovery.discover([str(file)])

    (example,) = [plugin for plugin in discovered if plugin.origin.plugin == "example"]
    records, problems = discovery.contributions([example], hook, KINDS[hook])
    assert len(records) == 1
    assert problems == []


def test_every_command_has_a_section_in_the_reference():
    page = (DOCS / "cli.md").read_text("utf-8")

    assert [name for name in COMMANDS if f"## avbench {name}\n" not in page] == []


@pytest.fixture
def tour(tmp_path, tiny_clips):
    """An empty folder outside the repository with some clips and weights, and a way to run bash in it."""
    import torch
    from safetensors.torch import save_file

    (tmp_path / "clips").symlink_to(tiny_clips, target_is_directory=True)
    save_file({"projection": torch.eye(32)[:, :16].contiguous()}, tmp_path / "weights.safetensors")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    launcher = bin_folder / "avbench"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m avbench "$@"\n')
    launcher.chmod(0o755)

    def bash(script, **env):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return bash


def install_from(folder, pyproject):
    """Do what pip would with a pyproject of one module, without a network: metadata beside the module."""
    project = tomllib.loads(pyproject)["project"]
    info = folder / "site" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = "".join(f"{name} = {module}\n" for name, module in project["entry-points"]["avbench"].items())
    (info / "entry_points.txt").write_text(f"[avbench]\n{points}")
    (folder / "site" / "mymodel.py").write_text((folder / "mymodel.py").read_text())
    return os.pathsep.join([str(folder / "site"), *sys.path[1:]])


def test_the_tour_of_a_model_plugin_ends_in_a_row_on_a_leaderboard(tmp_path, tour):
    printed, env = "", {}
    for language, body in blocks(
        (DOCS / "write-a-model-plugin.md").read_text("utf-8"), "python", "toml", "bash"
    ):
        if language != "bash":
            (tmp_path / body.splitlines()[0].removeprefix("# ")).write_text(body)
        elif body.startswith("pip install ."):
            env = {"PYTHONPATH": install_from(tmp_path, (tmp_path / "pyproject.toml").read_text())}
            printed += tour(body.removeprefix("pip install ."), **env)
        else:
            printed += tour(body)

    assert "bright-and-loud keeps the contract of retrieval in" in printed
    assert "projected keeps the contract of retrieval in" in printed
    assert "avbench-mymodel 0.1: 1 model" in printed
    board = (tmp_path / "leaderboards" / "folder-retrieval.md").read_text("utf-8")
    assert re.search(r"^\|.*bright-and-loud.*\|$", board, flags=re.MULTILINE)
