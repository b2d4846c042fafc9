"""CNN14: its front ends are librosa's, the keys of both public checkpoints match, its pooling is PANNs'."""

import numpy as np
import pytest
import torch

from avbench.embedders.hearing import ClipByClip
from avbench.embedders.panns import CNN14, FRONT_END, FRONT_ENDS, load
from avbench.embedders.public_files import differences, load_public
from avbench.errors import MediaError
from tests.embedders import public_keys
from tests.embedders import slow_front_ends as slow
from tests.embedders.sounds import batch_of, three_sounds

NAMES = list(FRONT_ENDS)


def narrow(name: str) -> CNN14:
    torch.manual_seed(0)
    network = CNN14(FRONT_ENDS[name], width=2).eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    return network


@pytest.mark.parametrize("name", NAMES)
def test_all_keys_of_the_public_checkpoint_match_but_its_front_end(name):
    with torch.device("meta"):
        own = CNN14(FRONT_ENDS[name]).state_dict()
        theirs = {key: torch.zeros(shape) for key, shape in public_keys.panns(FRONT_ENDS[name].n_fft).items()}
    left = {key: each for key, each in theirs.items() if not key.startswith(FRONT_END)}

    assert differences(own, left) == []
    assert len(theirs) - len(left) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_file_with_the_front_end_in_it_is_read(name, tmp_path):
    network, shapes = narrow(name), public_keys.panns(FRONT_ENDS[name].n_fft, width=2)
    state = {key: torch.full(shape, 0.25) for key, shape in shapes.items()}
    sampler = {"indexes_per_class": [np.where(np.ones(3))[0]], "pointers": [np.int64(2)]}
    torch.save({"iteration": 600_000, "model": state, "sampler": sampler}, tmp_path / "public.pth")

    load_public(network, tmp_path / "public.pth", name=name, ignored=FRONT_END)

    assert (network.fc1.weight == 0.25).all() and not network.training


@pytest.mark.parametrize("name", NAMES)
def test_the_log_mel_is_librosas_in_decibels(name):
    front_end = FRONT_ENDS[name]
    samples = three_sounds(front_end.sample_rate, 0.5)[0]

    framed = slow.mirrored(samples.double().numpy(), front_end.n_fft)
    power = slow.magnitudes(framed, slow.hann(front_end.n_fft), front_end.hop, front_end.n_fft) ** 2
    filters = slow.filters_in_hz(front_end.sample_rate, front_end.n_fft, 64, 50.0, front_end.high, area=True)
    expected = 10 * np.log10(np.maximum(power @ filters, 1e-10))
    np.testing.assert_allclose(narrow(name).log_mel(samples), expected, atol=1e-3)


def test_silence_is_heard_as_minus_a_hundred_decibels():
    assert (narrow("panns").log_mel(torch.zeros(16_000)) == -100.0).all()


def test_a_row_is_mean_over_frequency_then_maximum_plus_mean_over_time():
    network, samples = narrow("panns"), three_sounds(16_000, 1.0)[1]
    maps = network.bn0(network.log_mel(samples).T[None, :, :, None]).permute(0, 3, 2, 1)
    for number in range(1, 7):
        block = network.get_submodule(f"conv_block{number}")
        maps = torch.relu(block.bn1(block.conv1(maps)))
        maps = torch.relu(block.bn2(block.conv2(maps)))
        if number < 6:
            maps = torch.nn.functional.avg_pool2d(maps, (2, 2))
    over_time = maps[0].mean(dim=2)
    expected = torch.relu(network.fc1(over_time.max(dim=1).values + over_time.mean(dim=1)))

    rows, logits = network(samples)

    assert torch.allclose(rows[0], expected, atol=1e-6)
    assert torch.allclose(logits, network.fc_audioset(expected), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_is_one_row_and_527_logits_alike_in_any_batch(name):
    rate = FRONT_ENDS[name].sample_rate
    embedder = ClipByClip(narrow(name), name=name, sample_rate=rate, shortest=1, device="cpu")
    sounds = three_sounds(rate, 1.5)

    together = embedder.hear(batch_of(sounds, rate))

    assert together.rows.shape == (3, 1, 64) and together.logits.shape == (3, 527)
    for k, alone in enumerate(sounds):
        heard = embedder.hear(batch_of(alone[None], rate))
        assert torch.equal(together.rows[k], heard.rows[0])
        assert torch.equal(together.logits[k], heard.logits[0])


@pytest.mark.parametrize("name", NAMES)
def test_the_shortest_clip_has_a_row_and_a_shorter_one_is_refused(name, monkeypatch):
    rate, hop = FRONT_ENDS[name].sample_rate, FRONT_ENDS[name].hop
    monkeypatch.setattr("avbench.embedders.panns.CNN14", lambda front_end: CNN14(front_end, width=2).eval())
    embedder = load("cpu", None, name=name)

    assert embedder.hear(batch_of(torch.zeros(1, 31 * hop), rate)).rows.isfinite().all()
    with pytest.raises(MediaError):
        embedder.hear(batch_of(torch.zeros(1, 31 * hop - 1), rate))
