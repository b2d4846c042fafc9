"""Decode many clips in processes of their own: a file that breaks its decoder costs that file alone."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.media.info import DecodedClip, Fit, Limits, Picture
from avbench.media.process import DecoderProcess, Request
from avbench.records import AudioInput, VideoInput
from avbench.sounds import Sound

CLIP_END_SLACK = 1e-3

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """What is asked of every clip."""

    seconds: float
    video: VideoInput | None
    audio: AudioInput | None
    limits: Limits
    fit: Fit

    def request(self, clip: Clip) -> Request:
        """Return the request for ``clip`` that :mod:`avbench.media.serve` answers."""
        return {"read": "clip"} | _place(clip) | asdict(replace(self, fit=self.fitted(clip)))

    def fitted(self, clip: Clip) -> Fit:
        """Return how ``clip`` is fitted, after refusing one that is too short by its own account."""
        lasts = self.seconds if clip.end is None else clip.end - clip.start
        if lasts >= self.seconds - CLIP_END_SLACK:
            return self.fit
        least = self.seconds if self.fit.shortest is None else self.fit.shortest
        if lasts < least - CLIP_END_SLACK:
            message = f"The clip {clip.id} lasts {lasts:.3f} s, less than the {least:.3f} s asked for."
            raise MediaError("too-short", message)
        return replace(self.fit, stop=clip.end)

    def read(self, clip: Clip, decoder: DecoderProcess, timeout: float) -> DecodedClip:
        """Have a process decode ``clip``."""
        answer = decoder.ask(self.request(clip), timeout)
        arrays = answer.arrays
        return DecodedClip(
            frames=arrays.get("frames"), samples=arrays.get("samples"), filled=dict(answer.facts)
        )


def decode_clips(
    clips: Iterable[Clip],
    *,
    seconds: float,
    video: VideoInput | None,
    audio: AudioInput | None,
    processes: int = 1,
    timeout: float = 60.0,
    limits: Limits | None = None,
    fit: Fit | None = None,
) -> Iterator[DecodedClip | MediaError]:
    """Decode the first ``seconds`` of each clip, in the order given.

    At most ``2 · processes + 2`` clips are held at a time, whatever their number. Closing the iterator, or an
    exception such as Ctrl-C while it is read, ends the processes at once.

    Args:
        clips: Taken one by one, only as far as they are decoded ahead.
        seconds: Length of the window from each clip's start, in seconds.
        video: Frames wanted, or ``None``.
        audio: Samples wanted, or ``None``.
        processes: Decoder processes; 0 decodes in this process, with neither isolation nor timeout.
        timeout: Longest time for one clip, in seconds.
        limits: Bounds on what is opened.
        fit: How a stream is brought to the window.

    Returns:
        For each clip what :func:`avbench.media.decode.read_clip` returns, or the error it raises; reason
        ``timeout`` for a decoder that hangs, ``corrupt`` for one that crashes.

    Raises:
        AvbenchError: Decoder processes cannot be started.
    """
    if seconds <= 0 or processes < 0:
        raise ValueError(f"a window lasts and processes are counted, not seconds={seconds}, {processes=}")
    window = _Window(seconds=seconds, video=video, audio=audio, limits=limits or Limits(), fit=fit or Fit())
    if processes == 0:
        return (_outcome(partial(_decode_here, window, clip)) for clip in clips)
    calls = (partial(window.read, clip, timeout=timeout) for clip in clips)
    return read_ahead(calls, processes, most=2 * processes + 2)


def decode_pictures(
    paths: Iterable[Path], *, video: VideoInput, timeout: float = 3600.0, limits: Limits | None = None
) -> Generator[Picture | MediaError]:
    """Decode all that each file shows, in the order given, one file ahead, in a process of its own.

    Args:
        paths: Taken one by one.
        video: Frames wanted.
        timeout: Longest time for one file, in seconds.
        limits: Bounds on what is opened.

    Returns:
        For each file what :func:`avbench.media.decode.read_picture` returns, or the error it raises.
    """
    asked = {"read": "picture", "video": asdict(video), "limits": asdict(limits or Limits())}

    def read(path: Path, decoder: DecoderProcess) -> Picture:
        answer = decoder.ask(asked | {"path": str(path)}, timeout)
        return Picture(frames=answer.arrays["frames"], **answer.facts)

    return read_ahead((partial(read, path) for path in paths), processes=1, most=2)


class ClipReaders:
    """Decoder processes that read clips in any order, started at the first and kept until they are closed.

    Args:
        seconds: Length of the window from each clip's start, in seconds.
        video: Frames wanted, or ``None``.
        audio: Samples wanted, or ``None``.
        processes: How many.
        timeout: Longest time for one clip, in seconds.
        limits: Bounds on what is opened.
    """

    def __init__(
        self,
        *,
        seconds: float,
        video: VideoInput | None,
        audio: AudioInput | None,
        processes: int,
        timeout: float = 60.0,
        limits: Limits | None = None,
    ) -> None:
        self._pool = _Pool(processes)
        self._window = _Window(
            seconds=seconds, video=video, audio=audio, limits=limits or Limits(), fit=Fit()
        )
        self._timeout = timeout

    def submit(self, clip: Clip) -> "Future[DecodedClip | MediaError]":
        """Have a clip decoded; the outcome is as :func:`decode_clips` gives it."""
        return self._pool.submit(partial(self._window.read, clip, timeout=self._timeout))

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


class SoundReaders:
    """Decoder processes that read sounds, started at the first one and kept until they are closed.

    Args:
        processes: How many.
        timeout: Longest time for one sound, in seconds.
        limits: Bounds on what is opened.
    """

    def __init__(self, processes: int, timeout: float = 60.0, limits: Limits | None = None) -> None:
        self._pool = _Pool(processes)
        self._timeout = timeout
        self._limits = asdict(limits or Limits())

    def read(self, clips: Iterable[Clip], seconds: float | None) -> list[Sound | MediaError]:
        """Read the sounds of clips.

        Args:
            clips: Each says in which file it lies, and from when on.
            seconds: How long the sounds are; ``None`` for as long as there is any.

        Returns:
            For each what :func:`avbench.media.decode.read_sound` returns, or the error it raises.
        """
        asked = {"read": "sound", "seconds": seconds, "limits": self._limits}

        def read(clip: Clip, decoder: DecoderProcess) -> Sound:
            answer = decoder.ask(asked | _place(clip), self._timeout)
            return Sound(samples=answer.arrays["samples"], sample_rate=int(answer.facts["sample_rate"]))

        waiting = [self._pool.submit(partial(read, clip)) for clip in clips]
        return [each.result() for each in waiting]

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


def _place(clip: Clip) -> dict[str, Any]:
    return {"path": str(clip.path), "part": clip.part, "start": clip.start}


class _Pool:
    """Decoder processes, one thread for each."""

    def __init__(self, processes: int) -> None:
        self._decoders = [DecoderProcess() for _ in range(processes)]
        self._idle: SimpleQueue[DecoderProcess] = SimpleQueue()
        for decoder in self._decoders:
            self._idle.put(decoder)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="decode")

    def submit(self, call: Callable[[DecoderProcess], T]) -> "Future[T | MediaError]":
        return self._threads.submit(self._call, call)

    def _call(self, call: Callable[[DecoderProcess], T]) -> T | MediaError:
        decoder = self._idle.get()
        try:
            return _outcome(partial(call, decoder))
        finally:
            self._idle.put(decoder)

    def close(self) -> None:
        for decoder in self._decoders:
            decoder.kill()
        self._threads.shutdown(cancel_futures=True)
        for decoder in self._decoders:
            decoder.close()


def read_ahead(
    calls: Iterable[Callable[[DecoderProcess], T]], processes: int, most: int
) -> Generator[T | MediaError]:
    """Yield what calls return, in order, at most ``most`` of them ahead."""
    pool = _Pool(processes)
    ahead: deque[Future[T | MediaError]] = deque()
    try:
        for call in calls:
            ahead.append(pool.submit(call))
            if len(ahead) == most:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.close()


def _outcome(call: Callable[[], T]) -> T | MediaError:
    """Return what a call returns; what is wrong with its file is an outcome like any other."""
    try:
        return call()
    except MediaError as error:
        return error


def _decode_here(window: _Window, clip: Clip) -> DecodedClip:
    from avbench.media.decode import read_clip

    return read_clip(
        clip.path,
        start=clip.start,
        seconds=window.seconds,
        video=window.video,
        audio=window.audio,
        part=clip.part,
        limits=window.limits,
        fit=window.fitted(clip),
    )
