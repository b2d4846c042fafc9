"""A scene's frames: toys with shadows, glow and rings, anti-aliased in space and in time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from avbench.datasets.avsynth.latents import Array, Path, Rhythm, draw_paths, draw_rhythms
from avbench.datasets.avsynth.motion import envelope_at, height, stretch
from avbench.datasets.avsynth.scenery import MARGIN, Camera, backdrop, wander
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.sprites import EXTENT, GREY, PALETTES, Picture, box_weights, sprite
from avbench.datasets.avsynth.world import randomness

RADII = (0.066, 0.084, 0.105, 0.130)
"""Radius of each size level, in frame heights."""
SHUTTER = 0.02
"""How long each frame is exposed, centred on its instant, in seconds."""
RING_SECONDS, RING_DECAY, RING_TILT = 0.42, 0.11, 0.34

Frames = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Something that hops, as it is seen in the frames asked for; lengths in pixels.

    Attributes:
        look: ``(shape, texture, palette, finish)``.
        radius: At rest.
        x: ``(time,)``, centre.
        floor: ``(time,)``, row of the floor under it.
        low: ``(time,)``, height of its foot above the floor, at the exposure's lowest point.
        high: ``(time,)``, the same at the highest.
        tall: ``(time,)``, vertical stretch.
        light: ``(time,)``, the envelope.
        rhythm: Its landings; rings are drawn for them where ``rings``.
        rings: Whether it sounds, and so shows rings.
    """

    look: tuple[int, int, int, int]
    radius: float
    x: Array
    floor: Array
    low: Array
    high: Array
    tall: Array
    light: Array
    rhythm: Rhythm
    rings: bool


def render_frames(scene: Scene, numbers: npt.NDArray[np.int64]) -> Frames:
    """Render some frames of a scene.

    Args:
        scene: What to show.
        numbers: ``(time,)``, which frames; frame ``k`` shows the instant ``k / fps``.

    Returns:
        ``(time, height, width, channel=3)``, uint8 RGB.
    """
    size = scene.media.size
    times = numbers / scene.media.fps
    draw = randomness(scene.law.seed, *scene.picture.seed)
    camera = Camera(backdrop(draw, size), size)
    shake = np.stack([wander(draw, times, 1.5), wander(draw, times, 1.5)]) * scene.picture.shake * size / 112
    shake = np.clip(np.round(4 * shake) / 4, 1 - MARGIN * size // 112, MARGIN * size // 112 - 2)
    flicker = 1.0 + scene.picture.flicker * wander(draw, times, 1.0) / 2.0
    depths = draw.permutation(np.linspace(0.80, 0.91, len(scene.video.classes)))
    actors = [_toy(scene, toy, float(depths[toy]), times, shake) for toy in range(len(depths))]
    actors += _silent_hoppers(scene, draw, times, shake)
    canvas = np.empty((len(times), 3, size, size), np.float32)
    for frame, bright, right, down in zip(canvas, flicker, *shake, strict=True):
        np.multiply(camera.view(float(right), float(down)), np.float32(bright), out=frame)
    _drift(scene, draw, times, canvas)
    actors.sort(key=lambda actor: float(actor.floor[0]))
    for actor in actors:
        _shade(actor, canvas)
    for actor in actors:
        if actor.rings:
            _ring(actor, times, canvas)
        _place(actor, canvas)
    return _developed(canvas, scene.picture.exposure)


def _developed(canvas: Picture, exposure: float) -> Frames:
    """Return ``(time, height, width, 3)`` grey levels of ``(time, 3, height, width)`` light."""
    canvas *= np.float32(255.0 * exposure)
    canvas += np.float32(0.5)
    np.clip(canvas, 0.0, 255.0, out=canvas)
    frames = np.empty((len(canvas), *canvas.shape[2:], 3), np.uint8)
    for channel in range(3):
        frames[..., channel] = canvas[:, channel]
    return frames


def _toy(scene: Scene, toy: int, depth: float, times: Array, shake: Array) -> Actor:
    size_level, finish = scene.video.attributes[toy]
    law, class_id = scene.law, scene.video.classes[toy]
    look = (law.shapes[class_id], law.textures[class_id], law.palettes[class_id], finish)
    light = envelope_at(scene.video.envelope, times)
    path, rhythm = scene.video.paths[toy], scene.video.landings(toy)
    return _actor(scene, look, RADII[size_level], path, rhythm, depth, light, times, shake)


def _actor(
    scene: Scene,
    look: tuple[int, int, int, int],
    radius: float,
    path: Path,
    rhythm: Rhythm,
    depth: float,
    light: Array,
    times: Array,
    shake: Array,
) -> Actor:
    size = scene.media.size
    exposed = np.stack([height(rhythm, times + SHUTTER * part) for part in (-0.5, -0.25, 0.0, 0.25, 0.5)])
    return Actor(
        look=look,
        radius=radius * size,
        x=path.at(times, scene.media.seconds) * size - shake[0],
        floor=depth * size - shake[1],
        low=exposed.min(0) * size,
        high=exposed.max(0) * size,
        tall=stretch(rhythm, times),
        light=light,
        rhythm=rhythm,
        rings=look[2] != GREY,
    )


def _silent_hoppers(scene: Scene, draw: np.random.Generator, times: Array, shake: Array) -> list[Actor]:
    """Draw grey balls that hop to rhythms of their own, without rings or sound."""
    count = scene.picture.silent_hoppers
    if not count:
        return []
    difficulty = replace(scene.difficulty, objects=count, cross_gap=0.0)
    rhythms = draw_rhythms(draw, difficulty, scene.media)
    paths = [replace(path, lane=float(draw.uniform(0.1, 0.9))) for path in draw_paths(draw, count)]
    light = np.full_like(times, 0.5)
    return [
        _actor(scene, (0, 0, GREY, 1), float(radius), path, rhythm, float(depth), light, times, shake)
        for radius, depth, path, rhythm in zip(
            draw.uniform(0.05, 0.09, count), draw.uniform(0.76, 0.94, count), paths, rhythms, strict=True
        )
    ]


def _drift(scene: Scene, draw: np.random.Generator, times: Array, canvas: Picture) -> None:
    """Let pale lights drift over the wall."""
    size = scene.media.size
    for _ in range(scene.picture.distractors):
        x = (0.5 + 0.26 * wander(draw, times, 0.4)) * size
        y = (0.24 + 0.09 * wander(draw, times, 0.4)) * size
        width = np.full_like(times, draw.uniform(0.025, 0.05) * size)
        alpha = np.full_like(times, draw.uniform(0.25, 0.5))
        for part, bump in _bumps(canvas, x, y, width, width, alpha):
            part += bump


def _bumps(
    canvas: Picture, x: Array, y: Array, wide: Array, tall: Array, strength: Array
) -> Iterator[tuple[Picture, Picture]]:
    """Yield, for each frame, its part around (x, y) and a Gaussian of that strength there.

    Args:
        canvas: ``(time, 3, height, width)``.
        x: ``(time,)``, centre, in pixels.
        y: ``(time,)``, centre, in pixels.
        wide: ``(time,)``, standard deviation across.
        tall: ``(time,)``, standard deviation down.
        strength: ``(time,)``, height of the Gaussian.
    """
    left, across = _bells(x, wide, canvas.shape[-1])
    top, down = _bells(y, tall, canvas.shape[-1])
    down *= strength[:, None].astype(np.float32)
    rows, columns = down.shape[1], across.shape[1]
    for k, frame in enumerate(canvas):
        part = frame[:, top[k] : top[k] + rows, left[k] : left[k] + columns]
        yield part, down[k, :, None] * across[k]


def _bells(centre: Array, width: Array, size: int) -> tuple[npt.NDArray[np.int64], Picture]:
    """Return first pixels ``(time,)`` and Gaussians ``(time, pixel)`` that fall to nothing at 2.6 widths."""
    window = min(size, int(5.2 * width.max()) + 2)
    start = _origin(centre, window, size)
    along = (start - centre)[:, None] + np.arange(window) + 0.5
    bells = np.exp(-0.5 * ((along / width[:, None]) ** 2).astype(np.float32))
    return start, np.maximum((bells - np.float32(0.034)) / np.float32(0.966), 0.0)


def _shade(actor: Actor, canvas: Picture) -> None:
    """Draw a toy's shadow, and the pool of its light on the floor."""
    radius, tint, up = actor.radius, _tint(actor), actor.high
    flat = np.full_like(up, radius)
    if actor.rings:
        wide, strength = 1.9 * radius + 0.3 * up, 0.20 * actor.light
        for part, bump in _bumps(canvas, actor.x, actor.floor, wide, 0.55 * flat, strength):
            part += tint * bump
    lift = up / (2.0 * radius)
    wide, strength = radius * (0.62 + 0.2 * lift), 0.72 / (1.0 + 0.8 * lift)
    for part, bump in _bumps(canvas, actor.x, actor.floor, wide, 0.22 * flat, strength):
        part *= 1.0 - bump


def _tint(actor: Actor) -> Picture:
    return np.array(PALETTES[actor.look[2]][0], np.float32)[:, None, None]


def _ring(actor: Actor, times: Array, canvas: Picture) -> None:
    """Draw the ring that runs over the floor after each landing; its light is averaged over the exposure."""
    radius, tint = actor.radius, _tint(actor)
    size = canvas.shape[-1]
    for landing in actor.rhythm:
        since = times - landing.time
        for k in np.flatnonzero((since > -SHUTTER) & (since < RING_SECONDS)):
            begin, end = max(0.0, since[k] - SHUTTER / 2), max(0.0, since[k] + SHUTTER / 2)
            shine = (np.exp(-begin / RING_DECAY) - np.exp(-end / RING_DECAY)) * RING_DECAY / SHUTTER
            reach = radius * (1.0 + 1.9 * (1.0 - np.exp(-max(0.0, since[k]) / 0.12)))
            x, y = actor.x[k], actor.floor[k]
            wide, tall = reach + radius, (reach + radius) * RING_TILT
            left, right = max(0, int(x - wide)), min(size, int(x + wide) + 1)
            top, bottom = max(0, int(y - tall)), min(size, int(y + tall) + 1)
            across = (np.arange(left, right) + 0.5 - x) ** 2
            down = ((np.arange(top, bottom) + 0.5 - y) / RING_TILT) ** 2
            distance = np.sqrt(across + down[:, None])
            ring = np.exp(-(((distance - reach) / (0.22 * radius)) ** 2)).astype(np.float32)
            strength = np.float32(shine * (1.1 if landing.loud else 0.6))
            canvas[k, :, top:bottom, left:right] += (0.35 + 0.65 * tint) * ring * strength


def _place(actor: Actor, canvas: Picture) -> None:
    """Draw a toy and the light around it into every frame."""
    radius, size = actor.radius, canvas.shape[-1]
    painted = sprite(*actor.look, pixels=max(16, round(3 * EXTENT * radius)))
    window = min(size, int(2.8 * radius + 0.05 * size) + 2)
    wide = actor.tall**-0.5
    middle = actor.floor - 0.5 * (actor.low + actor.high) - radius * actor.tall
    left = _origin(actor.x, window, size)
    top = _origin(middle, window, size)
    cells = painted.shape[1]
    columns = _weights(left, window, actor.x, radius * wide, 0.0 * wide, cells)
    rows = _weights(top, window, middle, radius * actor.tall, actor.high - actor.low, cells)
    # Rows of all frames in one product, then the columns of each frame: (time, window, 4, window).
    down = rows.reshape(-1, cells) @ painted.transpose(1, 0, 2).reshape(cells, -1)
    patches = down.reshape(len(canvas), -1, cells) @ columns.transpose(0, 2, 1)
    patches = patches.reshape(len(canvas), window, 4, window).transpose(0, 2, 1, 3)
    patches[:, :3] *= (0.50 + 0.75 * actor.light).astype(np.float32)[:, None, None, None]
    np.subtract(1.0, patches[:, 3], out=patches[:, 3])
    for frame, patch, y, x in zip(canvas, patches, top, left, strict=True):
        part = frame[:, y : y + window, x : x + window]
        part *= patch[3]
        part += patch[:3]
    if actor.rings:
        wide, tint = np.full_like(actor.x, 1.15 * radius), _tint(actor)
        for part, bump in _bumps(canvas, actor.x, middle, wide, wide, 0.28 * actor.light**1.5):
            part += tint * bump


def _origin(centre: Array, window: int, size: int) -> npt.NDArray[np.int64]:
    return np.clip(np.round(centre - window / 2), 0, size - window).astype(np.int64)


def _weights(
    start: npt.NDArray[np.int64], window: int, centre: Array, radius: Array, blur: Array, cells: int
) -> Picture:
    """Return weights ``(time, pixel, cell)``: each pixel is the mean over its box, widened by the blur."""
    edges = start[:, None] + np.arange(window + 1)
    scale = (cells / (2 * EXTENT) / radius)[:, None]
    low = (edges[:, :-1] - 0.5 * blur[:, None] - centre[:, None]) * scale + cells / 2
    high = (edges[:, 1:] + 0.5 * blur[:, None] - centre[:, None]) * scale + cells / 2
    return box_weights(low, high, cells)
