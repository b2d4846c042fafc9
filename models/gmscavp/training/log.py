"""The curves of a run: JSON lines always, TensorBoard where it is installed."""

import json
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class TrainingLog:
    """Appends to ``log.jsonl`` and, where it can, to ``tensorboard/``.

    Args:
        folder: The folder of the run.
        step: Lines after this step are left over from a run that was killed, and are cut off.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self.path = folder / "log.jsonl"
        kept = [line for line in self._lines() if json.loads(line)["step"] <= step]
        self.path.write_text("".join(f"{line}\n" for line in kept))
        self.board: Any = None
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard.writer import SummaryWriter

            self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)

    def _lines(self) -> list[str]:
        """Return the whole lines there are; a killed run may have left half a line."""
        if not self.path.exists():
            return []
        text = self.path.read_text()
        return text[: text.rfind("\n") + 1].splitlines()

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Record finite numbers at a step."""
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **values}, allow_nan=False) + "\n")
        if self.board is not None:
            for name, value in values.items():
                self.board.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush what is buffered."""
        if self.board is not None:
            self.board.close()


class Clock:
    """Steps a second since it was last asked."""

    def __init__(self, step: int) -> None:
        self.step, self.time = step, time.monotonic()

    def rate(self, step: int) -> float:
        """Return the rate, and start anew."""
        now = time.monotonic()
        rate = (step - self.step) / max(now - self.time, 1e-9)
        self.step, self.time = step, now
        return rate
