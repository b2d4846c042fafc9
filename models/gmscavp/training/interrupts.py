"""Ctrl-C and ``kill`` between steps, not within one: a half-made step could not be kept."""

import signal
import threading
from collections.abc import Callable
from types import FrameType


class Interrupts:
    """While it is open, the first Ctrl-C or SIGTERM only sets ``asked``; the second acts as always."""

    def __init__(self) -> None:
        self.asked = False
        self.before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
        self.here = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "Interrupts":
        """Take the signals over; Python allows it in the main thread only."""
        if self.here:
            self.before = {each: signal.signal(each, self._asked) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *error: object) -> None:
        """Give them back."""
        for each, before in self.before.items():
            signal.signal(each, before)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
