"""CAVP under a generator: what it is given, and that it is compared with GMS-CAVP on equal terms."""

import dataclasses

import pytest
import torch
from torch import Tensor

import gmscavp.plugin
from cavp.config import GENERATOR, SMALL, CAVPConfig
from cavp.encoder import CAVPEncoder
from cavp.model import CAVP
from cavp.plugin import FAMILY
from gmscavp.diffusion.condition import ConditionEncoder
from gmscavp.diffusion.config import ConditionConfig, SamplingConfig
from gmscavp.draws import row_seeds
from gmscavp.sound.foley import Foley
from gmscavp.sound.generator import Generator
from gmscavp.sound.generator_config import GENERATOR as OF_GMSCAVP
from gmscavp.sound.generator_config import GeneratorConfig
from tests.gmscavp.generators import TINY_GENERATOR
from tests.gmscavp.runs import TINY

TINY_CAVP = CAVPConfig(
    name="tiny",
    log_mel=TINY.log_mel,
    video=TINY.video,
    audio=TINY.audio,
    segment_seconds=TINY.segment_seconds,
    dim=6,
)
TINY_CONDITION = ConditionConfig(tokens=(8,), dim=6, normalise="token", given="all")


@pytest.fixture
def network() -> CAVP:
    torch.manual_seed(0)
    return CAVP(TINY_CAVP)


@pytest.fixture
def generator(network: CAVP) -> Generator:
    torch.manual_seed(1)
    config = dataclasses.replace(TINY_GENERATOR, condition=TINY_CONDITION)
    return Generator(config, CAVPEncoder(network))


@pytest.fixture
def frames() -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (4, 8, 3, 16, 16), dtype=torch.uint8, generator=draw)


@pytest.fixture
def samples() -> Tensor:
    return torch.randn(4, 1024, generator=torch.Generator().manual_seed(2)) * 0.1


def test_a_generator_is_given_the_token_of_every_frame_before_it_is_pooled(
    network: CAVP, generator: Generator, frames: Tensor
) -> None:
    (tokens,) = generator.condition(frames)

    assert tokens.shape == (4, 8, 6)
    pooled = torch.nn.functional.normalize(tokens.amax(dim=1), dim=1)
    assert torch.allclose(pooled, network.embed_video(frames), atol=1e-6)


def test_every_token_is_of_unit_length() -> None:
    torch.manual_seed(0)
    encoder = ConditionEncoder(TINY_CONDITION, 16)
    tokens, kept = torch.randn(2, 8, 6), torch.tensor([False, False])
    scaled = tokens * torch.rand(2, 8, 1).add(0.5)

    assert torch.allclose(encoder([tokens], kept), encoder([scaled], kept), atol=1e-5)


def test_the_score_is_the_contrasts_own(
    network: CAVP, generator: Generator, frames: Tensor, samples: Tensor
) -> None:
    found = generator.encoder.score(generator.condition(frames), network.log_mel(samples))

    video, audio = network.encode(frames, samples)
    assert torch.allclose(found, network.logit_scale * (video * audio).sum(dim=1), atol=1e-5)


def test_the_gradient_reaches_the_denoiser_and_not_cavp(
    network: CAVP, generator: Generator, frames: Tensor, samples: Tensor
) -> None:
    generator(frames, samples, 1, row_seeds(0, 0, 4)).total.backward()

    assert all(parameter.grad is None for parameter in network.parameters())
    assert any(parameter.grad is not None for parameter in generator.parameters())
    assert {name.partition(".")[0] for name in generator.state_dict()} == {"directed"}


def test_alignment_guidance_climbs_cavps_score_too(generator: Generator, frames: Tensor) -> None:
    def sound(alignment: float) -> Tensor:
        sampling = SamplingConfig(steps=3, overlap=0.32, alignment=alignment)
        return Foley(generator, lambda mel: mel.mean(1).repeat_interleave(16, 1), sampling, "cpu").sound(
            frames, 0
        )

    assert sound(0.0).shape == (4, 1, 1024)
    assert not torch.allclose(sound(0.0), sound(100.0))


def test_both_generators_differ_in_what_they_are_given_and_in_nothing_else() -> None:
    def without_condition(config: GeneratorConfig) -> GeneratorConfig:
        return dataclasses.replace(config, condition=TINY_CONDITION)

    assert without_condition(GENERATOR) == without_condition(OF_GMSCAVP)
    theirs, ours = FAMILY.generators, gmscavp.plugin.FAMILY.generators
    assert theirs is not None and ours is not None and theirs.training == ours.training
    assert (GENERATOR.condition.tokens, GENERATOR.condition.dim) == ((SMALL.frames,), SMALL.dim)
    assert OF_GMSCAVP.condition.tokens == (25, 5, 1)
