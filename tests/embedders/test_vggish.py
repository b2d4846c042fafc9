"""VGGish: its front end is the published one, the keys of torchvggish match, windows do not overlap."""

import numpy as np
import pytest
import torch

from avbench.embedders import vggish
from avbench.embedders.hearing import ClipByClip
from avbench.embedders.public_files import differences
from avbench.embedders.vggish import VGGish
from avbench.errors import MediaError
from tests.embedders import public_keys
from tests.embedders import slow_front_ends as slow
from tests.embedders.sounds import batch_of, three_sounds


@pytest.fixture(scope="module")
def narrow():
    torch.manual_seed(0)
    return VGGish(hidden=8).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def embedder(narrow):
    return ClipByClip(narrow, name="vggish", sample_rate=16_000, shortest=vggish.SHORTEST, device="cpu")


def test_all_keys_of_torchvggish_match():
    with torch.device("meta"):
        own = VGGish().state_dict()
        theirs = {key: torch.zeros(shape) for key, shape in public_keys.vggish().items()}

    assert differences(own, theirs) == []
    assert len(theirs) == 18


def test_the_patches_are_the_published_ones(narrow):
    samples = three_sounds(16_000, 2.5)[0]

    spectrum = slow.magnitudes(samples.double().numpy(), slow.hann(400), 160, 512)
    log_mel = np.log(spectrum @ slow.filters_in_mel(16_000, 512, 64, 125.0, 7500.0) + 0.01)
    np.testing.assert_allclose(narrow.patches(samples), slow.patches(log_mel, 96, 96), atol=1e-4)


def test_the_first_layer_after_the_maps_reads_time_then_frequency_then_channel(narrow):
    samples = three_sounds(16_000, 0.975)[0]
    maps = narrow.features(narrow.patches(samples)[:, None])[0]
    flat = torch.tensor([maps[c, t, f] for t in range(6) for f in range(4) for c in range(512)])

    rows, logits = narrow(samples)

    assert torch.allclose(rows[0], narrow.embeddings(flat), atol=1e-5)
    assert logits is None


def test_the_last_relu_is_left_out(narrow):
    assert (narrow(three_sounds(16_000, 8.0)[0])[0] < 0).any()


@pytest.mark.parametrize(("seconds", "rows"), [(0.975, 1), (1.9, 1), (1.935, 2), (8.0, 8), (10.0, 10)])
def test_rows_are_windows_of_96_frames_without_overlap(embedder, seconds, rows):
    assert embedder.hear(batch_of(three_sounds(16_000, seconds), 16_000)).rows.shape == (3, rows, 128)


def test_a_clip_without_a_whole_window_is_too_short(embedder):
    with pytest.raises(MediaError):
        embedder.hear(batch_of(three_sounds(16_000, 0.974), 16_000))


def test_a_clip_is_heard_alike_in_any_batch(embedder):
    sounds = three_sounds(16_000, 2.0)

    together = embedder.hear(batch_of(sounds, 16_000)).rows

    for k, alone in enumerate(sounds):
        assert torch.equal(together[k], embedder.hear(batch_of(alone[None], 16_000)).rows[0])


def test_a_window_does_not_hear_the_others(embedder):
    sounds = three_sounds(16_000, 2.0)
    changed = sounds.clone()
    changed[:, : 96 * 160] = 0.5

    before, after = (embedder.hear(batch_of(each, 16_000)).rows for each in (sounds, changed))

    assert torch.equal(before[:, 1], after[:, 1])
    assert not torch.equal(before[:, 0], after[:, 0])
