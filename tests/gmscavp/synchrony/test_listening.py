"""Both models as judges of time: how late a sound is, whether it belongs, and what identifies the answers."""

import dataclasses
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import cavp.plugin
import gmscavp.plugin
from avbench import AudioBatch, ModelError, VideoBatch
from avbench.datasets.avsynth.arrays import render_arrays
from avbench.datasets.avsynth.galleries import place_of, scene_at
from avbench.datasets.avsynth.presets import difficulty_preset, media_preset
from avbench.protocols import OffsetModel
from avbench.records import AudioInput, Capability, VideoInput
from avbench.requests import TrainRequest
from gmscavp.checkpoint import load_weights, save_weights
from gmscavp.plugin import ModelFamily
from tests.gmscavp.test_plugin import audio, video

FAMILIES = [gmscavp.plugin.FAMILY, cavp.plugin.FAMILY]
GRID = tuple(round(0.2 * step, 1) for step in range(-10, 11))
FINE = tuple(round(0.04 * step, 2) for step in range(-10, 11))
UNTRAINED = {"weights": "random", "sync": "random", "judge": "random"}


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> ModelFamily:
    return request.param


@lru_cache(maxsize=2)
def clip(index: int = 0) -> tuple[Tensor, Tensor]:
    """Frames at 25 a second, (time, 3, 56, 56), and mono samples of a rendered clip of 8 s."""
    difficulty = difficulty_preset("standard")
    scene = scene_at(
        place_of("val", index, difficulty), difficulty=difficulty, media=media_preset("8s"), seed=0
    )
    frames, samples = render_arrays(
        scene, video=VideoInput(fps=25.0, height=56, width=56), audio=AudioInput(sample_rate=16_000)
    )
    return torch.from_numpy(frames), torch.from_numpy(samples)


def trial(offset: float, reach: float, offsets: tuple[float, ...], index: int = 0) -> Any:
    """Four seconds of picture from the middle, and sound that is late by ``offset``."""
    frames, samples = clip(index)
    whole = 4.0 + 2 * reach
    first = round(25 * (reach + offset))
    seen = VideoBatch(frames=frames[first : first + 100 : 2][None], fps=12.5, clips=())
    heard = AudioBatch(
        samples=samples[None, :, : round(16_000 * whole)],
        sample_rate=16_000,
        clips=(),
        lead=reach,
        offsets=offsets,
    )
    return seen, heard


@pytest.mark.parametrize("offset", [-2.0, -0.8, 0.0, 0.4, 2.0])
def test_sound_that_is_late_by_so_much_is_found_to_be(family: ModelFamily, offset: float) -> None:
    scores = family.load("cpu").offset_scores(*trial(offset, 2.0, GRID))

    assert scores.shape == (1, 21) and scores.dtype == torch.float32 and scores.isfinite().all()
    assert GRID[int(scores.argmax())] == offset


@pytest.mark.parametrize("offset", [-0.4, -0.12, 0.04, 0.36])
def test_half_a_token_is_seen_to_be_late(family: ModelFamily, offset: float) -> None:
    scores = family.load("cpu").offset_scores(*trial(offset, 0.4, FINE))

    assert abs(FINE[int(scores.argmax())] - offset) < 0.0801


def test_any_offset_may_be_asked_in_any_order(family: ModelFamily) -> None:
    model = family.load("cpu", **UNTRAINED)
    asked = (0.31, -1.99, 2.0, 0.0, 0.31, -2.0)
    seen, heard = trial(0.4, 2.0, asked)

    found = model.offset_scores(seen, heard)

    for place, offset in enumerate(asked):
        one = model.offset_scores(seen, dataclasses.replace(heard, offsets=(offset,)))
        assert torch.allclose(found[:, place : place + 1], one, atol=1e-5)
    assert found[0, 0] == found[0, 4]
    assert isinstance(model, OffsetModel)


def test_another_reach_and_another_window_are_scored_as_well(family: ModelFamily) -> None:
    model = family.load("cpu", **UNTRAINED)
    for seconds, lead in ((1.2, 0.3), (3.0, 1.0), (5.0, 0.0)):
        heard = dataclasses.replace(
            audio(2, seconds + 2 * lead), lead=lead, offsets=tuple(np.linspace(-lead, lead, 5))
        )
        found = model.offset_scores(video(2, seconds), heard)
        assert found.shape == (2, 5) and found.isfinite().all()


def test_no_clip_depends_on_the_rest_of_its_batch(family: ModelFamily) -> None:
    model = family.load("cpu", **UNTRAINED)
    seen, heard = video(3, 2.0), dataclasses.replace(audio(3, 4.0), lead=1.0, offsets=(-1.0, 0.0, 0.5))

    together = model.offset_scores(seen, heard), model.alignment_scores(seen, audio(3, 2.0))

    for row in range(3):
        part = slice(row, row + 1)
        alone = dataclasses.replace(seen, frames=seen.frames[part])
        lagging = dataclasses.replace(heard, samples=heard.samples[part])
        paired = dataclasses.replace(audio(3, 2.0), samples=audio(3, 2.0).samples[part])
        assert torch.equal(together[0][part], model.offset_scores(alone, lagging))
        assert torch.equal(together[1][part], model.alignment_scores(alone, paired))


@pytest.mark.parametrize("loud", [0.0, 1.0])
def test_silence_and_full_scale_give_no_nan(family: ModelFamily, loud: float) -> None:
    model = family.load("cpu")
    flat = dataclasses.replace(video(1, 4.0), frames=torch.zeros(1, 50, 3, 56, 56, dtype=torch.uint8))
    heard = AudioBatch(
        samples=torch.full((1, 2, 128_000), loud), sample_rate=16_000, clips=(), lead=2.0, offsets=GRID
    )

    assert model.offset_scores(flat, heard).isfinite().all()
    assert model.alignment_scores(flat, heard).isfinite().all()


def test_the_judge_accepts_a_clips_own_sound_and_refuses_another_moment_and_another_clip(
    family: ModelFamily,
) -> None:
    model, right = family.load("cpu"), {"true": 0, "shifted": 0, "other": 0}
    for index in (0, 1, 8, 9):
        seen, heard = trial(0.0, 2.0, (), index)
        cut = slice(32_000, 96_000)
        true = dataclasses.replace(heard, samples=heard.samples[:, :, cut])
        shifted = dataclasses.replace(heard, samples=heard.samples[:, :, 16_000:80_000])
        other = dataclasses.replace(heard, samples=clip(index + 20)[1][None, :, cut])
        right["true"] += bool(model.alignment_scores(seen, true) > 0)
        right["shifted"] += bool(model.alignment_scores(seen, shifted) < 0)
        right["other"] += bool(model.alignment_scores(seen, other) < 0)

    assert min(right.values()) >= 2 and sum(right.values()) >= 9


def test_streams_that_the_model_does_not_read_are_refused(family: ModelFamily) -> None:
    model = family.load("cpu", **UNTRAINED)
    heard = dataclasses.replace(audio(1, 4.0), lead=1.0, offsets=(0.0,))
    with pytest.raises(ValueError, match=r"12.5 frames a second, not 25"):
        model.offset_scores(video(1, 2.0, fps=25.0), heard)
    with pytest.raises(ValueError, match=r"16000 Hz, not 8000"):
        model.alignment_scores(video(1, 2.0), audio(1, 2.0, rate=8000))
    small = dataclasses.replace(video(1), frames=video(1).frames[..., :48])
    with pytest.raises(ValueError, match="Frames must be"):
        model.offset_scores(small, heard)
    with pytest.raises(ValueError, match=r"does not hold the picture at 2\.5 s"):
        model.offset_scores(video(1, 2.0), dataclasses.replace(heard, offsets=(0.0, 1.5)))


@pytest.mark.parametrize(("kind", "argument"), [("synchrony", "sync"), ("alignment", "judge")])
def test_a_heads_weights_identify_what_depends_on_them_and_nothing_else(
    family: ModelFamily, kind: Capability, argument: str, tmp_path: Path
) -> None:
    path = tmp_path / "head.safetensors"
    path.write_bytes(b"a head")
    name = family.identities[kind]

    assert name({}).keys() == {argument} and name({})[argument].startswith("sha256:")
    assert name({argument: "random", "seed": "4"}) == {argument: "random, seed 4"}
    first = name({argument: str(path)})
    path.write_bytes(b"another")
    assert name({argument: str(path)}) != first
    assert family.identity({argument: str(path)}) == family.identity({})
    assert all(argument not in say({}) for other, say in family.identities.items() if other != kind)
    with pytest.raises(ModelError, match="There is no weight file"):
        name({argument: str(tmp_path / "none")})


def test_a_head_goes_with_the_encoder_it_was_made_over(family: ModelFamily, tmp_path: Path) -> None:
    head = family.heads[0]
    config, state, notes = load_weights(head.weights, type(head.config), format=family.name)
    assert config == head.config and notes["encoder"] == family.weights_of({})
    path = tmp_path / "other.safetensors"
    save_weights(path, state, config, format=family.name, notes={"encoder": "sha256:0"})

    with pytest.raises(ModelError, match="have encoder sha256:0, not sha256:") as caught:
        family.load("cpu", sync=str(path)).offset_scores(*trial(0.0, 2.0, GRID))
    assert caught.value.hint
    with pytest.raises(ModelError, match=r"encoder sha256:\w+, not random"):
        family.load("cpu", weights="random").offset_scores(*trial(0.0, 2.0, GRID))


def test_a_family_whose_heads_are_not_bundled_embeds_and_says_how_to_make_them(
    family: ModelFamily, tmp_path: Path
) -> None:
    gone = tuple(dataclasses.replace(each, weights=tmp_path / "none") for each in family.heads)
    model = dataclasses.replace(family, heads=gone).load("cpu")

    assert len(model.embed_video(video(1))) == 1
    with pytest.raises(ModelError, match="No judge is bundled") as caught:
        model.alignment_scores(video(1), audio(1))
    assert f"avbench train {family.name} --config small-judge" in caught.value.hint


def test_a_config_without_heads_says_which_has_them() -> None:
    model = gmscavp.plugin.FAMILY.load("cpu", config="small-diffusion", weights="random", sync="random")

    with pytest.raises(ModelError, match="no offset head over config 'small-diffusion'") as caught:
        model.offset_scores(*trial(0.0, 2.0, GRID))
    assert "config=small" in caught.value.hint


def test_a_heads_run_names_its_encoder(family: ModelFamily, tmp_path: Path) -> None:
    assert family.over("small-judge", None).notes == {"encoder": family.weights_of({})}
    request = TrainRequest(
        config="small-sync",
        output=tmp_path / "run",
        steps=1,
        device="cpu",
        seed=0,
        args={"encoder": str(tmp_path / "none")},
    )
    with pytest.raises(ModelError, match="There is no weight file"):
        family.train(request, lambda what, done, total: None)


def test_both_models_have_the_same_heads_but_for_the_length_of_tokens() -> None:
    for ours, theirs in zip(*(family.heads for family in FAMILIES), strict=True):
        assert dataclasses.replace(ours.config, dims=()) == dataclasses.replace(theirs.config, dims=())
        assert ours.training == theirs.training
        assert ours.weights.stat().st_size < 600_000 and theirs.weights.stat().st_size < 600_000
