"""What a run, or a model, is not to swallow: an error in a sentence, and nothing lost."""

import dataclasses
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

import cavp.plugin
from avbench.errors import ModelError, UnknownName, UsageError
from avbench.requests import TrainRequest
from avbench.training import opening
from gmscavp.checkpoint import CheckpointError, load_weights, read_state, write_state
from gmscavp.config import GMSCAVPConfig
from gmscavp.plugin import FAMILY, ModelFamily
from gmscavp.training.config import TrainingConfig
from gmscavp.training.loop import train
from gmscavp.training.plan import TrainingError
from gmscavp.training.run import Run
from tests.gmscavp.runs import TINY, TINY_DIFFUSION, TINY_PUBLISHED, plan


class Intruder:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def nothing(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def changed_state(folder: Path, **changes: Any) -> bytes:
    """Write a run's checkpoint with something else in it, and return its bytes."""
    state = read_state(folder / "state.pt") | changes
    write_state(folder / "state.pt", state)
    return (folder / "state.pt").read_bytes()


def test_the_checkpoint_of_another_config_is_refused_and_kept(tmp_path: Path) -> None:
    train(plan(TINY, tmp_path))
    before = (tmp_path / "state.pt").read_bytes()
    narrower = dataclasses.replace(TINY, head_channels=4)

    for other in (TINY_DIFFUSION, narrower):
        with pytest.raises(TrainingError, match="other settings"):
            train(plan(other, tmp_path))

    assert (tmp_path / "state.pt").read_bytes() == before


@pytest.mark.parametrize("part", ["network", "optimiser"])
def test_a_checkpoint_that_does_not_fit_is_refused_and_kept(tmp_path: Path, part: str) -> None:
    train(plan(TINY, tmp_path))
    before = changed_state(tmp_path, **{part: {}})

    with pytest.raises(CheckpointError, match="does not fit the network of this version"):
        train(plan(TINY, tmp_path))

    assert (tmp_path / "state.pt").read_bytes() == before


def test_a_checkpoint_with_foreign_objects_is_refused_and_nothing_of_it_is_run(tmp_path: Path) -> None:
    train(plan(TINY, tmp_path / "run"))
    changed_state(tmp_path / "run", extra=Intruder(tmp_path / "intruded"))

    with pytest.raises(CheckpointError, match="objects that are not read"):
        Run(plan(TINY, tmp_path / "run"))

    assert not (tmp_path / "intruded").exists()


@pytest.mark.parametrize("how", [pickle.dumps, lambda each: torch.save(each, Path(each["to"]))])
def test_a_pickle_in_the_place_of_weights_is_refused_and_nothing_of_it_is_run(
    tmp_path: Path, how: Any
) -> None:
    path = tmp_path / "weights.safetensors"
    content = how({"to": str(path), "weight": Intruder(tmp_path / "intruded")})
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CheckpointError, match="is damaged"):
        load_weights(path, GMSCAVPConfig, format="gmscavp")

    assert not (tmp_path / "intruded").exists()


def test_weights_of_another_config_are_a_model_error(tmp_path: Path) -> None:
    weights = train(plan(TINY, tmp_path))

    # The identity is asked for before any clip is made or decoded.
    for work in (
        lambda: FAMILY.load("cpu", weights=str(weights)),
        lambda: FAMILY.identity({"weights": str(weights)}),
    ):
        with pytest.raises(ModelError, match="are of config 'tiny', not 'small'") as raised:
            work()
        assert "config=" in raised.value.hint


def test_training_on_from_weights_of_another_config_says_what_to_pass(tmp_path: Path) -> None:
    weights = train(plan(TINY, tmp_path / "tiny"))
    request = TrainRequest(
        output=tmp_path / "run",
        config="small",
        steps=1,
        device="cpu",
        seed=0,
        args={"init": str(weights), "clips": "16", "val_clips": "16", "batch_clips": "4", "workers": "1"},
    )

    with pytest.raises(ModelError, match="are of config 'tiny', not 'small'") as raised:
        FAMILY.train(request, nothing)

    assert "init=" in raised.value.hint
    assert not (tmp_path / "run" / "state.pt").exists()


def test_an_encoder_that_cannot_be_read_says_which_argument_names_it(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_text("hello")
    args = {"encoder": str(tmp_path / "weights.safetensors")}
    request = TrainRequest(output=tmp_path, config="small-sync", steps=1, device="cpu", seed=0, args=args)

    with pytest.raises(ModelError, match="is damaged") as raised:
        FAMILY.train(request, nothing)

    assert "encoder=" in raised.value.hint and "init=" not in raised.value.hint


def test_a_batch_that_nobody_could_train_on_is_refused_before_any_data_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "open_data", lambda *_: pytest.fail("data were made"))
    request = TrainRequest(
        output=tmp_path, config="small", steps=1, device="cpu", seed=0, args={"batch_clips": "1"}
    )

    with pytest.raises(UsageError, match="A batch of one clip"):
        FAMILY.train(request, nothing)


@pytest.mark.parametrize("family", [FAMILY, cavp.plugin.FAMILY], ids=lambda family: family.name)
def test_all_that_can_be_trained_is_named_where_a_config_is_not_known(
    family: ModelFamily, tmp_path: Path
) -> None:
    request = TrainRequest(output=tmp_path, config="smal", steps=1, device="cpu", seed=0)

    with pytest.raises(UnknownName) as raised:
        family.train(request, nothing)

    assert "Did you mean 'small'?" in raised.value.hint
    named = raised.value.hint.rpartition("Known: ")[2].removesuffix(".").split(", ")
    parts = {"generator", "small-sync", "small-judge"} | ({"vocoder"} if family is FAMILY else set())
    assert set(named) == {*family.configs} | parts


def test_a_network_that_cannot_be_trained_in_parts_is_refused_before_data_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> None:
        pytest.fail("the data were opened")

    monkeypatch.setattr(opening, "open_data", opened)
    name = TINY_PUBLISHED.name
    family = dataclasses.replace(FAMILY, configs={name: TINY_PUBLISHED}, training={name: TrainingConfig()})
    request = TrainRequest(
        output=tmp_path, config=name, steps=1, device="cpu", seed=0, args={"micro_batch_clips": "2"}
    )

    with pytest.raises(ModelError, match=r"in parts: .* normalises by the whole batch") as raised:
        family.train(request, nothing)

    assert "base-frozen" in raised.value.hint


def test_more_processes_than_gpus_are_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    request = TrainRequest(output=tmp_path, config="small", steps=1, device="cuda", seed=0)

    with pytest.raises(UsageError, match="Process 1 of this machine has no GPU: there are 1") as raised:
        FAMILY.train(request, nothing)

    assert "--nproc-per-node" in raised.value.hint
