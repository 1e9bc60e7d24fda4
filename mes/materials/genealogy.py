"""What a lot was made of and what was made of it, at any depth: one recursive query over lots and orders.

Material that was taken into an order without naming a lot may be in any lot of that order, so orders are steps of the
walk too. Ten raw lots in an order of a thousand lots are then 1,010 links, not 10,000.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.db import connection

from mes.materials.trace import Link


class Direction(StrEnum):
    """UP: what it was made of. DOWN: what was made of it (where it was used)."""

    UP = "up"
    DOWN = "down"


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
) SELECT id FROM reached WHERE NOT is_order
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
) SELECT id FROM reached WHERE NOT is_order
"""
_LINKS = """
SELECT c.lot_id, c.into_id, CASE WHEN c.into_id IS NULL THEN c.order_id END, c.line_id, sum(c.quantity), min(c.at)
  FROM materials_consumption c
 WHERE c.undoes_id IS NULL AND NOT c.undone AND c.lot_id = ANY(%s)
 GROUP BY 1, 2, 3, 4
"""


def reached(lot: int, direction: Direction) -> set[int]:
    """The ids of all lots reached from a lot, itself among them."""
    with connection.cursor() as cursor:
        cursor.execute(_DOWN if direction is Direction.DOWN else _UP, [lot])
        return {row[0] for row in cursor.fetchall()}


def links_among(lots: Iterable[int]) -> list[Link]:
    """What was taken from these lots and where it went; quantities of one lot into one place are summed."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, [list(lots)])
        return [Link(*row) for row in cursor.fetchall()]
