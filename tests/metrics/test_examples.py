"""Every example in a docstring of the metrics gives what it says."""

import doctest
import importlib
import pkgutil

import pytest

import avbench.metrics

MODULES = [each.name for each in pkgutil.iter_modules(avbench.metrics.__path__, "avbench.metrics.")]
DATA_ONLY = {
    f"avbench.metrics.{name}"
    for name in (
        "measurement",
        "records",
        "generation_records",
        "offset_records",
        "alignment_records",
        "choice_records",
    )
}
FILES_ONLY = {"avbench.metrics.embedding_files", "avbench.metrics.statistics_files"}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0
    assert outcome.attempted > 0 or name in DATA_ONLY | FILES_ONLY
