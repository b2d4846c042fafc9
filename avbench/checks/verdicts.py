"""The verdict on one property of a model: it holds, it does not, or it could not be tried."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from avbench.errors import AvbenchError, DataError

Verdict = Literal["pass", "fail", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One property of a model.

    Attributes:
        name: The property.
        verdict: ``pass``, ``fail``, or ``skip`` where it does not apply or could not be tried.
        said: What was found.
        remedy: What to do about a failure.
    """

    name: str
    verdict: Verdict
    said: str
    remedy: str = ""


class Breach(Exception):
    """A property does not hold.

    Args:
        said: What was found.
        remedy: What to do about it.
    """

    def __init__(self, said: str, remedy: str) -> None:
        super().__init__(said)
        self.said = said
        self.remedy = remedy


def attempt(name: str, holds: Callable[[], str | None]) -> Iterator[Check]:
    """Yield what comes of trying a property: ``holds`` says what was found, ``None`` if it has no meaning."""
    try:
        said = holds()
        yield Check(name=name, verdict="pass" if said is not None else "skip", said=said or "does not apply")
    except Breach as breach:
        yield Check(name=name, verdict="fail", said=breach.said, remedy=breach.remedy)
    except DataError as error:  # it reads more of a clip than made ones have: a side-car, other outputs
        yield Check(name=name, verdict="skip", said=error.message)
    except AvbenchError as error:
        yield Check(name=name, verdict="fail", said=error.message, remedy=error.hint)
