"""Every hook is documented with its live signature, and has a test named after it."""

import inspect
import re
from pathlib import Path

import pytest

from avbench import hookspecs
from avbench.cli import main
from avbench.plugins import registry
from avbench.plugins.discovery import HOOKS

PAGE = Path(__file__).parent.parent / "docs" / "hooks.md"


def documented():
    return re.findall(r"^## `(\w+)(\(.*)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def signature(hook):
    text = str(inspect.signature(getattr(hookspecs, hook)))
    return re.sub(r"'|collections\.abc\.|avbench\.(records|specs|judges\.judge)\.", "", text)


def test_every_hook_has_a_section_with_its_signature_and_no_section_is_of_another():
    assert documented() == [(hook, signature(hook)) for hook in HOOKS_IN_ORDER]


HOOKS_IN_ORDER = [name for name in vars(hookspecs) if name in HOOKS]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook):
    assert f"test_{hook}_is_used" in globals()


def test_avbench_models_is_used(outside):
    assert registry.load().models.get("outside-loudness")


def test_weights_are_imported_by_the_model_of_a_plugin(outside, tmp_path, capsys):
    public, output = tmp_path / "public.txt", tmp_path / "own.txt"
    public.write_text("weight scale")
    with pytest.raises(SystemExit) as stopped:
        main(["weights", "import", "outside-loudness", str(public), "--config", "x", "--output", str(output)])

    assert not stopped.value.code
    assert "a file of the third party\n  keys that match: 2" in capsys.readouterr().out
    assert output.read_text() == "weight scale"


def test_avbench_tasks_is_used(outside):
    assert registry.load().tasks.get("outside-retrieval").dataset == "outside-data"


def test_avbench_datasets_is_used(outside):
    assert not registry.load().datasets.get("outside-data").needs_root


def test_avbench_metrics_is_used(outside):
    assert registry.load().metrics.get("outside.score").higher_is_better


def test_avbench_embedders_is_used(outside):
    assert registry.load().embedders.get("outside-net").license == "MIT"


def test_avbench_judges_is_used(outside):
    assert registry.load().judges.get("outside-judge").criteria[0].id == "sync.outside"


def test_avbench_commands_is_used(outside):
    assert registry.load().commands.get("outside-greet").name == "outside-greet"
