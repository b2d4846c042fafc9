"""The bundled network: it names the sounds of avsynth, and hears nothing in silence and noise."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from avbench.datasets.avsynth.audio import render_samples
from avbench.datasets.avsynth.galleries import place_of, scene_at
from avbench.datasets.avsynth.presets import difficulty_preset, media_preset
from avbench.datasets.avsynth.truth import truth_of
from avbench.datasets.avsynth.world import world
from avbench.embedders.avsynth_cnn import CLASSES, NOTHING, SIZES, AvsynthCNN
from avbench.embedders.loading import resolve_network
from avbench.embedders.records import AVSYNTH_CNN
from tests.embedders import slow_front_ends as slow
from tests.embedders.sounds import batch_of, three_sounds

RATE, MODERATE, MEDIA = 16_000, difficulty_preset("moderate"), media_preset("8s")
CLIPS = 8


def scene(split: str, clip: int):
    return scene_at(place_of(split, clip, MODERATE), difficulty=MODERATE, media=MEDIA)


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    resolved = resolve_network(
        AVSYNTH_CNN, weights=None, cache=tmp_path_factory.mktemp("cache"), allow_download=False
    )
    assert resolved.identity["weights"] == AVSYNTH_CNN.checkpoint.sha256
    return resolved.load("cpu")


@pytest.fixture(scope="module")
def validation():
    """Every eighth of the first validation clips, each of another family: sounds and kinds."""
    scenes = [scene("val", MODERATE.siblings * k) for k in range(CLIPS)]
    sounds = np.concatenate([render_samples(each, 1) for each in scenes])
    timbres = world(0).timbres
    kinds = [
        {SIZES * timbres[toy.class_id] + toy.size for toy in truth_of(each).audio.objects} for each in scenes
    ]
    return torch.from_numpy(sounds), kinds


def test_the_weights_are_small():
    assert AVSYNTH_CNN.shipped.stat().st_size <= 1 << 20


def test_the_windows_are_cut_from_the_log_mel_every_half_second():
    samples = three_sounds(RATE, 1.6)[0]

    power = slow.magnitudes(samples.double().numpy(), slow.hann(1024), 160, 1024) ** 2
    log_mel = np.log(power @ slow.filters_in_hz(RATE, 1024, 64, 50.0, 7600.0) + 1e-4)
    expected = slow.patches((log_mel + 4) / 4, 100, 50)
    assert len(expected) == 2
    np.testing.assert_allclose(AvsynthCNN().windows(samples), expected, atol=1e-3)


def test_a_clip_is_heard_alike_in_any_batch(embedder):
    sounds = three_sounds(RATE, 8.0)

    together = embedder.hear(batch_of(sounds, RATE))

    assert together.rows.shape == (3, 14, 96) and together.logits.shape == (3, CLASSES)
    for k, alone in enumerate(sounds):
        heard = embedder.hear(batch_of(alone[None], RATE))
        assert torch.equal(together.rows[k], heard.rows[0])
        assert torch.equal(together.logits[k], heard.logits[0])


def test_a_window_does_not_hear_the_others(embedder):
    sounds = three_sounds(RATE, 3.0)
    changed = sounds.clone()
    changed[:, 2 * RATE :] = 0.3

    before, after = (embedder.hear(batch_of(each, RATE)).rows for each in (sounds, changed))

    assert torch.equal(before[:, 0], after[:, 0])
    assert not torch.equal(before[:, -1], after[:, -1])


def test_it_names_what_sounds_in_clips_it_never_heard(embedder, validation):
    sounds, kinds = validation

    logits = embedder.hear(batch_of(sounds, RATE)).logits

    named = [set(row.topk(3).indices.tolist()) for row in logits]
    found = sum(len(each & true) for each, true in zip(named, kinds, strict=True))
    assert found >= 0.8 * 3 * CLIPS
    assert (logits.argmax(dim=1) != NOTHING).all()


def test_it_hears_nothing_in_silence_and_noise(embedder):
    draw = torch.Generator().manual_seed(0)
    white = torch.randn(6, 8 * RATE, generator=draw)
    levels = torch.tensor([0.0, 0.0005, 0.003, 0.01, 0.03, 0.1])[:, None]

    logits = embedder.hear(batch_of(levels * white, RATE)).logits

    assert (logits.argmax(dim=1) == NOTHING).all()


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "train_avsynth_cnn.py"
    spec = importlib.util.spec_from_file_location("train_avsynth_cnn", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_targets_are_what_the_truth_says_of_the_sound(script):
    known = script.targets("train", 3)
    timbres = world(0).timbres

    for clip in range(3):
        true = truth_of(scene("train", clip)).audio
        kinds = {SIZES * timbres[toy.class_id] + toy.size: toy for toy in true.objects}
        assert known.sounds[clip].nonzero().flatten().tolist() == sorted(kinds)
        for kind, toy in kinds.items():
            for row in range(14):
                inside = [-0.05 <= event.time - 0.5 * row < 0.9 for event in toy.events]
                assert known.struck[clip, row, kind] == any(inside)
        at = np.array(true.envelope)[:25].mean()
        assert known.hum[clip, 0] == pytest.approx(at, abs=1e-6)


def test_strikes_that_are_not_in_the_picture_are_heard_too(script):
    clip = next(k for k in range(9) if scene("train", k).sound.offscreen)
    (instant, class_id, size, finish, _), *_ = scene("train", clip).sound.offscreen

    assert (instant, world(0).timbres[class_id], size, finish) in script.strikes(scene("train", clip))


def test_the_network_cuts_as_many_windows_as_there_are_targets(script):
    for samples in (MEDIA.samples, 17_000, 40_000):
        assert script.windows_in(samples) == len(AvsynthCNN().windows(torch.zeros(samples)))


def test_variation_leaves_a_clip_its_sounds_or_takes_all(script):
    draw = torch.Generator().manual_seed(0)
    samples = three_sounds(RATE, 1.0)[1]

    varied = [script.varied(samples, draw) for _ in range(200)]

    empty = [each for each, something in varied if not something]
    assert 10 <= len(empty) <= 45
    assert any(not each.any() for each in empty)
    for each, something in varied:
        alike = torch.nn.functional.cosine_similarity(each, samples, dim=0)
        assert alike > 0.6 if something else alike.abs() < 0.1
