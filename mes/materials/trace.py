"""A genealogy as a walk over links: who is how far from the lot, and along what a person may see. Pure."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping

Link = tuple[int, int | None, int | None, int | None]
"""Some of a lot went into a lot, or else into an order and so possibly into any lot of it; and on which line that was.

Plain tuples: a recall has tens of thousands of them.
"""

Neighbours = Mapping[int, Collection[int]]
"""Node -> nodes. A lot is its id, an order is its id with a minus: an order of many lots is one node between them."""


def neighbours_down(links: Iterable[Link], order_of: Mapping[int, int | None]) -> dict[int, list[int]]:
    """Lot -> where it went: lots, and orders; order -> its lots. `order_of`: lot -> the order that made it."""
    found: dict[int, list[int]] = defaultdict(list)
    for lot, into, order, _line in links:
        if into is not None:
            found[lot].append(into)
        elif order is not None:
            found[lot].append(-order)
    for lot, order in order_of.items():
        if order is not None:
            found[-order].append(lot)
    return found


def turned(neighbours: Neighbours) -> dict[int, list[int]]:
    """The same links the other way round."""
    found: dict[int, list[int]] = defaultdict(list)
    for node, others in neighbours.items():
        for other in others:
            found[other].append(node)
    return found


def depths(start: int, neighbours: Neighbours) -> dict[int, int]:
    """The fewest steps from the start to each lot it reaches; the start is 0. Orders between lots are no steps.

    Worked: A -> B -> C and A -> C: B is 1, C is 1. A circle A -> B -> A ends: B is 1.
    """
    found = {start: 0}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for other in neighbours.get(node, ()):
            if other in found:
                continue
            if other < 0:  # reached at no cost, so looked at before all that cost a step
                found[other] = found[node]
                queue.appendleft(other)
            else:
                found[other] = found[node] + 1
                queue.append(other)
    return {node: steps for node, steps in found.items() if node > 0}
