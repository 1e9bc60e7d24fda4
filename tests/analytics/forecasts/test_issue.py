"""Forecasts as they are issued: what they say, what they may know, and that nobody changes them."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from analytics.forecasts.issue import back_issue, forecasts_issue
from analytics.forecasts.outcomes import outcomes_join
from analytics.forecasts.shown import came_of, forecast_at, latest_forecast
from analytics.models import Forecast, Outcome, PlanSnapshot
from mes.journal.models import JournalEntry
from mes.oee.fact_models import HourFact
from tests.analytics.forecasts.kit import DAY, HOUR, MONDAY, planned, ready, worked
from tests.production.small_plant import SmallPlant


def by_turns(day: int, hour: int) -> int:
    """3,000 an hour on even days, 3,300 on odd ones."""
    return 3000 if day % 2 == 0 else 3300


def test_without_a_record_a_line_says_its_plan_and_keeps_the_rate_in_the_shadow(plant: SmallPlant) -> None:
    now = worked(plant, 30, by_turns)
    ready(plant, now)
    planned(plant, now)
    (shown,) = forecasts_issue(line=plant.line_1, at=now, actor="otto", grains=("shift",))
    assert (shown.method, shown.level, [check["key"] for check in shown.checks]) == ("plan", 1, ["record"] * 3)
    # eight hours at .8 s a piece; a plan has no band
    assert (shown.points[0]["point"], shown.points[0]["q"]) == (36000, [])
    assert (shown.points[0]["starts_at"], shown.points[0]["ends_at"]) == (now.isoformat(), (now + 8 * HOUR).isoformat())
    shadow = Forecast.objects.get(line=plant.line_1, shown=False, method="rate28")
    # the last 28 days: 14 of each kind
    assert (shadow.method, shadow.points[0]["point"]) == ("rate28", pytest.approx(8 * 3150, abs=0.01))
    assert shadow.points[0]["q"][0] == pytest.approx(8 * 3000, abs=0.01)
    assert shadow.points[0]["q"][-1] == pytest.approx(8 * 3300, abs=0.01)


def test_a_rate_that_beat_the_plan_is_shown_with_its_record(plant: SmallPlant) -> None:
    now = worked(plant, 45, by_turns)
    ready(plant, MONDAY)
    planned(plant, MONDAY)
    outcomes_join(line=plant.line_1, at=now)
    back_issue(
        line=plant.line_1, origins=[now - n * DAY for n in range(1, 15)], at=now, actor="otto", grains=("shift",)
    )
    (shown,) = forecasts_issue(line=plant.line_1, at=now, actor="otto", grains=("shift",))
    assert (shown.method, shown.level) == ("rate28", 2)
    assert len(came_of(plant.line_1, "shift", now)["rate28"]) == 14
    assert shown.skill["buckets"] >= 13
    assert latest_forecast(plant.line_1, "shift") == shown
    assert forecast_at(plant.line_1, "shift", now - DAY) is None  # made later: nobody was shown it


def test_what_came_after_an_origin_does_not_change_what_is_said_of_it(plant: SmallPlant) -> None:
    now = worked(plant, 40, by_turns)
    origin = now - 5 * DAY
    ready(plant, MONDAY)
    planned(plant, MONDAY)
    late = planned(plant, origin + HOUR, cycle_s="0.4")

    def said() -> list[dict[str, object]]:
        with transaction.atomic():
            back_issue(line=plant.line_1, origins=[origin], at=now, actor="otto", grains=("shift",))
            rows = list(Forecast.objects.order_by("method").values("method", "points", "snapshot_id", "inputs"))
            transaction.set_rollback(True)
        return rows

    first = said()
    assert [row["method"] for row in first] == ["ens2", "mes_rate", "plan", "rate28"]
    assert late.pk not in [row["snapshot_id"] for row in first]
    HourFact.objects.filter(hour__gte=origin).update(good_milli=1)
    planned(plant, origin + 2 * HOUR, cycle_s="0.1")
    assert said() == first
    HourFact.objects.filter(hour__lt=origin).update(good_milli=1)
    assert said() != first


def test_lost_hours_do_not_move_a_forecast(plant: SmallPlant) -> None:
    """F7: a fifth of the hours lost, and stored as missing: the forecast moves by at most 3 %."""
    now = worked(plant, 40, lambda day, hour: 3000 + 40 * ((day * 7 + hour * 3) % 11))
    ready(plant, now)
    planned(plant, now)

    def point() -> float:
        with transaction.atomic():
            forecasts_issue(line=plant.line_1, at=now, actor="otto", grains=("day",))
            said = float(Forecast.objects.get(method="rate28").points[0]["point"])
            transaction.set_rollback(True)
        return said

    whole = point()
    for day in range(0, 40, 5):
        start = MONDAY + day * DAY
        HourFact.objects.filter(hour__gte=start, hour__lt=start + DAY).update(
            unknown_ms=3_600_000, good_milli=0, run_ms=0
        )
    assert point() == pytest.approx(whole, rel=0.03)


@pytest.mark.parametrize(("phase", "ahead", "key"), [(1, 21, "phase"), (4, 2, "calendar")])
def test_a_line_that_is_not_ready_is_refused_with_the_check_that_says_why(
    plant: SmallPlant, phase: int, ahead: int, key: str
) -> None:
    now = worked(plant, 30, by_turns, ahead=ahead)
    ready(plant, now, phase=phase)
    planned(plant, now)
    (shown,) = forecasts_issue(line=plant.line_1, at=now, actor="otto", grains=("day",))
    assert (shown.method, shown.level, shown.points) == ("refused", 0, [])
    assert [check["key"] for check in shown.checks] == [key]


def test_issued_twice_it_is_there_once_and_nobody_changes_it(plant: SmallPlant) -> None:
    now = worked(plant, 30, by_turns)
    ready(plant, now)
    first = forecasts_issue(line=plant.line_1, at=now, actor="otto", grains=("shift", "day"))
    again = forecasts_issue(line=plant.line_1, at=now + HOUR, actor="otto", origin=now, grains=("shift", "day"))
    assert [row.pk for row in first] == [row.pk for row in again]
    assert JournalEntry.objects.filter(action="forecasts_issue").count() == 2
    for change in (lambda: Forecast.objects.update(level=4), lambda: Forecast.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_gap_in_the_last_day_freezes_the_forecast(plant: SmallPlant) -> None:
    now = worked(plant, 30, by_turns)
    ready(plant, now)
    planned(plant, now)
    HourFact.objects.filter(hour__gte=now - DAY, hour__lt=now - DAY + 3 * HOUR).update(unknown_ms=3_600_000)
    (shown,) = forecasts_issue(line=plant.line_1, at=now, actor="otto", grains=("hour",))
    assert shown.inputs["frozen"]
    assert shown.inputs["missing_hours"] == 3


def test_outcomes_follow_the_facts_and_say_nothing_of_what_was_not_seen(plant: SmallPlant) -> None:
    now = worked(plant, 3, by_turns)
    HourFact.objects.filter(hour=MONDAY + DAY).update(unknown_ms=3_600_000, good_milli=0)
    outcomes_join(line=plant.line_1, at=now)
    goods = lambda: list(  # noqa: E731
        Outcome.objects.filter(grain="shift").order_by("starts_at").values_list("good", "planned_min", "cov")
    )
    assert goods() == [(24000, 480, 1), (None, 480, 0.875), (24000, 480, 1)]
    HourFact.objects.filter(hour=MONDAY).update(good_milli=2_000_000)
    outcomes_join(line=plant.line_1, at=now)
    assert [row[0] for row in goods()] == [23000, None, 24000]
    assert Outcome.objects.filter(grain="day").count() == 3
    assert Outcome.objects.filter(grain="hour", planned_min__gt=0).count() == 24
    assert not PlanSnapshot.objects.exists()
    assert timedelta(hours=8) == Outcome.objects.filter(grain="shift")[0].ends_at - MONDAY
