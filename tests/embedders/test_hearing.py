"""What every embedder that hears clip by clip refuses, and that clips do not hear each other."""

import pytest
import torch

from avbench.embedders.hearing import ClipByClip
from avbench.errors import MediaError, ModelError
from avbench.protocols import AudioBatch, AudioEmbedder
from tests.embedders.sounds import batch_of


def embedder(**changed):
    given = {"name": "ears", "sample_rate": 100, "shortest": 10, "device": "cpu"} | changed
    return ClipByClip(lambda clip: (clip.unfold(0, 10, 10), clip[:3]), **given)


def test_rows_and_logits_are_stacked_in_the_order_of_the_clips():
    samples = torch.arange(60.0).reshape(2, 30)

    heard = embedder().hear(batch_of(samples, 100))

    assert isinstance(embedder(), AudioEmbedder)
    assert torch.equal(heard.rows, samples.reshape(2, 3, 10))
    assert heard.logits is not None and torch.equal(heard.logits, samples[:, :3])


def test_one_that_names_no_classes_has_no_logits():
    quiet = ClipByClip(lambda clip: (clip[None], None), name="q", sample_rate=1, shortest=1, device="cpu")

    assert quiet.hear(batch_of(torch.zeros(2, 5), 1)).logits is None


def test_another_rate_is_refused():
    with pytest.raises(ModelError, match=r"'ears' hears mono at 100 Hz, not 1 channels at 99 Hz"):
        embedder().hear(batch_of(torch.zeros(1, 30), 99))


def test_stereo_is_refused():
    stereo = AudioBatch(samples=torch.zeros(1, 2, 30), sample_rate=100, clips=())
    with pytest.raises(ModelError, match="not 2 channels"):
        embedder().hear(stereo)


def test_a_clip_too_short_for_a_row_is_told_with_its_reason():
    with pytest.raises(MediaError, match=r"clips of 0.1 s and more, not of 0.09 s") as caught:
        embedder().hear(batch_of(torch.zeros(1, 9), 100))
    assert caught.value.reason == "too-short"
