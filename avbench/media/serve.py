"""A decoder process: answers requests on its standard input until that is closed.

A request is a line of JSON. The answer is a line of JSON, then the bytes of the arrays it names. Nothing is
unpickled on either side, so what a damaged file makes of this process cannot reach the one that started it.
"""

import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

import av.logging as ffmpeg_log
import numpy as np

from avbench.errors import MediaError
from avbench.media.decode import read_clip
from avbench.media.info import DecodedClip, Limits
from avbench.records import AudioInput, VideoInput

READY = {"ready": True}


def main() -> None:
    """Serve the process that holds the other end of the standard streams."""
    ffmpeg_log.set_level(None)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # Whatever a library prints must not fall between the answers.
    os.dup2(2, 1)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    _send(answers, READY)
    while True:
        _answer(answers, json.loads(requests.get()))


def _receive(requests: "queue.SimpleQueue[bytes]") -> None:
    """Pass requests on, and end the process, even in the middle of a decode, when no more can come."""
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)


def _answer(answers: BinaryIO, request: dict[str, Any]) -> None:
    video, audio = request["video"], request["audio"]
    try:
        clip = read_clip(
            Path(request["path"]),
            start=request["start"],
            seconds=request["seconds"],
            video=None if video is None else VideoInput(**video),
            audio=None if audio is None else AudioInput(**audio),
            limits=Limits(**request["limits"]),
        )
    except MediaError as error:
        _send(answers, {"reason": error.reason, "message": error.message})
    else:
        _send_clip(answers, clip)


def _send_clip(answers: BinaryIO, clip: DecodedClip) -> None:
    arrays = {"frames": clip.frames, "samples": clip.samples}
    _send(answers, {name: None if array is None else array.shape for name, array in arrays.items()})
    for array in arrays.values():
        if array is not None:
            _write(answers, np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _send(answers: BinaryIO, message: dict[str, Any]) -> None:
    _write(answers, memoryview(json.dumps(message).encode() + b"\n"))


def _write(answers: BinaryIO, data: memoryview) -> None:
    while data:
        data = data[answers.write(data) :]
