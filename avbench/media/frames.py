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
    planes = np.empty((len(frames), 3, height, width), np.uint8)
    for index, frame in enumerate(frames):
        scale_into(planes[index], VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24"), scaler)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))


def scale_into(planes: Frames, frame: VideoFrame, scaler: VideoReformatter) -> None:
    """Convert one decoded frame of any pixel format to RGB of exactly the size of ``planes``.

    One pass: chroma that is stored at half size is not blown up and shrunk again.

    Args:
        planes: ``(channel=3, height, width)``, uint8, written to.
        frame: As the decoder gave it; its colour tags are honoured, BT.601 where it has none.
        scaler: Kept by the caller, so that its tables are computed once for a stream.
    """
    _, height, width = planes.shape
    # Planar RGB takes half the time of packed; at these sizes starting threads costs more than they save.
    scaled = scaler.reformat(frame, width, height, "gbrp", interpolation=AREA, threads=1)
    for channel, plane in zip((1, 2, 0), scaled.planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        planes[channel] = rows[:height, :width]
