"""A line's past, calendar and queues in cells: hours made by hand, lost hours, glitches, days of 23 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from analytics.forecast.cells import ShiftSpan, cells, without
from analytics.forecasts.history import calendar_of, past_of, queues_of
from analytics.models import HistoryHour, HistoryImport, PlanSnapshot
from mes.oee.fact_models import HourFact
from mes.oee.policies import policy_store
from mes.oee.policy import Policy
from mes.oee.stored import COLUMNS
from mes.plant.models import PlannedMaintenance, Shift
from mes.production.models import Item
from tests.production.small_plant import SIX, SmallPlant, counted

HOUR = timedelta(hours=1)
MIN = 60_000


def rolled(plant: SmallPlant, hour: int, *, item: Item | None = None, shift: bool = True, **columns: int) -> HourFact:
    """An hour of line 1, so many after six, that was scheduled all through if nothing else is said."""
    told = dict.fromkeys(COLUMNS, 0) | {"calendar_ms": 60 * MIN, "scheduled_ms": 60 * MIN} | columns
    return HourFact.objects.create(
        line=plant.line_1,
        hour=SIX + hour * HOUR,
        shift=plant.shift if shift else None,
        item=item,
        policy=policy_store(Policy(name="plain"), at=SIX),
        recorded_at=SIX,
        **told,
    )


def test_an_hour_tells_what_was_planned_made_and_lost(plant: SmallPlant) -> None:
    rolled(
        plant, 4, item=plant.cola, planned_stop_ms=30 * MIN, run_ms=20 * MIN, unplanned_ms=6 * MIN, micro_ms=MIN,
        setup_ms=3 * MIN, good_milli=1500_000,
    )  # fmt: skip
    past = past_of(plant.line_1, SIX + 5 * HOUR)
    assert [round(x, 6) for x in (past.planned_min[0], past.good[0], past.cov[0])] == [30, 1500, 1]
    assert (past.run_min[0], past.down_min[0], past.chg_min[0], past.item[0]) == (20, 7, 3, "COLA-05")
    assert past.ideal[0] == pytest.approx(30 * 60 / 0.8)
    # 10:00 UTC is 11 in Berlin, a Monday; the shift is named by its first minute, the day by its ordinal
    assert (past.hour[0], past.weekday[0], past.day[0]) == (11, 0, date(2026, 3, 2).toordinal())
    assert past.shift[0] == plant.shift.starts_at.timestamp() // 60


def test_a_lost_hour_is_missing_and_never_zero(plant: SmallPlant) -> None:
    rolled(plant, 0, good_milli=4_000_000, run_ms=60 * MIN)
    rolled(plant, 1, unknown_ms=60 * MIN)
    rolled(plant, 2, unknown_ms=31 * MIN, good_milli=2_000_000)
    rolled(plant, 3, unknown_ms=30 * MIN, good_milli=2_000_000)
    # 10:00 was never rolled, though it was planned; 11:00 was seen and made nothing
    rolled(plant, 5)
    past = past_of(plant.line_1, SIX + 6 * HOUR)
    assert list(np.isnan(past.good)) == [False, True, True, False, True, False]
    assert [past.good[0], past.good[3], past.good[5]] == [4000, 2000, 0]
    assert list(past.cov) == pytest.approx([1, 0, 29 / 60, 0.5, 0, 1])
    assert past.planned_min[4] == 30  # by the calendar: half an hour of lunch
    assert np.isnan(past.run_min[1])


def test_what_was_counted_over_a_silence_is_left_out_with_its_time(plant: SmallPlant) -> None:
    rolled(plant, 0, unknown_ms=12 * MIN, bridged_ms=12 * MIN, good_milli=5_000_000, gap_total_milli=1_000_000)
    past = past_of(plant.line_1, SIX + HOUR)
    assert (past.good[0], past.cov[0]) == (4000, pytest.approx(0.8))


def test_a_minute_the_machine_cannot_make_does_not_enter(plant: SmallPlant) -> None:
    """F7. At .8 s a piece a minute holds 75; 900 in one is a glitch, and is taken out with its minute."""
    order = plant.order("WO-1")
    counted(plant.packer, SIX + timedelta(minutes=10), good=70, order=order, shift=plant.shift)
    row = rolled(plant, 0, item=plant.cola, good_milli=970_000)
    minutes = [0] * 60
    minutes[10], minutes[11] = 70, 900
    plant.packer.counts.update(good=minutes, good_sum=970)
    past = past_of(plant.line_1, SIX + HOUR)
    assert (past.good[0], past.cov[0]) == (70, pytest.approx(59 / 60))
    HourFact.objects.filter(pk=row.pk).update(good_milli=0)
    assert past_of(plant.line_1, SIX + HOUR).good[0] == 0  # never below nothing


def test_only_whole_hours_before_the_instant_are_past(plant: SmallPlant) -> None:
    rolled(plant, 0, good_milli=1)
    rolled(plant, 1, good_milli=1)
    assert len(past_of(plant.line_1, SIX + 2 * HOUR - timedelta(seconds=1)).good) == 1
    assert len(past_of(plant.line_1, SIX).good) == 0
    assert len(past_of(plant.line_2, SIX + 9 * HOUR).good) == 0


def test_imported_hours_stand_before_and_measured_ones_win(plant: SmallPlant) -> None:
    source = HistoryImport.objects.create(line=plant.line_1, file_name="h.csv", digest="d", rows=3, by="otto", at=SIX)
    for hour, good, cov in ((-1, 100.0, 1.0), (-2, 50.0, 0.4), (0, 999.0, 1.0)):
        HistoryHour.objects.create(
            source=source, line=plant.line_1, starts_at=SIX + hour * HOUR, planned_min=60, good=good, cov=cov,
            item="OLD", ideal=4000,
        )  # fmt: skip
    rolled(plant, 0, good_milli=1_000_000)
    past = past_of(plant.line_1, SIX + HOUR)
    assert np.isnan(past.good[0])
    assert list(past.good[1:]) == [100, 1000]
    # 05:00 UTC is 6 in Berlin: without a stored shift the imported hour is in one from 6 to 14; the hour before in 22-6
    assert past.shift[1] - past.shift[0] == 8 * 60
    assert past.day[0] == date(2026, 3, 1).toordinal()


def test_the_calendar_knows_breaks_maintenance_and_what_is_left_of_this_hour(plant: SmallPlant) -> None:
    PlannedMaintenance.objects.create(
        line=plant.line_1, name="Greasing", starts_at=SIX + 6 * HOUR, ends_at=SIX + 6.5 * HOUR, works_on=False
    )
    ahead = calendar_of(plant.line_1, SIX + timedelta(minutes=45), 1)
    assert list(ahead.planned_min[:9]) == [15, 60, 60, 60, 30, 60, 30, 60, 0]
    assert len(ahead.planned_min) == 24
    assert list(ahead.shift[7:9] >= 0) == [True, False]


def test_an_hour_with_two_shifts_is_two_cells() -> None:
    half = 1_800_000
    early, late = ShiftSpan(1, 0, 3 * half, 1), ShiftSpan(2, 3 * half, 8 * half, 1)
    found = cells([early, late], without([(0, 8 * half)], [(3 * half, 4 * half)]), 0, 4 * 2 * half)
    assert [(c.start_ms // half, c.shift.pk if c.shift else None, c.planned_ms // half) for c in found] == [
        (0, 1, 2), (2, 1, 1), (3, 2, 0), (4, 2, 2), (6, 2, 2)
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 7), (date(2026, 10, 25), 9)])
def test_a_night_in_which_the_clock_changes_is_an_hour_shorter_or_longer(
    plant: SmallPlant, day: date, hours: int
) -> None:
    """Berlin turns its clock at 01:00 UTC; a shift from 22 to 6 local lasts 7 or 9 hours."""
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - (2 if hours == 9 else 1) * HOUR - 2 * HOUR
    night = Shift.objects.create(
        line=plant.line_1, name="Night", production_date=day - timedelta(days=1), starts_at=begins,
        ends_at=begins + hours * HOUR,
    )  # fmt: skip
    ahead = calendar_of(plant.line_1, begins, 1)
    mine = ahead.shift == night.starts_at.timestamp() // 60
    assert ahead.planned_min[mine].sum() == hours * 60
    local = list(ahead.hour[mine])
    assert local == ([22, 23, 0, 1, 3, 4, 5] if hours == 7 else [22, 23, 0, 1, 2, 2, 3, 4, 5])


def test_queues_are_what_was_archived_with_what_is_still_to_make(plant: SmallPlant) -> None:
    told = [
        {"number": "B", "item": "WATER-05", "quantity": "100", "good": "130", "status": "released"},
        {"number": "A", "item": "COLA-05", "quantity": "1000", "good": "250.5", "status": "running"},
    ]
    for n, orders in enumerate((told, [])):
        taken = SIX + n * HOUR
        PlanSnapshot.objects.create(
            line=plant.line_1, kind="change", day=taken.date(), slot=taken, taken_at=taken, digest=str(n),
            orders=orders, shifts=[], ideals={"COLA-05": {"FILL": "0.9", "PACK": "0.8"}},
        )  # fmt: skip
    first, second = queues_of(plant.line_1, SIX, SIX + HOUR)
    assert [(order.item, order.remaining, order.ideal_per_h) for order in first.orders] == [
        ("COLA-05", 749.5, pytest.approx(4000)),
        ("WATER-05", 0.0, 0.0),
    ]
    assert second.orders == ()
    assert len(queues_of(plant.line_1, SIX, SIX + HOUR - timedelta(seconds=1))) == 1
    assert Decimal("749.5") == Decimal(str(first.orders[0].remaining))
