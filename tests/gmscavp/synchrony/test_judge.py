import pytest
import torch
from torch import Tensor

from tests.gmscavp.heads import TINY_JUDGE, judge


def tokens(rows: int, time: int, seed: int) -> Tensor:
    return torch.randn(rows, time, sum(TINY_JUDGE.dims), generator=torch.Generator().manual_seed(seed))


def test_the_objective_is_the_binary_cross_entropy_of_the_logits() -> None:
    network, truth = judge(), torch.tensor([1.0, 0.0, 1.0])
    video, audio = tokens(3, 16, 0), tokens(3, 16, 1)

    found = network(video, audio, truth)

    logits = network.logits(video.split(TINY_JUDGE.dims, 2), audio.split(TINY_JUDGE.dims, 2))
    chances = logits.sigmoid().tolist()
    expected = [-torch.tensor(p if t else 1 - p).log() for p, t in zip(chances, truth.tolist(), strict=True)]
    assert found.total.item() == pytest.approx(sum(expected).item() / 3, rel=1e-5)  # pyright: ignore
    right = sum((p > 0.5) == (t > 0.5) for p, t in zip(chances, truth.tolist(), strict=True)) / 3
    assert found.parts["right"].item() == pytest.approx(right)


@torch.no_grad()
def test_clips_of_any_length_are_judged_and_what_one_stream_has_more_of_is_left_out() -> None:
    network = judge()
    video, audio = (tokens(2, 40, seed).split(TINY_JUDGE.dims, 2) for seed in (0, 1))

    whole = network.logits(video, audio)
    shorter = network.logits(video, [each[:, :30] for each in audio])

    assert whole.shape == shorter.shape == (2,)
    cut = network.logits([each[:, :30] for each in video], [each[:, :30] for each in audio])
    assert torch.equal(shorter, cut) and not torch.allclose(shorter, whole)


def test_the_gradient_reaches_the_judge_and_not_the_encoder() -> None:
    network = judge()

    network(
        tokens(4, 16, 0), tokens(4, 16, 1), torch.tensor([1.0, 0, 1, 0]), torch.arange(4)
    ).total.backward()

    for name, each in network.named_parameters():
        assert each.grad is not None and each.grad.abs().max() > 0, name
    assert all(each.grad is None for each in network.encoder.network.parameters())
    assert "encoder" not in {name.partition(".")[0] for name in network.state_dict()}
