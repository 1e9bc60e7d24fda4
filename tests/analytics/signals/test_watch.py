"""Signals as they open and close: one of a kind at a place, figures by hand, and silence that ends nothing."""

import math
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from analytics.models import PhaseState, ReadingLook, Signal
from analytics.signals.doctor import clock, falls, silent, still
from analytics.signals.look_rate import drift, slow
from analytics.signals.look_rules import rule
from analytics.signals.look_target import target
from analytics.signals.record import Found, signal_close, signal_open
from analytics.signals.watch import line_watch
from mes.hourly.models import HourPlan, PlanHour
from mes.journal.models import JournalEntry
from mes.oee.fact_models import HourFact, Sums
from mes.oee.models import PolicyVersion
from mes.oee.policies import policy_store
from mes.oee.policy import Policy
from mes.plc.models import Controller, TagBinding
from mes.production.models import IdealCycle
from mes.quality.models import Characteristic, Check
from mes.tracking.models import CountFlag, MachineCursor, SignalCursor, StateInterval
from tests.analytics.conftest import run_on
from tests.analytics.forecast_pages.made import INPUTS, bucket, forecast, readiness
from tests.production.small_plant import SIX, SmallPlant

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = SIX + 6 * HOUR + 5 * MINUTE


def rolled(plant: SmallPlant, hour, good: int, *, stop_min: int = 0, unknown_min: int = 0) -> None:
    """An hour of line 1 as it is rolled up: all of it planned, what is left of it run."""
    fields = dict.fromkeys((field.name for field in Sums._meta.get_fields()), 0)
    fields |= {"calendar_ms": 3_600_000, "scheduled_ms": 3_600_000, "good_milli": good * 1000}
    fields |= {"unplanned_ms": stop_min * 60_000, "unknown_ms": unknown_min * 60_000}
    fields["run_ms"] = (60 - stop_min - unknown_min) * 60_000
    policy = PolicyVersion.objects.first() or policy_store(Policy(name="plain"), at=hour)
    HourFact.objects.create(
        line=plant.line_1, hour=hour, shift=plant.shift, item=plant.cola, policy=policy, recorded_at=hour, **fields
    )


def test_one_of_a_kind_is_open_at_a_place_and_the_journal_tells_both_ends(plant):
    found = Found(SIX, {"minutes": 12})
    assert signal_open(line=plant.line_1, work_center=None, kind="slow", found=found, at=NOON)
    assert not signal_open(line=plant.line_1, work_center=None, kind="slow", found=found, at=NOON + MINUTE)
    assert signal_open(line=plant.line_1, work_center=plant.packer, kind="slow", found=found, at=NOON)
    for place in (None, plant.packer):
        with pytest.raises(IntegrityError, match="signal_one_open"), transaction.atomic():
            Signal.objects.create(line=plant.line_1, work_center=place, kind="slow", began=SIX, noticed_at=NOON, saw={})
    row = Signal.objects.get(work_center=None)
    assert signal_close(signal=row, at=NOON + HOUR)
    assert not signal_close(signal=row, at=NOON + 2 * HOUR)
    assert Signal.objects.get(pk=row.pk).ended == NOON + HOUR
    assert signal_open(line=plant.line_1, work_center=None, kind="slow", found=found, at=NOON + 2 * HOUR)
    told = JournalEntry.objects.filter(kind="signal", code="LINE-1").order_by("pk")
    assert [entry.action for entry in told] == ["signal_open", "signal_close", "signal_open"]
    assert told[0].data["after"]["saw"] == {"minutes": 12}


def test_slow_running_is_the_rate_of_the_minutes_that_ran_and_says_what_was_not_counted(plant):
    """4500 an hour at 0.8 s. Habit -.1, 0, .1 in turn; then three hours at e**-.3 of which 20 minutes stood still.

    What an hour of day is off by, known from two days, moves the log by at most .1 x 2/12.
    """
    begin = SIX - 54 * HOUR
    for n in range(51):
        rolled(plant, begin + n * HOUR, round(4500 * math.exp((-0.1, 0.0, 0.1)[n % 3])))
    for n in range(51, 54):
        rolled(plant, begin + n * HOUR, round(4500 * math.exp(-0.3) * 40 / 60), stop_min=20)
    assert slow(plant.line_1, SIX - 2 * HOUR) == {None: None}
    found = slow(plant.line_1, SIX)[None]
    assert found.began == begin + 51 * HOUR
    assert found.saw["slower"] == pytest.approx(1 - math.exp(-0.3), abs=0.013)
    assert (found.saw["down_min"], found.saw["micro_min"]) == (60, 0)
    assert slow(plant.line_2, SIX) == {}


def test_a_changed_rate_is_that_of_the_newest_forecast_and_without_one_nobody_can_tell(plant):
    assert drift(plant.line_1, NOON) == {}
    forecast(plant.line_1, SIX, [], inputs=INPUTS | {"drift_since": "2026-02-20T06:00:00+00:00"})
    assert drift(plant.line_1, NOON)[None].began.day == 20
    forecast(plant.line_1, SIX + HOUR, [])
    assert drift(plant.line_1, NOON) == {None: None}


def planned(plant: SmallPlant, pieces: int) -> None:
    plan = HourPlan.objects.create(
        line=plant.line_1, shift=plant.shift, version=1, made_at=SIX, made_by="system", why=""
    )
    for n in range(8):
        start = SIX + n * HOUR
        PlanHour.objects.create(plan=plan, starts_at=start, ends_at=start + HOUR, pieces=pieces)


def test_the_risk_of_a_shift_is_what_is_made_and_the_forecast_for_what_is_left_of_the_plan(plant):
    """Half of 8 x 100 is to come, 300 are made: quantiles 300 + q/2; q90 1000 + 43 gives 821.5, q80 1030/2 + 300 = 815.

    The plan of 800 lies between q40 (985/2+300 = 792.5) and q50 (800): risk .5. With 150 made it lies far above all.
    """
    at = SIX + 4 * HOUR
    assert target(plant.line_1, at) == {}
    planned(plant, 100)
    for n in range(4):
        rolled(plant, SIX + n * HOUR, 75)
    assert target(plant.line_1, at) == {}
    forecast(plant.line_1, SIX, [bucket(SIX, 1000)])
    assert target(plant.line_1, at) == {None: None}
    HourFact.objects.filter(hour=SIX).delete()
    HourFact.objects.filter(hour=SIX + HOUR).delete()
    found = target(plant.line_1, at)[None]
    told = {"risk": 0.975, "target": 800, "made": 150, "expected": 650, "shift": "Early"}
    assert found.saw == told | {"shift_starts_at": SIX.isoformat()}
    line_watch(line=plant.line_1, at=at)
    assert Signal.objects.get().kind == "target"
    line_watch(line=plant.line_1, at=SIX + 8 * HOUR)
    assert Signal.objects.get().ended == SIX + 8 * HOUR


def test_unseen_time_makes_no_risk(plant):
    planned(plant, 100)
    forecast(plant.line_1, SIX, [bucket(SIX, 1000)])
    rolled(plant, SIX, 10, unknown_min=7)
    assert target(plant.line_1, SIX + HOUR) == {}


def test_the_newest_check_of_each_chart_tells_whether_it_signals(plant):
    chart = Characteristic.objects.create(
        code="FILL-W", name="Weight", work_center=plant.filler, chart="individuals", subgroup_size=1, unit="g"
    )
    assert rule(plant.line_1, NOON) == {}

    def check(minute: int, verdict: str, **more) -> None:
        Check.objects.create(
            characteristic=chart, work_center=plant.filler, at=SIX + minute * MINUTE, verdict=verdict, actor="otto",
            recorded_at=SIX, key=uuid4(), **more,
        )  # fmt: skip

    check(1, "signal", signals=["N2"])
    check(2, "missed")
    check(3, "good", withdrawn_at=NOON)
    found = rule(plant.line_1, NOON)[plant.filler]
    assert found.began == SIX + MINUTE
    assert found.saw == {"charts": [{"code": "FILL-W", "name": "Weight", "rules": ["N2"], "out": False}]}
    check(4, "good")
    assert rule(plant.line_1, NOON) == {plant.filler: None}
    assert rule(plant.line_1, NOON + timedelta(days=8)) == {}


def polled(plant: SmallPlant, heard_at) -> TagBinding:
    controller = Controller.objects.create(code="PLC", name="PLC", site=plant.line_1.area.site, address="10.0.0.1/0")
    MachineCursor.objects.create(work_center=plant.filler, heard_at=heard_at)
    return TagBinding.objects.create(
        controller=controller, work_center=plant.filler, role="good", tag="Good", valid_from=SIX - HOUR
    )


def test_a_counter_stands_still_that_ten_minutes_of_running_should_have_moved(plant, state):
    """20 pieces at .8 s are 16 s, so the ten minutes count; at 45 s a piece they are 15 minutes."""
    binding = polled(plant, NOON)
    moved = NOON - 12 * MINUTE
    SignalCursor.objects.create(
        work_center=plant.filler, role="good", binding=binding, raw=5, at=NOON, changed_at=moved
    )
    assert still(plant.line_1, NOON) == {plant.filler: None}
    state(plant.filler, 0, None)
    assert still(plant.line_1, NOON) == {}
    run_on(plant.filler, plant.order("A"), 0, None)
    found = still(plant.line_1, NOON)[plant.filler]
    assert (found.began, found.saw) == (moved, {"minutes": 12, "cycle_s": 0.8})
    IdealCycle.objects.filter(work_center=plant.filler).update(ideal_cycle_s=Decimal(45))
    assert still(plant.line_1, NOON) == {plant.filler: None}
    StateInterval.objects.all().delete()
    MachineCursor.objects.update(heard_at=NOON - 6 * MINUTE)
    assert still(plant.line_1, NOON) == {}


def test_a_counter_that_falls_back_three_times_an_hour_is_told_and_its_wrap_is_none(plant):
    binding = polled(plant, NOON)

    def reads(values: list[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM tracking_sample")
            for n, raw in enumerate(values):
                cursor.execute(
                    "INSERT INTO tracking_sample (at, work_center_id, role, stream, fence, seq, raw, quality)"
                    " VALUES (%s, %s, 'good', 'plc:PLC', 1, %s, %s, 'good')",
                    [NOON - 50 * MINUTE + n * MINUTE, plant.filler.pk, n, raw],
                )

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS tracking_sample_signals_test PARTITION OF tracking_sample"
            " FOR VALUES FROM ('2026-03-02') TO ('2026-03-03')"
        )
    reads([990, 5, 995, 6, 999])
    assert falls(plant.line_1, NOON) == {plant.filler: None}
    reads([990, 5, 995, 6, 999, 1])
    assert falls(plant.line_1, NOON)[plant.filler].saw == {"falls": 3, "held": 0}
    binding.modulus = 1000
    binding.save()
    assert falls(plant.line_1, NOON) == {plant.filler: None}
    for n in range(3):
        CountFlag.objects.create(
            work_center=plant.filler, kind="quarantine", role="good", quantity=9, from_at=SIX, to_at=NOON - n * MINUTE
        )
    assert falls(plant.line_1, NOON)[plant.filler].saw == {"falls": 0, "held": 3}


def test_a_clock_ahead_and_late_readings_are_told_and_few_looks_tell_nothing(plant):
    polled(plant, NOON + timedelta(seconds=3))
    assert clock(plant.line_1, NOON)[plant.filler].saw == {"ahead_s": 3.0, "looks": 0, "prompt": 0}
    MachineCursor.objects.update(heard_at=NOON)
    assert clock(plant.line_1, NOON) == {}
    look = ReadingLook.objects.create(work_center=plant.filler, hour=SIX + 6 * HOUR, looks=100, prompt=94, last_at=NOON)
    assert clock(plant.line_1, NOON)[plant.filler].saw == {"ahead_s": 0.0, "looks": 100, "prompt": 94}
    ReadingLook.objects.filter(pk=look.pk).update(prompt=95)
    assert clock(plant.line_1, NOON) == {plant.filler: None}


def test_a_polled_machine_is_silent_after_five_minutes_and_one_never_heard_is_being_set_up(plant):
    polled(plant, NOON - 6 * MINUTE)
    looked = silent(plant.line_1, NOON)
    assert looked[plant.filler].began == NOON - 6 * MINUTE
    assert looked[plant.packer] is None
    Controller.objects.update(enabled=False)
    assert silent(plant.line_1, NOON)[plant.filler] is None


def test_a_changed_rate_is_looked_at_in_the_phase_that_opens_it_and_closed_in_a_lower_one(plant):
    forecast(plant.line_1, SIX, [], inputs=INPUTS | {"drift_since": SIX.isoformat()})
    assert line_watch(line=plant.line_1, at=NOON) == (0, 0)
    state = PhaseState.objects.create(
        line=plant.line_1, phase=4, since=SIX, why=[], report=readiness(plant.line_1, SIX)
    )
    assert line_watch(line=plant.line_1, at=NOON) == (1, 0)
    assert line_watch(line=plant.line_1, at=NOON) == (0, 0)
    PhaseState.objects.filter(pk=state.pk).update(phase=3)
    assert line_watch(line=plant.line_1, at=NOON) == (0, 1)


def test_a_signal_stays_while_nobody_can_tell_and_closes_with_its_archived_machine(plant):
    signal_open(line=plant.line_1, work_center=plant.filler, kind="clock", found=Found(SIX, {}), at=SIX)
    assert line_watch(line=plant.line_1, at=NOON) == (0, 0)
    plant.filler.archived = True
    plant.filler.save()
    assert line_watch(line=plant.line_1, at=NOON) == (0, 1)
