"""Finds plugins, loads each in isolation, and drains their hooks one implementation at a time.

A plugin is a module with functions marked ``@avbench.hookimpl`` (:mod:`avbench.hookspecs`); where it is
looked for is in :mod:`avbench.plugins.candidates`. What is bundled is found the same way. A plugin that
fails becomes a :class:`Problem` and takes nothing else down.
"""

import dataclasses
import difflib
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from avbench import hookspecs
from avbench.errors import PluginError
from avbench.plugins.candidates import GROUP, NoSuchFile, Origin, candidates, digest

HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("avbench_")))

_MEND = "Mend the plugin, or remove it; `avbench plugins list --traceback` shows where it fails."

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A plugin, or one of its hooks, that cannot be used.

    Attributes:
        origin: The plugin.
        error: What is wrong and what to do.
        traceback: Where it happened, for the plugin's author; ``""`` where there is none.
    """

    origin: Origin
    error: PluginError
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin that was loaded and verified.

    Attributes:
        origin: Where it is from.
        hooks: Its implementations by hook name, in the order pluggy would call them.
        asked_for: Whether ``--plugin`` names it: then nothing that is wrong with it is passed over.
    """

    origin: Origin
    hooks: Mapping[str, tuple[Callable[[], Any], ...]] = field(repr=False)
    asked_for: bool = False


def discover(asked_for: Sequence[str] = ()) -> tuple[list[Plugin], list[Problem]]:
    """Load every plugin there is: installed ones, those of ``AVBENCH_PLUGINS``, those asked for.

    Args:
        asked_for: Files or dotted module names, as given to ``--plugin``.

    Returns:
        The plugins that can be used, and what is wrong with the others.

    Raises:
        PluginError: One of ``asked_for`` cannot be used; the others never raise.
    """
    plugins: list[Plugin] = []
    problems: list[Problem] = []
    seen: set[int | str] = set()
    for candidate in candidates(asked_for):
        try:
            target = candidate.load()
            # The same file may be reached by two roads; its records must not clash with themselves.
            marks = {id(target), _real_path(target)}
            if not seen.isdisjoint(marks):
                continue
            seen |= marks
            origin, hooks = _settled(candidate.origin, target), _verified_hooks(target)
            plugins.append(Plugin(origin=origin, hooks=hooks, asked_for=candidate.asked_for))
        except (Exception, SystemExit) as cause:
            problem = _load_problem(candidate.origin, cause)
            if candidate.asked_for:
                raise problem.error from cause
            problems.append(problem)
    return plugins, problems


def contributions(
    plugins: Iterable[Plugin], hook: str, kind: type[R]
) -> tuple[list[tuple[R, Origin]], list[Problem]]:
    """Drain one hook of every plugin, each implementation in its own ``try``.

    Args:
        plugins: The plugins, from :func:`discover`.
        hook: The hook's name.
        kind: The type every contributed record must have.

    Returns:
        The records with their origin, and what went wrong. Records that a generator gave before it raised
        are kept.

    Raises:
        PluginError: A hook of a plugin that was asked for failed.
    """
    records: list[tuple[R, Origin]] = []
    problems: list[Problem] = []
    for plugin in plugins:
        for implementation in plugin.hooks.get(hook, ()):
            try:
                for record in _drained(implementation, kind):
                    records.append((record, plugin.origin))
            except (Exception, SystemExit) as cause:
                error = PluginError(
                    f"The hook {hook} of {plugin.origin} failed: {_sentence(cause)}",
                    hint=_MEND,
                )
                if plugin.asked_for:
                    raise error from cause
                problems.append(Problem(origin=plugin.origin, error=error, traceback=_trace(cause)))
    return records, problems


def _drained(implementation: Callable[[], Any], kind: type[R]) -> Iterator[R]:
    contributed = implementation()
    if contributed is None or isinstance(contributed, kind) or not isinstance(contributed, Iterable):
        raise TypeError(f"it returned {type(contributed).__name__}; return a list of {kind.__name__}")
    for record in contributed:
        if not isinstance(record, kind):
            raise TypeError(f"it contributed a {type(record).__name__}; contribute {kind.__name__} records")
        yield record


def _settled(origin: Origin, target: object) -> Origin:
    """Return the origin with the file that was imported, and its digest where there is no version."""
    file = getattr(target, "__file__", None)
    if not isinstance(file, str):
        return origin
    return dataclasses.replace(origin, path=file, version=origin.version or digest(Path(file)))


def _real_path(target: object) -> str:
    file = getattr(target, "__file__", None)
    return os.path.realpath(file) if isinstance(file, str) else f"object {id(target)}"


def _verified_hooks(target: object) -> dict[str, tuple[Callable[[], Any], ...]]:
    """Return the hook implementations of a plugin.

    Raises:
        PluginValidationError: A hook is misspelt, takes arguments that it is not given, is a wrapper, is
            not marked, or there is none.
    """
    # One manager per plugin: what pluggy finds wrong can then only be this plugin's.
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(target)
    found: dict[str, tuple[Callable[[], Any], ...]] = {}
    for caller in manager.get_hookcallers(target) or ():
        implementations = caller.get_hookimpls()
        if not caller.has_spec() and not all(each.optionalhook for each in implementations):
            raise pluggy.PluginValidationError(target, _unknown_hook(caller.name))
        if any(each.hookwrapper or each.wrapper for each in implementations):
            raise pluggy.PluginValidationError(
                target, f"{caller.name} is a wrapper, which avbench does not call"
            )
        found[caller.name] = tuple(each.function for each in implementations)
    unmarked = [name for name in HOOKS if name not in found and callable(getattr(target, name, None))]
    if unmarked:
        raise pluggy.PluginValidationError(target, f"{unmarked[0]} is not marked with @avbench.hookimpl")
    if not found:
        raise pluggy.PluginValidationError(target, "it has no function marked with @avbench.hookimpl")
    return found


def _unknown_hook(name: str) -> str:
    near = difflib.get_close_matches(name, HOOKS, n=1, cutoff=0.4)
    meant = f"did you mean {near[0]}?" if near else f"the hooks are {', '.join(HOOKS)}"
    return f"there is no hook named {name}; {meant}"


def _load_problem(origin: Origin, cause: BaseException) -> Problem:
    if isinstance(cause, pluggy.PluginValidationError):
        message = f"The {origin} breaks the plugin contract: {_sentence(cause, named=False)}"
        hint = "Mend the plugin as docs/hooks.md says, or remove it."
    elif isinstance(cause, NoSuchFile):
        message = f"There is no plugin file {cause.filename}."
        hint = "Give the path of a Python file, or the dotted name of a module: --plugin FILE|MODULE."
    else:
        message = f"The {origin} cannot be imported: {_sentence(cause)}"
        hint = _MEND
    return Problem(origin=origin, error=PluginError(message, hint=hint), traceback=_trace(cause))


def shared_names(plugins: Sequence[Plugin]) -> Iterator[Problem]:
    """Yield one problem for each plugin whose name another one also uses; both stay in use."""
    first: dict[str, Origin] = {}
    for plugin in plugins:
        other = first.setdefault(plugin.origin.plugin, plugin.origin)
        if other is not plugin.origin:
            yield Problem(
                origin=plugin.origin,
                error=PluginError(
                    f"Two plugins share a name: {other} and {plugin.origin}.",
                    hint="Both are used; rename one entry point, or remove one, to tell them apart.",
                ),
            )


def _sentence(cause: BaseException, *, named: bool = True) -> str:
    text = " ".join(str(cause).split()).rstrip(".")
    kind = type(cause).__name__
    if not named:
        return text if text.endswith("?") else f"{text}."
    return f"{kind}: {text}." if text else f"{kind}."


def _trace(cause: BaseException) -> str:
    return "".join(traceback.format_exception(cause))
