import math

import pytest
import torch
from scipy import stats

from gmscavp.draws import drawn, hashed, row_seeds

BITS = 2**64
FIRST_OF_SPLITMIX64 = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
"""What SplitMix64 gives from state 0, as published with its C code (Vigna, splitmix64.c)."""


def mixed(word: int) -> int:
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % BITS
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % BITS
    return word ^ (word >> 31)


def word(seed: int, number: int) -> int:
    """Return one hash in whole numbers without a bound."""
    return mixed((mixed(seed) + number) * 0x9E3779B97F4A7C15 % BITS)


def normal_rows(rows: int, count: int) -> torch.Tensor:
    return drawn(row_seeds(0, 0, rows), 0, [(count,)], torch.zeros(0))[1][0]


def test_hashes_are_those_of_splitmix64() -> None:
    assert [mixed((k + 1) * 0x9E3779B97F4A7C15 % BITS) for k in range(4)] == FIRST_OF_SPLITMIX64
    assert [each % BITS for each in hashed(torch.tensor([0]), 5)[0, 1:].tolist()] == FIRST_OF_SPLITMIX64

    seeds = row_seeds(5, 6, 3)
    for seed, row in zip(seeds.tolist(), hashed(seeds, 7).tolist(), strict=True):
        assert [each % BITS for each in row] == [word(seed, k) for k in range(7)]


def test_numbers_are_what_the_formula_makes_of_the_hashes() -> None:
    seeds = row_seeds(1, 2, 4)
    uniform, (one, other) = drawn(seeds, 2, [(2, 3), (1, 1)], torch.zeros(0, dtype=torch.float64))

    for row, seed in enumerate(seeds.tolist()):
        assert uniform[row].tolist() == [(word(seed, k) >> 40) / 2**24 for k in range(2)]
        pairs = [divmod(word(seed, 2 + k), 2**32) for k in range(4)]
        radii = [math.sqrt(-2 * math.log((high + 0.5) / 2**32)) for high, _ in pairs]
        angles = [2 * math.pi * low / 2**32 for _, low in pairs]
        wanted = [r * turn(a) for turn in (math.cos, math.sin) for r, a in zip(radii, angles, strict=True)]
        found = [*one[row].flatten().tolist(), *other[row].flatten().tolist()]
        assert found == pytest.approx(wanted[:7], abs=1e-5)


def test_a_row_draws_the_same_in_any_batch() -> None:
    seeds, shapes, like = row_seeds(3, 7, 8), [(2, 3), (5,)], torch.zeros(0)
    uniform, normal = drawn(seeds, 3, shapes, like)

    for chosen in (slice(5, 8), [6, 1], [4]):
        alone = drawn(seeds[chosen], 3, shapes, like)
        assert torch.equal(alone[0], uniform[chosen])
        assert all(torch.equal(mine, all_[chosen]) for mine, all_ in zip(alone[1], normal, strict=True))


def test_normal_numbers_are_normal() -> None:
    numbers = normal_rows(400, 501)

    assert stats.kstest(numbers.flatten().numpy(), "norm").pvalue > 0.01
    assert numbers.mean().item() == pytest.approx(0, abs=4 / 200_400**0.5)
    assert numbers.var().item() == pytest.approx(1, abs=4 * (2 / 200_400) ** 0.5)
    # By place too: each number of a row over all rows, each row over its numbers.
    for axis in (0, 1):
        scores = numbers.sum(dim=axis) / numbers.shape[axis] ** 0.5
        assert stats.kstest(scores.numpy(), "norm").pvalue > 0.01


def test_uniform_numbers_are_uniform_and_stay_below_one() -> None:
    numbers = drawn(row_seeds(0, 1, 1000), 50, [], torch.zeros(0))[0]

    assert 0 <= numbers.min().item() < 1e-3 and 1 - 1e-3 < numbers.max().item() < 1
    assert stats.kstest(numbers.flatten().numpy(), "uniform").pvalue > 0.01


def test_numbers_of_a_row_and_of_neighbouring_seeds_are_independent() -> None:
    count = 40_000
    # Consecutive seeds: what a seed that is one higher draws must tell nothing.
    rows = drawn(torch.arange(8), 0, [(count,)], torch.zeros(0))[1][0].double()
    bound = 4.5 / count**0.5

    for powers in (rows, (rows**2 - 1) / 2**0.5):
        between = powers @ powers.T / count
        assert (between - torch.diag(between.diagonal())).abs().max().item() < bound
        for lag in (1, 2, count // 2):
            along = (powers[:, lag:] * powers[:, :-lag]).mean(dim=1)
            assert along.abs().max().item() < bound * (count / (count - lag)) ** 0.5
