"""Totals of two messages beside each other: the difference, for ERPs that only take increments. Pure."""

from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import TypeVar

from erp_sync.messages import Actuals, DowntimeActual, MaterialActual, Quantity

ZERO = Decimal(0)
Row = TypeVar("Row")


def difference(now: Actuals, before: Actuals | None) -> Actuals:
    """What came since `before` (None: since nothing). Below zero where something was taken back; lines of zero go.

    Totals that are each rounded once: the differences add up to the last total, whatever rounding left over between.
    """
    if before is None:
        return now
    return Actuals(
        good=_less(now.good, before.good),
        scrap=_less(now.scrap, before.scrap),
        rework=_less(now.rework, before.rework),
        materials=tuple(_materials(now.materials, before.materials)),
        downtime=tuple(_downtime(now.downtime, before.downtime)),
        labor_s=now.labor_s - before.labor_s,
        run_s=now.run_s - before.run_s,
        setup_s=now.setup_s - before.setup_s,
    )


def _less(now: Quantity, before: Quantity) -> Quantity:
    return Quantity(now.value - before.value, now.unit)


def _materials(now: Iterable[MaterialActual], before: Iterable[MaterialActual]) -> Iterable[MaterialActual]:
    """By use, item, lot, reason and unit; a line that is gone is taken back."""

    def key(row: MaterialActual) -> Hashable:
        return row.use, row.item, row.lot, row.reason, row.quantity.unit

    for row, other in _pairs(now, before, key):
        either = row or other
        if either is None:
            continue
        value = (row.quantity.value if row else ZERO) - (other.quantity.value if other else ZERO)
        if value:
            quantity = Quantity(value, either.quantity.unit)
            yield MaterialActual(either.use, either.item, quantity, either.lot, either.reason)


def _downtime(now: Iterable[DowntimeActual], before: Iterable[DowntimeActual]) -> Iterable[DowntimeActual]:
    def key(row: DowntimeActual) -> Hashable:
        return row.reason, row.work_center

    for row, other in _pairs(now, before, key):
        either = row or other
        if either is None:
            continue
        seconds = (row.seconds if row else 0) - (other.seconds if other else 0)
        if seconds:
            yield DowntimeActual(either.reason, seconds, either.work_center)


def _pairs(
    now: Iterable[Row], before: Iterable[Row], key: Callable[[Row], Hashable]
) -> Iterable[tuple[Row | None, Row | None]]:
    old = {key(row): row for row in before}
    for row in now:
        yield row, old.pop(key(row), None)
    for row in old.values():
        yield None, row
