"""R24: observations shuffled, repeated and split into calls leave exactly what the sorted stream leaves."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.downtime.models import Stop
from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder
from mes.tracking.models import CountFlag, CountHour, MachineCursor, SignalCursor, StateInterval
from mes.tracking.observe import observations_take
from mes.tracking.observe_samples import Observation, micros
from tests.production.small_plant import SIX, SmallPlant

LATER = SIX + timedelta(days=9)
STATES = [
    ("Execute", "run"),
    ("Held", "down"),
    ("Holding", "acting"),
    ("Unholding", "acting"),
    ("Suspended", "waiting"),
    ("Aborted", "down"),
    ("Idle", "idle"),
]


def stored(machine: WorkCenter) -> dict[str, Any]:
    """Everything the stream left, without row numbers."""
    counts = CountHour.objects.filter(work_center=machine).order_by("hour", "shift", "order", "item")
    columns = ("hour", "shift", "order", "item", "good", "scrap", "rework", "good_sum", "scrap_sum", "rework_sum")
    flags = CountFlag.objects.filter(work_center=machine).order_by("to_at", "role", "kind")
    states = StateInterval.objects.filter(work_center=machine).order_by("starts_at")
    stops = Stop.objects.filter(work_center=machine).order_by("starts_at")
    signals = SignalCursor.objects.filter(work_center=machine).order_by("role")
    return {
        # A row whose pieces all moved elsewhere may stay with zeros in it: it says the same as no row.
        "counts": [row for row in counts.values_list(*columns) if any(row[4]) or any(row[5]) or any(row[6])],
        "flags": list(flags.values_list("kind", "role", "quantity", "from_at", "to_at", "order", "item")),
        "states": list(states.values_list("starts_at", "ends_at", "state", "kind", "why")),
        "stops": list(stops.values_list("starts_at", "ends_at", "state", "kind", "plc_code")),
        "signals": list(signals.values_list("role", "raw", "text", "at", "lost")),
        "heard": list(MachineCursor.objects.filter(work_center=machine).values_list("heard_at", flat=True)),
    }


def machine(plant: SmallPlant, code: str) -> WorkCenter:
    """Another machine on the first line, with the same order from minute 10 to 70."""
    made = WorkCenter.objects.create(code=code, name=code, line=plant.line_1)
    order = WorkOrder.objects.filter(number="WO-1").first() or plant.order("WO-1")
    Run.objects.create(
        work_center=made,
        order=order,
        item=plant.cola,
        starts_at=SIX + timedelta(minutes=10),
        ends_at=SIX + timedelta(minutes=70),
        started_by="operator",
    )
    return made


@st.composite
def stream(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Observations in order: totalizers that mostly grow, states, codes, increments, bad ones, long silences."""
    rows: list[dict[str, Any]] = []
    at, good, scrap = SIX, draw(st.integers(0, 500)), 0
    for index in range(draw(st.integers(2, 12))):
        at += timedelta(seconds=draw(st.sampled_from([0, 1, 7, 40, 300, 3000, 50_000])))
        row: dict[str, Any] = {"at": at}
        good = max(0, good + draw(st.sampled_from([0, 1, 5, 5, 9, 4000, -good, -3])))
        scrap += draw(st.integers(0, 2))
        what = draw(st.sets(st.sampled_from(["state", "good", "total", "scrap", "code", "made", "bad"]), max_size=4))
        if "state" in what:
            row["state"] = draw(st.sampled_from(STATES))
        counters = {"good": good, "total": good + scrap, "scrap": scrap}
        row["counters"] = {role: counters[role] for role in sorted(counters) if role in what}
        if "code" in what:
            row["reason_code"] = draw(st.sampled_from([0, 17, 18]))
        if "made" in what:
            row |= {"made": {"rework": draw(st.integers(1, 4))}, "key": f"k{index}"}
        if "bad" in what:
            row["quality"] = "bad"
        rows.append(row)
    return rows


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=stream(), seed=st.integers(0, 10_000), size=st.integers(1, 5))
def test_any_order_any_lateness_and_repeats_leave_what_the_sorted_stream_leaves(
    plant: SmallPlant, rows: list[dict[str, Any]], seed: int, size: int
) -> None:
    with transaction.atomic():
        said = [Observation(**row) for row in rows]
        in_order, shuffled = machine(plant, "SORTED"), machine(plant, "SHUFFLED")
        observations_take(work_center=in_order, observations=said, at=LATER)
        dice = random.Random(seed)
        mixed = said + dice.sample(said, len(said) // 2)
        dice.shuffle(mixed)
        for first in range(0, len(mixed), size):
            outcomes = observations_take(work_center=shuffled, observations=mixed[first : first + size], at=LATER)
            assert {outcome.status for outcome in outcomes} <= {"accepted", "duplicate", "quarantined"}
        expected, found = stored(in_order), stored(shuffled)
        for part in expected:
            assert found[part] == expected[part], part
        transaction.set_rollback(True)


def test_the_identity_of_an_observation_is_its_instant_and_what_it_says() -> None:
    one = Observation(SIX, counters={"good": 1})
    assert one.identity[0] == micros(SIX) == 1772431200000000
    assert one.identity != Observation(SIX, counters={"good": 2}).identity
    assert (
        one.identity == Observation(datetime.fromisoformat("2026-03-02T07:00:00+01:00"), counters={"good": 1}).identity
    )
