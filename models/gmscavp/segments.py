"""How a clip of any length becomes segments of the length that the networks were trained on."""

from typing import Protocol, runtime_checkable

from einops import rearrange
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor
from torch.nn import functional as F

from gmscavp.inputs import LogMelConfig, VideoConfig


@runtime_checkable
class SegmentedConfig(Protocol):
    """What the config of a model that reads segments says about them."""

    @property
    def video(self) -> VideoConfig: ...  # noqa: D102
    @property
    def log_mel(self) -> LogMelConfig: ...  # noqa: D102
    @property
    def frames(self) -> int: ...  # noqa: D102
    @property
    def samples(self) -> int: ...  # noqa: D102


def video_segments(
    frames: UInt8[Tensor, "batch time 3 height width"], config: SegmentedConfig
) -> UInt8[Tensor, "segments length 3 height width"]:
    """Cut the frames of clips into segments, by the rule of :func:`cut`.

    Raises:
        ValueError: The frames are not as the config says.
    """
    size = config.video.size
    if frames.ndim != 5 or frames.shape[1] == 0 or frames.shape[2:] != (3, size, size):
        raise ValueError(
            f"Frames must be (batch, time, 3, {size}, {size}) with time > 0, not {tuple(frames.shape)}."
        )
    return cut(frames, config.frames, tolerance=0)


def audio_segments(
    samples: Float[Tensor, "batch samples"], config: SegmentedConfig
) -> Float[Tensor, "segments length"]:
    """Cut the samples of clips into segments, by the rule of :func:`cut`.

    Raises:
        ValueError: The samples are not ``(batch, samples)``.
    """
    if samples.ndim != 2 or samples.shape[1] == 0:
        raise ValueError(f"Samples must be (batch, samples), samples > 0, not {tuple(samples.shape)}.")
    # Frame counts are rounded, so that samples may lack what half a frame lasts.
    half_frame = round(config.log_mel.sample_rate / config.video.fps / 2)
    return cut(samples, config.samples, tolerance=half_frame)


def cut(
    stream: Shaped[Tensor, "batch time *rest"], length: int, *, tolerance: int
) -> Shaped[Tensor, "segments length *rest"]:
    """Cut clips into adjoining segments, ordered clip by clip.

    A remainder shorter than a segment is left out. A clip shorter than one segment is repeated from its
    start to fill one, as CAVP does. A last segment that lacks up to ``tolerance`` instants counts as whole
    and is filled with zeros: both streams of a clip then have the same number of segments, whatever rounding
    did to their lengths.
    """
    time = stream.shape[1]
    if time + tolerance < length:
        repeats = -(-length // time)
        stream = stream.repeat(1, repeats, *(1 for _ in stream.shape[2:]))[:, :length]
    segments = (stream.shape[1] + tolerance) // length
    missing = segments * length - stream.shape[1]
    if missing > 0:
        stream = F.pad(stream, (0, 0) * (stream.ndim - 2) + (0, missing))
    return rearrange(stream[:, : segments * length], "batch (s t) ... -> (batch s) t ...", t=length)
