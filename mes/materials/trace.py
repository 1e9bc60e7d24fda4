"""A genealogy as a walk over links: who is how far from the lot, and along what a person may see. Pure."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Link(NamedTuple):
    """So much of `lot` went into a lot, or into an order and so possibly into any lot of it."""

    lot: int
    into: int | None
    order: int | None
    line: int | None
    quantity: Decimal
    at: datetime


Neighbours = Mapping[int, Collection[int]]


def neighbours_down(links: Iterable[Link], lots_of_order: Mapping[int, Collection[int]]) -> dict[int, set[int]]:
    """Lot -> the lots it went into; through an order all of the order's lots."""
    found: dict[int, set[int]] = defaultdict(set)
    for link in links:
        if link.into is not None:
            found[link.lot].add(link.into)
        elif link.order is not None:
            found[link.lot].update(lots_of_order.get(link.order, ()))
    return found


def turned(neighbours: Neighbours) -> dict[int, set[int]]:
    """The same links the other way round."""
    found: dict[int, set[int]] = defaultdict(set)
    for lot, others in neighbours.items():
        for other in others:
            found[other].add(lot)
    return found


def depths(start: int, neighbours: Neighbours, allowed: Collection[int]) -> dict[int, int]:
    """The fewest steps from the start to each lot that is reached along `allowed` lots; the start is 0.

    Worked: A -> B -> C and A -> C: B is 1, C is 1. A circle A -> B -> A ends: B is 1.
    """
    found = {start: 0}
    queue = deque([start])
    while queue:
        lot = queue.popleft()
        for other in neighbours.get(lot, ()):
            if other not in found and other in allowed:
                found[other] = found[lot] + 1
                queue.append(other)
    return found
