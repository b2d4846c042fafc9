"""The command line starts light: what only looks around imports nothing heavy."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "av", "pandas", "scipy", "sklearn", "torchmetrics", "soundfile", "matplotlib"}
PROBE = """
import json, sys
from avbench.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
{also}
print("\\n" + json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def imported_by(*args, also=""):
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(also=also), *args],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_imports_nothing_heavy_and_no_plugin(args):
    assert not imported_by(*args) & (HEAVY | {"numpy", "pydantic", "rich", "gmscavp", "cavp"})


@pytest.mark.parametrize("args", [["list"], ["list", "models", "--json"], ["plugins", "list"]])
def test_listing_imports_nothing_heavy(args):
    assert not imported_by(*args) & HEAVY


def test_the_probe_sees_a_heavy_import():
    assert "av" in imported_by("--help", also="import av")
