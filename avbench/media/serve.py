"""A decoder process: answers requests on its standard input until that is closed.

A request is a line of JSON: what to read, under ``read``, and its arguments. The answer is a line of JSON,
then the bytes of the arrays it names. Nothing is unpickled on either side, so what a damaged file makes of
this process cannot reach the one that started it.
"""

import hashlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import av.logging as ffmpeg_log
import numpy as np
import numpy.typing as npt

from avbench.errors import MediaError
from avbench.media.decode import probe, read_clip, read_picture, read_sound
from avbench.media.info import AudioStreamInfo, Fit, Limits, MediaInfo, VideoStreamInfo
from avbench.media.measure import measure
from avbench.records import AudioInput, VideoInput

READY = {"ready": True}
STREAMS = ("video", "audio")

Answer = tuple[dict[str, Any], dict[str, npt.NDArray[Any] | None]]


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
    try:
        facts, arrays = READERS[request["read"]](request, Path(request["path"]), Limits(**request["limits"]))
    except MediaError as error:
        _send(answers, {"reason": error.reason, "message": error.message})
        return
    there = {name: array for name, array in arrays.items() if array is not None}
    _send(answers, {"facts": facts, "shapes": {name: array.shape for name, array in there.items()}})
    for array in there.values():
        _write(answers, np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _clip(request: dict[str, Any], path: Path, limits: Limits) -> Answer:
    video, audio = request["video"], request["audio"]
    clip = read_clip(
        path,
        start=request["start"],
        seconds=request["seconds"],
        video=None if video is None else VideoInput(**video),
        audio=None if audio is None else AudioInput(**audio),
        part=_part(request),
        limits=limits,
        fit=Fit(**request["fit"]),
    )
    return dict(clip.filled), {"frames": clip.frames, "samples": clip.samples}


def _sound(request: dict[str, Any], path: Path, limits: Limits) -> Answer:
    sound = read_sound(
        path,
        start=request["start"],
        seconds=request["seconds"],
        part=_part(request),
        limits=limits,
    )
    return {"sample_rate": sound.sample_rate}, {"samples": sound.samples}


def _part(request: dict[str, Any]) -> tuple[int, int] | None:
    part = request["part"]
    return None if part is None else (part[0], part[1])


def _picture(request: dict[str, Any], path: Path, limits: Limits) -> Answer:
    picture = read_picture(path, video=VideoInput(**request["video"]), limits=limits)
    facts = {"fps": picture.fps, "start": picture.start, "seconds": picture.seconds}
    return facts, {"frames": picture.frames}


def _probe(request: dict[str, Any], path: Path, limits: Limits) -> Answer:
    return {"files": [_probed(Path(each), request["digests"], limits) for each in request["paths"]]}, {}


def _probed(path: Path, digests: bool, limits: Limits) -> dict[str, Any]:
    try:
        found = _plain(probe(path, limits=limits))
        found |= {"path": str(path), "digest": None} | {each: _plain(found[each]) for each in STREAMS}
        if digests:
            with path.open("rb") as file:
                found["digest"] = hashlib.file_digest(file, "sha256").hexdigest()
    except MediaError as error:
        return {"reason": error.reason, "message": error.message}
    except OSError as error:
        return {"reason": "missing", "message": f"The file {path} cannot be read: {error.strerror}."}
    return found


def _plain(info: MediaInfo | VideoStreamInfo | AudioStreamInfo | None) -> Any:
    """Return what is known by name, as it is: ``asdict`` copies it, a twelfth of the time of a small file."""
    return info and {name: getattr(info, name) for name in info.__slots__}


def _measure(request: dict[str, Any], path: Path, limits: Limits) -> Answer:
    return asdict(measure(path, video=request["video"], audio=request["audio"], limits=limits)), {}


READERS: Mapping[str, Callable[[dict[str, Any], Path, Limits], Answer]] = {
    "clip": _clip,
    "sound": _sound,
    "picture": _picture,
    "probe": _probe,
    "measure": _measure,
}


def _send(answers: BinaryIO, message: dict[str, Any]) -> None:
    _write(answers, memoryview(json.dumps(message).encode() + b"\n"))


def _write(answers: BinaryIO, data: memoryview) -> None:
    while data:
        data = data[answers.write(data) :]
