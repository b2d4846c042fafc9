"""Picture and sound decoded apart, each from a stretch of its own."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avbench.clips import Clip
from avbench.errors import MediaError
from avbench.resolve import Plan
from avbench.runs.slots import Decoded, Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a model is given for a clip: a picture and a sound from wherever they were taken.

    Attributes:
        frames: ``(time, channel=3, height, width)``, uint8 RGB.
        samples: ``(channel, time)``, float32 in [-1, 1].
        filled: Always empty: what is made up at an end would tell where the other stream lies.
    """

    frames: NDArray[np.uint8] | None
    samples: NDArray[np.float32] | None
    filled: Mapping[str, float] = field(default_factory=dict[str, float])


def decoded_apart(
    plan: Plan,
    batches: Sequence[Sequence[Clip]],
    *,
    seen: Callable[[Clip], Clip],
    picture: float,
    heard: Callable[[Clip], Clip],
    sound: float,
) -> Generator[list[tuple[Clip, Decoded | MediaError]]]:
    """Yield every batch's clips with a picture and a sound, in order, decoding ahead.

    Each stream is decoded once, and exactly from the instant asked for: no frame is moved to another's place.

    Args:
        plan: The run.
        batches: The clips.
        seen: Returns the clip whose start the picture of a clip is taken from.
        picture: Seconds of it.
        heard: Returns the clip whose start its sound is taken from.
        sound: Seconds of it.
    """
    clips = [clip for batch in batches for clip in batch]
    inputs, processes = plan.contestant.inputs, plan.workers
    if inputs.unread:
        for batch in batches:
            yield [(clip, Unread()) for clip in batch]
        return
    from avbench.media.workers import decode_clips

    def stream(some: Sequence[Clip], seconds: float, **wanted: Any) -> Generator[Any]:
        if wanted["video"] is None and wanted["audio"] is None:
            yield from (Unread() for _ in some)
        else:
            yield from decode_clips(some, seconds=seconds, processes=processes, **wanted)

    with (
        closing(stream(list(map(seen, clips)), picture, video=inputs.video, audio=None)) as pictures,
        closing(stream(list(map(heard, clips)), sound, video=None, audio=inputs.audio)) as sounds,
    ):
        for batch in batches:
            yield [(clip, _taken(next(pictures), next(sounds))) for clip in batch]


def _taken(picture: Any, sound: Any) -> Decoded | MediaError:
    for each in (picture, sound):
        if isinstance(each, MediaError):
            return each
    return Taken(frames=picture.frames, samples=sound.samples)


def decoder_note() -> str:
    """Say how far the decoder itself moves sound against picture, measured now."""
    from avbench.media.selftest import check_sync

    checks = list(check_sync())
    if troubled := [each for each in checks if each.problem]:
        return f"The decoder does not keep sound and picture together: {troubled[0].problem}."
    worst = max((each.offset_ms for each in checks), key=abs)
    return (
        f"The decoder's own offset, a click against a flash in {len(checks)} clips of "
        f"{min(each.fps for each in checks):g} to {max(each.fps for each in checks):g} frames a second: "
        f"{worst:+.2f} ms at worst."
    )
