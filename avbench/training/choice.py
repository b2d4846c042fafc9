"""How clips of datasets are to be trained on: the ``--train-args`` that are meant for them."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from avbench.records import Args, AudioInput, ModelInputs, VideoInput

ARGUMENTS: Args = {"seconds": "8", "val_clips": "", "stream": "false", "together": "16", "workers": ""}
"""The arguments with their defaults; an empty one depends on the data or on the machine."""

MOST_VALIDATION = 96
VALIDATION_SHARE = 10
SWITCH: Mapping[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChoice:
    """How clips are read, and which are kept apart.

    Attributes:
        seconds: What is read of each clip, from its start.
        video: Frames of a clip.
        audio: Samples of a clip.
        validation: Clips to keep apart; ``None`` for a tenth, and 96 at most.
        stream: Whether clips are decoded while training goes on, and not kept.
        together: Shards that are mixed at a time where clips are streamed from shards.
        workers: Decoder processes.
    """

    seconds: float
    video: VideoInput
    audio: AudioInput
    validation: int | None
    stream: bool
    together: int
    workers: int

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return round(self.seconds * self.video.fps)

    @property
    def samples(self) -> int:
        """Samples of a clip, for each channel."""
        return round(self.seconds * self.audio.sample_rate)

    @property
    def clip_bytes(self) -> int:
        """Bytes of a clip that is kept decoded."""
        pixels = self.video.height * self.video.width
        return 3 * self.frames * pixels + 2 * self.samples * self.audio.channels

    def validation_of(self, clips: int) -> int:
        """Return how many of so many clips are to be kept apart, at least.

        Raises:
            ValueError: That leaves none to train on.
        """
        wanted = self.validation
        if wanted is None:
            return min(MOST_VALIDATION, clips // VALIDATION_SHARE)
        if wanted >= clips:
            raise ValueError(f"val_clips={wanted} leaves none of {clips} clips to train on.")
        return wanted


def choice_from(args: Args, inputs: ModelInputs) -> DataChoice:
    """Read the arguments.

    Args:
        args: Overrides of :data:`ARGUMENTS`; others are ignored.
        inputs: What the model reads.

    Raises:
        ValueError: One makes no sense, or the model does not read both streams.
    """
    if inputs.video is None or inputs.audio is None:
        raise ValueError("Only models that read both streams can be trained on clips.")
    given = {key: args.get(key, default) for key, default in ARGUMENTS.items()}
    if given["stream"] not in SWITCH:
        raise ValueError(f"stream must be true or false, not {given['stream']!r}.")
    # Processes that share a machine share its cores.
    cores = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return DataChoice(
        seconds=_seconds(given["seconds"]),
        video=inputs.video,
        audio=inputs.audio,
        validation=_whole("val_clips", given["val_clips"], 0) if given["val_clips"] else None,
        stream=SWITCH[given["stream"]],
        together=_whole("together", given["together"], 1),
        workers=_whole("workers", given["workers"] or str(max(1, cores)), 1),
    )


def _whole(key: str, text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ValueError(f"{key} must be a whole number, {least} or more, not {text!r}.")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"seconds must be a number above 0, not {text!r}.")
    return seconds
