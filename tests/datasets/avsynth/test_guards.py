from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avbench.datasets.avsynth.arrays import render_arrays
from avbench.datasets.avsynth.galleries import Place, scene_at, train_scene
from avbench.datasets.avsynth.matched import candidates
from avbench.datasets.avsynth.motion import height
from avbench.datasets.avsynth.presets import COUPLED, DIFFICULTIES, MEDIA, SCALES, Scale
from avbench.datasets.avsynth.probes import Probe, audio_statistics, probe_score, video_statistics
from avbench.datasets.avsynth.render import render_clip
from avbench.datasets.avsynth.scenes import Scene
from avbench.datasets.avsynth.truth import StreamTruth, truth_of
from avbench.media.decode import read_clip
from avbench.records import AudioInput, VideoInput

DIFFICULTY = DIFFICULTIES["standard"]
MEDIUM = MEDIA["8s"]
PICTURES = VideoInput(fps=12.5, height=56, width=56)
SLOW_PICTURES = VideoInput(fps=2.0, height=56, width=56)
MONO, STEREO = AudioInput(sample_rate=16_000), AudioInput(sample_rate=16_000, channels=2)


def gallery(scale: Scale, group: int = 0) -> list[Scene]:
    places = [
        Place(split="test", gallery=scale, group=group, member=k)
        for k in range(candidates(scale, DIFFICULTY))
    ]
    return [scene_at(place, difficulty=DIFFICULTY, media=MEDIUM) for place in places]


def alike(scenes: Sequence[Scene]) -> list[Scene]:
    """Give all scenes the nuisance of the first: what still differs is the scale's own doing."""
    return [replace(scene, picture=scenes[0].picture, sound=scenes[0].sound) for scene in scenes]


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_arrays_are_what_the_file_decodes_to(difficulty: str, tmp_path: Path) -> None:
    scene = train_scene(11, difficulty=DIFFICULTIES[difficulty], media=MEDIA["5s"])
    media = tmp_path / "clip.mp4"
    render_clip(scene, media, tmp_path / "clip.json")
    decoded = read_clip(media, seconds=5.0, video=PICTURES, audio=STEREO)
    frames, samples = render_arrays(scene, video=PICTURES, audio=STEREO)
    assert decoded.frames is not None and decoded.samples is not None
    difference = np.abs(frames.astype(int) - decoded.frames)
    assert difference.mean() < 4.0
    assert np.percentile(difference, 99) < 24
    # A frame early or late, or a sample, would be further off than the codec is.
    assert np.abs(frames[1:].astype(int) - decoded.frames[:-1]).mean() > difference.mean()
    noise = np.mean((samples - decoded.samples) ** 2)
    assert 10 * np.log10(np.mean(samples**2) / noise) > 15.0


@pytest.mark.parametrize("scale", ["S2", "S3", "S4", "S5"])
def test_candidates_of_a_fine_gallery_are_equally_bright_and_equally_loud(scale: Scale) -> None:
    frames, samples = zip(
        *(render_arrays(each, video=SLOW_PICTURES, audio=MONO) for each in alike(gallery(scale))), strict=True
    )
    loudness = [np.sqrt(np.mean(each**2)) for each in samples]
    assert np.std(loudness) / np.mean(loudness) < 0.06
    assert np.std([each.mean() for each in frames]) < 2.0


def test_a_mono_mix_does_not_tell_where_a_toy_is_and_stereo_does() -> None:
    scenes = alike(gallery("S5"))
    mono = [render_arrays(each, video=None, audio=MONO)[1] for each in scenes]
    stereo = [render_arrays(each, video=None, audio=STEREO)[1] for each in scenes]
    for other in mono[1:]:
        np.testing.assert_allclose(other, mono[0], atol=1e-6)
    for other in stereo[1:]:
        assert np.abs(other - stereo[0]).max() > 0.02


def test_a_toy_on_the_left_is_heard_on_the_left() -> None:
    scene = scene_at(
        Place(split="test", gallery="standard", group=0, member=0),
        difficulty=replace(DIFFICULTY, snr=(60.0, 60.0), offscreen=0),
        media=MEDIUM,
    )
    for lane, louder in ((0.1, 0), (0.9, 1)):
        paths = tuple(replace(path, lane=lane, sway=0.0) for path in scene.audio.paths)
        moved = replace(scene, audio=replace(scene.audio, paths=paths))
        power = np.mean(render_arrays(moved, video=None, audio=STEREO)[1] ** 2, axis=1)
        assert power[louder] > 20 * power[1 - louder]


@pytest.mark.parametrize("scale", SCALES)
def test_a_switch_that_is_off_changes_the_sound_and_leaves_the_picture(scale: Scale) -> None:
    place = Place(split="test", gallery="standard", group=3, member=1)
    coupled, decoupled = (
        render_arrays(
            scene_at(place, difficulty=DIFFICULTY, media=MEDIUM, switches=switches),
            video=SLOW_PICTURES,
            audio=STEREO,
        )
        for switches in (COUPLED, COUPLED | {scale: "off"})
    )
    np.testing.assert_array_equal(decoupled[0], coupled[0])
    assert np.abs(decoupled[1] - coupled[1]).max() > 0.01


def test_a_toy_is_in_the_air_before_it_lands_and_on_the_floor_when_it_does() -> None:
    for toy in range(DIFFICULTY.objects):
        rhythm = train_scene(0, difficulty=DIFFICULTY, media=MEDIUM).video.landings(toy)
        instants = np.array([landing.time for landing in rhythm])
        assert np.abs(height(rhythm, instants)).max() < 1e-9
        assert height(rhythm, instants - 0.05).min() > 0.02
        assert height(rhythm, instants + 0.04).max() == 0.0


def features(scale: Scale, stream: StreamTruth) -> np.ndarray:
    """Return what a perfect observer of one scale would know of a stream."""
    match scale:
        case "S0":
            return np.isin(np.arange(8), stream.class_ids()).astype(float)
        case "S1":
            return stream.attributes().ravel()
        case "S2":
            return stream.envelope_at(25)
        case "S3":
            return stream.onset_grid(25).sum(0)
        case "S4":
            return stream.onset_grid(25).ravel()
        case "S5":
            return stream.pan_track(25).ravel()


@pytest.mark.parametrize("scale", SCALES)
def test_a_perfect_observer_of_one_scale_solves_its_galleries(scale: Scale) -> None:
    for group in range(DIFFICULTY.galleries):
        truths = [truth_of(scene) for scene in gallery(scale, group)]
        seen = np.array([features(scale, truth.video) for truth in truths])
        heard = np.array([features(scale, truth.audio) for truth in truths])
        distance = np.linalg.norm(seen[:, None] - heard[None], axis=-1)
        assert distance.argmin(1).tolist() == list(range(len(truths)))
        assert np.sort(distance, axis=1)[:, 1].min() > 0.1


def statistics(scenes: Sequence[Scene]) -> tuple[np.ndarray, np.ndarray]:
    video, audio = [], []
    for scene in scenes:
        frames, samples = render_arrays(scene, video=SLOW_PICTURES, audio=MONO)
        video.append(video_statistics(frames, 2.0))
        audio.append(audio_statistics(samples, 16_000))
    return np.array(video), np.array(audio)


def test_a_probe_finds_what_plain_statistics_give_away() -> None:
    random = np.random.default_rng(0)
    shared = random.standard_normal((200, 1))
    video = np.hstack([shared, random.standard_normal((200, 2))])
    audio = np.hstack([random.standard_normal((200, 2)), shared])
    galleries = [np.arange(k, k + 8) for k in range(100, 196, 8)]
    told = Probe("linear").fit(video[:100], audio[:100]).distances(video, audio)
    assert probe_score(told, galleries).p < 0.001
    hidden = Probe("linear").fit(video[:100], audio[:100, :2]).distances(video, audio[:, :2])
    assert probe_score(hidden, galleries).p > 0.01


def test_trivial_probes_are_at_chance_on_every_scale() -> None:
    train = statistics([train_scene(4 * k, difficulty=DIFFICULTY, media=MEDIUM) for k in range(60)])
    probe = Probe("linear").fit(*train)
    for scale in SCALES:
        scenes = [scene for group in range(3) for scene in gallery(scale, group)]
        members = np.split(np.arange(len(scenes)), 3)
        score = probe_score(probe.distances(*statistics(scenes)), members, draws=1000)
        assert score.p > 0.005, scale
