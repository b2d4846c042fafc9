"""One number of ours beside one of a reference, and tables of them in Markdown."""

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What we compute and what a reference computes from the same.

    Attributes:
        number: The number, or the module of ours that holds it.
        package: The distribution of the reference.
        function: Which of its functions.
        ours: One value or many.
        theirs: As many.
        within: Greatest relative difference that rounding explains; ``None`` where the two are meant to
            differ.
        note: What to know: data, or why they differ.
    """

    number: str
    package: str
    function: str
    ours: ArrayLike
    theirs: ArrayLike
    within: float | None
    note: str = ""

    @property
    def difference(self) -> float:
        """Greatest difference over the greatest value of the reference."""
        ours, theirs = np.asarray(self.ours, np.float64), np.asarray(self.theirs, np.float64)
        if ours.shape != theirs.shape:
            return np.inf
        scale = float(np.abs(theirs).max(initial=0.0))
        return float(np.abs(ours - theirs).max(initial=0.0)) / (scale or 1.0)

    @property
    def verdict(self) -> str:
        """Whether the two agree."""
        if self.within is None:
            return "another definition"
        return "equal" if self.difference == 0 else "agrees" if self.difference <= self.within else "DIFFERS"


Compare = Callable[[], Iterator[Comparison]]


def compared(compare: Compare) -> list[Comparison]:
    """Return what a function compares, or nothing of a reference that is not installed, and say so."""
    found: list[Comparison] = []
    try:
        found.extend(compare())
    except ModuleNotFoundError as error:
        print(f"{compare.__name__.replace('_', ' ')}: left out, {error.name} is not installed.\n")
    return found


def version(package: str) -> str:
    """Return a distribution's version."""
    return importlib.metadata.version(package)


def table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown.

    >>> print(table(["a", "b"], [[1, "x"]]))
    | a | b |
    | --- | --- |
    | 1 | x |
    """
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)


def comparisons_table(rows: Sequence[Comparison]) -> str:
    """Return what was compared, in Markdown."""
    heads = ["number", "reference", "greatest relative difference", "verdict", "on"]
    return table(
        heads,
        [
            [
                row.number,
                f"{row.package} {version(row.package)}: `{row.function}`",
                f"{row.difference:.1e}" if row.difference else "0",
                row.verdict,
                row.note,
            ]
            for row in rows
        ],
    )
