"""Frames as arrays: scaled by area, the mean over the source pixels that each new pixel covers."""

import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

Frames = npt.NDArray[np.uint8]

# Without the three rounding flags swscale darkens by about one grey level and smears chroma.
AREA = (
    Interpolation.AREA
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.BITEXACT
)


def resize_area(frames: Frames, height: int, width: int) -> Frames:
    """Scale frames to exactly ``height`` × ``width``, whatever their aspect, by libswscale's area mode.

    A reduction by a whole factor is the mean of each block of pixels, rounded.

    Args:
        frames: ``(time, height, width, channel=3)``, uint8 RGB.
        height: Rows wanted, in pixels.
        width: Columns wanted, in pixels.

    Returns:
        ``(time, height, width, channel=3)``, uint8 RGB; the input itself where nothing changes.
    """
    if frames.shape[1:3] == (height, width):
        return frames
    scaler = VideoReformatter()
    resized = np.empty((len(frames), height, width, 3), np.uint8)
    for index, frame in enumerate(frames):
        source = VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        resized[index] = scale(scaler, source, height, width)
    return resized


def scale(scaler: VideoReformatter, frame: VideoFrame, height: int, width: int) -> Frames:
    """Convert one decoded frame of any pixel format to RGB of exactly ``height`` × ``width``.

    One pass: chroma that is stored at half size is not blown up and shrunk again.

    Args:
        scaler: Kept by the caller, so that its tables are computed once for a stream.
        frame: As the decoder gave it; its colour tags are honoured, BT.601 where it has none.
        height: Rows wanted, in pixels.
        width: Columns wanted, in pixels.

    Returns:
        ``(height, width, channel=3)``, uint8 RGB.
    """
    # One thread: at these sizes starting threads costs five times what they do.
    rgb = scaler.reformat(frame, width=width, height=height, format="rgb24", interpolation=AREA, threads=1)
    return rgb.to_ndarray().astype(np.uint8, copy=False)
