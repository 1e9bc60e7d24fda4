"""A person's parts survive what machines tell later, and OEE sees them."""

from datetime import timedelta

import pytest

from mes.downtime.cutting import stop_split, stop_trim
from mes.downtime.layouts import parts_of
from mes.downtime.models import Reason, Stop
from mes.live.ribbon import bands
from mes.oee.facts import window_facts
from mes.tracking.late_write import stops_change
from mes.tracking.models import StateInterval
from mes.tracking.reading import Machine, OpenStop, StopClosed
from tests.downtime.test_cutting import NOON, at, counting, explain
from tests.production.small_plant import SIX, SmallPlant
from tests.tracking.ingest_kit import HELD, Told

MIN = timedelta(minutes=1)


@pytest.fixture
def stop(plant: SmallPlant) -> Stop:
    """The filler stands for the first hour: 20 minutes jammed, then cleaned."""
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=at(60), state="Held", kind="down")
    stop_split(stop_id=stop.pk, cut_at=at(20), actor="mia", at=NOON, version=1)
    for part, reason in zip(parts_of(Stop.every.get(pk=stop.pk)), (plant.jam, plant.cleaning), strict=True):
        explain(part, reason)
    return Stop.every.get(pk=stop.pk)


def told(plant: SmallPlant, *stops: tuple[float, float]) -> Machine:
    machine = Machine(plant.filler.pk, None, {}, None, None)
    for start, end in stops:
        machine.closed_stops.append(StopClosed(OpenStop(None, at(start), "Held", "down"), at(end)))
    return machine


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ([(0, 60)], [(0, 20, "JAM"), (20, 60, "CLEAN")]),
        ([(0, 90)], [(0, 20, "JAM"), (20, 90, "CLEAN")]),
        ([(0, 30)], [(0, 20, "JAM"), (20, 30, "CLEAN")]),
        ([(-10, 15)], [(-10, 15, "JAM")]),
        ([(10, 30), (40, 60)], [(10, 20, "JAM"), (20, 30, "CLEAN"), (40, 60, "CLEAN")]),
        ([(70, 80)], [(70, 80, None)]),
    ],
)
def test_parts_are_laid_over_what_is_told_anew(
    plant: SmallPlant, stop: Stop, stops: list[tuple[float, float]], expected: list[object]
) -> None:
    stops_change(plant.filler.pk, told(plant, (0, 60)), told(plant, *stops))
    assert counting() == expected
    reported = [((s.starts_at - SIX) / MIN, (s.ends_at - SIX) / MIN) for s in Stop.reported.order_by("starts_at")]
    assert reported == stops


def test_a_stop_that_is_told_again_as_it_was_keeps_its_rows(plant: SmallPlant, stop: Stop) -> None:
    before = list(Stop.every.order_by("pk").values())
    stops_change(plant.filler.pk, told(plant, (0, 60)), told(plant, (0, 60)))
    assert list(Stop.every.order_by("pk").values()) == before


def test_an_open_stop_that_was_split_ends_with_its_last_part(plant: SmallPlant) -> None:
    filler = Told(plant.filler, SIX)
    filler.store(*(filler.reading(second, HELD, reason=None) for second in range(0, 20, 2)))
    stop = Stop.objects.get()
    stop_split(stop_id=stop.pk, cut_at=filler.at(10), actor="mia", at=filler.at(19), version=1)
    explain(Stop.objects.get(starts_at=SIX), plant.jam)
    filler.store(filler.reading(20, HELD, reason=17))
    filler.store(filler.reading(22))
    assert filler.stops() == [(0, 10, "Held", 17), (10, 22, "Held", 17)]
    assert Stop.reported.get().ends_at == filler.at(22)
    filler.store(*(filler.reading(second, HELD) for second in (24, 26)))
    assert filler.stops()[2:] == [(24, None, "Held", None)]


def test_a_part_that_begins_after_the_machine_fell_silent_never_was_r18(plant: SmallPlant) -> None:
    filler = Told(plant.filler, SIX)
    filler.store(filler.reading(0, HELD), filler.reading(2, HELD))
    stop_split(stop_id=Stop.objects.get().pk, cut_at=filler.at(10), actor="mia", at=filler.at(20), version=1)
    filler.store(filler.reading(60, HELD))
    assert [stop[:2] for stop in filler.stops()] == [(0, 2), (60, None)]


def test_an_explained_stop_that_lasted_no_time_leaves_room_for_the_next(plant: SmallPlant) -> None:
    filler = Told(plant.filler, SIX)
    filler.store(filler.reading(0, HELD))
    explain(Stop.objects.get(), plant.jam)
    filler.store(filler.reading(60, HELD))
    assert [stop[:2] for stop in filler.stops()] == [(60, None)]


def test_oee_sees_each_part_by_its_own_class_and_trimmed_time_as_run(plant: SmallPlant, stop: Stop) -> None:
    """An hour of Held: 20 min jam (unplanned), 25 min cleaning (planned), the last 15 min trimmed off: it ran."""
    for start, end, state, kind in ((0, 60, "Held", "down"), (60, 120, "Execute", "run")):
        span = {"starts_at": at(start), "ends_at": at(end), "state": state, "kind": kind}
        StateInterval.objects.create(work_center=plant.filler, **span)

    def minutes() -> tuple[float, float, float]:
        found = window_facts([plant.filler], SIX, at(120), now=NOON)["FILL"].elements
        return found.unplanned_ms / 60_000, found.planned_stop_ms / 60_000, found.run_ms / 60_000

    assert minutes() == (20, 40, 60)
    version = Stop.every.get(pk=stop.pk).version
    stop_trim(stop_id=stop.pk, starts_at=at(20), ends_at=at(45), actor="mia", at=NOON, version=version)
    assert minutes() == (20, 25, 75)


def test_parts_with_one_reason_are_one_failure_and_no_micro_stop_r16(plant: SmallPlant) -> None:
    """Three minutes of motor fault in two parts, each shorter than the micro-stop threshold of two minutes."""
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=at(3), state="Held", kind="down")
    StateInterval.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=at(3), state="Held", kind="down")
    explain(stop, Reason.objects.get(code="MOTOR"))
    stop_split(stop_id=stop.pk, cut_at=at(1.5), actor="mia", at=NOON, version=2)
    found = window_facts([plant.filler], SIX, at(10), now=NOON)["FILL"].elements
    assert (found.failures, found.micro_ms, found.unplanned_ms) == (1, 0, 180_000)


def test_the_days_ribbon_shows_each_part_by_its_own_reason(plant: SmallPlant, stop: Stop) -> None:
    StateInterval.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=at(60), state="Held", kind="down")
    facts = window_facts([plant.filler], SIX, at(60), now=at(60))["FILL"]
    shown = [(a, b, palette, reason) for a, b, palette, _, reason in bands(facts, SIX, at(60))]
    assert shown == [(SIX, at(20), "down", "Jam infeed"), (at(20), at(60), "planned", "Cleaning")]
