"""The one door to figures: rolled or not, by any cut, the same number; and what was reported stays to be read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.downtime.models import Stop
from mes.oee.elements import Elements, add_up
from mes.oee.fact_models import DayFact, HourFact
from mes.oee.figures import figures, figures_by
from mes.oee.places import Place, line_place, machine_place
from mes.oee.policy import ISO
from mes.oee.rollup import line_roll
from mes.plant.changes import changed
from mes.plant.models import Shift, WorkCenter
from tests.oee.rolled_plant import HOUR, LATE, MIN, at, eventful_plant
from tests.production.small_plant import SIX, SmallPlant

WINDOWS = [
    (SIX, SIX + 8 * HOUR),
    (at(55), at(185)),  # cuts hours, a stop and a gap
    (at(119.75), at(119.9)),
    (SIX - 5 * HOUR, LATE + HOUR),
    (SIX - 100 * HOUR, SIX - 99 * HOUR),  # before anything was known
    (at(181.5), at(182.5)),
]


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Fresh for each test."""
    return eventful_plant()


def places(plant: SmallPlant) -> list[Place]:
    machines = list(
        WorkCenter.objects.select_related("line__area__site").filter(line=plant.line_1).order_by("position")
    )
    return [
        machine_place(plant.packer),
        machine_place(plant.filler),
        line_place(plant.line_1),
        Place("site", "SITE", machines),
    ]


def said(plant: SmallPlant, now: datetime = LATE) -> list[Elements | None]:
    found = [figure.elements for place in places(plant) for figure in figures(place, WINDOWS, now=now)]
    for group in ("hour", "shift", "day", "order", "item"):
        found += [part.elements for part in figures_by(places(plant)[0], group, WINDOWS[3], now=now)]
    return found


def test_r43_rolled_and_raw_figures_are_equal_to_the_bit_whatever_the_window_cuts(plant: SmallPlant) -> None:
    raw = said(plant)
    line_roll(plant.line_1, now=LATE)
    assert said(plant) == raw
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, at(50), at(80))], why="stop_explain")
    waiting = said(plant)  # the touched hours are reckoned from raw rows until they are rolled again
    assert waiting != raw
    line_roll(plant.line_1, now=LATE)
    assert said(plant) == waiting


def test_r37_r39_the_parts_of_a_time_add_up_to_it(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    for place in places(plant):
        [whole] = figures(place, [WINDOWS[3]], now=LATE)
        for group in ("hour", "day"):
            assert (
                add_up(_of(part.elements) for part in figures_by(place, group, WINDOWS[3], now=LATE)) == whole.elements
            )
        by_order = figures_by(place, "order", WINDOWS[3], now=LATE)
        assert [part.key["order"] for part in by_order] == ["WO-1"]  # its run is open, so no time is without it
        assert sum(_of(part.elements).total for part in by_order) == _of(whole.elements).total
    # the shift's OEE by hand: 157 good of 0.8 s in 8 h (it ran through the break, R15), never a mean of its hours'
    [shift] = figures_by(places(plant)[0], "shift", (SIX, SIX + 24 * HOUR), now=LATE)
    assert shift.kpi.oee == pytest.approx(157 * 0.8 / (8 * 3600))


def _of(elements: Elements | None) -> Elements:
    assert elements is not None
    return elements


def test_figures_come_from_the_rows_that_are_rolled(plant: SmallPlant) -> None:
    now = SIX + 72 * HOUR
    while line_roll(plant.line_1, now=now).more:
        pass
    window = (SIX, SIX + 66 * HOUR)
    DayFact.objects.filter(line=plant.line_1, day__day=3).update(run_ms=1)
    HourFact.objects.filter(line=plant.line_1, hour=SIX).update(run_ms=2)
    [figure] = figures(line_place(plant.line_1), [window], now=now)
    rest = HourFact.objects.filter(line=plant.line_1, hour__gt=SIX, hour__lt=datetime(2026, 3, 3, tzinfo=SIX.tzinfo))
    assert _of(figure.elements).run_ms == 1 + 2 + sum(rest.values_list("run_ms", flat=True))


def test_r40_the_unknown_share_travels_with_every_roll_up(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    for place in places(plant):
        [figure] = figures(place, [(SIX, SIX + 8 * HOUR)], now=LATE)
        assert _of(figure.elements).unknown_ms == 5 * 60_000
        assert figure.kpi.coverage == pytest.approx(1 - 5 / 480)


def test_another_reading_of_the_same_time(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    [own] = figures(machine_place(plant.packer), [WINDOWS[0]], now=LATE)
    [iso] = figures(machine_place(plant.packer), [WINDOWS[0]], now=LATE, policy=ISO)
    assert (iso.elements, iso.policy.micro_threshold_ms) == (own.elements, own.policy.micro_threshold_ms)
    assert iso.kpi.availability != own.kpi.availability


def test_r46_as_of_shows_what_was_reported_then_and_nothing_before_it_was(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    shift = (SIX, SIX + 8 * HOUR)
    [first] = figures(machine_place(plant.packer), [shift], now=LATE)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=LATE)
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, at(50), at(80))], why="stop_explain")
    line_roll(plant.line_1, now=LATE + HOUR)
    for place in places(plant):
        [then] = figures(place, [shift], now=LATE + 2 * HOUR, as_of=LATE + 30 * MIN)
        [now] = figures(place, [shift], now=LATE + 2 * HOUR, as_of=LATE + 90 * MIN)
        [early] = figures(place, [shift], now=LATE + 2 * HOUR, as_of=LATE - MIN)
        failed = 0 if place.code == "FILL" else 30 * 60_000
        assert (_of(then.elements).failure_ms, _of(now.elements).failure_ms) == (0, failed)
        assert (early.elements, early.kpi.oee) == (None, None)
        assert "Not yet reported at 2026-03-02 18:19 UTC" in early.kpi.notes[0].text
    [then] = figures(machine_place(plant.packer), [shift], now=LATE + 2 * HOUR, as_of=LATE)
    assert (then.elements, then.kpi) == (first.elements, first.kpi)
    [part] = figures(machine_place(plant.packer), [(at(10), at(70))], now=LATE + 2 * HOUR, as_of=LATE)
    assert (part.elements, part.kpi.notes[0].code) == (None, "not-reported")


def test_r46_a_shift_that_begins_within_an_hour_is_read_by_its_own_rows(plant: SmallPlant) -> None:
    Shift.objects.filter(pk=plant.shift.pk).update(starts_at=SIX + 10 * MIN, ends_at=at(8 * 60 - 15), closed_at=LATE)
    span = (SIX + 10 * MIN, at(8 * 60 - 15))
    [raw] = figures(machine_place(plant.packer), [span], now=LATE)
    line_roll(plant.line_1, now=LATE)
    with CaptureQueriesContext(connection) as seen:
        [rolled] = figures(machine_place(plant.packer), [span], now=LATE)
    assert rolled == raw
    assert not any("stateinterval" in query["sql"] for query in seen)
    Stop.objects.filter(work_center=plant.packer).update(starts_at=at(5))
    changed([(plant.packer.pk, at(5), at(80))], why="test")
    line_roll(plant.line_1, now=LATE + HOUR)
    [then] = figures(machine_place(plant.packer), [span], now=LATE + HOUR, as_of=LATE)
    assert then.elements == raw.elements


def test_r44_stored_figures_of_a_locked_shift_hold_whatever_waits(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    before = said(plant)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=LATE, locked_at=LATE)
    Stop.objects.filter(work_center=plant.packer).update(reason=plant.motor)
    changed([(plant.packer.pk, at(50), at(80))], why="late")
    assert figures(machine_place(plant.packer), [WINDOWS[0]], now=LATE)[0].elements == before[0]


def test_many_windows_cost_as_many_queries_as_one_and_no_raw_rows(plant: SmallPlant) -> None:
    now = SIX + 72 * HOUR
    while line_roll(plant.line_1, now=now).more:
        pass

    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            figures(line_place(plant.line_1), [(SIX + n * HOUR, SIX + (n + 1) * HOUR) for n in range(count)], now=now)
        assert not any("stateinterval" in query["sql"] for query in seen)
        return len(seen)

    assert queries(48) == queries(1) <= 10


def test_a_missing_ideal_cycle_is_named_by_the_item_also_when_rolled(plant: SmallPlant) -> None:
    plant.cola.ideal_cycles.all().delete()
    raw = figures(machine_place(plant.packer), [WINDOWS[0]], now=LATE)
    line_roll(plant.line_1, now=LATE)
    rolled = figures(machine_place(plant.packer), [WINDOWS[0]], now=LATE)
    assert rolled == raw
    assert "COLA-05" in next(note.text for note in rolled[0].kpi.notes if note.code == "no-ideal")


def test_time_before_the_first_fact_is_calendar_time_and_nothing_else(plant: SmallPlant) -> None:
    line_roll(plant.line_1, now=LATE)
    [figure] = figures(machine_place(plant.packer), [(SIX - timedelta(days=300), SIX)], now=LATE)
    assert figure.elements == replace(Elements(), calendar_ms=300 * 86_400_000)
    assert figure.kpi.notes[0].code == "not-scheduled"
