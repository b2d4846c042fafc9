"""PaSST: its front end is the published one, the keys of the public checkpoint match, a clip is 10 s."""

import numpy as np
import pytest
import torch

from avbench.embedders.hearing import ClipByClip
from avbench.embedders.passt import UNUSED, PaSST
from avbench.embedders.public_files import differences
from tests.embedders import public_keys
from tests.embedders import slow_front_ends as slow
from tests.embedders.sounds import batch_of, three_sounds


@pytest.fixture(scope="module")
def narrow():
    torch.manual_seed(0)
    network = PaSST(dim=8, heads=2, depth=2)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def embedder(narrow):
    return ClipByClip(narrow, name="passt", sample_rate=32_000, shortest=800, device="cpu")


def test_all_keys_of_the_public_checkpoint_match_but_the_second_classifier():
    with torch.device("meta"):
        own = PaSST().state_dict()
        theirs = {key: torch.zeros(shape) for key, shape in public_keys.passt().items()}
    left = {key: each for key, each in theirs.items() if not key.startswith(UNUSED)}

    assert differences(own, left) == []
    assert len(theirs) - len(left) == 2


def test_the_log_mel_is_the_published_one(narrow):
    samples = three_sounds(32_000, 0.3)[0]

    double = samples.double().numpy()
    window = np.pad(slow.hann(800, periodic=False), 112)
    power = slow.magnitudes(slow.mirrored(double[1:] - 0.97 * double[:-1], 1024), window, 320, 1024) ** 2
    expected = (np.log(power @ slow.filters_in_mel(32_000, 1024, 128, 0.0, 15_000.0) + 1e-5) + 4.5) / 5
    np.testing.assert_allclose(narrow.log_mel(samples).T, expected, atol=1e-4)


def test_ten_seconds_are_a_thousand_frames_and_12_times_99_patches(narrow):
    image = narrow.log_mel(torch.zeros(320_000))

    assert image.shape == (128, 1000)
    assert narrow.patch_embed(image[None, None]).shape == (1, 8, 12, 99)


def test_a_row_is_the_mean_of_two_tokens_after_attention_written_out(narrow):
    samples = three_sounds(32_000, 10.0)[1]
    maps = narrow.patch_embed(narrow.log_mel(samples)[None, None])[0]
    tokens = [narrow.cls_token[0, 0] + narrow.new_pos_embed[0, 0]]
    tokens += [narrow.dist_token[0, 0] + narrow.new_pos_embed[0, 1]]
    for row in range(12):
        for column in range(99):
            place = narrow.time_new_pos_embed[0, :, 0, column] + narrow.freq_new_pos_embed[0, :, row, 0]
            tokens.append(maps[:, row, column] + place)
    state = torch.stack(tokens)
    for block in narrow.blocks:
        query, key, value = block.attn.qkv(block.norm1(state)).split(8, dim=1)
        heads = []
        for head in (slice(0, 4), slice(4, 8)):
            scores = query[:, head] @ key[:, head].T / 2.0
            heads.append(scores.softmax(dim=1) @ value[:, head])
        state = state + block.attn.proj(torch.cat(heads, dim=1))
        inner = block.mlp.fc1(block.norm2(state))
        state = state + block.mlp.fc2(inner * 0.5 * (1 + torch.erf(inner / 2**0.5)))
    expected = narrow.norm(state)[:2].mean(dim=0)

    row, logits = narrow(samples)

    assert torch.allclose(row[0], expected, atol=1e-4)
    assert torch.allclose(logits, narrow.head(expected), atol=1e-3)


def test_a_shorter_clip_is_padded_with_zeros_and_a_longer_one_cut(embedder):
    sounds = three_sounds(32_000, 12.0)
    short = torch.cat([sounds[:, :64_000], torch.zeros(3, 256_000)], dim=1)

    def rows(samples):
        return embedder.hear(batch_of(samples, 32_000)).rows

    assert torch.equal(rows(sounds[:, :64_000]), rows(short))
    assert torch.equal(rows(sounds), rows(sounds[:, :320_000]))


def test_a_clip_is_one_row_and_527_logits_alike_in_any_batch(embedder):
    sounds = three_sounds(32_000, 2.0)

    together = embedder.hear(batch_of(sounds, 32_000))

    assert together.rows.shape == (3, 1, 8) and together.logits.shape == (3, 527)
    for k, alone in enumerate(sounds):
        assert torch.equal(together.rows[k], embedder.hear(batch_of(alone[None], 32_000)).rows[0])
