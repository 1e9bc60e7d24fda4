"""What a report holds: its order is neither started nor completed, its lot is not used, until the report is decided."""

from datetime import datetime

from django.utils.translation import gettext as _

from mes.materials.holds import lot_hold, lot_release
from mes.materials.models import Lot
from mes.production.order_steps import order_hold, order_release_hold
from mes.production.refusals import OrderRefused
from mes.quality.models import Disposition, Nonconformance

KEPT = (Disposition.SCRAP, Disposition.RETURN)
"""After these decisions a lot stays blocked: its pieces leave and must not be used in between."""

_LONGEST_WHY = 200


def blocks_set(report: Nonconformance, actor: str, at: datetime) -> str:
    """Holds the report's lot and order, inside its transaction. What could not be held as a sentence, else empty."""
    why = f"{report}: {report.finding}"[:_LONGEST_WHY]
    if report.lot is not None:
        lot_hold(lot=report.lot, why=why, actor=actor, at=at, source=source_of(report))
    if report.order is not None:
        try:
            order_hold(order=report.order, why=why, actor=actor, at=at, ref=str(report))
        except OrderRefused:
            return _("Order %s is over and cannot be held.") % report.order.number
    return ""


def doubted_hold(report: Nonconformance, actor: str, at: datetime) -> int:
    """Holds the lots of the report's order that were entered since its doubted stretch began; how many. Safe to repeat.

    A lot entered before holds pieces from before the last good check. The order itself goes on: who runs it sees the
    hold, and is asked when completing it.
    """
    hold = report.hold
    if hold is None or hold.order is None:
        return 0
    why = f"{report}: {report.finding}"[:_LONGEST_WHY]
    lots = list(Lot.objects.filter(order=hold.order, at__gte=hold.starts_at))
    for lot in lots:
        lot_hold(lot=lot, why=why, actor=actor, at=at, source=source_of(report))
    return len(lots)


def blocks_lift(report: Nonconformance, actor: str, at: datetime) -> None:
    """Releases what the report held, now that it is decided; lots to be scrapped or returned stay blocked."""
    why = f"{report}: {Disposition(report.disposition).label}. {report.decision}"[:_LONGEST_WHY]
    if report.order is not None:
        order_release_hold(order=report.order, why=why, actor=actor, at=at, ref=str(report))
    for lot in Lot.objects.filter(holds__source=source_of(report), holds__released_at=None):
        if report.disposition in KEPT:
            lot_hold(lot=lot, why=why, actor=actor, at=at, source=source_of(report), blocks=True)
        else:
            lot_release(lot=lot, why=why, actor=actor, at=at, source=source_of(report))


def source_of(report: Nonconformance) -> str:
    """The name under which a report holds a lot."""
    return f"ncr:{report}"
