"""``avbench run``: what it takes, what it prints where, and how it ends."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from avbench import cli
from avbench.cli.run import Budget, command, split_names
from avbench.results.document import from_json
from tests.runs.appearing import tokens, write_folder
from tests.runs.sounding import sounding

RUN = ("--model", "random", "--device", "cpu", "--workers", "0")


@pytest.fixture
def invoke(tmp_path: Path, tiny_clips: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def run(*args: str, task: str = "folder-retrieval") -> Result:
        options = (*RUN, "--task", task, "--data-root", str(tiny_clips), *args)
        return CliRunner().invoke(command, options, catch_exceptions=False)

    return run


def test_json_alone_is_on_standard_output(invoke) -> None:
    done = invoke("--json")
    assert from_json(done.stdout).coverage.complete
    assert "12 clips, 12 found" in done.stderr


def test_several_tasks_are_one_json_array(invoke, tmp_path: Path, tiny_clips: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("id,path\n" + "".join(f"{p.stem},{p.name}\n" for p in tiny_clips.iterdir()))
    plugin = tmp_path / "tasks.py"
    plugin.write_text(
        "from avbench import TaskSpec, hookimpl\n\n@hookimpl\ndef avbench_tasks():\n"
        "    return [TaskSpec(name=f'task-{n}', dataset='folder', seconds=n, version=1,\n"
        "                     summary='') for n in (2, 3)]\n"
    )
    done = invoke("--json", "--plugin", str(plugin), task="task-2,task-3")
    documents = json.loads(done.stdout)
    assert [document["task"]["name"] for document in documents] == ["task-2", "task-3"]
    assert len(list((tmp_path / "results" / "random").iterdir())) == 2


COARSE = """
from avbench import OffsetProtocol, TaskSpec

@hookimpl
def avbench_tasks():
    return [TaskSpec(name="coarse-sync", dataset="folder", seconds=5.0, version=1, summary="",
                     protocol=OffsetProtocol(window=3.0, reach=1.0, step=0.5))]
"""
NEEDS = "The model 'seeing' returned 2 tokens a second; a grid of 0.2 s needs 2.5, one in every two steps."


@pytest.mark.parametrize("tasks", ["folder-sync,coarse-sync", "coarse-sync,folder-sync"])
def test_a_task_that_fails_stops_no_other_and_the_end_says_which_and_why(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], tasks: str
) -> None:
    clips, plugin, out = (
        write_folder(tmp_path / "clips", (2.1, 2.5)),
        tmp_path / "seeing.py",
        tmp_path / "out",
    )
    plugin.write_text(tokens(2.0) + COARSE)
    given = ("--plugin", plugin, "--data-root", clips, "--output", out, "--workers", 0, "--json")
    with pytest.raises(SystemExit) as end:
        cli.main(["run", "--model", "seeing", "--task", tasks, *map(str, given)])
    printed = capfd.readouterr()
    assert end.value.code == 5
    (document,) = json.loads(printed.out)
    assert document["task"]["name"] == "coarse-sync"
    assert len(list(out.rglob("*Z-*.json"))) == 1
    *_, error, hint = printed.err.splitlines()
    assert error == f"error: 1 of 2 tasks failed; the others are recorded. folder-sync: {NEEDS}"
    assert hint == " hint: Run it on a task with a coarser grid, or give the model offset_scores."
    assert f"folder-sync failed: {NEEDS}" in printed.err


def test_where_every_task_fails_the_code_is_that_of_the_first(
    tmp_path: Path, tiny_clips: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ("--data-root", tiny_clips, "--output", tmp_path, "--dataset-args", "extensions=.nothing")
    with pytest.raises(SystemExit) as end:
        cli.main(["run", *RUN, "--task", "folder-retrieval,folder-sync", *map(str, given)])
    assert end.value.code == 4
    assert "error: 2 of 2 tasks failed. folder-retrieval: " in capfd.readouterr().err


def test_quiet_prints_the_path_of_the_result_and_nothing_else(invoke, tmp_path: Path) -> None:
    done = invoke("--quiet", "--output", "out")
    assert (tmp_path / done.stdout.strip()).is_file()
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_the_table_is_followed_by_what_it_is_worth_and_where_it_is(invoke, tmp_path: Path) -> None:
    lines = invoke("--seed", "3").stdout.splitlines()
    assert any(line.startswith("| A→V R@1 ↑ (%)") for line in lines)
    assert any(line.startswith("note: Your own files") for line in lines)
    (path,) = (line.removeprefix("result: ") for line in lines if line.startswith("result: "))
    result = from_json((tmp_path / path).read_bytes())
    assert result.provenance.seed == 3


def test_dataset_arguments_reach_the_dataset_and_change_the_digest_of_the_spec(invoke) -> None:
    plain = from_json(invoke("--json").stdout)
    done = from_json(invoke("--json", "--dataset-args", "extensions=.mp4").stdout)
    assert done.dataset.args == {"extensions": ".mp4"}
    assert done.task.digest != plain.task.digest


@pytest.mark.parametrize(
    "args",
    [
        ("--limit", "1"),
        ("--limit", "many"),
        ("--batch-size", "0"),
        ("--workers", "-1"),
        ("--model-args", "config"),
        ("--fail-on-error", "1.5"),
        ("--fail-on-error", "-1"),
        ("--fail-on-error", "few"),
        ("--no-such-option",),
        ("--data-root", __file__),
        ("--page", "page"),
        ("--page-clips", "0"),
    ],
)
def test_a_wrong_option_is_two_lines_and_exit_code_2(
    args: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["run", *RUN, "--task", "folder-retrieval", *args])
    assert end.value.code == 2
    error, hint = capfd.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith(" hint: ")


@pytest.mark.parametrize("option", ["embedder", "judge", "reference"])
def test_what_only_generation_looks_at_is_refused_elsewhere(
    tmp_path: Path, tiny_clips: Path, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    given = (f"--{option}", "avsynth-cnn=file", "--data-root", tiny_clips, "--output", tmp_path)
    with pytest.raises(SystemExit) as end:
        cli.main(["run", *RUN, "--task", "folder-retrieval", *map(str, given)])
    assert end.value.code == 2
    assert capfd.readouterr().err.startswith(f"error: --{option} is for tasks in which sound is made.")


def test_an_unknown_model_suggests_the_nearest(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["run", "--model", "gmscap", "--task", "avsynth-retrieval"])
    assert end.value.code == 2
    assert "Did you mean 'gmscavp'?" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "budget"), [("0", 0), ("3", 3), ("0.05", 0.05), ("1.0", 1.0), ("0.0", 0.0), ("1", 1)]
)
def test_a_budget_with_a_point_is_a_fraction(text: str, budget: int | float) -> None:
    parsed = Budget().convert(text, None, None)
    assert parsed == budget
    assert type(parsed) is type(budget)


@pytest.mark.parametrize("text", ["nan", "inf", "1e3", "", "-0.1", "²"])
def test_a_budget_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Budget().convert(text, None, None)


def test_names_come_apart_at_commas_and_count_once() -> None:
    assert split_names(("a,b", "c", "a", " d ,")) == ("a", "b", "c", "d")


def test_where_the_page_is_stands_below_where_the_result_is(invoke, tmp_path: Path) -> None:
    (tmp_path / "sounding_models.py").write_text(sounding())
    args = ("--plugin", "sounding_models.py", "--model", "still", "--page", "shown", "--page-clips", "2")
    *_, result, page = invoke(*args, task="clicks").stdout.strip().splitlines()
    assert result.startswith("result: ")
    assert page == "page: shown/index.html"
    assert (tmp_path / "shown" / "index.html").read_text("utf-8").count("<article") == 2
