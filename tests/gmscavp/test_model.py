import dataclasses
import math

import pytest
import torch
from torch.nn import functional as F

from gmscavp.config import SMALL, GMSCAVPConfig
from gmscavp.model import GMSCAVP


def clips_of(segments: torch.Tensor) -> torch.Tensor:
    """Join pairs of segments into clips."""
    return segments.unflatten(0, (len(segments) // 2, 2)).flatten(1, 2)


def test_embeddings_are_unit_vectors_of_one_size_for_both_streams(
    network: GMSCAVP, frames: torch.Tensor, samples: torch.Tensor
) -> None:
    video, audio = network.embed_video(clips_of(frames)), network.embed_audio(clips_of(samples))

    assert video.shape == audio.shape == (4, 2 * (8 + 4 + 1) * 5)
    assert video.dtype == audio.dtype == torch.float32
    assert torch.allclose(video.norm(dim=1), torch.ones(4))
    assert torch.allclose(audio.norm(dim=1), torch.ones(4))


@pytest.mark.parametrize("normalise", ["token", "segment"])
def test_a_score_is_the_weighted_mean_over_scales_and_segments(
    tiny: GMSCAVPConfig, frames: torch.Tensor, samples: torch.Tensor, normalise: str
) -> None:
    torch.manual_seed(0)
    network = GMSCAVP(dataclasses.replace(tiny, normalise=normalise))

    scores = network.embed_audio(clips_of(samples)) @ network.embed_video(clips_of(frames)).T

    video, audio = network.video_tokens(frames), network.audio_tokens(samples)
    shares = [8 * 1.0, 4 * 2.0, 1 * 1.0]
    for i in range(4):
        for j in range(4):
            expected = 0.0
            for v, a, share in zip(video, audio, shares, strict=True):
                for segment in range(2):
                    seen, heard = v[2 * j + segment], a[2 * i + segment]
                    if normalise == "token":
                        score = F.cosine_similarity(seen, heard, dim=1).mean()
                    else:
                        score = F.cosine_similarity(seen.flatten(), heard.flatten(), dim=0)
                    expected += share / sum(shares) / 2 * score.item()
            assert scores[i, j].item() == pytest.approx(expected, abs=1e-5)


def test_small_embeds_8_seconds_in_no_more_than_16_thousand_numbers() -> None:
    segments = math.ceil(8 / SMALL.segment_seconds)

    assert segments * sum(scale.tokens for scale in SMALL.scales) * SMALL.dim <= 16_000


def test_finest_scale_of_small_has_at_least_12_and_a_half_tokens_a_second() -> None:
    assert SMALL.scales[0].tokens / SMALL.segment_seconds >= 12.5


def test_an_embedding_does_not_depend_on_the_other_clips(network: GMSCAVP, frames: torch.Tensor) -> None:
    clips = clips_of(frames)

    alone = network.embed_video(clips[2:3])

    assert torch.allclose(network.embed_video(clips)[2:3], alone, atol=1e-5)


def test_shifting_the_audio_of_a_clip_changes_its_embedding(network: GMSCAVP, samples: torch.Tensor) -> None:
    clips = clips_of(samples)
    moved = clips.roll(300, dims=1)

    assert not torch.allclose(network.embed_audio(clips), network.embed_audio(moved), atol=1e-2)


def test_the_objective_sends_gradients_to_every_parameter(
    network: GMSCAVP, frames: torch.Tensor, samples: torch.Tensor
) -> None:
    network(frames, samples, 2).total.backward()

    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name
