"""The line that stands on the floor: one number with its record, or what is missing and where it is mended."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.forecast_pages.floor import headlines
from analytics.models import PhaseState
from mes.people.models import Role
from mes.plant.models import Line, Shift
from tests.analytics.forecast_pages.made import HOUR, NO_RECORD, bucket, check, forecast, readiness, shift
from tests.production.small_plant import SmallPlant

FLOOR = "/improve/forecast/-/floor/"


def told(client: Client) -> str:
    """The fragment with every kind of space as a plain one."""
    return " ".join(client.get(FLOOR).content.decode().split())


def test_the_tile_says_number_band_and_record(mia: Client, plant: SmallPlant, running: Shift) -> None:
    forecast(plant.line_1, running.starts_at, [bucket(running.starts_at, 412)])
    text = told(mia)
    assert 'data-forecast-of="LINE-1"' in text
    assert "Early: forecast <b>412</b>, 351–455" in text
    assert "last 84 shifts off by 9 %, same shift last week 27 %, band held 81 %" in text


def test_of_a_running_shift_what_was_said_before_it_began_stands(
    mia: Client, plant: SmallPlant, running: Shift, now: datetime
) -> None:
    forecast(plant.line_1, running.starts_at, [bucket(running.starts_at, 412)])
    forecast(plant.line_1, now - HOUR / 2, [bucket(running.starts_at, 300)])  # of what is left of it
    assert "<b>412</b>" in told(mia)


def test_a_forecast_made_meanwhile_says_that_it_is_of_the_rest(
    mia: Client, plant: SmallPlant, running: Shift, now: datetime
) -> None:
    forecast(plant.line_1, now - HOUR / 2, [bucket(running.starts_at, 300)])
    assert "Early, the rest of it: forecast <b>300</b>" in told(mia)


def test_between_shifts_the_next_planned_one_is_told(mia: Client, plant: SmallPlant, now: datetime) -> None:
    soon = now + 3 * HOUR
    shift(plant.line_1, "Late", soon)
    free = bucket(now + HOUR, 0) | {"planned_min": 0}
    forecast(plant.line_1, now - HOUR, [free, bucket(soon, 1412)])
    assert "Late from" in told(mia)
    assert "<b>1,412</b>, 1,351–1,455" in told(mia)


def test_plan_arithmetic_is_no_forecast_and_has_no_band(mia: Client, plant: SmallPlant, running: Shift) -> None:
    forecast(
        plant.line_1, running.starts_at, [bucket(running.starts_at, 420, band=False)], method="plan", level=1,
        skill=NO_RECORD,
    )  # fmt: skip
    text = told(mia)
    assert "Early: plan <b>420</b>" in text
    assert "(no forecast yet)" in text
    assert "off by" not in text


@pytest.mark.parametrize(
    ("row", "text", "link"),
    [
        (check("calendar", 0.6, 1.0, "no_calendar", "calendar"), "only 60 % of the days", "/calendar/?line=LINE-1"),
        (check("phase", 1, 2, "phase_too_low", "readiness"), "from phase 1 to phase 2", "/improve/readiness/LINE-1/"),
        (check("ideal", 0, 1, "no_ideal_rate", "ideal_cycles"), "none is known of the items", "/orders/?line=LINE-1"),
    ],
)  # fmt: skip
def test_a_refused_line_says_why_and_where_it_is_mended(
    mia: Client, plant: SmallPlant, now: datetime, row: dict[str, object], text: str, link: str
) -> None:
    forecast(plant.line_1, now - HOUR, [], method="refused", level=0, checks=[row], skill=NO_RECORD)
    found = told(mia)
    assert "No forecast." in found
    assert text in found
    assert f'href="{link}"' in found


def test_a_line_without_any_forecast_says_so(mia: Client) -> None:
    assert "No forecast. Wait: the first forecast of this line is made in its first night." in told(mia)


def test_a_forecast_that_no_night_renewed_is_not_shown(mia: Client, plant: SmallPlant, now: datetime) -> None:
    forecast(plant.line_1, now - 37 * HOUR, [bucket(now + HOUR, 412)])
    text = told(mia)
    assert "<b>412</b>" not in text
    assert "Look at the worker: the newest forecast is" in text


def fell(line: Line, now: datetime, phase: int) -> None:
    report = readiness(line, now, phase)
    why = [{"key": "fresh", "value": 0.4, "needs": 0.75, "most": None}]
    PhaseState.objects.create(line=line, phase=phase, before=4, fell_from=4, since=now, why=why, report=report)


@pytest.mark.parametrize("phase", [1, 3])
def test_a_line_that_fell_back_stops_forecasting_and_says_why(
    mia: Client, plant: SmallPlant, running: Shift, now: datetime, phase: int
) -> None:
    forecast(plant.line_1, running.starts_at, [bucket(running.starts_at, 412)])
    fell(plant.line_1, now, phase)
    text = told(mia)
    assert "<b>412</b>" not in text
    assert "Fell back from “Predictive”" in text
    assert "/improve/phases/LINE-1/" in text


def test_a_forecast_made_after_the_line_fell_back_is_shown(mia: Client, plant: SmallPlant, running: Shift) -> None:
    fell(plant.line_1, running.starts_at - HOUR, 3)
    forecast(plant.line_1, running.starts_at, [bucket(running.starts_at, 412)])
    assert "<b>412</b>" in told(mia)


def test_an_open_alarm_of_drift_is_a_badge(mia: Client, plant: SmallPlant, running: Shift) -> None:
    since = {"drift_since": "2026-03-02T05:00:00+00:00"}
    forecast(plant.line_1, running.starts_at, [bucket(running.starts_at, 412)], inputs=since)
    assert "rate changed on 2026-03-02 06:00" in told(mia)  # the plant is an hour ahead of UTC then


def test_only_lines_of_the_person_are_told(mia: Client, plant: SmallPlant, running: Shift) -> None:
    forecast(plant.line_2, running.starts_at, [bucket(running.starts_at, 777)])
    assert "777" not in told(mia)
    assert "LINE-2" not in told(mia)
    assert "777" not in mia.get(f"{FLOOR}?line=LINE-2").content.decode()


def test_many_lines_cost_no_more_queries_than_one(plant: SmallPlant, running: Shift, client: Client) -> None:
    client.force_login(plant.person(Role.MANAGER))
    counts = []
    for number in range(3):
        line = Line.objects.create(code=f"L-{number}", name=f"L {number}", area=plant.line_1.area)
        forecast(line, running.starts_at, [bucket(running.starts_at, 100)])
        with CaptureQueriesContext(
            connection,
        ) as asked:
            headlines(list(Line.objects.select_related("area__site")), running.starts_at + timedelta(hours=1))
        counts.append(len(asked))
    assert counts[0] == counts[-1]
