import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gmscavp.config import GMSCAVPConfig
from gmscavp.diffusion.config import TargetConfig
from gmscavp.diffusion.objective import MultiScaleDiffusion
from gmscavp.draws import row_seeds
from gmscavp.sound.generator_config import GENERATOR, GeneratorConfig
from gmscavp.training.batches import Batches
from gmscavp.training.loop import train
from gmscavp.training.plan import Plan
from gmscavp.training.run import Run
from gmscavp.training.validation import denoising_on
from tests.gmscavp.blinks import Blinks
from tests.gmscavp.generators import TARGETS, TINY_GENERATOR, generator
from tests.gmscavp.runs import TINY, TRAINING, log, weights
from tests.gmscavp.training.test_loop import breaking_at


def generator_plan(folder: Path, **changes: Any) -> Plan:
    training = dataclasses.replace(TRAINING, segments=1, gain_db=0.0, noise_db=None, **changes)
    return Plan(
        network=generator(),
        batch=Batches(Blinks(), config=TINY_GENERATOR, training=training, seed=0).batch,
        training=training,
        folder=folder,
        format="gmscavp",
        device="cpu",
        seed=0,
        validate=denoising_on(Blinks(clips=4), "cpu"),
    )


def test_the_gradient_reaches_the_denoiser_and_nothing_else(frames: Tensor, samples: Tensor) -> None:
    network = generator()
    network.directed.config = dataclasses.replace(network.directed.config, condition_dropout=0.5)

    network(frames, samples, 2, row_seeds(0, 0, 8)).total.backward()

    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name
    assert all(parameter.grad is None for parameter in network.encoder.network.parameters())


def test_the_encoder_is_the_same_bits_after_training_and_in_no_state(tmp_path: Path) -> None:
    run = Run(plan := generator_plan(tmp_path))
    before = {name: each.clone() for name, each in run.network.encoder.network.state_dict().items()}

    for step in range(3):
        run.advance(plan.batch(step))

    after = run.network.encoder.network.state_dict()
    assert all(torch.equal(each, after[name]) for name, each in before.items())
    assert not run.network.encoder.network.training
    owners = {name.partition(".")[0] for name in run.network.state_dict()}
    assert owners == {"directed"}
    assert {name.partition(".")[0] for name, _ in run.network.named_parameters()} == {"directed"}


def test_the_objective_is_that_of_pretraining_without_gradient_to_the_encoder(
    frames: Tensor, samples: Tensor
) -> None:
    """Given the same weights, and tokens at each scale and coarser ones, both are one number."""
    condition = dataclasses.replace(TINY_GENERATOR.condition, given="coarser")
    network = generator()
    network.directed = type(network.directed)(TINY_GENERATOR.diffusion, "v2a", condition)
    pretrained = MultiScaleDiffusion(pretraining())
    pretrained.directed("v2a").load_state_dict(network.directed.state_dict())
    encoder, seeds = network.encoder.network, row_seeds(0, 0, 8)

    found = network(frames, samples, 2, seeds)

    expected = pretrained(
        log_mel=network.log_mel(samples),
        frames=frames,
        video=encoder.video_tokens(frames),
        audio=[],
        seeds=seeds,
    )
    assert found.total.item() == pytest.approx(expected.total.item(), rel=1e-6)
    assert found.parts.keys() == expected.parts.keys()


def pretraining() -> GMSCAVPConfig:
    return dataclasses.replace(TINY, diffusion=TINY_GENERATOR.diffusion)


def test_all_scales_are_given_all_tokens(frames: Tensor, samples: Tensor) -> None:
    network = generator()
    targets = [torch.rand(8, *target.grid("v2a")) for target in TARGETS]
    condition = [each.requires_grad_() for each in network.condition(frames)]

    for loss in network.directed.losses(targets, condition, row_seeds(0, 0, 8)):
        found = torch.autograd.grad(loss, condition, retain_graph=True)
        assert all(each.abs().max() > 0 for each in found)


def test_tokens_are_in_float32_under_autocast(frames: Tensor) -> None:
    network = generator()
    plain = network.condition(frames)

    with torch.autocast("cpu", torch.bfloat16):
        found = network.condition(frames)

    assert all(torch.equal(one, two) for one, two in zip(plain, found, strict=True))


def test_a_few_steps_lower_the_loss_on_clips_that_are_not_trained_on(tmp_path: Path) -> None:
    train(generator_plan(tmp_path, steps=60, precision="fp32", checkpoint_every=60, validate_every=20))

    lines = log(tmp_path)
    for scale in range(3):
        name = f"validation/diffusion/v2a/{scale}"
        assert lines[59][name] < 0.8 * lines[19][name]


def test_a_generators_run_that_was_killed_and_resumed_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(generator_plan(whole))
    with pytest.raises(RuntimeError, match="killed"):
        train(breaking_at(generator_plan(broken), 5, RuntimeError("killed")))
    train(generator_plan(broken))

    assert weights(broken) == weights(whole)


def test_validation_draws_the_same_noise_every_time() -> None:
    measure = denoising_on(Blinks(clips=4), "cpu")
    network = generator().eval()

    assert measure(network) == measure(network)
    assert {*measure(network)} == {f"validation/diffusion/v2a/{scale}" for scale in range(3)}


def test_the_bundled_config_generates_whole_log_mel_in_windows_that_may_overlap() -> None:
    finest = GENERATOR.diffusion.targets[0]
    assert (finest.mel_frames, finest.mel_bins) == (200, 64) == (GENERATOR.mel_frames, 64)
    assert GENERATOR.condition.given == "all"


@pytest.mark.parametrize(
    ("targets", "directions", "message"),
    [
        ((TargetConfig(tokens=8, mel_frames=32, mel_bins=16, mel_patch=(4, 16)),), ("v2a",), "whole log-mel"),
        (TARGETS, ("v2a", "a2v"), "only direction"),
    ],
)
def test_a_generator_of_less_than_the_log_mel_is_refused(
    targets: tuple[TargetConfig, ...], directions: tuple[str, ...], message: str
) -> None:
    diffusion = dataclasses.replace(TINY_GENERATOR.diffusion, targets=targets, directions=directions)
    with pytest.raises(ValueError, match=message):
        GeneratorConfig(name="less", encoder="tiny", condition=TINY_GENERATOR.condition, diffusion=diffusion)
