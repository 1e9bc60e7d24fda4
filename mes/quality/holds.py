"""What may be bad is put on hold, with a nonconformance; a person decides what becomes of it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from mes.journal.write import record
from mes.production.models import Run
from mes.quality.judging import out_of_limits
from mes.quality.models import Characteristic, Check, Disposition, Hold, Nonconformance
from mes.quality.queries import checks_of, reading_of

KIND = "hold"
MAX_ACTION = 500
MAX_FINDING = 300
GOOD = (Check.Verdict.GOOD, Check.Verdict.SIGNAL)


class HoldRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def hold_open(check: Check, run: Run | None, *, actor: str, at: datetime) -> Hold:
    """Holds what was made of the order since the last good check; an open hold of it is extended to this check.

    Inside the transaction of the check, whose characteristic is locked: so two checks at once open one hold. Where the
    last good check lies before the order's run, the stretch begins with the run; without a run and a good check it is
    the instant of the check.
    """
    open_one = Hold.objects.filter(characteristic=check.characteristic, order=check.order, released_at=None).first()
    starts_at = _since(check, run)
    if open_one is not None:
        before = {"from": open_one.starts_at, "to": open_one.ends_at}
        open_one.starts_at = min(open_one.starts_at, starts_at)
        open_one.ends_at = max(open_one.ends_at, check.at)
        open_one.save(update_fields=["starts_at", "ends_at"])
        _tell(open_one, "hold_extend", before, {"from": open_one.starts_at, "to": open_one.ends_at}, actor, at, "check")
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
    Nonconformance.objects.create(hold=hold, finding=finding_of(check)[:MAX_FINDING])
    after = {"from": hold.starts_at, "to": hold.ends_at, "order": check.order.number if check.order else None}
    _tell(hold, "hold_open", None, after, actor, at, finding_of(check))
    return hold


def hold_release(*, hold: Hold, disposition: str, corrective_action: str, actor: str, at: datetime) -> Hold:
    """Decides what becomes of the pieces and closes the nonconformance.

    The same decision again changes nothing; another one after somebody else's is refused (HoldRefused), and so is one
    without a corrective action. Scrap is not booked by this: the pieces are entered as scrap where they lie.
    """
    if disposition not in Disposition.values:
        raise HoldRefused("Choose what becomes of the pieces: use as is, rework, scrap or return.")
    action = " ".join(corrective_action.split())
    if not action:
        raise HoldRefused("Say what is done so that it does not happen again: the corrective action is missing.")
    if len(action) > MAX_ACTION or "\0" in action:
        raise HoldRefused(
            f"The corrective action is too long or has a character that cannot be stored: use {MAX_ACTION} letters."
        )
    with transaction.atomic():
        if not Hold.objects.filter(pk=hold.pk, released_at=None).update(released_at=at, released_by=actor):
            return _released(hold, disposition, action, actor)
        Nonconformance.objects.filter(hold=hold).update(
            status=Nonconformance.Status.CLOSED, disposition=disposition, corrective_action=action
        )
        after = {"disposition": disposition, "corrective_action": action}
        _tell(hold, "hold_release", {"from": hold.starts_at, "to": hold.ends_at}, after, actor, at, action)
        hold.refresh_from_db()
        return hold


def finding_of(check: Check) -> str:
    """What the check found, in a sentence."""
    char = check.characteristic
    beyond, _too_many = out_of_limits(reading_of(check), lsl=check.lsl, usl=check.usl, accept=char.accept)
    if char.kind == Characteristic.Kind.YES_NO:
        return f"{char.name}: {check.found} of {check.size} pieces bad, {char.accept} accepted"
    values = ", ".join(f"{value:.{char.decimals}f}" for value in beyond)
    limits = " to ".join("…" if one is None else f"{one:.{char.decimals}f}" for one in (check.lsl, check.usl))
    return f"{char.name}: {values} {char.unit}".rstrip() + f", allowed {limits}"


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


def _released(hold: Hold, disposition: str, action: str, actor: str) -> Hold:
    stored = Hold.objects.select_related("nonconformance").get(pk=hold.pk)
    said = stored.nonconformance
    if (stored.released_by, said.disposition, said.corrective_action) != (actor, disposition, action):
        raise HoldRefused(
            f"{stored.released_by} released this hold before: {Disposition(said.disposition).label}. "
            "Nothing of yours was saved."
        )
    return stored


def _tell(hold: Hold, action: str, before: Any, after: Any, actor: str, at: datetime, why: str) -> None:
    data = {"characteristic": hold.characteristic.code, "before": before, "after": after, "why": why}
    record(actor=actor, at=at, action=action, kind=KIND, code=str(hold), data=data)
