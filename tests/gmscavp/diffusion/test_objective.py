import dataclasses
import math

import pytest
import torch
from torch import Tensor

from gmscavp.config import GMSCAVPConfig
from gmscavp.diffusion.objective import DirectedDiffusion
from gmscavp.diffusion.targets import frame_targets, mel_targets
from gmscavp.draws import row_seeds
from gmscavp.model import GMSCAVP

NAMES = [f"diffusion/{direction}/{scale}" for direction in ("v2a", "a2v") for scale in range(3)]


def tokens(config: GMSCAVPConfig, rows: int, seed: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    shapes = [(rows, scale.tokens, config.dim) for scale in config.scales]
    return [torch.randn(shape, generator=draw, dtype=torch.float64) for shape in shapes]


def of_parts(network: GMSCAVP, **fields: object) -> GMSCAVP:
    """Return a like network whose diffusion has other settings."""
    assert network.config.diffusion is not None
    diffusion = dataclasses.replace(network.config.diffusion, **fields)  # type: ignore[arg-type]
    torch.manual_seed(0)
    return GMSCAVP(dataclasses.replace(network.config, diffusion=diffusion))


def slow_losses(directed: DirectedDiffusion, data: list[Tensor], condition: list[Tensor], seeds: Tensor):
    """Return L_diff^s as the sums they are, one row and one value at a time."""
    drawn = directed.draw(seeds, data[0])
    losses = []
    for scale, x0 in enumerate(data):
        total = 0.0
        for row in range(len(x0)):
            level = drawn.log_snr[scale][row].item()
            alpha, sigma = math.sqrt(1 / (1 + math.exp(-level))), math.sqrt(1 / (1 + math.exp(level)))
            noise = drawn.noise[scale][row]
            coarser = None
            if scale + 1 < len(data):
                coarser = data[scale + 1][row] + 0.1 * drawn.coarse[scale][row]
                for axis in (1, 2, 3):
                    coarser = coarser.repeat_interleave(x0.shape[axis + 1] // coarser.shape[axis], dim=axis)
                coarser = coarser[None]
            own = [each[row : row + 1] for each in condition]
            found = directed.denoiser(
                (alpha * x0[row] + sigma * noise)[None],
                coarser,
                drawn.log_snr[scale][row : row + 1],
                directed.encoder(own, drawn.dropped[row : row + 1]),
                scale,
            )
            velocity = alpha * noise - sigma * x0[row]
            for mine, right in zip(found.flatten().tolist(), velocity.flatten().tolist(), strict=True):
                total += (mine - right) ** 2
        losses.append(total / x0.numel())
    return losses


def test_objective_equals_a_slow_reference(joint: GMSCAVP, frames: Tensor, samples: Tensor) -> None:
    joint.double()
    assert joint.diffusion is not None
    video, audio = tokens(joint.config, 8, 0), tokens(joint.config, 8, 1)
    log_mel, seeds = joint.log_mel(samples), row_seeds(0, 0, 8)

    found = joint.diffusion(log_mel=log_mel, frames=frames, video=video, audio=audio, seeds=seeds)

    total = 0.0
    for direction, data, condition in (
        ("v2a", mel_targets(log_mel, joint.diffusion.config), video),
        ("a2v", frame_targets(frames, joint.diffusion.config), audio),
    ):
        slow = slow_losses(joint.directed(direction), [x.double() for x in data], condition, seeds)
        for scale, (weight, loss) in enumerate(zip((1.0, 2.0, 0.5), slow, strict=True)):
            assert found.parts[f"diffusion/{direction}/{scale}"].item() == pytest.approx(loss, rel=1e-6)
            total += weight * loss / 3.5 / 2
    assert found.total.item() == pytest.approx(total, rel=1e-6)


def test_the_joint_objective_is_alignment_plus_beta_times_diffusion(
    joint: GMSCAVP, frames: Tensor, samples: Tensor
) -> None:
    network = of_parts(joint, weight=0.3)

    found = network(frames, samples, 2, row_seeds(0, 0, 8))

    alone = GMSCAVP(dataclasses.replace(joint.config, diffusion=None))
    alone.load_state_dict(network.state_dict(), strict=False)
    alignment = alone(frames, samples, 2)
    mean = sum(
        (1.0, 2.0, 0.5)[int(name[-1])] / 3.5 / 2 * part.item()
        for name, part in found.parts.items()
        if name in NAMES
    )
    assert found.total.item() == pytest.approx(alignment.total.item() + 0.3 * mean, rel=1e-5)
    assert [*found.parts] == [*alignment.parts, *NAMES]


def test_targets_are_means_over_boxes_of_the_data(joint: GMSCAVP, frames: Tensor, samples: Tensor) -> None:
    assert joint.diffusion is not None
    config, log_mel = joint.diffusion.config, joint.log_mel(samples)

    mels, pictures = mel_targets(log_mel, config), frame_targets(frames, config)

    assert [tuple(x.shape) for x in mels] == [(8, 1, 16, 8, 1), (8, 1, 8, 4, 1), (8, 1, 2, 2, 1)]
    assert [tuple(x.shape) for x in pictures] == [(8, 3, 8, 4, 4), (8, 3, 4, 2, 2), (8, 3, 1, 1, 1)]
    for mel in mels:
        _, _, time, bins, _ = mel.shape
        for t in range(time):
            for b in range(bins):
                box = log_mel[3, b * 16 // bins : (b + 1) * 16 // bins, t * 64 // time : (t + 1) * 64 // time]
                assert mel[3, 0, t, b, 0].item() == pytest.approx((box.mean().item() - 0.4) / 0.2, abs=1e-4)
    box = frames[3, 2:4, 1, 8:, :8].float().mean() / 255
    assert pictures[1][3, 1, 1, 1, 0].item() == pytest.approx((box.item() - 0.4) / 0.25, abs=1e-4)
    assert torch.allclose(frame_targets(frames.float() / 255, config)[0], pictures[0], atol=1e-5)


def test_no_gradient_goes_through_what_is_diffused(joint: GMSCAVP, frames: Tensor, samples: Tensor) -> None:
    assert joint.diffusion is not None
    pictures, heard = (frames / 255).requires_grad_(), samples.requires_grad_()

    targets = [
        *frame_targets(pictures, joint.diffusion.config),
        *mel_targets(joint.log_mel(heard), joint.diffusion.config),
    ]

    assert not any(target.requires_grad for target in targets)


def gradient_of(network: GMSCAVP, term: Tensor) -> tuple[float, float]:
    """Return the greatest gradient of a term in the video and in the audio backbone."""
    sizes = []
    for backbone in (network.video, network.audio):
        found = torch.autograd.grad(term, [*backbone.parameters()], retain_graph=True, allow_unused=True)
        sizes.append(max((each.abs().max().item() for each in found if each is not None), default=0.0))
    return sizes[0], sizes[1]


@pytest.mark.parametrize("scale", [0, 1, 2])
def test_diffusion_of_every_scale_teaches_the_encoder_of_its_condition_alone(
    joint: GMSCAVP, frames: Tensor, samples: Tensor, scale: int
) -> None:
    assert joint.diffusion is not None
    config, seeds = joint.diffusion.config, row_seeds(0, 0, 8)
    mels, pictures = mel_targets(joint.log_mel(samples), config), frame_targets(frames, config)

    heard = joint.directed("v2a").losses(mels, joint.video_tokens(frames), seeds)[scale]
    seen = joint.directed("a2v").losses(pictures, joint.audio_tokens(samples), seeds)[scale]

    of_video, of_audio = gradient_of(joint, heard)
    assert of_video > 1e-6 and of_audio == 0
    of_video, of_audio = gradient_of(joint, seen)
    assert of_audio > 1e-6 and of_video == 0


@pytest.mark.parametrize("scale", [0, 1, 2])
def test_contrast_of_every_scale_teaches_both_encoders(
    tiny: GMSCAVPConfig, frames: Tensor, samples: Tensor, scale: int
) -> None:
    torch.manual_seed(0)
    weights = [float(place == scale) for place in range(3)]
    scales = [dataclasses.replace(each, weight=w) for each, w in zip(tiny.scales, weights, strict=True)]
    network = GMSCAVP(dataclasses.replace(tiny, scales=tuple(scales)))

    of_video, of_audio = gradient_of(network, network(frames, samples, 2).total)

    assert of_video > 1e-6 and of_audio > 1e-6


def test_the_joint_objective_sends_gradients_to_every_parameter(
    joint: GMSCAVP, frames: Tensor, samples: Tensor
) -> None:
    network = of_parts(joint, condition_dropout=0.5)
    network(frames, samples, 2, row_seeds(0, 0, 8)).total.backward()

    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_a_scale_reads_tokens_at_its_own_scale_and_coarser_only(
    joint: GMSCAVP, frames: Tensor, samples: Tensor
) -> None:
    assert joint.diffusion is not None
    mels = mel_targets(joint.log_mel(samples), joint.diffusion.config)
    condition = [each.float().requires_grad_() for each in tokens(joint.config, 8, 0)]

    losses = joint.directed("v2a").losses(mels, condition, row_seeds(0, 0, 8))

    for scale, loss in enumerate(losses):
        found = torch.autograd.grad(loss, condition, retain_graph=True, allow_unused=True)
        read = [each is not None and each.abs().max().item() > 0 for each in found]
        assert read == [level >= scale for level in range(3)]


def test_a_dropped_condition_says_nothing(joint: GMSCAVP) -> None:
    encoder = joint.directed("v2a").encoder
    mine, other = ([each.float() for each in tokens(joint.config, 4, seed)] for seed in (0, 1))
    dropped = torch.tensor([True, False, True, False])

    one, two = encoder(mine, dropped), encoder(other, dropped)

    assert torch.equal(one[dropped], two[dropped])
    assert not torch.isclose(one[~dropped], two[~dropped]).all(dim=2).any()


def test_a_row_draws_from_its_seed_alone(joint: GMSCAVP) -> None:
    directed, like = joint.directed("v2a"), torch.zeros(1)
    seeds = row_seeds(3, 7, 8)

    whole, part = directed.draw(seeds, like), directed.draw(seeds[5:], like)

    for mine, theirs in (
        *zip(whole.log_snr, part.log_snr, strict=True),
        *zip(whole.noise, part.noise, strict=True),
        *zip(whole.coarse, part.coarse, strict=True),
        (whole.dropped, part.dropped),
    ):
        assert torch.equal(mine[5:], theirs)
    other_way = joint.directed("a2v").draw(seeds, like)
    assert not torch.equal(other_way.log_snr[0], whole.log_snr[0])
    assert len({*row_seeds(3, 7, 96).tolist(), *row_seeds(3, 8, 96).tolist()}) == 192


def test_draws_have_the_distribution_they_are_said_to_have(joint: GMSCAVP) -> None:
    drawn = joint.directed("a2v").draw(row_seeds(0, 0, 2000), torch.zeros(1))

    assert drawn.dropped.float().mean().item() == pytest.approx(0.2, abs=0.03)
    for noise in (*drawn.noise, *drawn.coarse):
        assert noise.mean().item() == pytest.approx(0, abs=0.05)
        assert noise.std().item() == pytest.approx(1, abs=0.05)
    schedule = joint.directed("a2v").schedule
    for log_snr in drawn.log_snr:
        assert (log_snr > schedule(torch.tensor(0.25))).float().mean().item() == pytest.approx(0.25, abs=0.04)


def test_a_joint_objective_without_seeds_is_refused(joint: GMSCAVP, frames: Tensor, samples: Tensor) -> None:
    with pytest.raises(ValueError, match="pass the seeds"):
        joint(frames, samples, 2)


def test_cross_attention_favours_the_same_instant_only_where_it_is_biased_in_time(joint: GMSCAVP) -> None:
    unbiased = of_parts(joint, time_bias=False)

    for direction in ("v2a", "a2v"):
        biased, even = (each.directed(direction).denoiser.scales[0] for each in (joint, unbiased))
        assert (biased.distance[1:].flatten(1).min(dim=1).values < 0).all() and not even.distance.any()
    assert joint.state_dict().keys() == unbiased.state_dict().keys()
