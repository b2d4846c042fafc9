"""Both models as makers of sound: what is loaded when, what identifies it, what is said if it is missing."""

import dataclasses
from pathlib import Path

import pytest
import torch

import cavp.plugin
import gmscavp.plugin
from avbench import AudioBatch, ModelError, VideoBatch
from avbench.errors import UsageError
from avbench.protocols import GenerationModel, RetrievalModel
from avbench.requests import TrainRequest
from gmscavp.checkpoint import save_weights
from gmscavp.plugin import ModelFamily
from tests.gmscavp.test_plugin import audio, video

FAMILIES = [gmscavp.plugin.FAMILY, cavp.plugin.FAMILY]
FEW = {"steps": "2", "vocoder": "griffin-lim"}


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> ModelFamily:
    return request.param


@pytest.fixture
def bare(family: ModelFamily, tmp_path: Path) -> ModelFamily:
    """A family whose generator is not bundled."""
    assert family.generators is not None
    elsewhere = dataclasses.replace(family.generators, weights=tmp_path / "generator.safetensors")
    return dataclasses.replace(family, generators=elsewhere)


def generator_file(family: ModelFamily, path: Path, encoder: str) -> Path:
    generators = family.over("generator", None)
    network = generators.untrained(generators.config("generator"), "3")
    save_weights(path, network.state_dict(), network.config, format=family.name, notes={"encoder": encoder})
    return path


def test_a_model_makes_sound_as_long_as_the_video_and_embeds_as_well(family: ModelFamily) -> None:
    model = family.load("cpu", weights="random", generator="random", **FEW)
    silent = video(2, seconds=2.4)

    made = model.generate_audio(silent, 3)

    assert isinstance(model, GenerationModel) and isinstance(model, RetrievalModel)
    assert isinstance(made, AudioBatch) and made.sample_rate == 16_000 and made.clips == silent.clips
    assert made.samples.shape == (2, 1, 38_400) and made.samples.dtype == torch.float32
    assert made.samples.isfinite().all() and made.samples.abs().max() <= 1
    assert torch.equal(made.samples, model.generate_audio(silent, 3).samples)
    alone = dataclasses.replace(silent, frames=silent.frames[1:])
    assert torch.equal(made.samples[1:], model.generate_audio(alone, 3).samples)
    assert not torch.equal(made.samples, model.generate_audio(silent, 4).samples)
    asked = dataclasses.replace(silent, seconds=2.5)
    assert model.generate_audio(asked, 3).samples.shape == (2, 1, 40_000)


def test_what_makes_sound_may_be_loaded_in_inference_mode(family: ModelFamily) -> None:
    model = family.load("cpu", weights="random", generator="random", alignment="2", **FEW)
    with torch.inference_mode():
        made = model.generate_audio(video(1, seconds=1.6), 0)

    assert made.samples.shape == (1, 1, 25_600)


def test_a_model_whose_generator_is_missing_embeds_and_says_how_to_make_one(bare: ModelFamily) -> None:
    model = bare.load("cpu")

    assert model.embed_video(video(1)).shape == model.embed_audio(audio(1)).shape
    assert bare.identity({}).keys() == {"config", "weights"}
    for work in (lambda: model.generate_audio(video(1), 0), lambda: bare.identities["generation"]({})):
        with pytest.raises(ModelError, match="No generator is bundled") as caught:
            work()
        assert f"avbench train {bare.name} --config generator" in caught.value.hint


def test_a_vocoder_that_is_missing_is_told_with_the_one_that_needs_no_weights(
    family: ModelFamily, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "vocoder.safetensors")
    model = family.load("cpu", weights="random", generator="random", vocoder=nowhere)

    for work in (
        lambda: model.generate_audio(video(1), 0),
        lambda: family.identities["generation"]({"generator": "random", "vocoder": nowhere}),
    ):
        with pytest.raises(ModelError, match="There is no weight file") as caught:
            work()
        assert "vocoder=griffin-lim" in caught.value.hint


def test_a_generator_goes_with_the_encoder_it_was_made_over(family: ModelFamily, tmp_path: Path) -> None:
    encoder = family.weights_of({})
    fits = generator_file(family, tmp_path / "fits.safetensors", encoder)
    other = generator_file(family, tmp_path / "other.safetensors", "sha256:0")

    made = family.load("cpu", generator=str(fits), **FEW).generate_audio(video(1, 1.6), 0)
    assert made.samples.shape == (1, 1, 25_600)
    with pytest.raises(ModelError, match=f"encoder sha256:0, not {encoder}") as caught:
        family.load("cpu", generator=str(other), **FEW).generate_audio(video(1), 0)
    assert caught.value.hint
    with pytest.raises(ModelError, match=r"encoder sha256:\w+, not random"):
        family.load("cpu", weights="random", generator=str(fits), **FEW).generate_audio(video(1), 0)


def test_a_config_without_a_generator_says_which_has_one() -> None:
    model = gmscavp.plugin.FAMILY.load("cpu", config="small-diffusion", weights="random", generator="random")

    with pytest.raises(ModelError, match="no generator over config 'small-diffusion'") as caught:
        model.generate_audio(video(1), 0)
    assert "config=small" in caught.value.hint


def test_identity_of_sounds_follows_generator_vocoder_and_sampling(
    family: ModelFamily, tmp_path: Path
) -> None:
    path = generator_file(family, tmp_path / "generator.safetensors", "sha256:0")
    args = {"generator": str(path), "vocoder": "griffin-lim"}
    first = family.identities["generation"](args)

    assert first["generator"].startswith("sha256:") and first["vocoder"] == "griffin-lim"
    assert "steps" in first["sampling"]
    assert family.identities["generation"](args | {"guidance": "7"})["sampling"] != first["sampling"]
    voice = tmp_path / "vocoder.safetensors"
    voice.write_bytes(b"voice")
    assert family.identities["generation"](args | {"vocoder": str(voice)})["vocoder"].startswith("sha256:")
    path.write_bytes(path.read_bytes() + b" ")
    assert family.identities["generation"](args)["generator"] != first["generator"]


@pytest.mark.parametrize("wrong", [{"steps": "1"}, {"guidance": "much"}, {"sampler": "euler"}])
def test_sampling_that_makes_no_sense_is_a_usage_error(family: ModelFamily, wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="The sampling argument") as caught:
        family.load("cpu", weights="random", **wrong)
    assert caught.value.hint


def test_frames_at_another_rate_are_refused(family: ModelFamily) -> None:
    model = family.load("cpu", weights="random", generator="random", **FEW)
    batch = VideoBatch(frames=video(1).frames, fps=25.0, clips=())
    with pytest.raises(ValueError, match=r"12.5 frames a second, not 25"):
        model.generate_audio(batch, 0)


def test_a_generators_run_names_its_encoder(family: ModelFamily, tmp_path: Path) -> None:
    assert family.over("generator", None).notes == {"encoder": family.weights_of({})}
    request = TrainRequest(
        config="generator",
        output=tmp_path / "run",
        steps=1,
        device="cpu",
        seed=0,
        args={"encoder": str(tmp_path / "none")},
    )
    with pytest.raises(ModelError, match="There is no weight file"):
        family.train(request, lambda what, done, total: None)
