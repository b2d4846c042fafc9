"""Names to records: looked up, listed, suggested, and never mixed up."""

import pytest

from avbench.errors import PluginError, UnknownName
from avbench.plugins import registry
from tests.plugin_sources import MODEL


def test_a_record_is_found_by_name_with_its_origin(outside):
    models = registry.load().models

    assert models.get("outside-loudness").summary == "Brightness against loudness."
    assert str(models.origin("outside-loudness")) == "plugin 'outside' (avbench-outside 1.2)"


def test_a_metric_is_found_by_its_id(outside):
    assert registry.load().metrics.get("outside.score").unit == "fraction"


def test_records_are_listed_in_the_order_of_their_names(install):
    install(
        "letters",
        "1.0",
        b=MODEL.format(name="zz-b"),
        a=MODEL.format(name="zz-c"),
        c=MODEL.format(name="zz-a"),
    )

    names = [record.name for record in registry.load().models]

    assert names == sorted(names)
    assert {"zz-a", "zz-b", "zz-c"} <= set(names)


def test_an_unknown_name_suggests_the_nearest(outside):
    with pytest.raises(UnknownName) as raised:
        registry.load().models.get("outside-loudnes")

    assert raised.value.message == "There is no model named 'outside-loudnes'."
    assert "Did you mean 'outside-loudness'?" in raised.value.hint


def test_an_unknown_name_beside_a_broken_plugin_says_that_it_may_be_the_one(outside):
    with pytest.raises(UnknownName) as raised:
        registry.load().models.get("absent")

    assert "outside-broken" in raised.value.hint
    assert "avbench plugins list" in raised.value.hint


def test_a_name_contributed_twice_names_both_distributions_and_versions(install):
    install("first", "1.0", one=MODEL.format(name="twice"))
    install("second", "2.5", two=MODEL.format(name="twice"))

    models = registry.load().models

    with pytest.raises(PluginError) as raised:
        models.get("twice")
    assert "first 1.0" in raised.value.message
    assert "second 2.5" in raised.value.message
    assert raised.value.exit_code == 3


def test_a_clash_of_names_harms_no_other_name(install):
    install("first", "1.0", one=MODEL.format(name="twice"), other=MODEL.format(name="once"))
    install("second", "2.5", two=MODEL.format(name="twice"))

    found = registry.load()

    assert found.models.get("once").name == "once"
    assert "twice" not in [record.name for record in found.models]
    assert any("'twice'" in problem.error.message for problem in found.problems)


def test_a_clash_is_no_broken_plugin_to_blame_for_an_unknown_name(install):
    install("first", "1.0", alpha=MODEL.format(name="twice"))
    install("second", "2.5", beta=MODEL.format(name="twice"))

    with pytest.raises(UnknownName) as raised:
        registry.load().models.get("absent")

    assert "alpha" not in raised.value.hint
    assert "beta" not in raised.value.hint


def test_a_shelf_knows_its_length_and_its_names(outside):
    tasks = registry.load().tasks

    assert "outside-retrieval" in tasks
    assert len(tasks) == len(list(tasks))
