"""What may be bad is put on hold by the check that was out, with a report; a person decides what becomes of it."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.production.models import Run
from mes.quality.blocks import doubted_hold
from mes.quality.judging import out_of_limits
from mes.quality.models import Characteristic, Check, Hold, Nonconformance
from mes.quality.queries import checks_of, reading_of

KIND = "hold"
MAX_FINDING = 300
GOOD = (Check.Verdict.GOOD, Check.Verdict.SIGNAL)


def hold_open(check: Check, run: Run | None, *, actor: str, at: datetime) -> Hold:
    """Holds what was made of the order since the last good check, its lots too; an open hold is extended to this check.

    Inside the transaction of the check, whose characteristic is locked: so two checks at once open one hold. Where the
    last good check lies before the order's run, the stretch begins with the run; without a run and a good check it is
    the instant of the check. `ncr.ncr_dispose` releases it.
    """
    open_one = Hold.objects.filter(characteristic=check.characteristic, order=check.order, released_at=None).first()
    starts_at = _since(check, run)
    if open_one is not None:
        before = {"from": open_one.starts_at, "to": open_one.ends_at}
        open_one.starts_at = min(open_one.starts_at, starts_at)
        open_one.ends_at = max(open_one.ends_at, check.at)
        open_one.save(update_fields=["starts_at", "ends_at"])
        _tell(open_one, "hold_extend", before, {"from": open_one.starts_at, "to": open_one.ends_at}, actor, at, "check")
        for report in Nonconformance.objects.filter(hold=open_one):
            doubted_hold(report, actor, at)
        return open_one
    hold = Hold.objects.create(
        characteristic=check.characteristic,
        work_center=check.work_center,
        order=check.order,
        check_out=check,
        starts_at=starts_at,
        ends_at=check.at,
        opened_at=at,
    )
    report = _report(hold, check, actor, at)
    doubted_hold(report, actor, at)
    after = {
        "from": hold.starts_at,
        "to": hold.ends_at,
        "order": check.order.number if check.order else None,
        "ncr": str(report),
    }
    _tell(hold, "hold_open", None, after, actor, at, report.finding)
    return hold


def finding_of(check: Check) -> str:
    """What the check found, in a sentence."""
    char = check.characteristic
    said: dict[str, Any] = {"name": char.name, "found": check.found, "size": check.size, "accept": char.accept}
    if char.kind == Characteristic.Kind.YES_NO:
        return _("%(name)s: %(found)s of %(size)s pieces bad, %(accept)s accepted") % said
    if char.kind == Characteristic.Kind.DEFECTS:
        return _("%(name)s: %(found)s defects in %(size)s pieces, %(accept)s accepted") % said
    beyond, _too_many = out_of_limits(reading_of(check), lsl=check.lsl, usl=check.usl, accept=char.accept)
    values = ", ".join(f"{value:.{char.decimals}f}" for value in beyond)
    limits = ["…" if one is None else f"{one:.{char.decimals}f}" for one in (check.lsl, check.usl)]
    said = {"name": char.name, "values": f"{values} {char.unit}".rstrip(), "low": limits[0], "high": limits[1]}
    return _("%(name)s: %(values)s, allowed %(low)s to %(high)s") % said


def _report(hold: Hold, check: Check, actor: str, at: datetime) -> Nonconformance:
    return Nonconformance.objects.create(
        line=check.work_center.line,
        work_center=check.work_center,
        order=check.order,
        hold=hold,
        finding=finding_of(check)[:MAX_FINDING],
        to_sign=check.characteristic.release_signed,
        raised_by=actor,
        raised_at=at,
        key=uuid5(NAMESPACE_URL, f"ncr-of-check:{check.key}"),
    )


def _since(check: Check, run: Run | None) -> datetime:
    good = (
        checks_of(check.characteristic)
        .filter(at__lt=check.at, verdict__in=GOOD, withdrawn_at=None)
        .order_by("-at")
        .first()
    )
    start = run.starts_at if run is not None else None
    known = [one for one in (good.at if good is not None else None, start) if one is not None]
    return min(max(known, default=check.at), check.at)


def _tell(hold: Hold, action: str, before: Any, after: Any, actor: str, at: datetime, why: str) -> None:
    data = {"characteristic": hold.characteristic.code, "before": before, "after": after, "why": why}
    record(actor=actor, at=at, action=action, kind=KIND, code=str(hold), data=data)
