"""Generation: sound made for made pictures."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from avbench.checks.embedding import at_most
from avbench.checks.made_clips import made_clips
from avbench.checks.properties import Asked, Rows, tried
from avbench.checks.verdicts import Breach, Check
from avbench.errors import DataError, MediaError
from avbench.plugins.raised import guarded
from avbench.resolve import Contestant
from avbench.runs.border import check_sounds
from avbench.runs.slots import Slots, video_batch
from avbench.runs.sounds import FULL_SCALE, SoundForm
from avbench.sounds import Sound

CLIPS = 3
SECONDS = 4.0
RATE = 16_000
# A sampler takes many steps, and each rounds anew.
TOLERANCE = 0.02
# A model that looks for files of a clip has none of a made one.
NEEDS_FILES = ("missing", "no-output")


def check_generation(contestant: Contestant, model: Any, device: str) -> Iterator[Check]:
    """Try the sounds a model makes."""
    seconds = at_most(contestant, SECONDS)
    half = seconds / 2
    made = partial(made_clips, contestant.inputs)

    def longer() -> str:
        _sounds(contestant, model, device, half, made(clips=1, seconds=half))
        return f"{half:g} s as well"

    yield from tried(
        "generation",
        Asked(
            record=contestant.record,
            noun="sounds",
            slots=made(clips=CLIPS, seconds=seconds),
            outputs=partial(_sounds, contestant, model, device, seconds),
            shape=lambda rows: f"{len(rows)} sounds of {seconds:g} s",
            longer=longer,
            looks=contestant.inputs.video is not None,
            tolerance=TOLERANCE,
        ),
    )


def _sounds(contestant: Contestant, model: Any, device: str, seconds: float, slots: Slots) -> Rows:
    """Return the sound of each clip in one form, ``(clip, time)``."""
    import torch

    name = contestant.record.name
    batch = video_batch(slots, contestant.inputs, device, seconds=seconds)
    with torch.inference_mode():
        output = guarded(name, "make sound", lambda: model.generate_audio(batch, 0))
    form = SoundForm(seconds=seconds, sample_rate=RATE, channels=1)
    sounds = check_sounds(name, output, [clip for clip, _ in slots])
    return np.stack([_brought(form, sound)[0] for sound in sounds])


def _brought(form: SoundForm, sound: Sound | MediaError) -> Rows:
    try:
        if isinstance(sound, MediaError):
            raise sound
        return np.asarray(form.of(sound) / FULL_SCALE, np.float32)
    except MediaError as error:
        if error.reason in NEEDS_FILES:
            raise DataError(error.message, hint="Run a task with your files.") from error
        raise Breach(
            f"a clip has no sound that can be scored: {error.reason}: {error.message}",
            "Return sounds that are finite, in [-1, 1], and last as long as batch.seconds.",
        ) from error
