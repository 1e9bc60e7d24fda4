"""What the demo has from before Millwright: twelve weeks of hours by CSV, old plans; and how late readings came.

The hours go the way every plant's go, through the import of a file, and stay marked as imported, as the plans do.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from analytics.imported.imports_history import history_import
from analytics.looks import EVERY_S
from analytics.models import PlanSnapshot, ReadingLook
from analytics.plant_day import day_at
from mes.demo.causes import LINES, LineStory
from mes.demo.older import OLDER_DAYS, OlderHour, OlderOrder, older_weeks
from mes.demo.rows import instant, story_start
from mes.demo.story import DAYS, FIRST_NUMBER, QUEUE
from mes.plant.models import Line, WorkCenter
from mes.production.models import IdealCycle, WorkOrder
from mes.tracking.models import CountHour

FILE_NAME = "aqua-verde-{line}.csv"
COLUMNS = ("ds", "planned_min", "good", "item", "ideal", "run_min", "down_min", "chg_min")
LOOKS = 3600 // EVERY_S
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Booked:
    """An order as old plans name it: `good` says what stood by which instant."""

    number: str
    item: str
    unit: str
    quantity: str
    due_at: datetime | None
    starts_at: datetime | None
    good: tuple[tuple[datetime, int], ...]


def imported_write(*, now: datetime, actor: str, seed: int = 7) -> None:
    """Writes what was before the story, in a transaction of the caller; needs the story, and nothing of it is there."""
    begin_ms = story_start(int(now.timestamp() * 1000), DAYS)
    cycles = _cycles()
    for story in LINES:
        line = Line.objects.select_related("area__site").get(code=story.code)
        zone = ZoneInfo(line.area.site.time_zone)
        seconds = {(item, code): float(text) for item, by_machine in cycles.items() for code, text in by_machine}
        hours, older = older_weeks(story, seconds, begin_ms, zone, Random(f"{seed} {story.code} older"))
        history_import(
            line=line, file=_csv(hours), name=FILE_NAME.format(line=story.code), actor=actor, at=instant(begin_ms)
        )
        booked = [*_older(story, older), *_seen(line, story)]
        PlanSnapshot.objects.bulk_create(_plans(line, booked, {code: dict(c) for code, c in cycles.items()}, zone, now))
    _looks(instant(begin_ms), now)


def _cycles() -> dict[str, list[tuple[str, str]]]:
    """Item to (machine, ideal cycle in s as stored)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for cycle in IdealCycle.objects.select_related("item", "work_center").order_by("work_center__position"):
        found.setdefault(cycle.item.code, []).append((cycle.work_center.code, str(cycle.ideal_cycle_s)))
    return found


def _csv(hours: Iterable[OlderHour]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for hour in hours:
        minutes = (hour.run_min, hour.down_min, hour.chg_min)
        rows.writerow(
            (instant(hour.start_ms).isoformat(), hour.planned_min, hour.good, hour.item, hour.ideal, *minutes)
        )
    return text.getvalue().encode()


def _older(story: LineStory, orders: Sequence[OlderOrder]) -> Iterator[_Booked]:
    first = FIRST_NUMBER - 1000 * (1 + LINES.index(story))
    unit = "case" if story.code == "PACK-3" else "pcs"
    for number, order in enumerate(orders, start=first):
        due = instant(order.end_ms) + timedelta(hours=2 + number % 3)
        good = tuple((instant(until), pieces) for until, pieces in order.made)
        yield _Booked(f"WO-{number:05}", order.item, unit, str(order.planned), due, instant(order.start_ms), good)


def _seen(line: Line, story: LineStory) -> Iterator[_Booked]:
    """The orders of the weeks that Millwright saw, with what the line's exit counted of them."""
    counts: dict[int, list[tuple[datetime, int]]] = {}
    exit_hours = CountHour.objects.filter(work_center__code=story.machines[-1]).order_by("hour")
    for order, hour, good in exit_hours.values_list("order_id", "hour", "good_sum"):
        if order is not None:
            counts.setdefault(order, []).append((hour + HOUR, int(good)))
    for row in WorkOrder.objects.filter(line=line, source="demo").select_related("item").order_by("number"):
        hours = counts.get(row.pk, [])
        stood = tuple(zip((at for at, _ in hours), accumulate(good for _, good in hours), strict=True))
        yield _Booked(row.number, row.item.code, row.item.unit, str(row.quantity), row.due_at, row.started_at, stood)


def _plans(
    line: Line, booked: Sequence[_Booked], cycles: Mapping[str, Mapping[str, str]], zone: ZoneInfo, now: datetime
) -> Iterator[PlanSnapshot]:
    """A plan for the beginning of every day before today: the order that ran then and those that came next."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    place = 0
    for days in range(DAYS + OLDER_DAYS - 1, 0, -1):
        taken = (today - timedelta(days=days)).astimezone(now.tzinfo)
        while place + 1 < len(booked) and (begins := booked[place + 1].starts_at) is not None and begins <= taken:
            place += 1
        queue = booked[place : place + 1 + QUEUE]
        told = [(order.number, order.item, order.quantity, str(order.due_at)) for order in queue]
        yield PlanSnapshot(
            line=line,
            kind=PlanSnapshot.Kind.IMPORTED,
            day=day_at(line, taken),
            slot=taken,
            taken_at=taken,
            digest=hashlib.sha256(json.dumps(told).encode()).hexdigest(),
            orders=[_order(order, taken, running=number == 0) for number, order in enumerate(queue)],
            shifts=[],
            ideals={order.item: cycles[order.item] for order in queue},
        )


def _order(order: _Booked, at: datetime, *, running: bool) -> dict[str, Any]:
    good = max((pieces for until, pieces in order.good if until <= at), default=0)
    return {
        "number": order.number,
        "item": order.item,
        "unit": order.unit,
        "quantity": order.quantity,
        "good": str(good),
        "scrap": "0",
        "due_at": order.due_at.isoformat() if order.due_at else None,
        "priority": 50,
        "status": "running" if running else "released",
        "source": "demo",
    }


def _looks(begin: datetime, now: datetime) -> None:
    """The machines of the story were read in time; one look in each hour came late, as on every network."""
    places = WorkCenter.objects.filter(line__code__in=[story.code for story in LINES])
    machines = list(places.values_list("pk", flat=True))
    whole = int((now - begin) / HOUR)
    columns = "work_center_id, hour, looks, prompt, last_at"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {ReadingLook._meta.db_table} ({columns}) FROM STDIN") as copy,
    ):
        for machine in machines:
            for number in range(whole):
                hour = begin + number * HOUR
                copy.write_row((machine, hour, LOOKS, LOOKS - 1, hour + HOUR - timedelta(seconds=EVERY_S)))
