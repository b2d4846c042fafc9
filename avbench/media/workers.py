"""Decode many clips in processes of their own: a file that breaks its decoder costs that file alone."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from queue import SimpleQueue
from typing import Any

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.media.info import DecodedClip, Limits
from avbench.media.process import DecoderProcess
from avbench.records import AudioInput, VideoInput

CLIP_END_SLACK = 1e-3

Outcome = DecodedClip | MediaError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """What is asked of every clip."""

    seconds: float
    video: VideoInput | None
    audio: AudioInput | None
    limits: Limits

    def request(self, clip: Clip) -> dict[str, Any]:
        """Return the request for ``clip`` that :mod:`avbench.media.serve` answers."""
        return {"path": str(clip.path), "start": clip.start} | asdict(self)

    def check(self, clip: Clip) -> None:
        """Refuse a clip that is shorter than the window by its own account."""
        if clip.end is not None and clip.end - clip.start < self.seconds - CLIP_END_SLACK:
            lasts = clip.end - clip.start
            message = f"The clip {clip.id} lasts {lasts:.3f} s, less than the {self.seconds:.3f} s asked for."
            raise MediaError("too-short", message)


def decode_clips(
    clips: Iterable[Clip],
    *,
    seconds: float,
    video: VideoInput | None,
    audio: AudioInput | None,
    processes: int = 1,
    timeout: float = 60.0,
    limits: Limits | None = None,
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

    Returns:
        For each clip what :func:`avbench.media.decode.read_clip` returns, or the error it raises; reason
        ``timeout`` for a decoder that hangs, ``corrupt`` for one that crashes.

    Raises:
        AvbenchError: Decoder processes cannot be started.
    """
    if seconds <= 0 or processes < 0:
        raise ValueError(f"a window lasts and processes are counted, not seconds={seconds}, {processes=}")
    window = _Window(seconds=seconds, video=video, audio=audio, limits=limits or Limits())
    if processes == 0:
        return (_outcome(window, clip, _decode_here) for clip in clips)
    return _decode_ahead(clips, window, processes, timeout)


def _decode_ahead(
    clips: Iterable[Clip], window: _Window, processes: int, timeout: float
) -> Iterator[Outcome]:
    """Yield outcomes in order, from one thread for each decoder process."""
    idle: SimpleQueue[DecoderProcess] = SimpleQueue()
    decoders = [DecoderProcess() for _ in range(processes)]
    for decoder in decoders:
        idle.put(decoder)

    def decode(window: _Window, clip: Clip) -> DecodedClip:
        decoder = idle.get()
        try:
            return decoder.decode(window.request(clip), timeout)
        finally:
            idle.put(decoder)

    threads = ThreadPoolExecutor(processes, thread_name_prefix="decode")
    ahead: deque[Future[Outcome]] = deque()
    try:
        for clip in clips:
            ahead.append(threads.submit(_outcome, window, clip, decode))
            if len(ahead) == 2 * processes + 2:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for decoder in decoders:
            decoder.kill()
        threads.shutdown(cancel_futures=True)
        for decoder in decoders:
            decoder.close()


def _outcome(window: _Window, clip: Clip, decode: Callable[[_Window, Clip], DecodedClip]) -> Outcome:
    """Decode a clip; what is wrong with its file is an outcome like any other."""
    try:
        window.check(clip)
        return decode(window, clip)
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
        limits=window.limits,
    )
