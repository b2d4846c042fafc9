import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gmscavp.training.order import Order

BLOCKS = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(sum)


def epoch_of(order: Order, epoch: int) -> list[int]:
    return [order.family(epoch * order.families + place) for place in range(order.families)]


@given(blocks=BLOCKS, together=st.integers(1, 9), seed=st.integers(0, 2**40), epoch=st.integers(0, 5))
def test_every_family_comes_once_an_epoch(blocks: list[int], together: int, seed: int, epoch: int) -> None:
    order = Order(blocks, together=together, seed=seed)

    assert sorted(epoch_of(order, epoch)) == list(range(sum(blocks)))


@given(count=st.integers(1, 12), together=st.integers(1, 5), seed=st.integers(0, 100))
def test_a_stretch_of_an_epoch_comes_from_few_blocks(count: int, together: int, seed: int) -> None:
    families = epoch_of(Order([3] * count, together=together, seed=seed), 0)

    stretches = [families[k : k + 3 * together] for k in range(0, len(families), 3 * together)]

    homes = [{family // 3 for family in stretch} for stretch in stretches]
    assert [len(home) for home in homes] == [len(stretch) // 3 for stretch in stretches]
    assert len(set().union(*homes)) == sum(map(len, homes)) == count


@given(places=st.lists(st.integers(0, 200), max_size=20))
def test_what_stands_at_a_position_does_not_depend_on_what_was_asked_before(places: list[int]) -> None:
    order = Order([4, 5, 6], together=2, seed=3)

    asked = [order.family(place) for place in places]

    assert asked == [Order([4, 5, 6], together=2, seed=3).family(place) for place in places]


def test_epochs_and_seeds_differ() -> None:
    orders = [epoch_of(Order([8, 8, 8], together=2, seed=seed), epoch) for seed in (0, 1) for epoch in (0, 1)]

    assert len({tuple(order) for order in orders}) == 4


def test_one_block_is_permuted_as_a_whole_as_the_bundled_weights_were_trained() -> None:
    order = Order([100], together=1, seed=7)

    assert epoch_of(order, 2) == np.random.default_rng([7, 2, 1]).permutation(100).tolist()


def test_blocks_are_mixed_with_others_from_epoch_to_epoch() -> None:
    order = Order([2] * 10, together=2, seed=0)

    pairs = [
        {frozenset({epoch[k] // 2 for k in range(place, place + 4)}) for place in range(0, 20, 4)}
        for epoch in (epoch_of(order, 0), epoch_of(order, 1))
    ]

    assert pairs[0] != pairs[1]
