"""Scrap of a report: what was entered as scrap already, and booking the rest once, where counts are kept."""

from datetime import datetime
from typing import Any
from uuid import uuid5

from django.db.models import Sum
from django.utils.translation import gettext as _

from mes.plant.changes import ShiftLocked
from mes.quality.models import Nonconformance
from mes.quality.ncr import NcrRefused
from mes.tracking.models import CountFlag
from mes.tracking.scrap import ScrapRefused, scrap_enter


def entered_as_scrap(report: Nonconformance) -> int | None:
    """Pieces people entered as scrap for its order on its machine since it began; None where there is no such machine.

    They are in the counts already: booking them again would count them twice.
    """
    if report.work_center is None:
        return None
    since = report.hold.starts_at if report.hold is not None else report.raised_at
    rows = CountFlag.objects.filter(
        work_center=report.work_center, order=report.order, kind=CountFlag.Kind.MANUAL, role="scrap", to_at__gte=since
    )
    return int(rows.aggregate(n=Sum("quantity"))["n"] or 0)


def scrap_book(report: Nonconformance, text: str, *, actor: str, at: datetime) -> int:
    """Moves so many pieces from good to scrap, once for a report whatever is sent again; empty or 0: none.

    NcrRefused for what is no whole number, without a machine, and for more than was counted as good.
    """
    plain = text.strip()
    if plain in ("", "0"):
        return 0
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 6):
        raise NcrRefused(_("Pieces to enter as scrap: a whole number, or 0 where they are entered already."))
    if report.work_center is None:
        raise NcrRefused(_("This report names no machine: enter the scrap at the station where it lies."))
    said: dict[str, Any] = {"work_center": report.work_center, "quantity": int(plain), "order": report.order}
    try:
        scrap_enter(**said, actor=actor, at=at, key=uuid5(report.key, "scrap"))
    except (ScrapRefused, ShiftLocked) as refused:
        raise NcrRefused(str(refused)) from refused
    return int(plain)
