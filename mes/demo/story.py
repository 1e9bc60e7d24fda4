"""The demo's last four weeks in the database: orders, runs, states, stops and counts that fit together."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from django.db import connection

from mes.demo.causes import LINES, LineStory
from mes.demo.past import Campaign, LinePast, line_past
from mes.demo.pieces import Minutes, line_pieces
from mes.demo.rows import Keys, count_rows, instant, state_rows, stop_rows, story_start
from mes.downtime.models import Reason, Stop
from mes.plant.models import Line, Shift, WorkCenter
from mes.production.models import IdealCycle, Item, Run, WorkOrder
from mes.tracking.models import CountHour, MachineCursor, StateInterval

DAYS = 28
QUEUE = 5  # released orders that wait on each line
FIRST_NUMBER = 10_401
_STATES = ("work_center_id", "starts_at", "ends_at", "state", "kind", "raw_code", "why")
_STOPS = (
    *("work_center_id", "starts_at", "ends_at", "state", "kind", "plc_code"),
    *("reason_id", "note", "explained_by", "explained_at", "source", "version"),
)
_COUNTS = (
    *("work_center_id", "hour", "shift_id", "order_id", "item_id"),
    *("good", "scrap", "rework", "good_sum", "scrap_sum", "rework_sum"),
)


def story_write(*, now: datetime, seed: int = 7) -> None:
    """Writes the last four weeks of every demo line, up to `now`; the live data goes on from there.

    Needs the demo plant with its shifts, in a transaction of the caller. Nothing of the story may be there yet.
    """
    now_ms = int(now.timestamp() * 1000)
    start_ms = story_start(now_ms, DAYS)
    cycles = {
        (cycle.item.code, cycle.work_center.code): float(cycle.ideal_cycle_s)
        for cycle in IdealCycle.objects.select_related("item", "work_center")
    }
    zone = ZoneInfo(Line.objects.select_related("area__site").get(code=LINES[0].code).area.site.time_zone)
    number = FIRST_NUMBER
    for story in LINES:
        dice = Random(f"{seed} {story.code}")
        past = line_past(story, start_ms, now_ms, zone, dice)
        made = line_pieces(story, past, cycles, start_ms, now_ms, dice)
        orders = _orders(story, past, made, number, start_ms, cycles, now)
        number += len(orders)
        _line_rows(story, past, made, orders, start_ms, now_ms, dice)
    MachineCursor.objects.bulk_create(
        MachineCursor(work_center=machine, heard_at=instant(now_ms))
        for machine in WorkCenter.objects.filter(line__code__in=[story.code for story in LINES])
    )


def _line_rows(
    story: LineStory,
    past: LinePast,
    made: dict[str, Minutes],
    orders: list[WorkOrder],
    start_ms: int,
    now_ms: int,
    dice: Random,
) -> None:
    line = Line.objects.get(code=story.code)
    shifts = Shift.objects.filter(line=line, ends_at__gt=instant(start_ms)).order_by("starts_at")
    keys = Keys(
        machines=dict(line.work_centers.values_list("code", "pk")),
        reasons=dict(Reason.objects.values_list("code", "pk")),
        orders=[order.pk for order in orders],
        items=[order.item_id for order in orders],
        shifts=[(int(start.timestamp() * 1000), key) for start, key in shifts.values_list("starts_at", "pk")],
    )
    _runs(story, past, orders, keys)
    for code in story.machines:
        machine, stands = keys.machines[code], past.standstills[code]
        _copy(StateInterval._meta.db_table, _STATES, state_rows(machine, stands, start_ms))
        _copy(Stop._meta.db_table, _STOPS, stop_rows(story, machine, stands, keys, now_ms, dice))
        _copy(CountHour._meta.db_table, _COUNTS, count_rows(machine, made[code], past, keys, start_ms, now_ms))


def _copy(table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _orders(
    story: LineStory,
    past: LinePast,
    made: dict[str, Minutes],
    number: int,
    start_ms: int,
    cycles: dict[tuple[str, str], float],
    now: datetime,
) -> list[WorkOrder]:
    """An order for each campaign (the last one running) and some that wait; returned in that order."""
    items = {item.code: item for item in Item.objects.filter(code__in=story.items)}
    line = Line.objects.get(code=story.code)
    step = 500 if cycles[story.items[0], story.bottleneck] < 1 else 20
    rows = []
    for place, campaign in enumerate(past.campaigns):
        running = place == len(past.campaigns) - 1
        made_good = _made(made[story.machines[-1]], campaign, start_ms)
        if running:
            planned = 11 * 3600 / cycles[campaign.item, story.bottleneck] * 0.85
        quantity = max(step, round((planned if running else made_good) / step) * step)
        due = instant(campaign.end_ms) + timedelta(hours=(9 if running else 2 + place % 3))
        rows.append(
            WorkOrder(
                number=f"WO-{number + place}",
                item=items[campaign.item],
                line=line,
                quantity=Decimal(quantity),
                due_at=due.replace(minute=0, second=0, microsecond=0),
                status=WorkOrder.Status.RUNNING if running else WorkOrder.Status.COMPLETED,
                started_at=instant(campaign.start_ms),
                completed_at=None if running else instant(campaign.end_ms),
                source="demo",
            )
        )
    first_due = (now + timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
    for place in range(QUEUE):
        code = story.items[(place + len(rows)) % len(story.items)]
        quantity = round((6 + 3 * place % 7) * 3600 / cycles[code, story.bottleneck] * 0.85 / step) * step
        rows.append(
            WorkOrder(
                number=f"WO-{number + len(past.campaigns) + place}",
                item=items[code],
                line=line,
                quantity=Decimal(quantity),
                due_at=first_due + timedelta(hours=11 * place),
                source="demo",
            )
        )
    return WorkOrder.objects.bulk_create(rows)


def _made(minutes: Minutes, campaign: Campaign, start_ms: int) -> int:
    first, last = (campaign.start_ms - start_ms) // 60_000, (campaign.end_ms - start_ms) // 60_000
    return sum(minutes.good[first:last])


def _runs(story: LineStory, past: LinePast, orders: list[WorkOrder], keys: Keys) -> None:
    last = len(past.campaigns) - 1
    Run.objects.bulk_create(
        Run(
            work_center_id=keys.machines[code],
            order=order,
            item_id=order.item_id,
            starts_at=instant(campaign.start_ms),
            ends_at=None if place == last else instant(campaign.end_ms),
            started_by=story.operator,
            ended_by="" if place == last else story.operator,
        )
        for place, (campaign, order) in enumerate(zip(past.campaigns, orders, strict=False))
        for code in story.machines
    )
