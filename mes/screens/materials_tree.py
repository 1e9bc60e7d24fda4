"""A genealogy as a tree a page can draw: each lot once, under the nearest one it is linked with. Pure but for rows."""

from dataclasses import dataclass, field

from mes.materials.family import Family
from mes.materials.genealogy import Direction, Member
from mes.materials.trace import neighbours_down, turned

MOST_CHILDREN = 25
MOST_LEVELS = 8


@dataclass
class Branch:
    """A lot with what hangs below it; `more` lots of the same place are left out. `order`: the way leads through it."""

    lot: Member
    order: str = ""
    below: list["Branch"] = field(default_factory=list)
    more: int = 0


def tree_of(family: Family, direction: Direction) -> list[Branch]:
    """What hangs directly below the first lot. Long levels and deep branches are cut and say how much is left out.

    A lot that only a hidden way leads to hangs below the first one as well.
    """
    members = {one.pk: one for one, _distance in family.lots}
    distance = {one.pk: steps for one, steps in family.lots}
    if len(members) < 2:
        return []
    root = family.lots[0][0].pk
    down = neighbours_down(family.links, {one.pk: one.order for one in members.values() if one.order in family.orders})
    near = down if direction is Direction.DOWN else turned(down)
    children: dict[int, list[tuple[int, int]]] = {}
    seen = {root}
    for one, steps in family.lots:
        for place, through in _next(near, one.pk):
            if place in members and place not in seen and distance[place] > steps:
                seen.add(place)
                children.setdefault(one.pk, []).append((place, through))
    children.setdefault(root, []).extend((pk, 0) for pk in members if pk not in seen)
    orders = {pk: order.number for pk, order in family.orders.items()}
    return _grown(root, children, members, orders, 1)[0]


def _next(near: dict[int, list[int]], lot: int) -> list[tuple[int, int]]:
    """Neighbouring lots, each with the order between (0: none)."""
    found = [(node, 0) for node in near.get(lot, ()) if node > 0]
    for node in near.get(lot, ()):
        if node < 0:
            found += [(other, -node) for other in near.get(node, ()) if other > 0]
    return sorted(set(found))


def _grown(
    lot: int, children: dict[int, list[tuple[int, int]]], members: dict[int, Member], orders: dict[int, str], level: int
) -> tuple[list[Branch], int]:
    here = sorted(children.get(lot, []), key=lambda pair: members[pair[0]].number)
    grown = []
    for pk, order in here[:MOST_CHILDREN]:
        branch = Branch(members[pk], orders.get(order, ""))
        if level < MOST_LEVELS:
            branch.below, branch.more = _grown(pk, children, members, orders, level + 1)
        else:
            branch.more = len(children.get(pk, []))
        grown.append(branch)
    return grown, len(here) - len(grown)
