"""The demo's last four weeks: whole, in balance, explained like in a real plant, and with a story to find."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F

from mes.demo.load import DemoInfo
from mes.downtime.models import Stop
from mes.materials.family import family_of
from mes.materials.genealogy import Direction
from mes.materials.models import Consumption, Lot
from mes.plant.models import Line, Shift, WorkCenter
from mes.production.models import Run, WorkOrder
from mes.tracking.models import CountHour, MachineCursor, StateInterval

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

NOW = datetime(2026, 3, 17, 16, 37, 12, 345000, tzinfo=UTC)
START = datetime(2026, 2, 17, 16, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def _minutes(stops: list[Stop]) -> float:
    return sum(((stop.ends_at or NOW) - stop.starts_at).total_seconds() / 60 for stop in stops)


def _pieces(code: str) -> dict[datetime, tuple[int, int]]:
    out: dict[datetime, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in CountHour.objects.filter(work_center__code=code):
        for minute in range(60):
            if row.good[minute] or row.scrap[minute]:
                at = row.hour + minute * MINUTE
                good, scrap = out[at]
                out[at] = (good + row.good[minute], scrap + row.scrap[minute])
    return dict(out)


def test_the_states_of_every_machine_are_gap_free_and_end_running() -> None:
    assert WorkCenter.objects.count() == 12
    for machine in WorkCenter.objects.all():
        spans = list(machine.states.order_by("starts_at"))
        assert spans[0].starts_at == START
        assert [span.ends_at for span in spans[:-1]] == [span.starts_at for span in spans[1:]]
        assert (spans[-1].ends_at, spans[-1].kind) == (None, "run")
        assert spans[-1].starts_at < NOW
    assert set(MachineCursor.objects.values_list("heard_at", flat=True)) == {NOW}


def test_every_standstill_is_a_stop_and_no_stop_is_open() -> None:
    standing = StateInterval.objects.exclude(kind="run").values_list("work_center", "starts_at", "ends_at")
    assert sorted(standing) == sorted(Stop.objects.values_list("work_center", "starts_at", "ends_at"))
    assert not Stop.objects.filter(ends_at=None).exists()


@pytest.mark.parametrize("code", ["FILL-1", "LABEL-1", "CRATE-2", "PALLET-3"])
def test_pieces_are_made_only_in_minutes_in_which_the_machine_ran(code: str) -> None:
    ran: dict[datetime, float] = defaultdict(float)
    for span in StateInterval.objects.filter(work_center__code=code, kind="run"):
        at, end = span.starts_at, span.ends_at or NOW
        while at < end:
            minute = at.replace(second=0, microsecond=0)
            border = min(minute + MINUTE, end)
            ran[minute] += (border - at).total_seconds()
            at = border
    made = _pieces(code)
    assert len(made) > 20_000
    assert max(made) <= NOW
    assert all(ran[minute] > 0 for minute in made)


@pytest.mark.parametrize(
    "chain",
    [
        ["BLOW-1", "FILL-1", "CAP-1", "LABEL-1", "SHRINK-1"],
        ["WASH-2", "FILL-2", "LABEL-2", "CRATE-2"],
        ["MULTI-3", "PRINT-3", "PALLET-3"],
    ],
)
def test_no_machine_takes_more_than_the_one_before_it_gave(chain: list[str]) -> None:
    sums = {
        code: (sum(row.good_sum for row in rows), sum(row.scrap_sum for row in rows))
        for code in chain
        if (rows := list(CountHour.objects.filter(work_center__code=code)))
    }
    for before, after in pairwise(chain):
        took = sums[after][0] + sums[after][1]
        assert 0.995 * sums[before][0] < took <= sums[before][0]


def test_the_minutes_of_an_hour_add_up_to_its_sums() -> None:
    rows = list(CountHour.objects.all())
    assert all((sum(row.good), sum(row.scrap)) == (row.good_sum, row.scrap_sum) for row in rows)
    assert all(len(row.good) == len(row.scrap) == len(row.rework) == 60 for row in rows)
    assert all(row.shift_id and row.order_id and row.item_id for row in rows)


def test_most_long_stops_are_explained_but_not_all() -> None:
    stops = [s for s in Stop.objects.select_related("work_center") if _minutes([s]) * 60 >= s.work_center.micro_stop_s]
    share = len([stop for stop in stops if stop.reason_id]) / len(stops)
    assert 0.70 <= share <= 0.95
    assert 0.70 <= _minutes([stop for stop in stops if stop.reason_id]) / _minutes(stops) <= 0.95


def test_the_filler_valve_grows_worse_over_the_last_week() -> None:
    weeks: Counter[int] = Counter()
    for stop in Stop.objects.filter(work_center__code="FILL-1", reason__code="VALVE"):
        weeks[(NOW - stop.starts_at).days // 7] += round(_minutes([stop]))
    assert weeks[0] > 3 * max(weeks[1], weeks[2], weeks[3])
    own = Counter(
        stop.reason.code
        for stop in Stop.objects.filter(
            work_center__code="FILL-1",
            starts_at__gt=NOW - timedelta(days=7),
            reason__klass__in=["failure", "unplanned"],
        )
        .exclude(kind="waiting")
        .select_related("reason")
        if stop.reason
    )
    assert own.most_common(1)[0][0] == "VALVE"


def test_the_label_feed_fails_only_at_night() -> None:
    hours = {
        stop.starts_at.astimezone(BERLIN).hour
        for stop in Stop.objects.filter(work_center__code="LABEL-1", reason__code="LABELFEED")
    }
    assert hours
    assert hours <= {22, 23, 0, 1, 2, 3, 4, 5}


def test_the_week_begins_with_a_format_change() -> None:
    mondays = {date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)}
    for line in Line.objects.all():
        stops = Stop.objects.filter(work_center__line=line, reason__code="FORMAT")
        assert {stop.starts_at.astimezone(BERLIN).date() for stop in stops} == mondays


def test_every_line_has_one_running_order_on_all_its_machines_and_a_queue() -> None:
    for line in Line.objects.all():
        running = line.orders.get(status=WorkOrder.Status.RUNNING)
        assert running.started_at is not None
        open_runs = Run.objects.filter(work_center__line=line, ends_at=None)
        assert {run.order_id for run in open_runs} == {running.pk}
        assert open_runs.count() == line.work_centers.count()
        queue = line.orders.filter(status=WorkOrder.Status.RELEASED)
        assert queue.count() == 5
        assert all(order.due_at and order.due_at > NOW for order in queue)
        assert line.orders.filter(status=WorkOrder.Status.COMPLETED).count() > 30


def test_what_the_running_order_made_is_less_than_its_quantity() -> None:
    for line in Line.objects.all():
        order = line.orders.get(status=WorkOrder.Status.RUNNING)
        made = sum(row.good_sum for row in order.counts.filter(work_center__is_exit=True))
        assert 0 < made < order.quantity


def test_a_shift_runs_at_any_hour_of_the_past_and_the_coming_weeks() -> None:
    for line in Line.objects.all():
        shifts = list(Shift.objects.filter(line=line).order_by("starts_at"))
        assert shifts[0].starts_at < START
        assert shifts[-1].ends_at > NOW + timedelta(days=28)
        assert [shift.ends_at for shift in shifts[:-1]] == [shift.starts_at for shift in shifts[1:]]


def test_counts_belong_to_the_shift_and_order_of_their_time() -> None:
    for row in CountHour.objects.select_related("shift", "order").order_by("?")[:300]:
        assert row.shift is not None
        assert row.order is not None
        assert row.order.started_at is not None
        assert row.shift.starts_at <= row.hour < row.shift.ends_at
        assert row.order.started_at < row.hour + timedelta(hours=1)
        assert row.order.completed_at is None or row.hour < row.order.completed_at
        assert row.item_id == row.order.item_id


def test_the_demo_is_told_to_those_who_start_it(demo: DemoInfo) -> None:
    assert [(user.name, user.role) for user in demo.users] == [("olga", "operator"), ("ada", "admin")]


def test_lots_of_the_last_orders_lead_from_preform_to_multipack() -> None:
    """Nothing is used before it was made, and the preforms are found in multipacks of bottles two steps on."""
    preform = Lot.objects.filter(item__code="PREFORM").earliest("at")

    family = family_of(preform, Direction.DOWN, Line.objects.all(), count_hidden=True)

    assert {lot.item for lot, steps in family.lots if steps == 1} >= {"STILL-05", "LEMON-05"}
    assert {lot.item[:5] for lot, steps in family.lots if steps == 2} == {"CASE-"}
    assert not Consumption.objects.filter(at__lt=F("lot__at")).exists()
    assert Lot.objects.filter(status="held").count() == 1
