"""``avbench list`` and ``avbench plugins list``."""

import json

import pytest
from click.testing import CliRunner

from avbench.cli import listing, plugins

SHELVES = ["models", "tasks", "datasets", "metrics", "embedders"]


def run(command, *args):
    result = CliRunner().invoke(command, args)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize("kind", SHELVES)
def test_each_kind_lists_names_and_where_they_come_from(outside, kind):
    printed = " ".join(run(listing.command, kind).stdout.split()).replace("- ", "-")  # broken at a hyphen

    assert kind.capitalize() in printed
    assert "outside" in printed
    assert "from avbench-outside 1.2" in printed


def test_without_a_kind_everything_is_listed(outside):
    printed = run(listing.command).stdout

    assert all(kind.capitalize() in printed for kind in [*SHELVES, "plugins"])


def test_json_holds_every_field_that_is_data_and_the_origin(outside):
    document = json.loads(run(listing.command, "models", "--json").stdout)

    (model,) = [each for each in document["models"] if each["name"] == "outside-loudness"]
    assert model["capabilities"] == ["retrieval"]
    assert model["inputs"]["video"] == {"fps": 4, "height": 16, "width": 16}
    assert model["origin"]["distribution"] == "avbench-outside"
    assert "load" not in model


def test_a_broken_plugin_is_warned_of_on_standard_error_alone(outside):
    result = run(listing.command, "models")

    assert "outside-broken" in result.stderr
    assert "outside-broken" not in result.stdout


def test_a_file_given_by_hand_is_listed(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from avbench import MetricRecord, hookimpl\n"
        "@hookimpl\n"
        "def avbench_metrics():\n"
        "    return [MetricRecord(id='mine', summary='Mine.', unit='ms', higher_is_better=False)]\n"
    )

    assert "Mine." in run(listing.command, "metrics", "--plugin", str(file)).stdout


def test_plugins_list_counts_what_each_contributes(outside):
    printed = " ".join(run(plugins.command, "list").stdout.split())

    contributed = "1 model, 1 task, 1 dataset, 1 metric, 1 embedder, 1 judge, 1 command"
    assert f"avbench-outside 1.2: {contributed}" in printed


def test_plugins_list_shows_where_a_broken_one_fails_when_asked(outside):
    assert "outside_broken.py" not in run(plugins.command, "list").stderr
    assert "outside_broken.py" in run(plugins.command, "list", "--traceback").stderr


def test_plugins_list_as_json_holds_hooks_and_problems(outside):
    document = json.loads(run(plugins.command, "list", "--json").stdout)

    (plugin,) = [each for each in document["plugins"] if each["name"] == "outside"]
    assert "avbench_models" in plugin["hooks"]
    assert any("outside-broken" in problem["message"] for problem in document["problems"])


def test_a_command_that_avbench_has_itself_is_said_to_be_hidden(install):
    source = (
        "import click, avbench\n@avbench.hookimpl\n"
        "def avbench_commands():\n    return [click.Command('run'), click.Command('free')]\n"
    )
    install("greedy", "1.0", greedy=source)

    said = run(listing.command, "plugins").stderr

    assert "The command 'run' of plugin 'greedy' (greedy 1.0) is never reached" in said
    assert "'free'" not in said
