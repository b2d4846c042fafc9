"""Clips as arrays, without a file: what training reads, and what decoding the file would give."""

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.audio import render_samples
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.video import render_frames
from avbench.media.audio import resample
from avbench.media.frames import resize_area
from avbench.records import AudioInput, VideoInput


def render_arrays(
    scene: Scene, *, video: VideoInput | None, audio: AudioInput | None
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Render a scene at its own size and rates, then reduce it as the decoder would: no codec in between.

    Args:
        scene: What to render.
        video: Frames wanted; ``None`` for none.
        audio: Samples wanted; ``None`` for none.

    Returns:
        Frames ``(time, channel=3, height, width)``, uint8 RGB, and samples ``(channel, time)``, float32;
        a stream that is not wanted is empty: ``(0, 3, 0, 0)``, ``(1, 0)``.
    """
    frames = np.zeros((0, 3, 0, 0), np.uint8)
    samples = np.zeros((1, 0), np.float32)
    if video is not None:
        numbers, places = np.unique(frame_numbers(scene, video.fps), return_inverse=True)
        rendered = resize_area(render_frames(scene, numbers), video.height, video.width)
        frames = np.ascontiguousarray(rendered.transpose(0, 3, 1, 2)[places])
    if audio is not None:
        own = render_samples(scene, audio.channels)
        samples = resample(own, scene.media.sample_rate, audio.sample_rate)
    return frames, samples


def frame_numbers(scene: Scene, fps: float) -> npt.NDArray[np.int64]:
    """Return which frame of the file is seen at the instants ``k / fps``: ``(time,)``."""
    instants = np.arange(round(scene.media.seconds * fps)) / fps
    shown = np.floor(instants * scene.media.fps + 1e-6).astype(np.int64)
    return np.minimum(shown, scene.media.frames - 1)
