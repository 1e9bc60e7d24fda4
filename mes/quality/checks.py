"""A check is recorded, judged at once, and puts on hold what may be bad; or it is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.production.models import Run
from mes.quality.holds import hold_open
from mes.quality.judging import ChartKind, Reading, Sort, out_of_limits, rules_of_newest
from mes.quality.models import MOST_PIECES, Characteristic, Check, ControlLimits, Hold
from mes.quality.queries import baseline_in, checks_of, limits_at, limits_versions, readings_of, run_of, with_gaps
from mes.quality.typed import MOST_DEFECTS

KIND = "characteristic"
MAX_NOTE = 200
AHEAD = timedelta(seconds=60)  # so far a device's clock may be ahead of ours
OLDEST = timedelta(days=7)
LARGEST = Decimal(10) ** 11
MEMORY = 15  # points the longest run rule looks back
WEIGHTED_MEMORY = 300  # EWMA and CUSUM: what lies further back no longer moves a point in practice


class CheckRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A check that is stored, and the hold it opened or extended."""

    check: Check
    hold: Hold | None
    new: bool


def check_record(
    *,
    characteristic: Characteristic,
    reading: Reading,
    taken_at: datetime,
    actor: str,
    at: datetime,
    key: UUID,
    note: str = "",
) -> Recorded:
    """Stores a check, judges it by specification and run rules, and holds the stretch where it is out.

    `taken_at`: when the pieces were taken. The same `key` again changes nothing. Fewer pieces than planned, or none at
    all (the check could not be made, a gap on the chart), need a note. A check that comes late is judged by the checks
    before it; later ones keep the verdict they were given. CheckRefused says what is wrong.
    """
    note = _note(note)
    with transaction.atomic():
        place = Characteristic.objects.select_for_update(no_key=True, of=("self",)).get(pk=characteristic.pk)
        known = Check.objects.select_related("hold").filter(key=key).first()
        if known is not None:
            return Recorded(_same(known, place, reading), getattr(known, "hold", None), False)
        _refuse(place, reading, taken_at, at, note)
        run = run_of(place.work_center, taken_at)
        if run is not None and place.item_id is not None and run.item_id != place.item_id:
            said = {"check": place.code, "item": place.item, "place": place.work_center.code, "made": run.item.code}
            raise CheckRefused(_("%(check)s is a check of %(item)s, but %(place)s made %(made)s then.") % said)
        check = _store(place, reading, run, taken_at, actor, at, key, note)
        hold = hold_open(check, run, actor=actor, at=at) if check.verdict == Check.Verdict.OUT else None
        data: dict[str, Any] = {"before": None, "after": check_plain(check), "why": note or "check"}
        record(actor=actor, at=at, action="check_record", kind=KIND, code=place.code, data=data)
        return Recorded(check, hold, True)


def check_withdraw(*, key: UUID, why: str, actor: str, at: datetime) -> bool:
    """Takes a check back, e.g. a mistyped one: it stays in the journal and becomes a gap. True if this call did it.

    A hold it opened stays open until somebody decides. Without a reason: CheckRefused.
    """
    why = _note(why)
    if not why:
        raise CheckRefused(_("Say why the check is taken back: without a reason nobody can trust the chart later."))
    with transaction.atomic():
        check = Check.objects.select_related("characteristic", "order").filter(key=key).first()
        if check is None:
            raise CheckRefused(_("This check does not exist: look at the list of checks again."))
        if not Check.objects.filter(pk=check.pk, withdrawn_at=None).update(withdrawn_at=at):
            return False
        data = {"before": check_plain(check), "after": None, "why": why}
        record(actor=actor, at=at, action="check_withdraw", kind=KIND, code=check.characteristic.code, data=data)
        return True


def check_plain(check: Check) -> dict[str, Any]:
    """A check as the journal keeps it."""
    return {
        "key": check.key,
        "taken_at": check.at,
        "order": check.order.number if check.order else None,
        "values": [f"{value.normalize():f}" for value in check.values],
        "found": check.found,
        "size": check.size,
        "verdict": check.verdict,
        "signals": check.signals,
        "note": check.note,
    }


def _store(
    place: Characteristic, reading: Reading, run: Run | None, taken_at: datetime, actor: str, at: datetime, key: UUID,
    note: str,
) -> Check:  # fmt: skip
    limits = limits_at(limits_versions(place), taken_at)
    check = Check(
        characteristic=place,
        work_center=place.work_center,
        order=run.order if run else None,
        item_id=run.item_id if run else None,
        at=taken_at,
        values=list(reading.values),
        found=reading.found,
        size=reading.size if reading.found is not None else len(reading.values),
        lsl=place.lsl,
        usl=place.usl,
        limits=limits,
        to_sign=place.signatures,
        note=note,
        actor=actor,
        recorded_at=at,
        key=key,
    )
    beyond, too_many = out_of_limits(reading, lsl=place.lsl, usl=place.usl, accept=place.accept)
    check.signals = _signals(place, check, limits) if not reading.gap else []
    if reading.gap:
        check.verdict = Check.Verdict.MISSED
    elif beyond or too_many:
        check.verdict = Check.Verdict.OUT
    else:
        check.verdict = Check.Verdict.SIGNAL if check.signals else Check.Verdict.GOOD
    check.save(force_insert=True)
    return check


def _signals(place: Characteristic, check: Check, limits: ControlLimits | None) -> list[str]:
    """The run rules this check completes with those before it; without frozen limits none can speak."""
    if limits is None:
        return []
    memory = memory_of(ChartKind(place.chart))
    lately = checks_of(place).filter(at__lte=check.at, at__gte=limits.since).order_by("-at", "-id")[:memory]
    sequence: Sequence[Check | None] = with_gaps([*reversed(lately), check])
    return rules_of_newest(ChartKind(place.chart), readings_of(sequence), baseline_in(limits), place.rules)


def memory_of(kind: ChartKind) -> int:
    """How many checks back a verdict on this chart depends on."""
    return WEIGHTED_MEMORY if kind.remembers else MEMORY


def _refuse(place: Characteristic, reading: Reading, taken_at: datetime, at: datetime, note: str) -> None:
    if place.archived:
        raise CheckRefused(_("%s is archived and is not checked any more: choose another characteristic.") % place.code)
    if taken_at > at + AHEAD:
        raise CheckRefused(_("The check lies in the future: check the clock of the device."))
    if taken_at < at - OLDEST:
        raise CheckRefused(_("The check is older than seven days: it can no longer be entered."))
    if Sort(place.kind) is Sort.MEASURED:
        _refuse_values(place, reading)
    else:
        _refuse_count(place, reading)
    too_few = Sort(place.kind) is Sort.MEASURED and len(reading.values) < place.subgroup_size
    if not note and (reading.gap or too_few):
        raise CheckRefused(_("Enter every value, or say why some are missing."))


def _refuse_values(place: Characteristic, reading: Reading) -> None:
    if reading.found is not None:
        raise CheckRefused(_("%s is measured: send its values.") % place.code)
    if len(reading.values) > place.subgroup_size:
        said = {"check": place.code, "planned": place.subgroup_size, "sent": len(reading.values)}
        raise CheckRefused(_("%(check)s has %(planned)d pieces in one check, not %(sent)d.") % said)
    if any(not value.is_finite() or abs(value) >= LARGEST for value in reading.values):
        raise CheckRefused(_("A value of %s is no number that can be stored: measure again.") % place.code)


def _refuse_count(place: Characteristic, reading: Reading) -> None:
    if reading.values:
        raise CheckRefused(_("%s is counted: send how many pieces are bad, or how many defects.") % place.code)
    if reading.found is None:
        return
    if not 1 <= reading.size <= MOST_PIECES:
        said = {"check": place.code, "most": MOST_PIECES}
        raise CheckRefused(_("Pieces looked at for %(check)s: a whole number from 1 to %(most)d.") % said)
    if place.kind == Characteristic.Kind.YES_NO and not 0 <= reading.found <= reading.size:
        raise CheckRefused(_("Bad pieces of %s: a whole number from 0 to the pieces looked at.") % place.code)
    if not 0 <= reading.found <= MOST_DEFECTS:
        said = {"check": place.code, "most": MOST_DEFECTS}
        raise CheckRefused(_("Defects of %(check)s: a whole number from 0 to %(most)d.") % said)
    if place.chart == ChartKind.C and reading.size != place.subgroup_size:
        said = {"check": place.code, "planned": place.subgroup_size}
        raise CheckRefused(_("%(check)s counts defects in %(planned)d pieces each time: look at that many.") % said)


def _same(known: Check, place: Characteristic, reading: Reading) -> Check:
    said = (tuple(known.values), known.found)
    if known.characteristic_id != place.pk or said != (reading.values, reading.found):
        raise CheckRefused(_("This form was sent before with other values: open the check again and enter them anew."))
    return known


def _note(text: str) -> str:
    note = " ".join(text.split())
    if len(note) > MAX_NOTE or "\0" in note:
        raise CheckRefused(
            _("The note is too long or has a character that cannot be stored: use %d letters.") % MAX_NOTE
        )
    return note
