"""The walk over a genealogy: distances by the shortest way, circles end, orders between lots are no steps."""

from mes.materials.trace import Link, depths, neighbours_down, turned


def link(lot: int, into: int | None = None, order: int | None = None) -> Link:
    """Something went into a lot or an order."""
    return (lot, into, order, None)


def test_the_shortest_way_counts_and_a_circle_ends() -> None:
    """1 -> 2 -> 3, 1 -> 3, 3 -> 1: two is one step away, and so is three."""
    down = neighbours_down([link(1, 2), link(2, 3), link(1, 3), link(3, 1)], {})

    assert depths(1, down) == {1: 0, 2: 1, 3: 1}
    assert depths(2, turned(down)) == {2: 0, 1: 1, 3: 2}


def test_through_an_order_all_its_lots_are_one_step_away() -> None:
    """1 and 2 into order 9, which made 10 and 11; 11 into 12."""
    down = neighbours_down([link(1, order=9), link(2, order=9), link(11, 12)], {10: 9, 11: 9, 12: None, 1: None})

    assert depths(1, down) == {1: 0, 10: 1, 11: 1, 12: 2}
    assert depths(12, turned(down)) == {12: 0, 11: 1, 1: 2, 2: 2}


def test_a_lot_nobody_used_reaches_only_itself() -> None:
    assert depths(7, {}) == {7: 0}
