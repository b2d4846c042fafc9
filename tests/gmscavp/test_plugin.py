import subprocess
import sys
from pathlib import Path

import pytest
import torch

import cavp.plugin
import gmscavp.plugin
from avbench import AudioBatch, ModelError, ModelRecord, VideoBatch
from avbench.errors import UnknownName, UsageError
from avbench.protocols import RetrievalModel
from gmscavp.plugin import FAMILY, ModelFamily
from gmscavp.retriever import Retriever


def records() -> list[ModelRecord]:
    return [*gmscavp.plugin.avbench_models(), *cavp.plugin.avbench_models()]


FAMILIES = [gmscavp.plugin.FAMILY, cavp.plugin.FAMILY]


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> ModelFamily:
    return request.param


@pytest.fixture
def saved(family: ModelFamily, tmp_path: Path) -> Path:
    from gmscavp.checkpoint import save_weights

    path = tmp_path / "weights.safetensors"
    network = family.untrained(family.config("small"), "7")
    save_weights(path, network.state_dict(), network.config, format=family.name)
    return path


def video(count: int = 2, seconds: float = 4.0, fps: float = 12.5) -> VideoBatch:
    draw = torch.Generator().manual_seed(0)
    frames = torch.randint(
        0, 256, (count, round(seconds * 12.5), 3, 56, 56), dtype=torch.uint8, generator=draw
    )
    return VideoBatch(frames=frames, fps=fps, clips=())


def audio(count: int = 2, seconds: float = 4.0, rate: int = 16_000) -> AudioBatch:
    draw = torch.Generator().manual_seed(0)
    samples = torch.randn(count, 1, round(seconds * 16_000), generator=draw) * 0.1
    return AudioBatch(samples=samples, sample_rate=rate, clips=())


@pytest.mark.parametrize("record", records(), ids=lambda record: record.name)
def test_an_untrained_model_does_what_a_retrieval_model_must(record: ModelRecord) -> None:
    model = record.load("cpu", weights="random")
    seen, heard = model.embed_video(video()), model.embed_audio(audio())

    assert isinstance(model, RetrievalModel)
    assert seen.shape == heard.shape and seen.ndim == 2 and len(seen) == 2
    assert seen.dtype == heard.dtype == torch.float32
    assert seen.isfinite().all() and heard.isfinite().all()
    assert torch.equal(seen, model.embed_video(video()))
    assert torch.equal(heard, model.embed_audio(audio()))


def test_an_embedding_has_the_same_bits_in_any_batch(family: ModelFamily) -> None:
    model = family.load("cpu", weights="random")
    three, sounds = video(3), audio(3)
    alone = VideoBatch(frames=three.frames[1:2], fps=12.5, clips=())
    beep = AudioBatch(samples=sounds.samples[1:2], sample_rate=16_000, clips=())

    assert torch.equal(model.embed_video(three)[1:2], model.embed_video(alone))
    assert torch.equal(model.embed_audio(sounds)[1:2], model.embed_audio(beep))


@pytest.mark.parametrize("seconds", [0.9, 2.0, 3.99, 5.0])
def test_a_clip_of_any_length_is_embedded_alike_in_both_streams(family: ModelFamily, seconds: float) -> None:
    model = family.load("cpu", weights="random")

    seen = model.embed_video(video(1, seconds))

    assert seen.shape == model.embed_audio(audio(1, seconds)).shape


def test_saved_weights_give_the_same_embedding_as_the_network_in_half_precision(
    family: ModelFamily, saved: Path
) -> None:
    network = family.untrained(family.config("small"), "7")
    network.load_state_dict({name: each.half().float() for name, each in network.state_dict().items()})

    loaded = family.load("cpu", weights=str(saved))

    assert torch.equal(loaded.embed_video(video()), Retriever(network, "cpu").embed_video(video()))


def test_identity_follows_config_and_weights(family: ModelFamily, saved: Path) -> None:
    first = family.identity({"weights": str(saved)})
    saved.write_bytes(saved.read_bytes() + b" ")
    second = family.identity({"weights": str(saved)})

    assert first["config"] == "small" and first["weights"].startswith("sha256:")
    assert first != second
    assert family.identity({"weights": "random"}) != family.identity({"weights": "random", "seed": "1"})


def test_seeds_give_different_untrained_models_and_leave_the_callers_randomness_alone(
    family: ModelFamily,
) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    one, two = (family.load("cpu", weights="random", seed=seed) for seed in "01")

    assert torch.equal(torch.rand(1), expected)
    assert not torch.allclose(one.embed_video(video(1)), two.embed_video(video(1)), atol=1e-3)


def test_missing_weights_are_an_error_that_says_how_to_make_some(family: ModelFamily, tmp_path: Path) -> None:
    import dataclasses

    bare = dataclasses.replace(family, weights=tmp_path)
    for work in (lambda: bare.load("cpu"), lambda: bare.identity({})):
        with pytest.raises(ModelError, match="No weights are bundled") as caught:
            work()
        assert f"avbench train {family.name}" in caught.value.hint
    with pytest.raises(ModelError, match="There is no weight file"):
        family.load("cpu", weights=str(tmp_path / "none"))


def test_a_damaged_weight_file_is_a_model_error(family: ModelFamily, saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-10])

    with pytest.raises(ModelError, match="is damaged"):
        family.load("cpu", weights=str(saved))


def test_weights_of_the_other_model_are_a_model_error(saved: Path, family: ModelFamily) -> None:
    other = next(each for each in FAMILIES if each is not family)

    with pytest.raises(ModelError, match=f"for {family.name!r}, not {other.name!r}"):
        other.load("cpu", weights=str(saved))


def test_weights_of_another_shape_are_a_model_error(tmp_path: Path) -> None:
    from gmscavp.checkpoint import save_weights

    path = tmp_path / "weights.safetensors"
    network = FAMILY.untrained(FAMILY.config("small"), "0")
    state = network.state_dict()
    state.pop("video.to_half.convolution.weight")
    save_weights(path, state, network.config, format="gmscavp")

    with pytest.raises(ModelError, match="do not fit"):
        FAMILY.load("cpu", weights=str(path))


def test_an_unknown_config_and_a_senseless_seed_are_usage_errors(family: ModelFamily) -> None:
    with pytest.raises(UnknownName, match="smal"):
        family.load("cpu", config="smal", weights="random")
    with pytest.raises(UsageError, match="whole number"):
        family.load("cpu", weights="random", seed="x")


def test_another_rate_is_refused_in_a_sentence(family: ModelFamily) -> None:
    model = family.load("cpu", weights="random")
    with pytest.raises(ValueError, match=r"12.5 frames a second, not 25"):
        model.embed_video(video(fps=25.0))
    with pytest.raises(ValueError, match=r"16000 Hz, not 8000"):
        model.embed_audio(audio(rate=8000))


def test_stereo_is_heard_as_the_mean_of_its_channels(family: ModelFamily) -> None:
    model = family.load("cpu", weights="random")
    mono = audio()
    wide = mono.samples + torch.tensor([0.25, -0.25])[:, None]

    stereo = AudioBatch(samples=wide, sample_rate=16_000, clips=())

    assert torch.allclose(model.embed_audio(stereo), model.embed_audio(mono), atol=1e-4)


def test_records_and_identity_need_no_torch() -> None:
    probe = (
        "import sys, gmscavp.plugin, cavp.plugin\n"
        "for module in (gmscavp.plugin, cavp.plugin):\n"
        "    for record in module.avbench_models():\n"
        "        record.inputs_for({}), record.identity({'weights': 'random'})\n"
        "assert 'torch' not in sys.modules and 'av' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", probe], check=True)
