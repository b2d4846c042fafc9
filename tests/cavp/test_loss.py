import math

import pytest
import torch

from cavp.loss import cavp_loss


def unit_rows(rows: int, seed: int) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(rows, 6, generator=draw, dtype=torch.float64), dim=1)


def slow_loss(video: torch.Tensor, audio: torch.Tensor, scale: float, segments: int) -> tuple[float, float]:
    """Return L_S and L_T of section 2.5 of the released code, as the sums they are."""
    z = [[scale * float(v @ a) for a in audio] for v in video]
    rows = range(len(z))

    def nll(scores: list[float], own: float) -> float:
        return math.log(sum(map(math.exp, scores))) - own

    semantic = sum(nll(z[i], z[i][i]) + nll([z[j][i] for j in rows], z[i][i]) for i in rows)
    temporal = 0.0
    for i in rows:
        clip = [j for j in rows if j // segments == i // segments]
        temporal += nll([z[i][j] for j in clip], z[i][i]) + nll([z[j][i] for j in clip], z[i][i])
    return semantic / (2 * len(z)), temporal / (2 * len(z))


@pytest.mark.parametrize("segments", [1, 2, 3, 6])
def test_loss_equals_a_slow_reference(segments: int) -> None:
    video, audio = unit_rows(6, 0), unit_rows(6, 1)

    total, semantic, temporal = cavp_loss(
        video, audio, torch.tensor(2.0), segments=segments, temporal_weight=0.5
    )

    slow_semantic, slow_temporal = slow_loss(video, audio, math.exp(2.0), segments)
    assert semantic.item() == pytest.approx(slow_semantic, rel=1e-6)
    assert temporal.item() == pytest.approx(slow_temporal, rel=1e-6, abs=1e-9)
    assert total.item() == pytest.approx(slow_semantic + 0.5 * slow_temporal, rel=1e-6)


def test_swapping_the_streams_changes_nothing() -> None:
    video, audio = unit_rows(6, 0), unit_rows(6, 1)

    there, back = (
        cavp_loss(one, other, torch.tensor(2.0), segments=3, temporal_weight=1.0)
        for one, other in ((video, audio), (audio, video))
    )

    assert there[0].item() == pytest.approx(back[0].item())


def test_other_segments_of_a_clip_count_as_negatives_of_the_semantic_part() -> None:
    video = unit_rows(1, 0).repeat(3, 1)

    _, semantic, _ = cavp_loss(video, video, torch.tensor(2.0), segments=3, temporal_weight=1.0)

    assert semantic.item() == pytest.approx(math.log(3))
