"""The one door to the thread: a node by its kind and code, for the lines somebody may see."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet

from mes.plant.models import Line
from mes.thread import machines, orders, records
from mes.thread.marks import Mark, mark_from
from mes.thread.node import Node

KINDS: dict[str, Callable[[str, QuerySet[Line], Mark | None, datetime], Node | None]] = {
    "order": orders.order_node,
    "run": orders.run_node,
    "machine-hour": machines.hour_node,
    "stop": machines.stop_node,
    "shift": machines.shift_node,
    "check": records.check_node,
    "lot": records.lot_node,
    "edit": records.edit_node,
    "person": records.person_node,
}
AUDIT_KINDS = frozenset({"edit", "person"})
"""Kinds that tell what people did: only for roles that may see the audit."""


def node_of(kind: str, code: str, lines: QuerySet[Line], *, now: datetime, after: str = "") -> Node | None:
    """The node, its events from the mark `after` on; None for what does not exist or is not on these lines."""
    maker = KINDS.get(kind)
    if maker is None or "\0" in code or len(code) > 200:
        return None
    return maker(code, lines, mark_from(after), now)
