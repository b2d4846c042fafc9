"""Choices tried the other way: what is measured of a trained network, and the table of what was kept."""

import dataclasses
import importlib
import json
import math
from pathlib import Path
from types import ModuleType

import pytest
import torch

from gmscavp.plugin import FAMILY
from tests.gmscavp.blinks import Blinks
from tests.gmscavp.runs import TINY_DIFFUSION

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("trials")


def keep(trials: ModuleType, kept: Path, config: str, seed: int, **figures: float) -> None:
    kept.mkdir(exist_ok=True)
    named = {name.replace("_", ".", 1): value for name, value in figures.items()}
    (kept / f"{trials.name_of(config, 100, seed)}.json").write_text(json.dumps(named))


def row(trials: ModuleType, kept: Path, start: str) -> list[str]:
    (line,) = [line for line in trials.trials_block(kept).splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_trial_differs_from_what_it_stands_beside_in_its_choice_alone(trials: ModuleType) -> None:
    changed: dict[str, set[str]] = {}
    for trial in trials.TRIALS:
        one, other = FAMILY.configs[trial.config], FAMILY.configs[trial.beside]
        fields = {f.name for f in dataclasses.fields(one) if getattr(one, f.name) != getattr(other, f.name)}
        if "diffusion" in fields:
            assert one.diffusion is not None and other.diffusion is not None
            fields |= {
                f.name
                for f in dataclasses.fields(one.diffusion)
                if getattr(one.diffusion, f.name) != getattr(other.diffusion, f.name)
            }
        changed[trial.config] = fields - {"name", "diffusion"}
        assert FAMILY.training[trial.config] == FAMILY.training[trial.beside]

    assert changed == {
        "small-eps": {"prediction"}, "small-cosine": {"schedule"}, "small-beta-4": {"weight"},
        "small-unbiased": {"time_bias"}, "small-alone": {"coarse_to_fine"}, "small-finer": {"targets"},
        "small-token": {"normalise"}, "small-pooled": {"scales"}, "small-raw": {"condition"},
        "small-temperatures": {"temperature"},
    }  # fmt: skip


def test_a_trial_stands_beside_ours_of_the_same_seeds(trials: ModuleType, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for seed, (theirs, ours) in enumerate(((0.5, 0.25), (0.7, 0.35))):
        keep(trials, kept, "small-eps", seed, **{"a2v_recall@1": theirs, "v2a_unexplained": theirs})
        keep(trials, kept, "small-diffusion", seed, **{"a2v_recall@1": ours, "v2a_unexplained": ours})
    keep(trials, kept, "small-diffusion", 2, **{"a2v_recall@1": 0.9, "v2a_unexplained": 0.9})

    cells = row(trials, kept, "predicts the velocity")
    assert cells[2:6] == ["2", "60.0 (30.0)", "–", "60.0 (30.0)"]
    assert row(trials, kept, "`small-diffusion`, from seed to seed")[2:4] == ["3", "25.0 … 90.0"]
    assert row(trials, kept, "schedule linear")[2:4] == ["0", "–"]


def test_errors_of_another_task_do_not_stand_beside_ours(trials: ModuleType, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for config in ("small-alone", "small-diffusion"):
        keep(trials, kept, config, 0, **{"a2v_recall@1": 0.5, "v2a_unexplained": 0.5})

    assert row(trials, kept, "coarse to fine")[3:6] == ["50.0 (50.0)", "–", "–"]


def test_before_any_was_run_the_card_says_so(trials: ModuleType, tmp_path: Path) -> None:
    assert trials.trials_block(tmp_path / "none").startswith("None has been run yet")


@pytest.mark.parametrize("prediction", ["v", "eps", "x0"])
def test_what_a_denoiser_leaves_unexplained_is_measured_on_the_data_whatever_it_predicts(
    trials: ModuleType, prediction: str
) -> None:
    assert TINY_DIFFUSION.diffusion is not None
    diffusion = dataclasses.replace(TINY_DIFFUSION.diffusion, prediction=prediction)
    torch.manual_seed(0)
    network = FAMILY.build(dataclasses.replace(TINY_DIFFUSION, diffusion=diffusion))
    silent = network.directed("v2a").denoiser.scales[0].write
    torch.nn.init.zeros_(silent.weight)
    torch.nn.init.zeros_(silent.bias)

    found = trials.denoising(network, Blinks(clips=8), "cpu")

    # What predicts 0: of the data, 0; of the noise, x_t / α; of the velocity, α x_t.
    slow = geometric(network, prediction)
    assert found["v2a.unexplained"] == pytest.approx(slow, rel=1e-4)
    assert found["v2a.of_another"] == pytest.approx(slow, rel=1e-4)
    assert found["a2v.unexplained"] != found["a2v.of_another"]


def geometric(network: torch.nn.Module, prediction: str) -> float:
    """Return what a prediction of nothing leaves unexplained, level by level and value by value."""
    from gmscavp.diffusion.targets import mel_targets
    from gmscavp.draws import drawn, row_seeds

    clips = Blinks(clips=8)
    heard = torch.stack([torch.from_numpy(clips.samples_of(each, 0, 1024)).mean(0) for each in range(8)])
    data = mel_targets(network.log_mel(heard), network.config.diffusion)  # type: ignore[operator]
    x0 = data[0].flatten().double()
    _, (noise, _) = drawn(row_seeds(0, 0, 8), 0, [data[0].shape[1:], data[1].shape[1:]], data[0])
    shares: list[float] = []
    for level in (-4.0, -2.0, 0.0, 2.0):
        alpha, sigma = math.sqrt(1 / (1 + math.exp(-level))), math.sqrt(1 / (1 + math.exp(level)))
        noisy = alpha * x0 + sigma * noise.flatten().double()
        guess = {"x0": 0 * noisy, "eps": noisy / alpha, "v": alpha * noisy}[prediction]
        shares.append(((guess - x0).square().sum() / (x0 - x0.mean()).square().sum()).item())
    return math.prod(shares) ** (1 / len(shares))
