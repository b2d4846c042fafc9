"""A scene: the latents of both streams and the nuisance of each, for one clip."""

from dataclasses import dataclass, fields, replace

import numpy as np

from avbench.datasets.avsynth import latents as draws
from avbench.datasets.avsynth.latents import FIELDS, Latents
from avbench.datasets.avsynth.presets import SCALES, Difficulty, Media, Scale, Switches
from avbench.datasets.avsynth.world import CLASSES, World, randomness

Key = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoNuisance:
    """What the picture has of its own: nothing of it is heard.

    Attributes:
        seed: Key of the random stream that paints the background and moves what is silent.
        exposure: Factor on all grey levels.
        flicker: Largest change of the background's brightness, as a fraction of it.
        shake: Root mean square of the camera shake, in pixels of a 112-pixel frame.
        distractors: Silent things drifting by.
        silent_hoppers: Silent things hopping.
        crf: Rate factor of the encoder.
    """

    seed: Key
    exposure: float
    flicker: float
    shake: float
    distractors: int
    silent_hoppers: int
    crf: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioNuisance:
    """What the sound has of its own: nothing of it is seen.

    Attributes:
        seed: Key of the random stream that makes the noise.
        gain: Factor on all samples.
        snr: Ratio of toys to noise, in dB.
        wander: Largest change of the noise level, in dB.
        slope: Spectral slope of the noise, in dB an octave.
        offscreen: ``(seconds, class id, size, finish, pan)`` of impacts that are not in the picture.
    """

    seed: Key
    gain: float
    snr: float
    wander: float
    slope: float
    offscreen: tuple[tuple[float, int, int, int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything needed to render one clip, or to write its truth.

    Attributes:
        id: The clip's id.
        law: From class to look and sound.
        media: Length, size and rates.
        difficulty: What the scene was drawn with.
        switches: Which scales are coupled.
        video: What is seen.
        audio: What is heard: equal to ``video`` where every switch is on.
        picture: Nuisance of the picture.
        sound: Nuisance of the sound.
    """

    id: str
    law: World
    media: Media
    difficulty: Difficulty
    switches: Switches
    video: Latents
    audio: Latents
    picture: VideoNuisance
    sound: AudioNuisance


def draw_latents(key: Key, seed: int, difficulty: Difficulty, media: Media) -> Latents:
    """Draw all scales, each from its own random stream under ``key``."""

    def stream(scale: Scale) -> np.random.Generator:
        return randomness(seed, *key, scale)

    objects = difficulty.objects
    return Latents(
        classes=draws.draw_classes(stream("S0"), draws.class_sets(seed, difficulty)),
        attributes=draws.draw_attributes(stream("S1"), objects),
        envelope=draws.draw_envelope(stream("S2"), media.seconds),
        rhythms=draws.draw_rhythms(stream("S3"), difficulty, media),
        binding=draws.draw_binding(stream("S4"), objects),
        paths=draws.draw_paths(stream("S5"), objects),
    )


def muted_latents(difficulty: Difficulty, media: Media) -> Latents:
    """Return the fixed latents of a scene in which every scale is muted."""
    objects = difficulty.objects
    return Latents(
        classes=tuple(range(objects)),
        attributes=((1, 1),) * objects,
        envelope=draws.flat_envelope(media.seconds),
        rhythms=draws.even_rhythms(difficulty, media),
        binding=tuple(range(objects)),
        paths=draws.still_paths(objects),
    )


def apply_switches(
    shared: Latents, own: Latents, fixed: Latents, switches: Switches
) -> tuple[Latents, Latents]:
    """Return what is seen and what is heard.

    Args:
        shared: What both streams carry where a switch is on.
        own: What the audio carries where it is off.
        fixed: What both carry where it is muted.
        switches: A position for each scale.
    """
    video = replace(shared, **_taken(fixed, switches, "mute"))
    return video, replace(video, **_taken(own, switches, "off"))


def _taken(latents: Latents, switches: Switches, position: str) -> dict[str, object]:
    chosen = {FIELDS[scale] for scale in SCALES if switches[scale] == position}
    return {each.name: getattr(latents, each.name) for each in fields(latents) if each.name in chosen}


def draw_picture(key: Key, seed: int, difficulty: Difficulty) -> VideoNuisance:
    """Draw the nuisance of the picture."""
    draw = randomness(seed, *key, "picture")
    low, high = difficulty.crf
    return VideoNuisance(
        seed=(*key, "background"),
        exposure=float(draw.uniform(0.88, 1.12)),
        flicker=difficulty.flicker,
        shake=difficulty.shake,
        distractors=difficulty.distractors,
        silent_hoppers=difficulty.silent_hoppers,
        crf=int(draw.integers(low, high + 1)),
    )


def draw_sound(
    key: Key, seed: int, difficulty: Difficulty, media: Media, classes: tuple[int, ...]
) -> AudioNuisance:
    """Draw the nuisance of the sound; what is off-screen is of none of ``classes``."""
    draw = randomness(seed, *key, "sound")
    others = [k for k in range(CLASSES) if k not in classes]
    count = draw.poisson(difficulty.offscreen) if difficulty.offscreen else 0
    offscreen = tuple(
        (
            float(draw.uniform(0.0, media.seconds - 0.2)),
            int(draw.choice(others)),
            int(draw.integers(0, 4)),
            int(draw.integers(0, 3)),
            float(draw.choice([0.0, 1.0])),
        )
        for _ in range(count)
    )
    return AudioNuisance(
        seed=(*key, "noise"),
        gain=float(10 ** (draw.uniform(-difficulty.gain, difficulty.gain) / 20)),
        snr=float(draw.uniform(*difficulty.snr)),
        wander=difficulty.noise_wander,
        slope=float(draw.uniform(-6.0, -2.0)),
        offscreen=offscreen,
    )
