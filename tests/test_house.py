"""The house rules of CONTRIBUTING.md, each listing its offenders, and each shown to catch one."""

import ast
import importlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

import avbench
from tests import house_rules as rules

ROOT = Path(__file__).parent.parent
PACKAGES = {name: ROOT / folder / name for folder, name in [
    ("", "avbench"), ("models", "gmscavp"), ("plugins", "cavp"), ("plugins", "avbench_baselines"),
    ("plugins", "avbench_reference"), ("plugins", "avbench_synchformer"),
]}  # fmt: skip
EVERYWHERE = ("avbench", "models", "plugins", "tests", "benchmarks", "scripts")


def sources(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def modules():
    found = {}
    for name, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join([name, *(part for part in parts if part != "__init__")])] = path.read_text("utf-8")
    return found


def test_no_file_is_long():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in sources(*EVERYWHERE)
    }

    assert [f"{name}: {n} lines" for name, n in lengths.items() if n >= rules.MOST_LINES] == []


def test_no_function_is_long():
    offenders = [
        f"{path.relative_to(ROOT)}: {name} has {n} lines"
        for path in sources(*EVERYWHERE)
        for name, n in rules.function_lengths(path.read_text("utf-8"))
        if n >= rules.MOST_FUNCTION_LINES
    ]

    assert offenders == []


def test_a_long_function_is_caught_and_its_docstring_is_free():
    body = "    x = 1\n" * 10
    source = f'def documented():\n    """One.\n\n    More.\n    """\n{body}\ndef bare():\n{body}'

    assert list(rules.function_lengths(source)) == [("documented", 11), ("bare", 11)]


def test_every_name_speaks_of_the_domain():
    offenders = [
        str(path.relative_to(ROOT))
        for path in sources(*EVERYWHERE)
        if rules.empty_names(path.relative_to(ROOT))
    ]

    assert offenders == []


def test_a_name_that_says_nothing_is_caught():
    assert rules.empty_names(Path("avbench/core/utils.py")) == {"core", "utils"}


def test_imports_point_one_way():
    known = modules()
    offenders = {
        module: forbidden
        for module, source in known.items()
        if (forbidden := rules.forbidden_imports(module, rules.imports(source, known)))
    }

    assert offenders == {}


@pytest.mark.parametrize(
    ("module", "imported", "allowed"),
    [
        ("avbench.runner", "gmscavp.model", False),
        ("avbench.runner", "cavp", False),
        ("gmscavp.model", "avbench.clips", False),
        ("gmscavp.plugin", "avbench.clips", True),
        ("gmscavp.plugin", "cavp.model", False),
        ("cavp.model", "gmscavp.backbones.video", True),
        ("cavp.model", "avbench", False),
        ("cavp.plugin", "avbench", True),
        ("avbench_baselines.plugin", "gmscavp", False),
        ("gmscavp.model", "torch", True),
    ],
)
def test_an_import_against_the_direction_is_caught(module, imported, allowed):
    assert (rules.forbidden_imports(module, {imported}) == set()) == allowed


def test_no_import_runs_in_a_circle():
    known = modules()

    assert rules.circle({module: rules.imports(source, known) for module, source in known.items()}) == []


def test_a_circle_is_caught_even_inside_functions():
    known = {
        "p.a": "def f():\n    from p import b",
        "p.b": "import p.c",
        "p.c": "if TYPE_CHECKING:\n    import p.b\nfrom p.a import f",
    }

    assert rules.circle({module: rules.imports(source, known) for module, source in known.items()}) == [
        "p.a", "p.b", "p.c", "p.a",
    ]  # fmt: skip
    assert rules.circle({"p.b": {"p.c"}, "p.c": set()}) == []


# One process imports what is heavy, then forks once a module: each import starts without the others.
ALONE = """
import importlib, os, sys, warnings
import av, numpy, pandas, pydantic, torch
warnings.simplefilter("error")
for name in sys.argv[1:]:
    if (child := os.fork()) == 0:
        try:
            importlib.import_module(name)
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What importing every module by itself complained of, and one module that leans on another."""
    folder = tmp_path_factory.mktemp("leaning")
    (folder / "leaning.py").write_text("import sys\nsys.modules['avbench.plugins.registry']\n")
    names = sorted(modules())
    done = subprocess.run(
        [sys.executable, "-c", ALONE, "avbench.plugins.registry", "leaning", *names],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path[1:]])},
    )
    return done.stdout.splitlines()


def test_every_module_can_be_imported_alone(complaints):
    assert [each for each in complaints if not each.startswith("leaning:")] == []


def test_a_module_that_cannot_be_imported_alone_is_caught(complaints):
    assert "leaning: KeyError: 'avbench.plugins.registry'" in complaints


def test_the_public_names_are_those_that_can_be_imported():
    shown_to_type_checkers = {
        alias.name
        for node in ast.walk(ast.parse(Path(avbench.__file__).read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("avbench.")
        for alias in node.names
    }

    assert set(avbench.__all__) == shown_to_type_checkers | {"__version__"}
    assert [name for name in avbench.__all__ if not hasattr(avbench, name)] == []
    assert sorted(avbench.__all__, key=str.casefold) == sorted(set(avbench.__all__), key=str.casefold)


@pytest.mark.parametrize("module", [name for name, source in modules().items() if "__all__" in source])
def test_every_listed_name_can_be_imported(module):
    loaded = importlib.import_module(module)

    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


def test_one_file_opens_media_for_reading():
    readers = [str(path.relative_to(ROOT)) for path in sources("avbench", "models", "plugins")
               if rules.reads_media(path.read_text("utf-8"))]  # fmt: skip

    assert readers == ["avbench/media/decode.py"]


@pytest.mark.parametrize(
    ("source", "reads"),
    [("av.open(path)", True), ("av.open(path, 'w')", False), ("av.open(path, mode='w')", False),
     ("soundfile.read(path)", True), ("path.open()", False)],
)  # fmt: skip
def test_a_second_reader_is_caught(source, reads):
    assert rules.reads_media(source) == reads


def requirements():
    """Return the distributions that a user can install by avbench or one of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {
        name: each for name, each in project["optional-dependencies"].items() if name not in ("test", "dev")
    }
    required = chain(project["dependencies"], *extras.values())
    return {re.split(r"[^\w-]", each)[0] for each in required}


def test_whatever_is_imported_can_be_required():
    names = {"sklearn": "scikit-learn", "PIL": "matplotlib"}
    heads = {name.partition(".")[0] for source in modules().values() for name in rules.imports(source, ())}
    outside = heads - sys.stdlib_module_names - PACKAGES.keys()

    assert {names.get(head, head) for head in outside} - requirements() == set()
    assert "torch" in outside


def test_nothing_imports_torchvision_or_torchaudio():
    heads = {name.partition(".")[0] for source in modules().values() for name in rules.imports(source, ())}

    assert not heads & {"torchvision", "torchaudio"}


def test_a_cpu_build_of_torch_stands_without_torchvision_and_torchaudio():
    if "+cpu" not in importlib.metadata.version("torch"):
        pytest.skip("with another build of torch, matching ones may stand beside it")

    assert [name for name in ("torchvision", "torchaudio") if importlib.util.find_spec(name)] == []
