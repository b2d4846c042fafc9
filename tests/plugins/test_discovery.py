"""Plugins: three roads to them, and every way in which one can be wrong without harming the others."""

import os
from pathlib import Path

import pytest

from avbench.errors import PluginError
from avbench.plugins import discovery
from avbench.records import ModelRecord
from tests.plugin_sources import MODEL


def found(*asked_for):
    return discovery.discover(asked_for)


def origins(discovered):
    return {plugin.origin.plugin: plugin.origin for plugin in discovered}


def messages(problems, plugin):
    return [problem.error.message for problem in problems if problem.origin.plugin == plugin]


def models(discovered):
    return discovery.contributions(discovered, "avbench_models", ModelRecord)


def test_bundled_plugins_come_through_the_entry_points_of_the_distribution():
    discovered, _ = found()

    assert origins(discovered)["avbench"].distribution == "avbench"


def test_an_installed_plugin_is_found_with_its_distribution_and_version(outside):
    discovered, _ = found()

    origin = origins(discovered)["outside"]
    assert (origin.distribution, origin.version) == ("avbench-outside", "1.2")
    assert origin.path == str(outside / "outside_plugin.py")


def test_a_plugin_that_cannot_be_imported_is_named_and_the_others_stay(outside):
    discovered, problems = found()

    assert "outside" in origins(discovered)
    (message,) = messages(problems, "outside-broken")
    assert "'outside-broken' (avbench-outside 1.2) cannot be imported" in message
    assert "RuntimeError: the library of this plugin is not installed." in message


def test_the_traceback_of_a_broken_plugin_leads_to_its_line(outside):
    _, problems = found()

    (problem,) = [each for each in problems if each.origin.plugin == "outside-broken"]
    assert "outside_broken.py" in problem.traceback


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys; sys.exit('gone')", "SystemExit: gone."),
        ("import absent_library", "No module named 'absent_library'"),
        ("def", "SyntaxError"),
        (MODEL.format(name="m").replace("avbench_models", "avbench_modles"), "did you mean avbench_models?"),
        (MODEL.format(name="m").replace("def avbench_models", "def models"), "did you mean avbench_models?"),
        (
            MODEL.format(name="m").replace("@hookimpl", ""),
            "avbench_models is not marked with @avbench.hookimpl",
        ),
        ("models = []", "no function marked with @avbench.hookimpl"),
        (MODEL.format(name="m").replace("models()", "models(register)"), "'register'"),
        (
            MODEL.format(name="m").replace("@hookimpl", "@hookimpl(wrapper=True)").replace("return", "yield"),
            "wrapper",
        ),
    ],
)
def test_a_wrong_plugin_is_a_problem_that_says_what_is_wrong(install, source, said):
    install("wrong", "0.1", wrong=source)

    discovered, problems = found()

    assert "wrong" not in origins(discovered)
    (message,) = messages(problems, "wrong")
    assert said in message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise OSError('no weights')", "OSError: no weights."),
        ("pass", "it returned NoneType; return a list of ModelRecord"),
        ("return ['a name']", "contributed a str; contribute ModelRecord records"),
        ("return 3", "it returned int"),
    ],
)
def test_a_hook_that_fails_is_a_problem_of_its_plugin_alone(install, outside, body, said):
    install(
        "failing", "0.1", failing=f"import avbench\n\n@avbench.hookimpl\ndef avbench_models():\n    {body}\n"
    )

    records, problems = models(found()[0])

    assert "outside-loudness" in [record.name for record, _ in records]
    (message,) = messages(problems, "failing")
    assert "The hook avbench_models of plugin 'failing' (failing 0.1) failed" in message
    assert said in message


def test_what_a_generator_gave_before_it_raised_is_kept(install):
    source = (
        MODEL.format(name="early").replace("return [", "yield from [") + "    raise ValueError('too late')\n"
    )
    install("halfway", "0.1", halfway=source)

    records, problems = models(found()[0])

    assert "early" in [record.name for record, _ in records]
    assert "too late" in messages(problems, "halfway")[0]


def test_two_plugins_of_one_name_are_both_used_and_reported(install):
    install("first", "1.0", twin=MODEL.format(name="one"))
    install("second", "2.0", twin=MODEL.format(name="two"))

    discovered, _ = found()

    assert {"one", "two"} <= {record.name for record, _ in models(discovered)[0]}
    (problem,) = discovery.shared_names(discovered)
    assert "first 1.0" in problem.error.message
    assert "second 2.0" in problem.error.message


def test_a_distribution_with_damaged_metadata_still_brings_its_plugin(install):
    site = install("damaged", "1.0", damaged=MODEL.format(name="survivor"))
    (site / "damaged-1.0.dist-info" / "METADATA").unlink()

    records, _ = models(found()[0])

    assert "survivor" in [record.name for record, _ in records]


def test_a_file_is_a_plugin_and_what_lies_beside_it_can_be_imported(tmp_path):
    (tmp_path / "beside_it.py").write_text("NAME = 'by-file'\n")
    file = tmp_path / "mymodel.py"
    file.write_text("from beside_it import NAME\n" + MODEL.replace("{name!r}", "NAME"))

    discovered, _ = found(str(file))

    assert "by-file" in [record.name for record, _ in models(discovered)[0]]
    assert origins(discovered)["mymodel"].path == str(file)


def test_the_version_of_a_file_changes_with_its_content(tmp_path):
    file = tmp_path / "changing.py"
    versions = set()
    for name in ("a", "b"):
        file.write_text(MODEL.format(name=name))
        versions.add(origins(found(str(file))[0])["changing"].version)

    assert len(versions) == 2
    assert all(version.startswith("sha256:") for version in versions)


def test_an_importable_module_is_a_plugin(tmp_path, monkeypatch):
    (tmp_path / "module_on_the_path.py").write_text(MODEL.format(name="by-module"))
    monkeypatch.syspath_prepend(str(tmp_path))

    records, _ = models(found("module_on_the_path")[0])

    assert "by-module" in [record.name for record, _ in records]


@pytest.mark.parametrize("name", ["absent.py", "some/absent.py", "absent_module"])
def test_a_plugin_that_is_asked_for_and_absent_is_an_error(name):
    with pytest.raises(PluginError, match="absent"):
        found(name)


def test_a_plugin_that_is_asked_for_and_broken_is_an_error(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")

    with pytest.raises(PluginError, match="ZeroDivisionError"):
        found(str(tmp_path / "broken.py"))


def test_a_hook_that_fails_in_a_plugin_that_is_asked_for_is_an_error(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import avbench\n\n@avbench.hookimpl\ndef avbench_models():\n    raise SystemExit(4)\n")
    (mine,) = (plugin for plugin in found(str(file))[0] if plugin.origin.plugin == "mine")
    with pytest.raises(PluginError, match=r"avbench_models of .*mine.* failed: SystemExit: 4"):
        discovery.contributions([mine], "avbench_models", ModelRecord)


def test_a_misspelt_hook_is_one_question(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import avbench\n\n@avbench.hookimpl\ndef avbench_model():\n    return []\n")
    with pytest.raises(PluginError, match=r"did you mean avbench_models\?$"):
        found(str(file))


def test_the_variable_names_files_and_modules_and_a_broken_one_stops_nothing(tmp_path, monkeypatch):
    good, broken = tmp_path / "good_one.py", tmp_path / "broken_one.py"
    good.write_text(MODEL.format(name="by-variable"))
    broken.write_text("1 / 0\n")
    monkeypatch.setenv("AVBENCH_PLUGINS", os.pathsep.join([str(broken), str(good), "absent_module"]))

    discovered, problems = found()

    assert "by-variable" in [record.name for record, _ in models(discovered)[0]]
    assert messages(problems, "broken_one")
    assert messages(problems, "absent_module")


def test_a_plugin_reached_by_two_roads_is_loaded_once(outside):
    discovered, _ = found(str(Path(outside) / "outside_plugin.py"), "outside_plugin")

    names = [record.name for record, _ in models(discovered)[0]]
    assert names.count("outside-loudness") == 1
