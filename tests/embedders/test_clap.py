"""CLAP through transformers, on tiny models with random weights: nothing is drawn, nothing is fetched."""

import numpy as np
import pytest
import torch

from avbench.embedders.clap import load
from avbench.errors import ModelError
from avbench.protocols import AudioEmbedder, TextEmbedder
from tests.embedders.sounds import batch_of, three_sounds

transformers = pytest.importorskip("transformers")

WORDS = ["<s>", "<pad>", "</s>", "<unk>", "a", "bell", "rings", "dog"]
RATE = 48_000


def tiny(folder, *, fusion=False, words=WORDS):
    """Write a CLAP model of two small towers the way ``save_pretrained`` does."""
    torch.manual_seed(0)
    text = {
        "vocab_size": len(WORDS),
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }
    audio = {
        "patch_embeds_hidden_size": 8,
        "hidden_size": 64,
        "depths": [1, 1, 1, 1],
        "num_attention_heads": [1, 1, 1, 1],
        "enable_fusion": fusion,
    }
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=8)
    transformers.ClapModel(config).save_pretrained(folder)
    transformers.ClapFeatureExtractor(
        frequency_min=50, truncation="fusion" if fusion else "rand_trunc"
    ).save_pretrained(folder)
    write_tokenizer(folder, words)
    return folder


def write_tokenizer(folder, words):
    """Write a tokenizer that knows whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    knows = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, unk_token="<unk>"))
    knows.pre_tokenizer = pre_tokenizers.Whitespace()
    knows.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=knows, unk_token="<unk>", pad_token="<pad>"
    ).save_pretrained(folder)


@pytest.fixture(scope="module", params=[False, True], ids=["unfused", "fused"])
def clap(request, tmp_path_factory):
    return load("cpu", tiny(tmp_path_factory.mktemp("clap"), fusion=request.param))


def test_a_clip_is_one_unit_row(clap):
    heard = clap.hear(batch_of(three_sounds(RATE, 2.0), RATE))

    assert isinstance(clap, AudioEmbedder) and isinstance(clap, TextEmbedder)
    assert heard.rows.shape == (3, 1, 8) and heard.logits is None
    assert torch.allclose(heard.rows.norm(dim=2), torch.ones(3, 1), atol=1e-5)


def test_a_clip_is_heard_alike_in_any_batch_and_whatever_was_drawn_before(clap):
    sounds = three_sounds(RATE, 12.0)
    np.random.seed(1)
    together = clap.hear(batch_of(sounds, RATE)).rows

    for k, alone in enumerate(sounds):
        np.random.seed(7 + k)
        assert torch.equal(together[k], clap.hear(batch_of(alone[None], RATE)).rows[0])


def test_a_long_clip_is_cut_to_its_first_ten_seconds(clap):
    sounds = three_sounds(RATE, 12.0)

    assert torch.equal(
        clap.hear(batch_of(sounds, RATE)).rows, clap.hear(batch_of(sounds[:, : 10 * RATE], RATE)).rows
    )


def test_a_short_clip_is_repeated(tmp_path):
    clap = load("cpu", tiny(tmp_path))
    sounds = three_sounds(RATE, 2.5)

    repeated = clap.hear(batch_of(sounds.repeat(1, 4), RATE)).rows
    assert torch.allclose(clap.hear(batch_of(sounds, RATE)).rows, repeated, atol=1e-6)


def test_a_row_is_what_transformers_gives(clap):
    samples = three_sounds(RATE, 10.0)[0]
    inputs = clap.clap.extractor(samples.numpy(), sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        tower = clap.clap.model.audio_model(**inputs).pooler_output
        expected = torch.nn.functional.normalize(clap.clap.model.audio_projection(tower), dim=1)

    assert torch.allclose(clap.hear(batch_of(samples[None], RATE)).rows[0], expected, atol=1e-5)


def test_texts_are_unit_rows_in_the_same_space_each_on_its_own(clap):
    texts = ["a bell rings", "a dog"]

    rows = clap.read(texts)

    assert rows.shape == (2, 8)
    assert torch.allclose(rows.norm(dim=1), torch.ones(2), atol=1e-5)
    assert not torch.allclose(rows[0], rows[1], atol=1e-4)
    assert torch.equal(rows[1:], clap.read(texts[1:]))


def test_a_tokenizer_that_does_not_know_the_words_is_refused(tmp_path):
    clap = load("cpu", tiny(tmp_path, words=WORDS[:4]))

    with pytest.raises(ModelError, match="knows 4 tokens, the model 8"):
        clap.read(["a bell rings"])


def test_a_folder_without_a_tokenizer_still_hears_but_does_not_read(tmp_path, monkeypatch):
    folder = tiny(tmp_path)
    for path in folder.glob("*token*"):
        path.unlink()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    clap = load("cpu", folder)

    assert clap.hear(batch_of(three_sounds(RATE, 1.0), RATE)).rows.isfinite().all()
    with pytest.raises(ModelError, match="knows 5 tokens, the model 8"):
        clap.read(["a bell rings"])


def test_without_a_folder_there_is_none():
    with pytest.raises(ModelError, match="needs the folder"):
        load("cpu", None)
