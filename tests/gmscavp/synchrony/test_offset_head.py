import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gmscavp.synchrony.offset_head import OffsetHead, diagonals, drawn_part, even, read
from tests.gmscavp.heads import TINY_OFFSETS, offset_head

FPS, PHASES = TINY_OFFSETS.video.fps, TINY_OFFSETS.phases


def tokens(rows: int, time: int, seed: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, time, dim, generator=draw) for dim in TINY_OFFSETS.dims]


def slow_score(head: OffsetHead, video: list[Tensor], audio: list[Tensor], row: int, lag: float) -> float:
    """The formula, one number at a time: linear between places of 1 / (K fps) seconds."""
    projected = [
        (seen(even(v))[row], heard(even(a))[row].reshape(-1, TINY_OFFSETS.width))
        for seen, heard, v, a in zip(head.video, head.audio, video, audio, strict=True)
    ]

    def at(place: int) -> float:
        total = 0.0
        for looked, listened in projected:
            centred = looked - looked.mean(dim=0)
            for t in range(len(centred)):
                total += float(centred[t] @ listened[place + PHASES * t])
        return total / TINY_OFFSETS.width

    place = lag * PHASES * FPS
    low = int(place)
    share = place - low
    return at(low) * (1 - share) + (at(low + 1) * share if share else 0.0)


@torch.no_grad()
def test_scores_equal_a_slow_reference() -> None:
    head, video, audio = offset_head(), tokens(2, 16, 0), tokens(2, 28, 1)
    lags = torch.tensor([[0.0, 0.04, 0.13, 0.5, 0.96], [0.9, 0.02, 0.31, 0.0, 0.7]])

    found = head.scores(video, audio, lags)

    for row in range(2):
        for place, lag in enumerate(lags[row].tolist()):
            assert found[row, place].item() == pytest.approx(
                slow_score(head, video, audio, row, lag), abs=1e-4
            )


@given(time=st.integers(1, 6), extra=st.integers(0, 5), step=st.integers(1, 4), rows=st.integers(1, 3))
def test_diagonals_are_sums_of_cells(time: int, extra: int, step: int, rows: int) -> None:
    table = torch.randn(rows, time, (time + extra) * step, generator=torch.Generator().manual_seed(0))

    found = diagonals(table, step)

    assert found.shape == (rows, (extra + 1) * step)
    for lag in range(found.shape[1]):
        cells = torch.stack([table[:, t, lag + step * t] for t in range(time)]).sum(dim=0)
        assert torch.allclose(found[:, lag], cells, atol=1e-5)


def test_a_curve_is_read_linearly_and_stays_as_it_ends() -> None:
    curve = torch.tensor([[1.0, 3.0, 2.0]])

    assert read(curve, torch.tensor([[0.0, 0.5, 1.25, 2.0, -1.0, 9.0]])).tolist() == [
        [1.0, 2.0, 2.75, 2.0, 1.0, 2.0]
    ]
    assert read(torch.tensor([[4.0]]), torch.tensor([[0.0, 1.0]])).tolist() == [[4.0, 4.0]]


@torch.no_grad()
def test_sound_that_begins_later_moves_every_lag_by_as_much() -> None:
    head, video, audio = offset_head(), tokens(1, 10, 0), tokens(1, 40, 1)
    lags = torch.arange(0.4, 1.6, 0.05)[None]
    for cut in (1, 3):
        # All that is left of the rest: edges see one token less, and a row is made even on its own.
        later = [each[:, cut:] for each in audio]
        moved, still = head.scores(video, later, lags - cut / FPS), head.scores(video, audio, lags)
        assert moved.argmax() == still.argmax()
        assert torch.corrcoef(torch.cat([moved, still]))[0, 1] > 0.999


@torch.no_grad()
def test_a_picture_that_stands_still_scores_all_lags_alike_and_so_does_a_steady_sound() -> None:
    head, audio = offset_head(), tokens(1, 28, 1)
    still = [each[:, :1].expand(-1, 16, -1) for each in tokens(1, 1, 0)]
    lags = torch.arange(0.24, 0.8, 0.02)[None]
    # Zero padding in the mixers sees the two ends of a window even where nothing happens in it.
    centred = [project(even(each))[:, 1:-1] for project, each in zip(head.video, still, strict=True)]
    assert all(torch.allclose(each, each[:, :1].expand_as(each), atol=1e-5) for each in centred)

    steady = [each[:, :1].expand(-1, 28, -1) for each in audio]
    found = head.scores(tokens(1, 16, 2), steady, lags)
    within = read(head.curve(tokens(1, 16, 2), steady), torch.arange(2.0, 20.0, PHASES)[None])
    assert torch.allclose(within, within[:, :1].expand_as(within), atol=1e-4)
    assert found.isfinite().all()


@torch.no_grad()
def test_silence_to_the_encoder_is_scored_without_nan() -> None:
    nothing = [torch.zeros(1, 28, dim) for dim in TINY_OFFSETS.dims]
    found = offset_head().scores(tokens(1, 16, 0), nothing, torch.rand(1, 9))
    assert found.isfinite().all()


def test_the_objective_is_the_cross_entropy_of_the_true_lag_among_evenly_spaced_ones() -> None:
    head, truth = offset_head(), torch.tensor([0.11, 0.9, 0.0])
    video, audio = (torch.cat(tokens(3, length, length), dim=2) for length in (16, 28))

    found = head(video, audio, truth)

    seen, heard = (each.split(TINY_OFFSETS.dims, dim=2) for each in (video, audio))
    expected: list[Tensor] = []
    for row, true in enumerate(truth.tolist()):
        one, other = ([each[row : row + 1] for each in stream] for stream in (seen, heard))
        last = (26 - 1) / (PHASES * FPS)
        count = int(last / 0.04)
        lags = [(true + k * 0.04) % (count * 0.04) for k in range(count)]
        assert max(lags) <= last and min(abs(a - b) for a in lags for b in lags if a != b) > 0.0399
        expected.append(-head.scores(one, other, torch.tensor([lags])).log_softmax(dim=1)[0, 0])
    assert found.total.item() == pytest.approx(torch.stack(expected).mean().item(), abs=1e-5)


def test_the_gradient_reaches_the_head_and_not_the_encoder() -> None:
    head = offset_head()
    video, audio = (torch.cat(tokens(2, length, length), dim=2) for length in (16, 28))

    head(video, audio, torch.tensor([0.2, 0.5]), torch.arange(2)).total.backward()

    assert all(each.grad is not None and each.grad.abs().max() > 0 for each in head.video.parameters())
    # A bias of what the picture is compared with cancels: the picture's mean over time is taken off.
    for name, each in head.audio.named_parameters():
        assert each.grad is not None and (name.endswith("project.bias") or each.grad.abs().max() > 0)
    assert all(each.grad is None for each in head.encoder.network.parameters())
    assert {name.partition(".")[0] for name in head.state_dict()} == {"video", "audio"}


def test_what_is_left_of_a_window_is_long_enough_and_anywhere() -> None:
    parts = [drawn_part(TINY_OFFSETS, torch.tensor([seed])) for seed in range(300)]

    assert {part.stop - part.start for part in parts} == set(range(10, 17))
    assert min(part.start for part in parts) == 0 and max(part.stop for part in parts) == 16
    assert {part.start for part in parts} == set(range(7))
    assert drawn_part(TINY_OFFSETS, torch.tensor([4])) == drawn_part(TINY_OFFSETS, torch.tensor([4, 9]))
