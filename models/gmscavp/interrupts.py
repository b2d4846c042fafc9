"""Ctrl-C between steps, not within one: a half-made step could not be kept."""

import signal
import threading
from collections.abc import Callable
from types import FrameType


class Interrupts:
    """While it is open, the first Ctrl-C only sets ``asked``; the second acts as it always does."""

    def __init__(self) -> None:
        self.asked = False
        self.before: Callable[[int, FrameType | None], object] | int | None = None
        self.here = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "Interrupts":
        """Take over Ctrl-C; Python allows it in the main thread only."""
        if self.here:
            self.before = signal.signal(signal.SIGINT, self._asked)
        return self

    def __exit__(self, *error: object) -> None:
        """Give Ctrl-C back."""
        if self.here:
            signal.signal(signal.SIGINT, self.before)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
