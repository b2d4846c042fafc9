"""What of the extra needs no extra: records, refusals, and our side of the packages, which stand-ins play."""

import sys
from types import ModuleType

import pytest
import torch

from avbench.embedders.loading import resolve_network
from avbench.embedders.records import PANNS
from avbench.errors import MediaError, ModelError
from avbench_reference import fad, laion, packages
from avbench_reference.plugin import avbench_embedders
from tests.embedders.sounds import batch_of

RECORDS = {record.name: record for record in avbench_embedders()}
NOWHERE = "a_package_that_is_not_there"
PLAYED = ("huggingface_hub", "laion_clap")


def put(folder, name, source):
    """Write a package of one module."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(source)


@pytest.fixture
def packages_folder(tmp_path, monkeypatch):
    """A folder that packages are imported from, and a hub library that is online."""
    put(tmp_path, "huggingface_hub", "")
    (tmp_path / "huggingface_hub" / "constants.py").write_text("HF_HUB_OFFLINE = False\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in PLAYED}
    for name in before:
        del sys.modules[name]
    yield tmp_path
    for name in [each for each in sys.modules if each.partition(".")[0] in PLAYED]:
        del sys.modules[name]
    sys.modules.update(before)


def test_four_embedders_are_contributed_and_each_says_what_installs_it():
    assert list(RECORDS) == ["laion-clap", "fad-vggish", "fad-pann", "fad-pann-32k"]
    assert {record.install for record in RECORDS.values()} == {"pip install 'avbench[reference]'"}
    assert [record.dim for record in RECORDS.values()] == [512, 128, 2048, 2048]
    assert RECORDS["fad-pann"].checkpoint == PANNS.checkpoint


@pytest.mark.parametrize("name", RECORDS)
def test_where_the_extra_is_not_installed_it_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=RECORDS[name].requires[0]) as raised:
        resolve_network(RECORDS[name], weights=None, cache=tmp_path, allow_download=False)
    assert raised.value.hint == "Run: pip install 'avbench[reference]'"


@pytest.mark.parametrize("name", RECORDS)
def test_without_weights_nothing_is_loaded(name):
    with pytest.raises(ModelError, match="needs a"):
        RECORDS[name].load("cpu", None)


def test_a_package_that_is_not_there_is_named_with_the_environment_it_needs():
    with pytest.raises(ModelError, match=NOWHERE) as raised:
        packages.reference_module(NOWHERE)
    assert "torchvision" in raised.value.hint


def test_a_package_that_breaks_at_its_import_is_an_error_of_ours(packages_folder):
    put(packages_folder, "laion_clap", "raise RuntimeError('operator torchvision::nms does not exist')")
    with pytest.raises(ModelError, match=r"laion_clap cannot be imported: .*nms does not exist"):
        packages.reference_module("laion_clap")


def test_a_package_is_imported_offline_and_leaves_the_path_as_it_was(packages_folder):
    put(
        packages_folder,
        "laion_clap",
        "import sys, huggingface_hub.constants\n"
        "OFFLINE = huggingface_hub.constants.HF_HUB_OFFLINE\n"
        "sys.path.append('a folder of top-level names')\n",
    )
    path = list(sys.path)
    assert packages.reference_module("laion_clap").OFFLINE
    assert sys.path == path
    assert not sys.modules["huggingface_hub.constants"].HF_HUB_OFFLINE


class StandIn:
    """Plays ``CLAP_Module``: its row is the length and the sum of what it was given."""

    def __init__(self, **given):
        self.given = given
        self.model = ModuleType("model")
        self.model.audio_branch = torch.nn.ModuleDict({"patch_embed": Patches(96)})
        self.model.audio_projection = torch.nn.Linear(1, 1)

    def eval(self):
        return self

    def requires_grad_(self, wanted):
        return self

    def get_audio_embedding_from_data(self, samples, use_tensor):
        assert use_tensor
        return torch.tensor([[float(samples.shape[1]), float(samples.sum())]])


class Patches(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.proj = torch.nn.Conv2d(1, channels, 4, bias=False)


@pytest.fixture
def stand_in(packages_folder, monkeypatch):
    module = ModuleType("laion_clap")
    module.CLAP_Module = StandIn
    monkeypatch.setitem(sys.modules, "laion_clap", module)


@pytest.mark.usefixtures("stand_in")
def test_laions_checkpoint_fills_the_sound_half_and_longer_clips_are_cut_to_their_first_ten_seconds(tmp_path):
    fresh = laion.LaionClap(laion.Tower(), "cpu").sound_half.state_dict()
    state = {f"module.{key}": each + 1 for key, each in fresh.items()}
    path = tmp_path / "clap.pt"
    torch.save({"epoch": 1, "state_dict": state | {"module.text_branch.weight": torch.zeros(2)}}, path)
    embedder = laion.load("cpu", path)
    loaded = embedder.heed.sound_half.state_dict()
    assert all(torch.equal(loaded[key.removeprefix("module.")], each) for key, each in state.items())
    sound = torch.ones(1, 12 * 48_000)
    assert embedder.hear(batch_of(sound, 48_000)).rows.tolist() == [[[480_000.0, 480_000.0]]]
    assert embedder.hear(batch_of(sound[:, :96_000], 48_000)).rows.tolist() == [[[96_000.0, 96_000.0]]]
    with pytest.raises(MediaError, match="not of"):
        embedder.hear(batch_of(sound[:, :1000], 48_000))


@pytest.mark.parametrize(
    ("channels", "more", "tower"),
    [
        (96, (), laion.Tower(name="HTSAT-tiny", fused=False)),
        (128, (laion.FUSED,), laion.Tower(name="HTSAT-base", fused=True)),
    ],
)
def test_the_tower_is_read_from_the_checkpoint(channels, more, tower, tmp_path):
    tensors = {laion.EMBEDDING: torch.zeros(channels, 1, 4, 4)} | dict.fromkeys(more, torch.zeros(1))
    assert laion.tower_of(tensors, tmp_path) == tower
    assert laion.tower_of({f"module.{key}": each for key, each in tensors.items()}, tmp_path) == tower


@pytest.mark.parametrize("tensors", [{}, {laion.EMBEDDING: torch.zeros(7, 1, 4, 4)}])
def test_a_checkpoint_of_another_model_is_refused(tensors, tmp_path):
    with pytest.raises(ModelError, match="HTSAT-tiny or HTSAT-base"):
        laion.tower_of(tensors, tmp_path)


class Cnn14:
    """Plays the package's CNN14: its row is the loudest sample."""

    fc_audioset = torch.nn.Linear(1, 3)

    def to(self, device):
        return self

    def __call__(self, samples, mixup):
        return {"embedding": samples.amax(1, keepdim=True), "clipwise_output": None}


def test_rows_of_cnn14_are_clips_and_its_logits_come_before_the_sigmoid():
    embedder = fad.heard_by_pann(Cnn14(), "fad-pann", "cpu")
    heard = embedder.hear(batch_of(torch.arange(3 * 16_000.0).view(3, 16_000) / 48_000, 16_000))
    assert heard.rows.shape == (3, 1, 1)
    assert torch.allclose(heard.logits, Cnn14.fc_audioset(heard.rows[:, 0]))
    with pytest.raises(MediaError, match=r"0\.31 s and more"):
        embedder.hear(batch_of(torch.zeros(1, 4000), 16_000))
