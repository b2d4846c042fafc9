"""Clips as videos to watch, with a sound that was made for them: small, and playable by every browser."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.pages.exhibits import Pcm
from avbench.pages.files import put
from avbench.pages.png import coloured_png
from avbench.records import Progress, VideoInput

LONGEST_SIDE, LONGEST_STILL_SIDE = 480, 256
FASTEST, USUAL = 30.0, 25.0

Dubbed = tuple[Clip, Pcm, Path]


def write_videos(
    dubbed: Sequence[Dubbed], *, seconds: float, sample_rate: int, workers: int, progress: Progress
) -> dict[str, str]:
    """Write clips with other sounds, and beside each video a still: its frame in the middle, as PNG.

    Args:
        dubbed: Clips, with the sound ``(channel, time)`` and the file of each.
        seconds: How much of a clip is shown, from its start.
        sample_rate: Of the sounds, in Hz.
        workers: Decoding processes; one at most is needed.
        progress: Told how many are done.

    Returns:
        Why there is no video, by clip id, of those that cannot be shown.

    Raises:
        StorageError: A file cannot be written.
    """
    from avbench.media.encode import write_clip
    from avbench.media.workers import decode_clips

    absent: dict[str, str] = {}
    done = 0
    for form, given in groupby(_with_forms(dubbed, absent), key=lambda pair: pair[0]):
        group = [each for _, each in given]
        clips = [clip for clip, _, _ in group]
        decoded = decode_clips(clips, seconds=seconds, video=form, audio=None, processes=min(1, workers))
        for (clip, sound, path), found in zip(group, decoded, strict=True):
            progress("writing videos", done, len(dubbed))
            done += 1
            if isinstance(found, MediaError) or found.frames is None:
                absent[clip.id] = found.message if isinstance(found, MediaError) else "There is no picture."
                continue
            samples = sound.astype(np.float32) / -float(np.iinfo(np.int16).min)
            frames = found.frames.transpose(0, 2, 3, 1)
            write_clip(path, frames=frames, fps=form.fps, samples=samples, sample_rate=sample_rate)
            put(path.with_suffix(".png"), _still(frames[len(frames) // 2]))
    progress("writing videos", len(dubbed), len(dubbed))
    return {id: _without_path(message, dubbed) for id, message in absent.items()}


def _with_forms(dubbed: Sequence[Dubbed], absent: dict[str, str]) -> Iterator[tuple[VideoInput, Dubbed]]:
    from avbench.media.decode import probe

    for each in dubbed:
        clip = each[0]
        try:
            video = probe(clip.path).video
        except MediaError as error:
            absent[clip.id] = error.message
            continue
        if video is None:
            absent[clip.id] = "The file has no video stream."
            continue
        height, width = _within(LONGEST_SIDE, video.height, video.width)
        yield VideoInput(fps=min(video.fps or USUAL, FASTEST), height=height, width=width), each


def _within(longest: int, height: int, width: int) -> tuple[int, int]:
    """Return a size with sides that are even and no longer than ``longest``, for one of any."""
    scale = min(1.0, longest / max(height, width))
    return max(2, 2 * round(scale * height / 2)), max(2, 2 * round(scale * width / 2))


def _still(frame: NDArray[np.uint8]) -> bytes:
    from avbench.media.frames import resize_area

    height, width = _within(LONGEST_STILL_SIDE, *frame.shape[:2])
    return coloured_png(resize_area(frame[np.newaxis], height, width)[0])


def _without_path(message: str, dubbed: Sequence[Dubbed]) -> str:
    for clip, _, _ in dubbed:
        message = message.replace(str(clip.path), clip.path.name)
    return message
