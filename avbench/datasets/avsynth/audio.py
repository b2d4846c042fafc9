"""A scene's sound: impacts and hum of each toy, panned to where it is, in a small room with noise."""

from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.modal import HUM, STRIKE, Signal, hum, strike, voice
from avbench.datasets.avsynth.motion import envelope_at
from avbench.datasets.avsynth.scenery import wander
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.world import randomness

BLOCK = 64
ROOM_SECONDS, ROOM_LEVEL = 0.35, 0.12
OFFSCREEN_LEVEL = 0.6


def render_samples(scene: Scene, channels: int) -> Signal:
    """Render the sound of a scene.

    The pan law is linear: left and right add up to the same whatever the pan, so the mono mix, which is the
    mean of both channels, knows nothing of where a toy is.

    Args:
        scene: What to play.
        channels: 2, or 1 for the mean of both.

    Returns:
        ``(channel, time)``, float32, at the scene's own rate.
    """
    media = scene.media
    stems = [_stem(scene, toy) for toy in range(len(scene.audio.classes))]
    pans: list[npt.NDArray[np.float64] | float] = []
    if channels == 2:
        times = np.arange(media.samples) / media.sample_rate
        pans = [path.at(times, media.seconds) for path in scene.audio.paths]
    for pan, stem in _offscreen(scene):
        stems.append(stem)
        pans.append(pan)
    dry = np.sum(stems, axis=0)
    draw = randomness(scene.law.seed, *scene.sound.seed)
    middle = _noise(scene, draw)
    both = _in_room(dry) + middle
    gain = np.float32(scene.sound.gain)
    if channels == 1:
        return (gain * (dry + both))[None]
    side = 0.7 * _noise(scene, draw)
    for pan, stem in zip(pans, stems, strict=True):
        side += (stem * (2.0 * np.asarray(pan) - 1.0)).astype(np.float32)
    return gain * np.stack([dry + both - side, dry + both + side])


def _stem(scene: Scene, toy: int) -> Signal:
    """Return impacts and hum of a toy: ``(time,)``, before panning."""
    media, latents = scene.media, scene.audio
    timbre = scene.law.timbres[latents.classes[toy]]
    sounding = voice(timbre, *latents.attributes[toy])
    ticks = BLOCK / media.sample_rate * np.arange(-(-media.samples // BLOCK) + 1, dtype=np.float64)
    stem = hum(sounding, envelope_at(latents.envelope, ticks), media.sample_rate, BLOCK)[: media.samples]
    stem *= np.float32(10 ** (scene.difficulty.hum_level / 20))
    landings = latents.landings(toy)
    soft = 10 ** (scene.difficulty.soft_level / 20)
    times = np.array([each.time for each in landings])
    levels = np.array([1.0 if each.loud else soft for each in landings])
    strike(stem, sounding, times, levels, media.sample_rate)
    return stem


def _offscreen(scene: Scene) -> list[tuple[float, Signal]]:
    """Return pan and ``(time,)`` samples of each impact that is not in the picture."""
    media = scene.media
    heard: list[tuple[float, Signal]] = []
    for time, class_id, size, finish, pan in scene.sound.offscreen:
        sounding = voice(scene.law.timbres[class_id], size, finish)
        stem = np.zeros(media.samples, np.float32)
        strike(stem, sounding, np.array([time]), np.array([OFFSCREEN_LEVEL]), media.sample_rate)
        heard.append((pan, stem))
    return heard


def _noise(scene: Scene, draw: np.random.Generator) -> Signal:
    """Return coloured noise of the scene's level, which wanders slowly: ``(time,)``."""
    media, sound = scene.media, scene.sound
    spectrum = draw.standard_normal((2, media.samples // 2 + 1), dtype=np.float32)
    frequency = np.maximum(np.fft.rfftfreq(media.samples, 1 / media.sample_rate), 60.0)
    shape = (frequency / 1000.0) ** (sound.slope / 6.02)
    shape *= frequency > 60.0
    shape /= np.sqrt(np.sum(shape**2))
    toys = len(scene.video.classes) * (HUM**2 + _impact_power(scene))
    level = np.sqrt(toys) * 10 ** (-sound.snr / 20)
    coloured = (spectrum[0] + 1j * spectrum[1]) * (shape * level * media.samples / 2).astype(np.float32)
    noise = np.fft.irfft(coloured, media.samples).astype(np.float32)
    if not sound.wander:
        return noise
    grid = np.linspace(0.0, media.seconds, round(25 * media.seconds) + 1)
    curve = 10 ** (sound.wander * np.clip(wander(draw, grid, 1.0) / 2.0, -1.0, 1.0) / 20)
    times = np.arange(media.samples) / media.sample_rate
    return noise * np.interp(times, grid, curve).astype(np.float32)


def _impact_power(scene: Scene) -> float:
    """Return the mean power of one toy's impacts; the same for every toy of a clip."""
    soft = 10 ** (scene.difficulty.soft_level / 10)
    energy = sum(1.0 if each.loud else soft for each in scene.audio.rhythms[0]) * STRIKE**2
    return energy / scene.media.seconds


def _in_room(dry: Signal) -> Signal:
    """Return the reverberation of a small room, the same in both channels: ``(time,)``."""
    from scipy.fft import irfft, rfft

    response, padded = _room(len(dry))
    spectrum = np.asarray(rfft(dry, padded)) * response
    return np.asarray(irfft(spectrum, padded), np.float32)[: len(dry)]


@lru_cache(maxsize=4)
def _room(length: int, rate: int = 16_000) -> tuple[npt.NDArray[np.complex64], int]:
    """Return the room's spectrum and the length of transform it belongs to."""
    from scipy.fft import next_fast_len, rfft

    count = int(ROOM_SECONDS * rate)
    times = np.arange(count) / rate
    tail = randomness(0, "room").standard_normal(count) * np.exp(-times / 0.07)
    tail[: int(0.006 * rate)] = 0.0
    tail *= ROOM_LEVEL / np.sqrt(np.sum(tail**2))
    padded = cast(int, next_fast_len(length + count, real=True))
    return np.asarray(rfft(tail.astype(np.float32), padded), np.complex64), padded
