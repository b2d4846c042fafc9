"""Public checkpoints are read without running anything in them, and taken whole or not at all."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from avbench.embedders.public_files import load_public, read_pickle, read_tensors
from avbench.errors import ModelError


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 2)
        self.norm = nn.BatchNorm1d(2)


def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    return {key: torch.rand_like(each) if each.ndim else each for key, each in Network().state_dict().items()}


def saved(folder: Path, content: object, name: str = "public.pth") -> Path:
    torch.save(content, folder / name)
    return folder / name


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: {"model": s, "epoch": 3}, lambda s: {"state_dict": s}]
)
def test_the_state_is_found_inside_what_trainers_save(tmp_path, wrap):
    tensors = read_tensors(saved(tmp_path, wrap(state())))

    assert tensors.keys() == state().keys()
    assert all(torch.equal(tensors[key], each) for key, each in state().items())


def test_safetensors_are_read(tmp_path):
    save_file(state(), tmp_path / "public.safetensors")

    assert read_tensors(tmp_path / "public.safetensors").keys() == state().keys()


def test_a_network_is_filled_and_set_to_evaluation(tmp_path):
    network = Network()
    parallel = {f"module.{key}": each for key, each in state().items()} | {"module.head.bias": torch.ones(9)}

    load_public(network, saved(tmp_path, parallel), name="net", ignored=("head.",))

    assert all(torch.equal(each, state()[key]) for key, each in network.state_dict().items())
    assert not network.training
    assert not any(each.requires_grad for each in network.parameters())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("first.bias"), "it has no first.bias"),
        (lambda s: s.update(strange=torch.ones(1)), "it has strange"),
        (lambda s: s.update({"first.bias": torch.ones(5)}), r"first.bias is \[5\] there and \[2\] here"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused_and_nothing_is_taken(tmp_path, change, said):
    network, content = Network(), state()
    before = {key: each.clone() for key, each in network.state_dict().items()}
    change(content)

    with pytest.raises(ModelError, match=said):
        load_public(network, saved(tmp_path, content), name="net")

    assert all(torch.equal(each, before[key]) for key, each in network.state_dict().items())


def test_several_differences_are_counted(tmp_path):
    with pytest.raises(ModelError, match="and 7 more differences"):
        load_public(Network(), saved(tmp_path, {"a": torch.ones(1)}), name="net")


class Bomb:
    """What runs a command when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch exploded",)


def test_a_file_with_objects_in_it_is_refused_and_none_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path, state() | {"callback": Bomb()})

    with pytest.raises(ModelError, match=r"objects that are not tensors \(\w+\.system\); none was run"):
        read_tensors(path)

    assert not (tmp_path / "exploded").exists()


def test_numpy_arrays_beside_the_state_are_let_through(tmp_path):
    content = {"model": state(), "sampler": [np.arange(3), np.int64(2), np.float32(1)]}

    assert read_tensors(saved(tmp_path, content)).keys() == state().keys()
    assert read_pickle(tmp_path / "public.pth")["sampler"][1] == 2


@pytest.mark.parametrize("name", ["cut.pth", "cut.safetensors", "text.pth", "empty.pth", "none.pth"])
def test_a_damaged_file_is_told_as_such(tmp_path, name):
    path = tmp_path / name
    if name == "cut.safetensors":
        save_file(state(), path)
    else:
        torch.save(state(), path)
    content = {"text.pth": b"not found", "empty.pth": b""}.get(name, path.read_bytes()[:-40])
    path.write_bytes(content)
    if name == "none.pth":
        path.unlink()

    with pytest.raises(ModelError, match="cannot be read"):
        read_tensors(path)


@pytest.mark.parametrize("content", [{"epoch": 3}, [torch.ones(1)], {"model": {}}])
def test_a_file_without_named_tensors_is_refused(tmp_path, content):
    with pytest.raises(ModelError, match="no named tensors"):
        read_tensors(saved(tmp_path, content))
