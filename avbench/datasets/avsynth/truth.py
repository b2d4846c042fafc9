"""The side-car: what really happens in a clip, stream by stream, exactly."""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from avbench.datasets.avsynth.latents import ENVELOPE_RATE, Latents
from avbench.datasets.avsynth.presets import VERSION, Scale, Switch
from avbench.datasets.avsynth.scenes import Scene
from avbench.errors import DataError

Grid = npt.NDArray[np.float32]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventTruth(_Frozen):
    """One landing: exact ``time`` in seconds, ``level`` of its impact in dB relative to a loud one."""

    time: FiniteFloat
    loud: bool
    level: FiniteFloat


class ObjectTruth(_Frozen):
    """One toy, in one stream.

    Attributes:
        class_id: S0, 0 … 7.
        size: S1, 0 (small, high) … 3 (large, low).
        finish: S1, 0 (matte, damped) … 2 (glossy, ringing).
        rhythm: S4, the number of the list of landings it plays.
        events: S3, its landings in order of time.
        lane: S5, centre of its sway, 0 left … 1 right.
        sway: S5, amplitude of the sway, in the unit of ``lane``.
        cycles: S5, swings in a clip.
        phase: S5, in radians: ``x(t) = lane + sway · sin(2π · cycles · t / seconds + phase)``.
    """

    class_id: int
    size: int
    finish: int
    rhythm: int
    events: tuple[EventTruth, ...]
    lane: FiniteFloat
    sway: FiniteFloat
    cycles: int
    phase: FiniteFloat


class StreamTruth(_Frozen):
    """One stream: its toys, and the slow envelope (S2) in [0, 1] at 25 samples a second."""

    objects: tuple[ObjectTruth, ...]
    envelope: tuple[FiniteFloat, ...]
    seconds: FiniteFloat

    def class_ids(self) -> tuple[int, ...]:
        """Return the class ids in ascending order: the set, whoever stands where."""
        return tuple(sorted(each.class_id for each in self.objects))

    def by_class(self) -> tuple[ObjectTruth, ...]:
        """Return the toys in ascending order of class id, so that streams can be compared toy by toy."""
        return tuple(sorted(self.objects, key=lambda each: each.class_id))

    def attributes(self) -> Grid:
        """Return ``(toy, 2)``: size and finish levels, toys in order of class id."""
        return np.array([(each.size, each.finish) for each in self.by_class()], np.float32)

    def envelope_at(self, rate: float) -> Grid:
        """Return the slow envelope ``(time,)`` at instants ``k / rate``, values in [0, 1]."""
        times = np.arange(round(self.seconds * rate)) / rate
        grid = np.arange(len(self.envelope)) / ENVELOPE_RATE
        return np.interp(times, grid, self.envelope).astype(np.float32)

    def onset_grid(self, rate: float) -> Grid:
        """Return ``(toy, time)``: level of the landings, shared linearly between the two nearest instants.

        Toys are in order of class id; instants are ``k / rate``; a loud landing sums to 1, a soft one to its
        amplitude ratio.
        """
        count = round(self.seconds * rate)
        grid = np.zeros((len(self.objects), count + 1), np.float32)
        for row, toy in zip(grid, self.by_class(), strict=True):
            for event in toy.events:
                cell, rest = divmod(event.time * rate, 1.0)
                amplitude = 10.0 ** (event.level / 20.0)
                row[min(int(cell), count)] += amplitude * (1.0 - rest)
                row[min(int(cell) + 1, count)] += amplitude * rest
        return grid[:, :count]

    def pan_track(self, rate: float) -> Grid:
        """Return x, 0 left … 1 right, ``(toy, time)`` at instants ``k / rate``; toys in order of class id."""
        times = np.arange(round(self.seconds * rate)) / rate
        tracks = [
            toy.lane + toy.sway * np.sin(2 * np.pi * toy.cycles * times / self.seconds + toy.phase)
            for toy in self.by_class()
        ]
        return np.array(tracks, np.float32)


class Truth(_Frozen):
    """Everything that is known of a clip.

    Attributes:
        generator: ``avsynth``.
        version: Version of the generator.
        id: The clip's id.
        world: Seed of the world whose law holds.
        seconds: Length of the clip.
        switches: Which scales are coupled (``on``), drawn anew for the audio (``off``) or fixed (``mute``).
        video: What is seen.
        audio: What is heard.
        snr: Ratio of toys to background noise, in dB.
        gain: Factor on all samples.
        exposure: Factor on all grey levels.
    """

    generator: Literal["avsynth"] = "avsynth"
    version: str
    id: str
    world: int
    seconds: FiniteFloat
    switches: dict[Scale, Switch]
    video: StreamTruth
    audio: StreamTruth
    snr: FiniteFloat
    gain: FiniteFloat
    exposure: FiniteFloat


def truth_of(scene: Scene) -> Truth:
    """Return the truth of a scene."""
    seconds, soft = scene.media.seconds, scene.difficulty.soft_level
    return Truth(
        version=VERSION,
        id=scene.id,
        world=scene.law.seed,
        seconds=seconds,
        switches=dict(scene.switches),
        video=_stream(scene.video, seconds, soft),
        audio=_stream(scene.audio, seconds, soft),
        snr=scene.sound.snr,
        gain=scene.sound.gain,
        exposure=scene.picture.exposure,
    )


def _stream(latents: Latents, seconds: float, soft_level: float) -> StreamTruth:
    objects: list[ObjectTruth] = []
    for toy, (class_id, (size, finish), path) in enumerate(
        zip(latents.classes, latents.attributes, latents.paths, strict=True)
    ):
        events = tuple(
            EventTruth(time=each.time, loud=each.loud, level=0.0 if each.loud else soft_level)
            for each in latents.landings(toy)
        )
        objects.append(
            ObjectTruth(
                class_id=class_id,
                size=size,
                finish=finish,
                rhythm=latents.binding[toy],
                events=events,
                lane=path.lane,
                sway=path.sway,
                cycles=path.cycles,
                phase=path.phase,
            )
        )
    return StreamTruth(objects=tuple(objects), envelope=latents.envelope, seconds=seconds)


def read_truth(path: Path) -> Truth:
    """Read a side-car; raises ``DataError`` where it is missing or damaged."""
    try:
        return Truth.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(
            f"The side-car {path} cannot be read: {str(error).splitlines()[0]}.",
            hint="Delete its folder and render the data again.",
        ) from error
