"""Plans are made: the original once at a shift's begin, re-plans as further versions. None is ever rewritten."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.hourly.first_plan import PlannedHour, anything_to_plan, machines_rows, planned_hours
from mes.hourly.models import HourPlan, PlanHour
from mes.hourly.places import BoardPlace, line_board, machine_board, shift_named
from mes.hourly.typed import HoursRefused, plain
from mes.journal.write import record
from mes.oee.closing import machines_of_shift
from mes.oee.sources import MachineRows
from mes.plant.models import Shift

KIND = "hour-plan"
SYSTEM = "system"
MAX_WHY = 300
MOST_PIECES = 10_000_000


def hours_plan(
    *, place: BoardPlace, shift: Shift, actor: str, at: datetime, rows: dict[int, MachineRows] | None = None
) -> HourPlan | None:
    """Fixes the original plan of a place for a shift, once; the stored one where it was fixed before.

    None while there is nothing to plan with (no order, no ideal cycle): it is asked again later.
    """
    known = place.plans([shift]).first()
    if known is not None:
        return known
    hours = planned_hours(place, shift, at=at, rows=rows)
    if all(hour.pieces is None for hour in hours):
        return None
    try:
        with transaction.atomic():
            return _store(place, shift, 1, hours, "", "hours_plan", None, actor, at)
    except IntegrityError:  # somebody fixed it a moment ago
        return place.plans([shift]).first()


def hour_replan(
    *,
    place: BoardPlace,
    shift: Shift,
    pieces: Mapping[datetime, int | None],
    why: str,
    version: int,
    actor: str,
    at: datetime,
) -> HourPlan:
    """A further version of the plan: `pieces` by the start of hours that are not over; the others stay as they were.

    `version` is the one the person saw (0: none was there). The same re-plan said twice is stored once. Raises
    HoursRefused without a reason, for a changed hour that is over, after the sign-off, when somebody re-planned
    meanwhile, and for what is no number of pieces.
    """
    why = plain(why, MAX_WHY, _("The reason"))
    if not why:
        raise HoursRefused(_("Say why the plan is changed: the original stays beside it."))
    latest = place.plans([shift]).last()
    before = _stored(latest) if latest else [hour._replace(pieces=None) for hour in planned_hours(place, shift, at=at)]
    hours = [hour._replace(pieces=pieces.get(hour.start, hour.pieces)) for hour in before]
    if latest is not None and latest.version == version + 1 and (_stored(latest), latest.made_by) == (hours, actor):
        return latest
    if (latest.version if latest else 0) != version:
        who = latest.made_by if latest else ""
        raise HoursRefused(_("%(who)s changed this plan meanwhile: look at it, then change it again.") % {"who": who})
    if hours == before:
        raise HoursRefused(_("No hour has another number than before: nothing was changed."))
    _refuse(place, shift, before, hours, at)
    try:
        with transaction.atomic():
            return _store(place, shift, version + 1, hours, why, "hour_replan", before, actor, at)
    except IntegrityError as taken:
        raise HoursRefused(_("Somebody changed this plan a moment ago: look at it, then change it again.")) from taken


def hours_plan_turn(*, at: datetime) -> int:
    """Fixes the original plans of the shifts that run now: how many. Safe to run twice."""
    made = 0
    running = Shift.objects.filter(starts_at__lte=at, ends_at__gt=at).select_related("line__area__site", "work_center")
    for shift in running:
        planned = set(HourPlan.objects.filter(shift=shift).values_list("work_center", flat=True))
        machines = machines_of_shift(shift)
        places = [machine_board(wc) for wc in machines]
        if shift.work_center_id is None:
            places.append(line_board(shift.line))
        open_ones = [p for p in places if (p.work_center.pk if p.work_center else None) not in planned and p.leaving]
        if not open_ones or not anything_to_plan(shift):
            continue
        every = {wc.pk: wc for place in open_ones for wc in place.leaving}
        rows = machines_rows(list(every.values()), shift)
        made += sum(
            hours_plan(place=place, shift=shift, actor=SYSTEM, at=at, rows=rows) is not None for place in open_ones
        )
    return made


def _refuse(
    place: BoardPlace, shift: Shift, before: Sequence[PlannedHour], hours: Sequence[PlannedHour], at: datetime
) -> None:
    signed = place.signed([shift]).first()
    if signed is not None:
        raise HoursRefused(_("%(who)s signed this shift off: its plan stays.") % {"who": signed.signed_by})
    for was, now in zip(before, hours, strict=True):
        if was.pieces != now.pieces and now.end <= at:
            hour = f"{now.start.astimezone(place.zone):%H:%M}"
            raise HoursRefused(_("The hour from %(hour)s is over: its plan stays as it was.") % {"hour": hour})
        if now.pieces is not None and not 0 <= now.pieces <= MOST_PIECES:
            raise HoursRefused(_("A plan is a whole number of pieces from 0 to %(most)d.") % {"most": MOST_PIECES})


def _stored(plan: HourPlan) -> list[PlannedHour]:
    return [PlannedHour(hour.starts_at, hour.ends_at, hour.pieces) for hour in plan.hours.all()]


def _store(
    place: BoardPlace,
    shift: Shift,
    version: int,
    hours: Sequence[PlannedHour],
    why: str,
    action: str,
    before: Sequence[PlannedHour] | None,
    actor: str,
    at: datetime,
) -> HourPlan:
    plan = HourPlan.objects.create(
        line=place.line, work_center=place.work_center, shift=shift, version=version, made_at=at, made_by=actor, why=why
    )
    PlanHour.objects.bulk_create(
        PlanHour(plan=plan, starts_at=hour.start, ends_at=hour.end, pieces=hour.pieces) for hour in hours
    )
    data: dict[str, Any] = {"version": version, "before": _told(before), "after": _told(hours), "why": why}
    record(actor=actor, at=at, action=action, kind=KIND, code=shift_named(place, shift), data=data)
    return plan


def _told(hours: Sequence[PlannedHour] | None) -> dict[str, int | None] | None:
    return None if hours is None else {hour.start.isoformat(): hour.pieces for hour in hours}
