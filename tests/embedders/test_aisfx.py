"""aiSFX from the package aisfx: its front end is the package's, blocks overlap by half."""

import importlib.util

import numpy as np
import pytest
import torch

from avbench.embedders.aisfx import LOUDEST, SHORTEST, Spectra
from avbench.embedders.loading import resolve_network
from avbench.embedders.records import AISFX
from avbench.errors import MediaError, ModelError
from tests.embedders import slow_front_ends as slow
from tests.embedders.sounds import batch_of, three_sounds

RATE = 44_100
installed = pytest.mark.skipif(importlib.util.find_spec("aisfx") is None, reason="needs aisfx")


@pytest.mark.parametrize(("samples", "frames"), [(5 * 1024, 6), (5 * 1024 + 1, 7), (6 * 1024 - 1, 7)])
def test_the_log_mel_is_essentias(samples, frames):
    sound = three_sounds(RATE, 1.0)[0][:samples]

    padded = np.pad(sound.double().numpy(), (1024, 3 * 1024))
    power = slow.magnitudes(padded, slow.hann(2048, periodic=False), 1024, 2048) ** 2
    filters = slow.filters_in_mel(RATE, 2048, 96, 0.0, RATE / 2)
    expected = np.log10(1e4 * (power @ (filters / filters.sum(axis=0))) + 1) / LOUDEST
    own = Spectra().log_mel(sound)
    assert own.shape == (frames, 96)
    np.testing.assert_allclose(own, expected[:frames], atol=1e-5)


def test_without_the_package_the_command_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="aisfx") as caught:
        resolve_network(AISFX, weights=None, cache=tmp_path, allow_download=False)
    assert "pip install --no-deps aisfx" in caught.value.hint


@pytest.fixture(scope="module")
def aisfx(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return resolve_network(AISFX, weights=None, cache=cache, allow_download=False).load("cpu")


@installed
def test_rows_are_blocks_every_half_alike_in_any_batch(aisfx):
    sounds = three_sounds(RATE, 5.0)

    heard = aisfx.hear(batch_of(sounds, RATE))

    assert heard.rows.shape == (3, 3, 512) and heard.logits is None
    for k, alone in enumerate(sounds):
        assert torch.equal(heard.rows[k], aisfx.hear(batch_of(alone[None], RATE)).rows[0])


@installed
def test_a_sound_is_more_like_itself_later_than_like_another(aisfx):
    rows = torch.nn.functional.normalize(aisfx.hear(batch_of(three_sounds(RATE, 5.0), RATE)).rows, dim=2)

    assert rows[0, 0] @ rows[0, 2] > rows[0, 0] @ rows[1, 0] + 0.1


@installed
def test_the_shortest_clip_is_one_block(aisfx):
    assert aisfx.hear(batch_of(torch.zeros(1, SHORTEST), RATE)).rows.shape == (1, 1, 512)
    with pytest.raises(MediaError):
        aisfx.hear(batch_of(torch.zeros(1, SHORTEST - 1), RATE))
