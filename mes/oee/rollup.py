"""Rolls hours up: those that settled, and anew those whose facts changed. A turn may be killed and done again."""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import redis
from django.db import connection, transaction
from django.db.models import Min, Q

from mes.oee.cuts import HOUR, floor_hour, hours_between
from mes.oee.fact_models import RollMark
from mes.oee.places import machines_of
from mes.oee.policies import policies_in_force
from mes.oee.reckon import Part, PlaceKey, Reckoner
from mes.oee.roll_changes import Change, changes_settle, changes_waiting, locked_shifts
from mes.oee.roll_rows import PolicyIds, days_write, hours_write, rows_of
from mes.oee.sources import load_rows, margin_ms
from mes.plant.changes import SETTLE
from mes.plant.models import Line, Shift, WorkCenter
from mes.plant.shift_of import shift_now
from mes.production.models import Run
from mes.tracking.models import CountFlag, CountHour, StateInterval
from mes.tracking.news import facts_tell, touched_tell
from mes.witness.weigh import changes_weigh

GRACE = timedelta(seconds=30)  # what was young enough to need no word when it was decided may still be on its way
BATCH = timedelta(days=7)  # the most time one turn rolls, of settled hours and of each change
APART = timedelta(hours=12)  # hours further apart are loaded apart
Marks = dict[PlaceKey, RollMark]
log = logging.getLogger("mes.rollup")


@dataclass(slots=True)
class Rolled:
    """What one turn did. `more`: the line has more to do. `mended`: what was reckoned again."""

    hours: int = 0
    more: bool = False
    mended: list[Change] = field(default_factory=list)


def line_roll(line: Line, *, now: datetime, wait: bool = False) -> Rolled:
    """One turn for a line, in one transaction: some of its settled hours, and the changes that wait.

    While another process works on the line it does nothing, or waits for that one. What changed is read before the
    facts are: a change that is committed later has its own word, which waits for the next turn.
    """
    with transaction.atomic():
        machines = machines_of([line])[line.pk]
        if not machines or not _mine(line, machines, wait):
            return Rolled()
        reach = _reach(machines, now)
        changes, more = changes_waiting(machines, most=BATCH)
        marks = _marks(line, machines, changes)
        known = marks["line", line.pk].rolled_from
        changes = [c._replace(rest=None) if c.rest is not None and c.rest <= known else c for c in changes]
        until = floor_hour(now - reach - GRACE)
        due = _due(marks, until)
        todo = {key: set(hours) for key, hours in due.items()}
        for change in changes:
            for key in (("work_center", change.work_center), ("line", line.pk)):
                mark = marks[key]
                hours = hours_between(max(change.start - reach, mark.rolled_from), change.end + reach)
                todo[key].update(hour for hour in hours if hour < mark.rolled_until)
        for key, hours in due.items():
            if hours:
                marks[key].rolled_until = hours[-1] + HOUR
                marks[key].save()
        _roll(line, machines, marks, todo, now)
        changes_weigh([(change.work_center, change.start, change.end) for change in changes], now=now)
        changes_settle(machines, changes)
        more |= any(mark.rolled_until < until for mark in marks.values()) or any(c.rest is not None for c in changes)
        return Rolled(sum(map(len, todo.values())), more, changes)


def roll_now(work_centers: Sequence[WorkCenter], start: datetime, end: datetime, *, now: datetime) -> None:
    """Rolls the lines of these machines until everything in [start, end) that has settled is rolled, and mended.

    Waits while another process works on a line. For a shift that is closed; needs `line` at hand.
    """
    for line in {wc.line_id: wc.line for wc in work_centers}.values():
        while line_roll(line, now=now, wait=True).more:
            pass


def lines_due(now: datetime) -> list[Line]:
    """Lines with settled hours that are not rolled, or with changes that wait."""
    late = RollMark.objects.filter(rolled_until__lt=floor_hour(now - SETTLE - GRACE))
    rolled = RollMark.objects.exclude(line=None)
    changed = {change.work_center for change in changes_waiting(None, most=BATCH)[0]}
    due = Q(pk__in=late.filter(line__isnull=False).values("line")) | ~Q(pk__in=rolled.values("line"))
    due |= Q(work_centers__in=changed) | Q(work_centers__in=late.filter(line=None).values("work_center"))
    return list(Line.objects.filter(due, work_centers__archived=False).distinct())


def _mine(line: Line, machines: Sequence[WorkCenter], wait: bool) -> bool:
    """Takes the line for this transaction, in which nobody else rolls it; false where somebody does, or for no facts.

    A lock of its own and not the mark's row, because at first there is no mark.
    """
    with connection.cursor() as cursor:
        lock = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
        cursor.execute(f"SELECT {lock}(hashtext('mes.rollup'), %s::int)", [line.pk])
        if cursor.fetchone() == (False,):
            return False
    if RollMark.objects.filter(line=line).exists():
        return True
    begin = _first_fact(line, machines)
    if begin is not None:
        RollMark.objects.create(line=line, rolled_from=begin, rolled_until=begin)
    return begin is not None


def _first_fact(line: Line, machines: Sequence[WorkCenter]) -> datetime | None:
    of_machines = Q(work_center__in=machines)
    found = [
        Shift.objects.filter(line=line).aggregate(at=Min("starts_at"))["at"],
        StateInterval.objects.filter(of_machines).aggregate(at=Min("starts_at"))["at"],
        Run.objects.filter(of_machines).aggregate(at=Min("starts_at"))["at"],
        CountHour.objects.filter(of_machines).aggregate(at=Min("hour"))["at"],
        CountFlag.objects.filter(of_machines).aggregate(at=Min("from_at"))["at"],
    ]
    return min((floor_hour(at) for at in found if at is not None), default=None)


def _reach(machines: Sequence[WorkCenter], now: datetime) -> timedelta:
    """How far around a change its neighbours may read otherwise, and how long after its end an hour is settled."""
    policies = [policy for begun in policies_in_force(machines, now, now).values() for _, policy in begun]
    return max(SETTLE, *(timedelta(milliseconds=margin_ms(policy)) for policy in policies))


def _marks(line: Line, machines: Sequence[WorkCenter], changes: Iterable[Change]) -> Marks:
    """The marks of the line and its machines. A machine that is new here begins where its line does.

    Facts before the first rolled hour (imported history) move the beginning back: all is rolled again from there.
    """
    own = RollMark.objects.get(line=line)
    first = min((change.since for change in changes), default=own.rolled_from)
    if first < own.rolled_from and (begin := _first_fact(line, machines)) is not None and begin < own.rolled_from:
        RollMark.objects.filter(Q(line=line) | Q(work_center__in=machines)).update(
            rolled_from=begin, rolled_until=begin
        )
        own.rolled_from = own.rolled_until = begin
    marks: Marks = {("line", line.pk): own}
    there = {mark.work_center_id: mark for mark in RollMark.objects.filter(work_center__in=machines)}
    for wc in machines:
        mark = there.get(wc.pk)
        if mark is None:
            mark = RollMark.objects.create(work_center=wc, rolled_from=own.rolled_from, rolled_until=own.rolled_from)
        marks["work_center", wc.pk] = mark
    return marks


def _due(marks: Marks, until: datetime) -> dict[PlaceKey, list[datetime]]:
    """The next hours of those places that are furthest behind."""
    furthest = min(mark.rolled_until for mark in marks.values())
    end = min(until, furthest + BATCH)
    return {key: hours_between(mark.rolled_until, end) for key, mark in marks.items()}


def _roll(
    line: Line, machines: Sequence[WorkCenter], marks: Marks, todo: dict[PlaceKey, set[datetime]], now: datetime
) -> None:
    every = sorted(set().union(*todo.values()))
    locked = locked_shifts(machines, every[0], every[-1] + HOUR) if every else set()
    policies = PolicyIds(now)
    for hours in _clusters(every):
        start, end = hours[0], hours[-1] + HOUR
        reckoner = Reckoner(line, machines, load_rows(machines, start, end), start, end, now=now)
        for key, mine in todo.items():
            fresh = {hour: rows_of(_parts(reckoner, key, hour), policies) for hour in hours if hour in mine}
            days_write(key, hours_write(key, fresh, now=now, locked=locked), marks[key])


def _parts(reckoner: Reckoner, key: PlaceKey, hour: datetime) -> list[Part]:
    if key[0] == "line":
        return reckoner.line(hour, hour + HOUR)
    return reckoner.machine(key[1], hour, hour + HOUR)


def _clusters(hours: Sequence[datetime]) -> list[list[datetime]]:
    found: list[list[datetime]] = []
    for hour in hours:
        if found and hour - found[-1][-1] <= APART:
            found[-1].append(hour)
        else:
            found.append([hour])
    return found


def roll_all(*, now: datetime, most_s: float = 15.0) -> int:
    """Rolls what is due, line by line, for about `most_s` seconds; tells open pages what changed. Gives the hours."""
    done, begun = 0, time.monotonic()
    for line in lines_due(now):
        more = True
        while more and time.monotonic() - begun < most_s:
            turn = line_roll(line, now=now)
            done, more = done + turn.hours, turn.more
            _tell(line, turn.mended, now)
    return done


def _tell(line: Line, mended: Sequence[Change], now: datetime) -> None:
    """What is stored stays stored when Redis is away: pages that are open then see it when they look again."""
    if not mended:
        return
    machines = list(WorkCenter.objects.filter(pk__in={change.work_center for change in mended}))
    running = shift_now(machines, now)
    ends = {wc.pk: max(change.end for change in mended if change.work_center == wc.pk) for wc in machines}
    try:
        facts_tell([line.code], min(change.start for change in mended), max(change.end for change in mended))
        if touched := [pk for pk, shift in running.items() if ends[pk] >= shift.starts_at]:
            touched_tell(touched)
    except redis.RedisError as error:
        log.warning("Redis does not take the word that figures changed (%s)", type(error).__name__)
