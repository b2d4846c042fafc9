import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmscavp.config import GMSCAVPConfig
from gmscavp.contrastive import MultiScaleAlignment, semantic_contrast, temporal_contrast, unit


def tokens(rows: int, seed: int) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, n, 5, generator=draw, dtype=torch.float64) for n in (8, 4, 1)]


def slow_nll(scores: list[float], right: int) -> float:
    return math.log(sum(math.exp(each) for each in scores)) - scores[right]


def slow_contrasts(z: np.ndarray, segments: int) -> tuple[float, float]:
    """Return L_S and L_T, written as the sums they are."""
    rows = len(z)
    semantic = temporal = 0.0
    for i in range(rows):
        own = [j for j in range(rows) if j // segments == i // segments]
        semantic += slow_nll(list(z[i]), i) + slow_nll(list(z[:, i]), i)
        temporal += slow_nll([z[i, j] for j in own], own.index(i))
        temporal += slow_nll([z[j, i] for j in own], own.index(i))
    return semantic / (2 * rows), temporal / (2 * rows)


def slow_unit(rows: torch.Tensor, normalise: str) -> np.ndarray:
    out = []
    for row in rows.numpy():
        if normalise == "token":
            parts = [token / np.linalg.norm(token) / math.sqrt(len(row)) for token in row]
            out.append(np.concatenate(parts))
        else:
            out.append(row.ravel() / np.linalg.norm(row))
    return np.array(out)


@pytest.mark.parametrize("normalise", ["token", "segment"])
def test_objective_equals_a_slow_reference(tiny: GMSCAVPConfig, normalise: str) -> None:
    config = dataclasses.replace(tiny, normalise=normalise, temporal_weight=0.7)
    video, audio = tokens(6, 0), tokens(6, 1)

    found = MultiScaleAlignment(config).double()(video, audio, 3)

    total = 0.0
    for k, scale in enumerate(config.scales):
        z = (1 / 0.07) * slow_unit(video[k], normalise) @ slow_unit(audio[k], normalise).T
        semantic, temporal = slow_contrasts(z, 3)
        assert found.semantic[k].item() == pytest.approx(semantic, rel=1e-6)
        assert found.temporal[k].item() == pytest.approx(temporal, rel=1e-6)
        total += scale.weight * (semantic + 0.7 * temporal)
    assert found.total.item() == pytest.approx(total / 2.5, rel=1e-6)


def test_token_normalisation_scores_the_mean_cosine_of_tokens_of_the_same_instant() -> None:
    video, audio = tokens(4, 0)[0], tokens(4, 1)[0]

    scores = unit(video, "token") @ unit(audio, "token").T

    for i in range(4):
        for j in range(4):
            cosines = torch.nn.functional.cosine_similarity(video[i], audio[j], dim=1)
            assert scores[i, j].item() == pytest.approx(cosines.mean().item())


@given(clips=st.integers(1, 4), segments=st.integers(1, 4), seed=st.integers(0, 99))
def test_order_of_clips_and_of_segments_does_not_matter(clips: int, segments: int, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    rows = clips * segments
    z = torch.randn(rows, rows, generator=draw, dtype=torch.float64) * 3
    blocks = torch.arange(rows).reshape(clips, segments)[torch.randperm(clips, generator=draw)]
    order = torch.cat([block[torch.randperm(segments, generator=draw)] for block in blocks])
    shuffled = z[order][:, order]

    assert torch.allclose(semantic_contrast(shuffled), semantic_contrast(z))
    assert torch.allclose(temporal_contrast(shuffled, segments), temporal_contrast(z, segments))
    assert torch.allclose(temporal_contrast(z.T.contiguous(), segments), temporal_contrast(z, segments))


def test_a_single_segment_a_clip_has_no_temporal_contrast() -> None:
    assert temporal_contrast(torch.randn(5, 5), 1).item() == 0


def test_chance_is_the_logarithm_of_the_number_of_candidates() -> None:
    z = torch.zeros(12, 12)

    assert semantic_contrast(z).item() == pytest.approx(math.log(12))
    assert temporal_contrast(z, 3).item() == pytest.approx(math.log(3))


def test_temperature_is_clamped_between_1_and_its_bound(tiny: GMSCAVPConfig) -> None:
    alignment = MultiScaleAlignment(tiny)
    assert alignment.log_scale.exp().item() == pytest.approx(1 / 0.07)
    for value, expected in ((9.0, 100.0), (-3.0, 1.0)):
        with torch.no_grad():
            alignment.log_scale.fill_(value)
        alignment.clamp()
        assert alignment.log_scale.exp().item() == pytest.approx(expected)


def test_with_a_temperature_a_scale_each_scale_is_contrasted_by_its_own(tiny: GMSCAVPConfig) -> None:
    own = MultiScaleAlignment(dataclasses.replace(tiny, temperature="scale")).double()
    video, audio = tokens(6, 0), tokens(6, 1)
    with torch.no_grad():
        own.log_scale.copy_(torch.tensor([0.5, 1.0, 2.0]))

    found = own(video, audio, 3)
    found.total.backward()

    for k, s in enumerate((0.5, 1.0, 2.0)):
        shared = MultiScaleAlignment(dataclasses.replace(tiny, logit_scale=math.exp(s))).double()
        assert found.semantic[k].item() == pytest.approx(shared(video, audio, 3).semantic[k].item())
    assert own.log_scale.grad is not None and own.log_scale.grad.abs().min() > 0


def test_the_objective_is_computed_in_float32_under_autocast(tiny: GMSCAVPConfig) -> None:
    video, audio = ([each.float() for each in tokens(6, seed)] for seed in (0, 1))
    alignment = MultiScaleAlignment(tiny)
    with torch.autocast("cpu", torch.bfloat16):
        found = alignment(video, audio, 3).total

    assert torch.equal(found, alignment(video, audio, 3).total)


def test_gradient_reaches_tokens_of_every_scale_and_the_temperature(tiny: GMSCAVPConfig) -> None:
    video, audio = ([each.requires_grad_() for each in tokens(6, seed)] for seed in (0, 1))
    alignment = MultiScaleAlignment(tiny).double()

    alignment(video, audio, 3).total.backward()

    for each in (*video, *audio, alignment.log_scale):
        assert each.grad is not None and each.grad.abs().sum() > 0
