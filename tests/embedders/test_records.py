"""The bundled embedders: listed without torch, each with what is needed to know its numbers by."""

import re

import pytest
import torch

from avbench.embedders import aisfx, avsynth_cnn, clap, panns, passt, vggish, yamnet
from avbench.embedders.loading import digest_of_weights
from avbench.embedders.records import EMBEDDERS
from avbench.plugins import registry
from avbench.protocols import AudioEmbedder

RECORDS = {record.name: record for record in EMBEDDERS}
NAMES = list(RECORDS)


def test_they_are_contributed_through_the_hook():
    embedders = registry.load().embedders

    assert all(embedders.get(name) is RECORDS[name] for name in NAMES)
    assert len(RECORDS) == len(EMBEDDERS)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_its_licence_and_its_summary_in_one_line(name):
    record = RECORDS[name]

    assert re.fullmatch(r"[\w.-]+", record.license)
    assert "\n" not in record.summary and record.summary.endswith(".")
    assert (record.window_seconds is None) == (record.hop_seconds is None)


@pytest.mark.parametrize("name", [name for name in NAMES if RECORDS[name].checkpoint])
def test_each_checkpoint_says_who_published_it_and_where(name):
    record = RECORDS[name]

    assert record.checkpoint.source
    if record.shipped is None:
        assert record.checkpoint.url.startswith("https://")
        assert re.fullmatch(r"[0-9a-f]{64}", record.checkpoint.sha256) or name == "clap"
    else:
        assert digest_of_weights(record.checkpoint, record.shipped) == record.checkpoint.sha256


def test_the_digest_of_vggish_begins_as_torch_hub_names_the_file():
    checkpoint = RECORDS["vggish"].checkpoint

    assert checkpoint.file == f"vggish-{checkpoint.sha256[:8]}.pth"


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("aisfx", aisfx),
        ("avsynth-cnn", avsynth_cnn),
        ("clap", clap),
        ("passt", passt),
        ("vggish", vggish),
        ("yamnet", yamnet),
    ],
)
def test_a_record_says_of_the_network_what_the_network_is(name, module):
    record = RECORDS[name]

    assert (record.sample_rate, record.dim) == (module.SAMPLE_RATE, module.DIM)
    assert record.classes == getattr(module, "CLASSES", 0)


@pytest.mark.parametrize("name", ["panns", "panns-32k"])
def test_the_records_of_cnn14_are_those_of_its_front_ends(name):
    assert RECORDS[name].sample_rate == panns.FRONT_ENDS[name].sample_rate
    assert (RECORDS[name].dim, RECORDS[name].classes) == (panns.WIDTH * 2**5, panns.CLASSES)


@pytest.mark.parametrize(
    ("name", "window", "hop"),
    [
        ("vggish", vggish.PATCH * vggish.HOP, vggish.PATCH * vggish.HOP),
        ("yamnet", yamnet.PATCH * yamnet.HOP, yamnet.PATCH_HOP * yamnet.HOP),
        ("aisfx", (aisfx.BLOCK - 1) * aisfx.HOP + aisfx.FRAME, aisfx.BLOCK_HOP * aisfx.HOP),
        ("avsynth-cnn", avsynth_cnn.SHORTEST, avsynth_cnn.WINDOW_HOP * avsynth_cnn.HOP),
    ],
)
def test_windows_and_hops_are_those_of_the_network(name, window, hop):
    record = RECORDS[name]

    assert record.window_seconds == pytest.approx(window / record.sample_rate, abs=0.01)
    assert record.hop_seconds == pytest.approx(hop / record.sample_rate, abs=0.005)


@pytest.mark.parametrize("name", ["vggish", "panns", "panns-32k", "passt", "avsynth-cnn"])
def test_each_loads_as_a_network_of_its_name_and_rate(name):
    with torch.device("meta"):
        embedder = RECORDS[name].load("meta", None)

    assert isinstance(embedder, AudioEmbedder)
    assert (embedder.name, embedder.sample_rate) == (name, RECORDS[name].sample_rate)
