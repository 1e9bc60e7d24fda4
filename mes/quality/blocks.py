"""What a report holds: its order is neither started nor completed, its lot is not used, until the report is decided."""

from datetime import datetime

from django.utils.translation import gettext as _

from mes.materials.holds import lot_hold, lot_release
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


def blocks_lift(report: Nonconformance, actor: str, at: datetime) -> None:
    """Releases what the report held, now that it is decided; a lot to be scrapped or returned stays blocked."""
    why = f"{report}: {Disposition(report.disposition).label}. {report.decision}"[:_LONGEST_WHY]
    if report.order is not None:
        order_release_hold(order=report.order, why=why, actor=actor, at=at, ref=str(report))
    if report.lot is None:
        return
    if report.disposition in KEPT:
        lot_hold(lot=report.lot, why=why, actor=actor, at=at, source=source_of(report), blocks=True)
    else:
        lot_release(lot=report.lot, why=why, actor=actor, at=at, source=source_of(report))


def source_of(report: Nonconformance) -> str:
    """The name under which a report holds a lot."""
    return f"ncr:{report}"
