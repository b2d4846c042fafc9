"""What a person can mend, told in a sentence or two; the plugin says it in the words of its harness."""

from collections.abc import Iterable


class Complaint(Exception):
    """Something cannot go on.

    Args:
        message: One sentence: what is wrong.
        hint: One sentence: what to do about it; empty where that depends on what was asked for.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Misuse(Complaint):
    """What was asked for makes no sense."""


class Unknown(Misuse):
    """Nothing has this name.

    Args:
        kind: What was looked for.
        name: The name as it was given.
        known: The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        super().__init__(f"There is no {kind} named {name!r}.", hint=f"Known: {', '.join(self.known)}.")
