"""Reports of nonconformances: raised, decided, closed. The decision alone lifts what the report holds."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.materials.models import Lot
from mes.plant.models import Line, WorkCenter
from mes.production.models import WorkOrder
from mes.quality.blocks import blocks_lift, blocks_set
from mes.quality.holds import MAX_FINDING
from mes.quality.models import Disposition, Hold, Nonconformance
from mes.quality.ncr_rules import ActionState, Step, missing_to_close, steps_of
from mes.quality.words import TextRefused, words_of
from mes.signing.confirm import Confirmed
from mes.signing.models import Meaning
from mes.signing.sign import sign

KIND = "ncr"
CLOSING_KIND = "ncr-closing"
MAX_WORDS = 500
MAX_DESCRIPTION = 2000
LARGEST = Decimal(10) ** 11
Status = Nonconformance.Status


class NcrRefused(TextRefused):
    """Nothing was changed; the text says why and what to do."""


def ncr_open(
    *,
    key: UUID,
    line: Line,
    finding: str,
    actor: str,
    at: datetime,
    work_center: WorkCenter | None = None,
    order: WorkOrder | None = None,
    lot: Lot | None = None,
    blocks: bool = False,
    description: str = "",
    quantity: Decimal | None = None,
) -> Nonconformance:
    """Raises a report about what a person saw. The same `key` again changes nothing and returns the first report.

    `blocks`: the order is neither started nor completed and the lot not used until it is decided. NcrRefused without a
    finding, for a machine, order or lot of another line, and for `blocks` without an order or lot that can be held.
    """
    finding = _said(finding, MAX_FINDING, _("Say what is wrong, e.g. labels of 40 bottles are torn."))
    description = _said(description, MAX_DESCRIPTION)
    refuse_quantity(quantity)
    if any(one is not None and one.line_id != line.pk for one in (work_center, order)) or (
        lot is not None and lot.line_id not in (None, line.pk)
    ):
        raise NcrRefused(_("Machine, order and lot must be of line %s: choose its own.") % line.name)
    if blocks and order is None and lot is None:
        raise NcrRefused(_("Say which order or which lot is to be held: neither is named."))
    with transaction.atomic():
        report, new = Nonconformance.objects.get_or_create(
            key=key,
            defaults={
                "line": line,
                "work_center": work_center,
                "order": order,
                "lot": lot,
                "blocks": blocks,
                "finding": finding,
                "description": description,
                "quantity": quantity,
                "raised_by": actor,
                "raised_at": at,
            },
        )
        if not new:
            if (report.finding, report.raised_by, report.line_id) != (finding, actor, line.pk):
                raise NcrRefused(_("This form was sent before with other words: open the page again."))
            return report
        refused = blocks_set(report, actor, at) if blocks else ""
        if refused:
            raise NcrRefused(refused)
        _tell(report, "ncr_open", None, ncr_content(report), actor, at, finding)
        return report


def ncr_hold(*, report: Nonconformance, why: str, actor: str, at: datetime) -> bool:
    """Puts the order and the lot of an open report on hold until it is decided. True if this call did it.

    NcrRefused for a report that is decided, that names neither, or whose order is over; and without a reason.
    """
    why = _said(why, MAX_WORDS, _("Say why it must wait: who finds it held needs to know."))
    with transaction.atomic():
        fresh = locked(report)
        if fresh.blocks:
            return False
        if Step.DISPOSE not in steps_of(fresh.status):
            raise NcrRefused(_("%s is decided already: there is nothing left to hold.") % fresh)
        if fresh.order is None and fresh.lot is None:
            raise NcrRefused(_("Say which order or which lot is to be held: neither is named."))
        refused = blocks_set(fresh, actor, at)
        if refused:
            raise NcrRefused(refused)
        Nonconformance.objects.filter(pk=fresh.pk).update(blocks=True)
        _tell(fresh, "ncr_hold", {"blocks": False}, {"blocks": True}, actor, at, why)
        return True


def ncr_dispose(
    *,
    report: Nonconformance,
    disposition: str,
    decision: str,
    quantity: Decimal | None = None,
    actor: str,
    at: datetime,
    confirmed: Confirmed | None = None,
) -> bool:
    """Decides what becomes of the pieces and releases what is on hold. True if this call did it.

    The same decision again changes nothing; another one after somebody else's is refused (NcrRefused), and so is one
    without a reason, or without a signature where the plan asks for one (`confirmed`). `quantity`: the pieces it is
    about, where that is known now. Scrap is booked where counts are kept, not here.
    """
    if disposition not in Disposition.values:
        raise NcrRefused(_("Choose what becomes of the pieces: use as is, rework, sort, scrap or return."))
    decision = _said(decision, MAX_WORDS, _("Say why it is decided so: without a reason nobody can follow it later."))
    refuse_quantity(quantity)
    with transaction.atomic():
        fresh = locked(report)
        if Step.DISPOSE not in steps_of(fresh.status):
            return _decided(fresh, disposition, decision, actor)
        _refuse_unsigned(fresh, confirmed)
        before = ncr_content(fresh)
        fresh.status, fresh.disposition, fresh.decision = Status.DISPOSITIONED, disposition, decision
        fresh.disposed_by, fresh.disposed_at = actor, at
        fresh.quantity = quantity if quantity is not None else fresh.quantity
        fresh.save()
        if fresh.hold_id is not None:
            Hold.objects.filter(pk=fresh.hold_id, released_at=None).update(released_at=at, released_by=actor)
        if fresh.blocks or fresh.hold_id is not None:
            blocks_lift(fresh, actor, at)
        if fresh.to_sign and confirmed is not None:
            _sign(KIND, fresh, ncr_content(fresh), confirmed, at)
        _tell(fresh, "ncr_dispose", before, ncr_content(fresh), actor, at, decision)
        return True


def ncr_close(
    *, report: Nonconformance, closing: str, actor: str, at: datetime, confirmed: Confirmed | None = None
) -> bool:
    """Closes a decided report whose corrective actions are all verified. True if this call did it.

    Without any corrective action `closing` must say why none is needed (NcrRefused). Said again it changes nothing.
    """
    closing = _said(closing, MAX_WORDS)
    with transaction.atomic():
        fresh = locked(report)
        if fresh.status == Status.CLOSED:
            return False
        if Step.CLOSE not in steps_of(fresh.status):
            raise NcrRefused(_("%s is not decided yet: say first what becomes of the pieces.") % fresh)
        open_actions, silent = missing_to_close(_states(fresh), closing)
        if open_actions:
            said = {"ncr": fresh, "n": open_actions}
            raise NcrRefused(_("%(ncr)s has %(n)d corrective actions that nobody has verified yet.") % said)
        if silent:
            raise NcrRefused(_("Say why no corrective action is needed, or add one."))
        _refuse_unsigned(fresh, confirmed)
        fresh.status, fresh.closing, fresh.closed_by, fresh.closed_at = Status.CLOSED, closing, actor, at
        fresh.save(update_fields=["status", "closing", "closed_by", "closed_at"])
        if fresh.to_sign and confirmed is not None:
            _sign(CLOSING_KIND, fresh, closing_content(fresh), confirmed, at)
        _tell(fresh, "ncr_close", None, closing_content(fresh), actor, at, closing or "all actions verified")
        return True


def ncr_content(report: Nonconformance) -> dict[str, Any]:
    """What the decision is about: that is signed, and the journal keeps it."""
    return {
        "ncr": str(report),
        "line": report.line.code,
        "order": report.order.number if report.order else None,
        "lot": report.lot.number if report.lot else None,
        "finding": report.finding,
        "quantity": report.quantity,
        "disposition": report.disposition or None,
        "decision": report.decision or None,
        "disposed_by": report.disposed_by or None,
        "disposed_at": report.disposed_at,
    }


def closing_content(report: Nonconformance) -> dict[str, Any]:
    """What was closed: the decision, every corrective action with its result, and the last words."""
    actions = [
        {
            "text": one.text,
            "owner": one.owner.username,
            "due": one.due,
            "result": one.result,
            "done_by": one.done_by,
            "verified_by": one.verified_by,
        }
        for one in report.actions.select_related("owner").order_by("pk")
    ]
    said = {"closing": report.closing, "closed_by": report.closed_by, "closed_at": report.closed_at}
    return {**ncr_content(report), "actions": actions, **said}


def locked(report: Nonconformance) -> Nonconformance:
    """The report as it is now; nobody else changes it until the transaction ends."""
    return Nonconformance.objects.select_for_update(no_key=True, of=("self",)).get(pk=report.pk)


def refuse_quantity(quantity: Decimal | None) -> None:
    """NcrRefused for what is no quantity of pieces."""
    if quantity is not None and not (quantity.is_finite() and 0 < quantity < LARGEST):
        raise NcrRefused(_("The quantity must be a number above 0: leave it empty where it is not known."))


def _refuse_unsigned(report: Nonconformance, confirmed: Confirmed | None) -> None:
    if report.to_sign and confirmed is None:
        raise NcrRefused(_("%s needs a signature: enter your password or PIN with the decision.") % report)


def _sign(kind: str, report: Nonconformance, content: dict[str, Any], confirmed: Confirmed, at: datetime) -> None:
    sign(
        record_kind=kind,
        record_code=str(report),
        content=content,
        meaning=Meaning.APPROVED,
        confirmed=confirmed,
        at=at,
        done_by=[report.raised_by],
    )


def _decided(report: Nonconformance, disposition: str, decision: str, actor: str) -> bool:
    if (report.disposed_by, report.disposition, report.decision) != (actor, disposition, decision):
        said = {"who": report.disposed_by, "what": Disposition(report.disposition).label}
        raise NcrRefused(_("%(who)s decided this before: %(what)s. Nothing of yours was saved.") % said)
    return False


def _states(report: Nonconformance) -> list[ActionState]:
    return [ActionState(one.done_at is not None, one.verified_at is not None) for one in report.actions.all()]


def _said(text: str, longest: int, missing: str = "") -> str:
    return words_of(text, longest, missing, NcrRefused)


def _tell(report: Nonconformance, action: str, before: Any, after: Any, actor: str, at: datetime, why: str) -> None:
    data = {"before": before, "after": after, "why": why, "hold": str(report.hold) if report.hold else None}
    record(actor=actor, at=at, action=action, kind=KIND, code=str(report), data=data)
