"""The house rules as functions of source text, so that each can be shown to catch an offender."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

MOST_LINES = 300
MOST_FUNCTION_LINES = 40
EMPTY_NAMES = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}
READERS = {
    ("av", "open"),
    ("soundfile", "read"),
    ("soundfile", "SoundFile"),
    ("wave", "open"),
    ("cv2", "VideoCapture"),
}

# Who may import whom; what is not listed may be imported by everyone.
MAY_IMPORT = {
    "avbench": {"avbench"},
    "gmscavp": {"gmscavp"},
    "cavp": {"cavp", "gmscavp"},
    "avbench_baselines": {"avbench_baselines", "avbench"},
    "avbench_reference": {"avbench_reference", "avbench"},
    "avbench_synchformer": {"avbench_synchformer", "avbench"},
}


def function_lengths(source: str) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its lines, its docstring not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring


def empty_names(path: Path) -> set[str]:
    """Return the parts of a path that say nothing of the domain."""
    return {part.removesuffix(".py") for part in path.parts} & EMPTY_NAMES


def imports(source: str, modules: Iterable[str]) -> set[str]:
    """Return every module that is imported anywhere in the source, but for type checkers alone.

    ``from package import name`` is the module ``package.name`` where there is one, else ``package``.
    """
    known = set(modules)
    found: set[str] = set()
    for node in _executed(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module}
    return found


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _executed(child)


def forbidden_imports(module: str, imported: Iterable[str]) -> set[str]:
    """Return what ``module`` imports against the direction of the packages."""
    package = module.partition(".")[0]
    allowed = MAY_IMPORT[package] | ({"avbench"} if module == f"{package}.plugin" else set())
    return {name for name in imported if name.partition(".")[0] in MAY_IMPORT.keys() - allowed}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one import circle, or none."""
    done: set[str] = set()

    def visit(module: str, trail: list[str]) -> list[str]:
        if module in trail:
            return [*trail[trail.index(module) :], module]
        if module in done or module not in graph:
            return []
        for imported in sorted(graph[module]):
            if found := visit(imported, [*trail, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := visit(module, []))), [])


def reads_media(source: str) -> bool:
    """Say whether the source opens a media file for reading."""
    return any(_is_read(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def _is_read(call: ast.Call) -> bool:
    function = call.func
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
        return False
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    writes = any(isinstance(mode, ast.Constant) and mode.value == "w" for mode in given)
    return (function.value.id, function.attr) in READERS and not writes
