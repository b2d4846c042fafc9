import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gmscavp.checkpoint import CheckpointError, load_weights, read_state, save_weights, write_state
from gmscavp.config import GMSCAVPConfig
from gmscavp.model import GMSCAVP


@pytest.fixture
def saved(tmp_path: Path, network: GMSCAVP) -> Path:
    path = tmp_path / "weights.safetensors"
    save_weights(path, network.state_dict(), network.config, format="gmscavp", notes={"steps": "7"})
    return path


def test_weights_come_back_with_their_config_in_half_precision(saved: Path, network: GMSCAVP) -> None:
    config, state, metadata = load_weights(saved, GMSCAVPConfig, format="gmscavp")

    assert config == network.config
    assert metadata["steps"] == "7"
    assert state.keys() == network.state_dict().keys()
    for name, tensor in network.state_dict().items():
        assert torch.equal(state[name], tensor.half().float()), name


def test_running_statistics_and_counts_keep_their_type(tmp_path: Path, network: GMSCAVP) -> None:
    path = tmp_path / "weights.safetensors"
    state = {
        "bn.running_var": torch.tensor([1e6, 1e-9]),
        "bn.running_mean": torch.tensor([1 / 3]),
        "bn.num_batches_tracked": torch.tensor(700_000),
        "weight": torch.tensor([1 / 3]),
    }
    save_weights(path, state, network.config, format="gmscavp")
    _, found, _ = load_weights(path, GMSCAVPConfig, format="gmscavp")
    save_weights(path, state, network.config, format="gmscavp", half=False)
    _, whole, _ = load_weights(path, GMSCAVPConfig, format="gmscavp")

    for name in state:
        assert torch.equal(found[name], state[name]) == (name != "weight"), name
        assert torch.equal(whole[name], state[name]), name


def test_the_same_weights_make_the_same_bytes(saved: Path, tmp_path: Path, network: GMSCAVP) -> None:
    again = tmp_path / "again.safetensors"
    save_weights(again, network.state_dict(), network.config, format="gmscavp", notes={"steps": "7"})

    assert again.read_bytes() == saved.read_bytes()


def damaged(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "flipped":
        content[-100] ^= 0xFF
    path.write_bytes(b"" if how == "empty" else content[:-50] if how == "truncated" else content)


@pytest.mark.parametrize("how", ["empty", "truncated", "flipped"])
def test_a_damaged_weight_file_is_refused(saved: Path, how: str) -> None:
    damaged(saved, how)

    with pytest.raises(CheckpointError, match="is damaged"):
        load_weights(saved, GMSCAVPConfig, format="gmscavp")


def test_a_missing_weight_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no weight file"):
        load_weights(tmp_path / "none.safetensors", GMSCAVPConfig, format="gmscavp")


def test_weights_of_another_model_are_refused(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="for 'gmscavp', not 'cavp'"):
        load_weights(saved, GMSCAVPConfig, format="cavp")


def test_weights_of_another_program_are_refused(saved: Path) -> None:
    save_file(load_file(saved), saved)

    with pytest.raises(CheckpointError, match="another program"):
        load_weights(saved, GMSCAVPConfig, format="gmscavp")


def test_a_config_with_an_unknown_field_is_refused(tmp_path: Path, network: GMSCAVP) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, network.state_dict(), network.config.log_mel, format="gmscavp")

    with pytest.raises(CheckpointError, match="config that cannot be read"):
        load_weights(path, GMSCAVPConfig, format="gmscavp")


def test_a_write_that_fails_leaves_the_old_file(
    saved: Path, network: GMSCAVP, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_weights(saved, network.state_dict(), network.config, format="gmscavp")

    assert saved.read_bytes() == before
    assert [each.name for each in saved.parent.iterdir()] == [saved.name]


class Foreign:
    pass


def test_a_state_with_foreign_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    torch.save({"network": Foreign()}, path)

    with pytest.raises(CheckpointError, match="is damaged"):
        read_state(path)


def test_a_truncated_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    write_state(path, {"tensor": torch.zeros(1000)})
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(CheckpointError, match="is damaged"):
        read_state(path)


def test_a_state_of_something_else_is_refused(tmp_path: Path) -> None:
    for content in ({"state_dict": {}}, torch.zeros(3)):
        torch.save(content, tmp_path / "state.pt")

        with pytest.raises(CheckpointError, match="no checkpoint of a training run"):
            read_state(tmp_path / "state.pt")
