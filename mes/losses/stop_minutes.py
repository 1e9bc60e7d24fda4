"""Minutes and number of stops inside planned time, by reason, machine, item, shift and crew, added up in the database.

A stop counts with the minutes that lie in planned time (scheduled time less breaks and planned stops), once, where it
begins. What people corrected counts as they said. Reasons of the class "planned stop" are no losses and left out; so is
a machine that idles without an order.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from mes.downtime.models import Reason, Stop
from mes.losses.stop_sql import ADDED_UP, ONE_BY_ONE
from mes.plant.models import WorkCenter
from mes.plant.shift_of import Schedule, schedules_of
from mes.plant.stretches import Pause
from mes.production.models import Item
from mes.tracking.models import MachineCursor, StateCorrection

MOST_MACHINE_DAYS = 7_000
"""Machines x days that one page adds up: 19 machines for a year, or 200 for five weeks."""

NO_REASON, WAITING, SHORT = "-", "-waiting", "-short"
"""What stands for a reason where nobody gave one: it asks for one; it waited for others; a micro-stop asks for none."""

DIMENSIONS = ("reason", "machine", "machine_reason", "item", "shift", "crew")


class TooMuch(Exception):
    """So many machines over so long a time are not added up in one page; the text says what can be asked for."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Time lost on one machine to one reason in one shift with one item. `stops`: how many began there.

    `waiting`: it was starved or blocked, whatever reason stands there: another machine's loss (R19).
    """

    machine: str
    machine_name: str
    reason: str
    reason_name: str
    shift: str
    crew: str
    item: str
    lost_ms: int
    stops: int
    waiting: bool = False


class Group(NamedTuple):
    """Losses with one key: its name on the page, milliseconds and stops."""

    key: str
    name: str
    lost_ms: int
    stops: int


class Planned(NamedTuple):
    """A stretch of planned time and whose it is."""

    start: datetime
    end: datetime
    shift: str
    crew: str


def stop_minutes(work_centers: Sequence[WorkCenter], start: datetime, end: datetime, *, now: datetime) -> list[Lost]:
    """What stops cost in [start, end), in a fixed number of queries. Raises TooMuch, so that no page takes minutes."""
    planned = _planned_or_too_much(work_centers, start, end, now)
    if not planned["wc"]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ADDED_UP, planned | {"start": start, "now": now})
        rows = cursor.fetchall()
    return list(_named(rows, {wc.pk: wc for wc in work_centers}))


def stops_listed(
    work_centers: Sequence[WorkCenter],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    only: dict[str, str],
    most: int,
) -> list[tuple[Stop, int]]:
    """The stops behind a bar with their milliseconds of planned time in the window, the longest first, at most `most`.

    `only`: reason (a code or NO_REASON ...), shift, crew and item, as `grouped` keys them; what is missing narrows
    nothing. Raises TooMuch as `stop_minutes` does.
    """
    planned = _planned_or_too_much(work_centers, start, end, now)
    if not planned["wc"]:
        return []
    asked: dict[str, Any] = {"of_reason": only.get("reason", ""), "most": most, "start": start, "now": now}
    for name in ("shift", "crew", "item"):
        asked |= {f"any_{name}": name not in only, f"of_{name}": only.get(name, "")}
    with connection.cursor() as cursor:
        cursor.execute(ONE_BY_ONE, planned | asked)
        rows = cursor.fetchall()
    above = ("work_center__line__area__site", "reason__parent")
    found = Stop.objects.select_related(*above).in_bulk([pk for pk, _ms in rows if pk > 0])
    told = StateCorrection.objects.select_related(*above).in_bulk([-pk for pk, _ms in rows if pk < 0])
    stops = found | {-pk: _as_stop(row) for pk, row in told.items()}
    return [(stops[pk], ms) for pk, ms in rows if pk in stops]


def _as_stop(told: StateCorrection) -> Stop:
    """A standstill that a person named, in the form of a stop that is not stored."""
    return Stop(
        work_center=told.work_center,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        state=_("corrected"),
        kind=told.kind,
        reason=told.reason,
        note=told.why,
        explained_by=told.actor,
    )


def grouped(losses: Iterable[Lost], by: str) -> list[Group]:
    """The losses by one of DIMENSIONS, most time first, equal ones by name."""
    found: dict[str, Group] = {}
    for loss in losses:
        key, name = _key(loss, by)
        so_far = found.get(key, Group(key, name, 0, 0))
        found[key] = Group(key, name, so_far.lost_ms + loss.lost_ms, so_far.stops + loss.stops)
    return sorted(found.values(), key=lambda group: (-group.lost_ms, group.name, group.key))


def own_losses(losses: Iterable[Lost]) -> list[Lost]:
    """What stopped machines of themselves: not that they waited for others (R19), nor micro-stops without a reason."""
    return [loss for loss in losses if not loss.waiting and loss.reason not in (WAITING, SHORT)]


def without_reason(losses: Iterable[Lost]) -> tuple[int, int]:
    """(ms without a reason, ms that should have one): waiting and micro-stops ask for none."""
    asking = [loss for loss in losses if loss.reason not in (WAITING, SHORT)]
    return sum(loss.lost_ms for loss in asking if loss.reason == NO_REASON), sum(loss.lost_ms for loss in asking)


def planned_time(schedule: Schedule, start: datetime, end: datetime) -> list[Planned]:
    """The planned time of a machine in [start, end): its schedule less its pauses, cut where shifts change."""
    pauses = sorted(schedule.pauses, key=lambda pause: pause.starts_at)
    ends, begins = [pause.ends_at for pause in pauses], [shift.starts_at for shift in schedule.shifts]
    found = []
    for span_start, span_end in schedule.spans:
        a, b = max(span_start, start), min(span_end, end)
        if a >= b:
            continue
        shifts = schedule.shifts[max(0, bisect_right(begins, a) - 1) : bisect_right(begins, b)]
        resting = pauses[bisect_right(ends, a) :]
        edges = {edge for shift in shifts for edge in (shift.starts_at, shift.ends_at) if a < edge < b}
        for since, until in pairwise([a, *sorted(edges), b]):
            here = next((shift for shift in shifts if shift.starts_at <= since < shift.ends_at), None)
            name, crew = (here.name, here.crew) if here else ("", "")
            found += [Planned(x, y, name, crew) for x, y in _less(since, until, resting)]
    return found


def _less(start: datetime, end: datetime, pauses: Iterable[Pause]) -> Iterator[tuple[datetime, datetime]]:
    """[start, end) without the pauses, which come in order and never overlap."""
    for pause in pauses:
        if pause.starts_at >= end:
            break
        if pause.starts_at > start:
            yield start, pause.starts_at
        start = max(start, pause.ends_at)
    if start < end:
        yield start, end


def _planned_or_too_much(
    work_centers: Sequence[WorkCenter], start: datetime, end: datetime, now: datetime
) -> dict[str, list[Any]]:
    days = (end - start) / timedelta(days=1)
    if len(work_centers) * days > MOST_MACHINE_DAYS:
        most = max(1, int(MOST_MACHINE_DAYS / len(work_centers)))
        said = _("Stops of %(machines)d machines are added up for at most %(days)d days: choose a line or less time.")
        raise TooMuch(said % {"machines": len(work_centers), "days": most})
    return _planned_rows(work_centers, start, end, now)


def _planned_rows(
    work_centers: Sequence[WorkCenter], start: datetime, end: datetime, now: datetime
) -> dict[str, list[Any]]:
    """Planned time of all machines as columns, with until when each machine's open stop is known to last (R13, R18).

    Rows that are not `said` are for recorded stops and leave out what people corrected; rows that are `said` are for
    the standstills people named instead, of machines that have any.
    """
    keys = [wc.pk for wc in work_centers]
    micro = {wc.pk: wc.micro_stop_s for wc in work_centers}
    heard = {row.work_center_id: row for row in MachineCursor.objects.filter(work_center__in=keys)}
    corrections = _corrections(keys, start, end)
    columns: dict[str, list[Any]] = {name: [] for name in ("wc", "a", "b", "shift", "crew", "known", "micro", "said")}
    for pk, schedule in schedules_of(work_centers, start, end).items():
        cursor, told = heard.get(pk), corrections.get(pk, [])
        alive = cursor is None or now - cursor.heard_at <= timedelta(seconds=cursor.silence_s)
        known = now if cursor is None or alive else cursor.heard_at
        over = [
            Pause("", one.starts_at, one.ends_at) for one in told if one.reason_id or one.kind in ("run", "unknown")
        ]
        for piece in planned_time(schedule, start, end):
            spans = [(*span, False) for span in _less(piece.start, piece.end, over)]
            spans += [(piece.start, piece.end, True)] if any(one.reason_id for one in told) else []
            for a, b, said in spans:
                row = (pk, a, b, piece.shift, piece.crew, known, micro[pk], said)
                for name, value in zip(columns, row, strict=True):
                    columns[name].append(value)
    return columns


def _corrections(keys: list[int], start: datetime, end: datetime) -> dict[int, list[StateCorrection]]:
    """Machine (by id) to what people said of its states in [start, end), in order; they never overlap."""
    found: dict[int, list[StateCorrection]] = {}
    rows = StateCorrection.objects.filter(work_center__in=keys, withdrawn_at=None, starts_at__lt=end, ends_at__gt=start)
    for row in rows.order_by("starts_at"):
        found.setdefault(row.work_center_id, []).append(row)
    return found


def _named(rows: Iterable[Sequence[Any]], machines: dict[int, WorkCenter]) -> Iterator[Lost]:
    rows = list(rows)
    reasons = Reason.objects.in_bulk({row[1] for row in rows if row[1]})
    shown = Counter(wc.name for wc in machines.values())
    names = {pk: wc.name if shown[wc.name] == 1 else f"{wc.name} {wc.code}" for pk, wc in machines.items()}
    items = dict(Item.objects.filter(pk__in={row[6] for row in rows if row[6]}).values_list("pk", "code"))
    for wc, reason_id, kind, short, shift, crew, item, lost_ms, stops in rows:
        reason = reasons.get(reason_id)
        if reason is not None and reason.klass == Reason.Klass.PLANNED:
            continue
        key = reason.code if reason else WAITING if kind == "waiting" else SHORT if short else NO_REASON
        name = reason.name if reason else reason_words()[key]
        machine = machines[wc]
        what = (key, name, shift, crew, items.get(item, ""), lost_ms, stops, kind == "waiting")
        yield Lost(machine.code, names[wc], *what)


def reason_words() -> dict[str, str]:
    """What a page says where there is no reason."""
    return {
        NO_REASON: _("No reason given"),
        WAITING: _("Waiting for other machines"),
        SHORT: _("Micro-stops without a reason"),
    }


def _key(loss: Lost, by: str) -> tuple[str, str]:
    if by == "machine":
        return loss.machine, loss.machine_name
    if by == "machine_reason":
        return f"{loss.machine}/{loss.reason}", f"{loss.machine_name}: {loss.reason_name}"
    if by == "item":
        return loss.item, loss.item or _("No order")
    if by == "shift":
        return loss.shift, loss.shift or _("Outside of shifts")
    if by == "crew":
        return loss.crew, loss.crew or _("No crew")
    return loss.reason, loss.reason_name
