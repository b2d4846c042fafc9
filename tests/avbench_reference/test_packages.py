"""The packages themselves, where the extra is installed: random weights, nothing fetched."""

import importlib.util

import numpy as np
import pytest
import torch

from avbench.errors import ModelError
from avbench.metrics.frechet import frechet_distance, moments
from avbench_reference import fad, laion
from avbench_reference.packages import reference_module
from tests.embedders.sounds import batch_of, three_sounds

pytestmark = [
    pytest.mark.skipif(
        not all(importlib.util.find_spec(name) for name in ("laion_clap", "frechet_audio_distance")),
        reason="the extra avbench[reference] is not installed",
    ),
    pytest.mark.filterwarnings("ignore"),  # the packages' own
]

HUBCONF = """
import torch


class VGGish(torch.nn.Module):
    postprocess = True

    def __init__(self):
        super().__init__()
        self.embeddings = torch.nn.Sequential(torch.nn.Linear(1, 128), torch.nn.ReLU())

    def forward(self, samples, rate):
        assert rate == 16_000 and not self.postprocess
        patches = torch.tensor(samples, requires_grad=True).unfold(0, 15_600, 15_600)
        return self.embeddings(patches.mean(1, keepdim=True))


def vggish():
    torch.manual_seed(0)
    return VGGish()
"""


@pytest.fixture(scope="module")
def random_clap():
    torch.manual_seed(0)
    return laion.LaionClap(laion.Tower(), "cpu")


def saved(tmp_path, state):
    path = tmp_path / "checkpoint.pt"
    torch.save(state, path)
    return path


def test_a_checkpoint_laid_out_as_laions_gives_the_rows_of_the_model_it_was_saved_from(random_clap, tmp_path):
    state = {f"module.{key}": each for key, each in random_clap.module.model.state_dict().items()}
    path = saved(tmp_path, {"epoch": 1, "name": "HTSAT-tiny", "state_dict": state})
    sounds = batch_of(three_sounds(48_000, 2.0), 48_000)
    rows = laion.load("cpu", path).hear(sounds).rows
    assert torch.equal(rows, random_clap.by_clip("cpu").hear(sounds).rows)
    assert rows.shape == (3, 1, 512)
    torch.testing.assert_close(rows.norm(dim=2), torch.ones(3, 1))


def test_a_longer_clip_gives_the_row_of_its_first_ten_seconds_whatever_is_drawn(random_clap):
    embedder = random_clap.by_clip("cpu")
    sounds = three_sounds(48_000, 12.0)[:1]
    np.random.seed(1)
    long = embedder.hear(batch_of(sounds, 48_000)).rows
    np.random.seed(2)
    assert torch.equal(long, embedder.hear(batch_of(sounds, 48_000)).rows)
    assert torch.equal(long, embedder.hear(batch_of(sounds[:, :480_000], 48_000)).rows)


def test_a_model_that_fuses_features_hears_the_same_twice(tmp_path):
    fused = laion.LaionClap(laion.Tower(name="HTSAT-base", fused=True), "cpu")
    path = saved(tmp_path, fused.module.model.state_dict())
    sounds = batch_of(three_sounds(48_000, 11.0)[:1], 48_000)
    assert torch.equal(laion.load("cpu", path).hear(sounds).rows, fused.by_clip("cpu").hear(sounds).rows)


def test_a_checkpoint_that_lacks_a_key_of_the_sound_half_is_refused(random_clap, tmp_path):
    state = dict(random_clap.sound_half.state_dict())
    del state["audio_projection.2.bias"]
    with pytest.raises(ModelError, match=r"it has no audio_projection\.2\.bias"):
        laion.load("cpu", saved(tmp_path, state))


@pytest.mark.parametrize("name", fad.PANNS)
def test_a_checkpoint_laid_out_as_panns_gives_the_rows_of_the_network_it_was_saved_from(name, tmp_path):
    torch.manual_seed(0)
    network, rate = fad.pann(name), fad.PANNS[name].sample_rate
    sounds = batch_of(three_sounds(rate, 1.0), rate)
    loaded = fad.load_pann("cpu", saved(tmp_path, {"model": network.state_dict()}), name=name).hear(sounds)
    heard = fad.heard_by_pann(network, name, "cpu").hear(sounds)
    assert torch.equal(loaded.rows, heard.rows)
    assert heard.rows.shape == (3, 1, 2048)
    assert heard.logits.shape == (3, 527)
    answers = network(sounds.samples[:1, 0], None)["clipwise_output"]
    torch.testing.assert_close(heard.logits[:1].sigmoid(), answers)


def test_rows_that_the_package_lays_end_to_end_are_refused_and_never_scored():
    package = reference_module("frechet_audio_distance").FrechetAudioDistance
    its = package.__new__(package)
    its.model, its.model_name, its.device, its.verbose = (
        fad.pann("fad-pann"),
        "pann",
        torch.device("cpu"),
        False,
    )
    rows = its.get_embeddings(list(three_sounds(16_000, 1.0).numpy()), 16_000)
    assert rows.shape == (3 * 2048,)
    with pytest.raises(ValueError, match=r"shape \(6144,\), not \(n, dim\)"):
        moments(rows)


def test_vggish_is_the_folders_without_its_last_relu_and_pca(tmp_path):
    folder = tmp_path / "harritaylor_torchvggish_master"
    folder.mkdir()
    (folder / "hubconf.py").write_text(HUBCONF)
    before = torch.hub.get_dir()
    embedder = fad.load_vggish("cpu", tmp_path)
    rows = embedder.hear(batch_of(three_sounds(16_000, 3.0), 16_000)).rows
    assert torch.hub.get_dir() == before
    assert rows.shape == (3, 3, 128)
    assert rows.min() < 0
    assert not rows.requires_grad


def test_the_packages_distance_of_two_sets_is_ours():
    package = reference_module("frechet_audio_distance").FrechetAudioDistance
    its = package.__new__(package)
    first, second = np.random.default_rng(0).normal(size=(2, 300, 24))
    statistics = [
        each for rows in (first, 1.5 * second + 0.3) for each in its.calculate_embd_statistics(rows)
    ]
    expected = its.calculate_frechet_distance(*statistics)
    assert frechet_distance(moments(first), moments(1.5 * second + 0.3)) == pytest.approx(expected, rel=1e-12)
