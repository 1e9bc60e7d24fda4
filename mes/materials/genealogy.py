"""What a lot was made of and what was made of it, at any depth: one recursive query over lots and orders.

Material that was taken into an order without naming a lot may be in any lot of that order, so orders are steps of the
walk too. Ten raw lots in an order of a thousand lots are then 1,010 links, not 10,000.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from django.db import connection

from mes.materials.trace import Link


class Direction(StrEnum):
    """UP: what it was made of. DOWN: what was made of it (where it was used)."""

    UP = "up"
    DOWN = "down"


class Member(NamedTuple):
    """One lot of a genealogy, as far as a list of thousands needs it. Quantities are in `unit`."""

    pk: int
    number: str
    item: str
    item_name: str
    unit: str
    quantity: Decimal
    consumed: Decimal
    shipped: Decimal
    status: str
    order: int | None
    line: int | None
    at_line: int | None
    site: int
    expires_on: date | None

    @property
    def on_hand(self) -> Decimal:
        """What is left of it in the plant."""
        return self.quantity - self.consumed - self.shipped


# A step is (whether it is an order, its id). UNION drops what was reached before, so a circle ends the walk.
_DOWN = """
WITH RECURSIVE reached(is_order, id) AS (
    SELECT false, %s::bigint
  UNION
    SELECT step.is_order, step.id FROM reached r CROSS JOIN LATERAL (
        SELECT c.into_id IS NULL, coalesce(c.into_id, c.order_id) FROM materials_consumption c
         WHERE NOT r.is_order AND c.lot_id = r.id AND c.undoes_id IS NULL AND NOT c.undone
      UNION ALL
        SELECT false, l.id FROM materials_lot l WHERE r.is_order AND l.order_id = r.id
    ) AS step(is_order, id)
)
"""
_UP = """
WITH RECURSIVE reached(is_order, id) AS (
    SELECT false, %s::bigint
  UNION
    SELECT step.is_order, step.id FROM reached r CROSS JOIN LATERAL (
        SELECT false, c.lot_id FROM materials_consumption c
         WHERE NOT r.is_order AND c.into_id = r.id AND c.undoes_id IS NULL AND NOT c.undone
      UNION ALL
        SELECT true, l.order_id FROM materials_lot l WHERE NOT r.is_order AND l.id = r.id AND l.order_id IS NOT NULL
      UNION ALL
        SELECT false, c.lot_id FROM materials_consumption c
         WHERE r.is_order AND c.order_id = r.id AND c.into_id IS NULL AND c.undoes_id IS NULL AND NOT c.undone
    ) AS step(is_order, id)
)
"""
_IDS = "SELECT id FROM reached WHERE NOT is_order"
_MEMBERS = """
SELECT r.is_order, r.id, l.number, i.code, i.name, l.unit, l.quantity, l.consumed, l.shipped, l.status,
       l.order_id, l.line_id, l.at_line_id, l.site_id, l.expires_on
  FROM reached r
  LEFT JOIN materials_lot l ON NOT r.is_order AND l.id = r.id
  LEFT JOIN production_item i ON i.id = l.item_id
"""
# Everything that was taken from a lot of a walk down lies on the walk; on a walk up it may have gone elsewhere too.
_LINKS = """
SELECT c.lot_id, c.into_id, CASE WHEN c.into_id IS NULL THEN c.order_id END, c.line_id
  FROM reached r
  JOIN materials_consumption c ON c.lot_id = r.id AND c.undoes_id IS NULL AND NOT c.undone
{among} WHERE NOT r.is_order
"""
_AMONG = """  JOIN reached t ON t.is_order = (c.into_id IS NULL) AND t.id = coalesce(c.into_id, c.order_id)
"""
_AMOUNTS = """
SELECT c.lot_id, c.into_id, CASE WHEN c.into_id IS NULL THEN c.order_id END, sum(c.quantity)
  FROM unnest(%s::bigint[]) AS lot(id)
  JOIN materials_consumption c ON c.lot_id = lot.id AND c.undoes_id IS NULL AND NOT c.undone
 GROUP BY 1, 2, 3
"""


def reached(lot: int, direction: Direction) -> set[int]:
    """The ids of all lots reached from a lot, itself among them."""
    with connection.cursor() as cursor:
        cursor.execute(_walk(direction) + _IDS, [lot])
        return {row[0] for row in cursor.fetchall()}


def members_of(lot: int, direction: Direction) -> tuple[list[Member], list[int]]:
    """All lots reached from a lot, itself among them, and the ids of all orders on the way.

    An order is among them also where it made no lot: material is in its product all the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(_walk(direction) + _MEMBERS, [lot])
        rows = cursor.fetchall()
    return [Member._make(row[1:]) for row in rows if not row[0]], [row[1] for row in rows if row[0]]


def links_of(lot: int, direction: Direction) -> list[Link]:
    """What went from a lot of the genealogy into another or into an order of it, one link for each time."""
    with connection.cursor() as cursor:
        links = _LINKS.format(among="" if direction is Direction.DOWN else _AMONG)
        cursor.execute(_walk(direction) + links, [lot])
        rows: list[Link] = cursor.fetchall()
        return rows


def amounts_from(lots: Collection[int]) -> dict[tuple[int, int | None, int | None], Decimal]:
    """(lot, lot it went into, or else order) -> how much, in the unit of the lot that was taken from."""
    with connection.cursor() as cursor:
        cursor.execute(_AMOUNTS, [list(lots)])
        return {(lot, into, order): quantity for lot, into, order, quantity in cursor.fetchall()}


def _walk(direction: Direction) -> str:
    return _DOWN if direction is Direction.DOWN else _UP
