"""The audio half of a model with the capability retrieval is an embedder: ``model:NAME``."""

from collections.abc import Mapping

import pytest
import torch

from avbench import AudioInput, ModelInputs, ModelRecord, VideoInput
from avbench.embedders.av_model import av_embedder, embedder_named
from avbench.embedders.loading import resolve_network
from avbench.errors import ModelError, UnknownName, UsageError
from avbench.plugins import registry
from tests.embedders.sounds import batch_of, three_sounds


class Hears:
    """Embeds the mean of each second, once a channel."""

    def __init__(self, tokens: bool) -> None:
        self.tokens = tokens

    def embed_audio(self, batch):
        seconds = batch.samples.unfold(2, batch.sample_rate, batch.sample_rate).mean(dim=3).transpose(1, 2)
        return seconds if self.tokens else seconds[:, 0]


def load(device: str, tokens: str = "no") -> Hears:
    return Hears(tokens == "yes")


def model(**changed) -> ModelRecord:
    given = {
        "name": "hears",
        "summary": "Hears.",
        "load": load,
        "inputs": ModelInputs(
            video=VideoInput(fps=4, height=8, width=8), audio=AudioInput(sample_rate=100, channels=2)
        ),
        "capabilities": ("retrieval",),
        "license": "MIT",
    }
    return ModelRecord(**given | changed)


def loaded(record: ModelRecord, args: Mapping[str, str] | None = None, tmp_path=None):
    embedder = av_embedder(record, args)
    return resolve_network(embedder, weights=None, cache=tmp_path, allow_download=False).load("cpu")


def test_one_vector_a_clip_is_one_row_and_mono_is_heard_in_every_channel(tmp_path):
    sounds = three_sounds(100, 3.0)

    heard = loaded(model(), tmp_path=tmp_path).hear(batch_of(sounds, 100))

    assert heard.rows.shape == (3, 1, 2) and heard.logits is None
    assert torch.allclose(heard.rows[:, 0, 0], sounds[:, :100].mean(dim=1))
    assert torch.equal(heard.rows[..., 0], heard.rows[..., 1])


def test_tokens_are_rows(tmp_path):
    heard = loaded(model(), {"tokens": "yes"}, tmp_path).hear(batch_of(three_sounds(100, 3.0), 100))

    assert heard.rows.shape == (3, 3, 2)


def test_its_record_says_what_the_models_says():
    record = av_embedder(model())

    assert (record.name, record.sample_rate, record.license) == ("model:hears", 100, "MIT")
    assert record.checkpoint is None and record.classes == 0


def test_its_identity_is_the_models_with_its_arguments(tmp_path):
    record = av_embedder(model(identity=lambda args: {"weights": "abc"}), {"tokens": "yes"})

    resolved = resolve_network(record, weights=None, cache=tmp_path, allow_download=False)

    assert resolved.identity == {"embedder": "model:hears", "model.tokens": "yes", "model.weights": "abc"}


@pytest.mark.parametrize(
    "record",
    [
        model(capabilities=("generation",)),
        model(inputs=ModelInputs(video=VideoInput(fps=4, height=8, width=8), audio=None)),
    ],
)
def test_a_model_that_does_not_embed_sound_is_none(record):
    with pytest.raises(UsageError, match="'hears' does not embed sound"):
        av_embedder(record)


def test_a_clip_longer_than_the_model_takes_is_refused(tmp_path):
    inputs = ModelInputs(video=None, audio=AudioInput(sample_rate=100), max_seconds=2.0)
    with pytest.raises(UsageError, match="at most 2 s"):
        loaded(model(inputs=inputs), tmp_path=tmp_path).hear(batch_of(three_sounds(100, 3.0), 100))


def test_another_rate_is_refused(tmp_path):
    with pytest.raises(ModelError, match="at 100 Hz"):
        loaded(model(), tmp_path=tmp_path).hear(batch_of(three_sounds(99, 3.0), 99))


def test_a_model_that_breaks_its_contract_is_told(tmp_path):
    broken = model(
        load=lambda device: type("Broken", (), {"embed_audio": lambda self, batch: batch.samples[0]})()
    )
    with pytest.raises(ModelError, match="shape"):
        loaded(broken, tmp_path=tmp_path).hear(batch_of(three_sounds(100, 3.0), 100))


def test_names_are_those_of_embedders_and_after_model_those_of_models():
    found = registry.load()

    assert embedder_named(found, "vggish") is found.embedders.get("vggish")
    assert embedder_named(found, "model:gmscavp").sample_rate == 16_000
    with pytest.raises(UnknownName, match="no embedder named 'vgish'"):
        embedder_named(found, "vgish")
    with pytest.raises(UnknownName, match="no model named 'gmscav'"):
        embedder_named(found, "model:gmscav")


def test_a_bundled_model_hears_each_clip_alike_in_any_batch(tmp_path):
    record = embedder_named(registry.load(), "model:gmscavp")
    embedder = resolve_network(record, weights=None, cache=tmp_path, allow_download=False).load("cpu")
    sounds = three_sounds(16_000, 2.0)[:2]

    together = embedder.hear(batch_of(sounds, 16_000)).rows

    assert together.shape[:2] == (2, 1)
    assert torch.equal(together[1], embedder.hear(batch_of(sounds[1:], 16_000)).rows[0])
