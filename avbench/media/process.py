"""One decoder process, seen from the process that started it."""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from avbench.errors import AvbenchError, MediaError

BOOT = "import sys; sys.path[:] = sys.argv[1:]; from avbench.media import serve; serve.main()"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
START_SECONDS = 60.0
TYPES: Mapping[str, type[np.generic]] = {"frames": np.uint8, "samples": np.float32}

Request = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a decoder process read.

    Attributes:
        facts: JSON values by name: ``sample_rate`` …
        arrays: ``frames`` and ``samples``, where there are any.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]


class DecoderProcess:
    """A process running :mod:`avbench.media.serve`; started at the first request and again after it is lost.

    It begins afresh, without running the user's main module again, so it holds neither torch nor a copy of
    this process, and in a session of its own, out of reach of the terminal's Ctrl-C.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        self._closed = False
        self._starting = threading.Lock()

    def ask(self, request: Request, timeout: float) -> Answer:
        """Send one request and wait for its answer.

        Args:
            request: What to read, under ``read``, and its arguments, as JSON values.
            timeout: Longest time to wait, in seconds; then the process is ended.

        Returns:
            What was read.

        Raises:
            MediaError: What reading raised; ``timeout``; ``corrupt`` if the process died over it.
            AvbenchError: The process cannot be started.
        """
        process = self._process or self._start()
        overdue = threading.Event()
        try:
            with _deadline(process, timeout, overdue):
                header = _exchange(process, request)
                if "reason" not in header:
                    shapes = header["shapes"]
                    arrays = {
                        name: _read_array(process, shape, TYPES[name]) for name, shape in shapes.items()
                    }
                    return Answer(facts=header["facts"], arrays=arrays)
        except (EOFError, OSError):
            self._end()
            if overdue.is_set():
                message = f"Decoding {request['path']} took longer than {timeout:g} s."
                raise MediaError("timeout", message) from None
            message = f"Decoding {request['path']} ended its process ({_exit_of(process)})."
            raise MediaError("corrupt", message) from None
        raise MediaError(header["reason"], header["message"])

    def kill(self) -> None:
        """End the process, whatever it is doing, and start no other; safe from any thread."""
        with self._starting:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Release what is left of the process; nothing may be decoding."""
        self.kill()
        self._end()
        self._log.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._starting:
            if self._closed:
                raise AvbenchError("The decoder processes are closed.", hint="Decode again from the start.")
            self._process = subprocess.Popen(
                [sys.executable, "-c", BOOT, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=os.environ | ONE_THREAD,
                start_new_session=True,
            )
        try:
            with _deadline(self._process, START_SECONDS, threading.Event()):
                _read_header(self._process)
        except (EOFError, OSError) as error:
            self._end()
            raise AvbenchError(
                f"A decoder process cannot be started: {self._last_words()}.",
                hint="Run `avbench doctor`, or decode with 0 processes.",
            ) from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it ended without a word")


@contextlib.contextmanager
def _deadline(
    process: "subprocess.Popen[bytes]", seconds: float, overdue: threading.Event
) -> Generator[None, None, None]:
    """Set ``overdue`` and kill ``process`` if the block takes longer than ``seconds``."""

    def end() -> None:
        overdue.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _exchange(process: "subprocess.Popen[bytes]", request: Request) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(json.dumps(dict(request)).encode() + b"\n")
    process.stdin.flush()
    return _read_header(process)


def _read_header(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return json.loads(line)


def _read_array(
    process: "subprocess.Popen[bytes]", shape: Sequence[int], dtype: type[np.generic]
) -> npt.NDArray[Any]:
    """Read an array's bytes straight into its memory."""
    assert process.stdout is not None
    array = np.empty(math.prod(shape), dtype)
    left = array.view(np.uint8).data
    while left:
        count = process.stdout.readinto(left)  # pyright: ignore[reportAttributeAccessIssue]
        if not count:
            raise EOFError
        left = left[count:]
    return array.reshape(shape)


def _exit_of(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait()
    if code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"
