"""The forecast by the API: points and record, 409 with what to mend, and what was shown at an earlier instant."""

from datetime import datetime

import pytest
from django.test import Client

from analytics.forecast_pages.tried import Told, errors_by_lead, last_before, reliability
from mes.people.models import Role
from tests.analytics.forecast_pages.made import HOUR, NO_RECORD, RECORD, bucket, check, forecast, readiness, snapshot
from tests.production.small_plant import SIX, SmallPlant

API = "/api/v1/lines/LINE-1/forecast/"


def z(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def test_eight_hours_are_told_with_band_skill_and_coverage(mia: Client, plant: SmallPlant, now: datetime) -> None:
    line = plant.line_1
    points = [bucket(now + n * HOUR, 100 + n, HOUR) for n in range(48)]
    made = forecast(
        line, now, points, grain="hour", snapshot=snapshot(line, now), readiness=readiness(line, now - HOUR)
    )
    said = mia.get(API, {"horizon": "8h"}).json()
    assert [point["point"] for point in said["points"]][:8] == [100, 101, 102, 103, 104, 105, 106, 107]
    assert len(said["points"]) in (8, 9)  # the hour that runs is one of them
    first = said["points"][0]
    assert (first["q025"], first["q10"], first["q90"], first["q975"]) == (9, 39, 143, 173)
    assert (first["starts_at"], first["planned_min"], first["override"]) == (z(now), 60, None)
    assert said["skill"] == {name: RECORD[name] for name in ("buckets", "error", "naive_error", "skill")}
    assert said["coverage"] == {
        "judged": 84, "held_80": 68, "held_95": 80, "share_80": 68 / 84, "share_95": 80 / 84
    }  # fmt: skip
    assert (said["method"], said["level"], said["back_issued"], said["grain"]) == ("ens2", 4, False, "hour")
    assert (said["issued_at"], said["trained_through"]) == (z(now), z(now))
    assert (said["snapshot"]["orders"], said["readiness"]["r"], said["readiness"]["phase"]) == (1, 88, 4)
    assert made.inputs == said["inputs"]


def test_three_days_are_told_by_shift(mia: Client, plant: SmallPlant, now: datetime) -> None:
    points = [bucket(now + n * 24 * HOUR, 100 + n) for n in range(5)]
    forecast(plant.line_1, now, points)
    said = mia.get(API, {"horizon": "3d"}).json()
    assert said["grain"] == "shift"
    assert [point["point"] for point in said["points"]][:3] == [100, 101, 102]
    assert "104" not in str(said["points"])


def test_plan_arithmetic_has_no_band(mia: Client, plant: SmallPlant, now: datetime) -> None:
    row = check("weeks", 2.0, 4.0, "weeks_too_few", "history_import")
    forecast(plant.line_1, now, [bucket(now, 400, band=False)], method="plan", level=1, skill=NO_RECORD, checks=[row])
    said = mia.get(API, {"horizon": "3d"}).json()
    point = said["points"][0]
    assert [point[name] for name in ("q025", "q10", "q90", "q975")] == [None] * 4
    assert said["coverage"]["share_80"] is None
    assert said["checks"][0]["key"] == "weeks"


def test_a_line_that_is_not_ready_is_409_with_every_check(mia: Client, plant: SmallPlant, now: datetime) -> None:
    checks = [
        check("calendar", 0.5, 1.0, "no_calendar", "calendar"),
        check("weeks", 1, 4, "weeks_too_few", "history_import"),
    ]
    forecast(plant.line_1, now, [], grain="hour", method="refused", level=0, checks=checks, skill=NO_RECORD)
    answer = mia.get(API)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (409, "not_ready")
    assert [one["key"] for one in said["checks"]] == ["calendar", "weeks"]
    assert said["checks"][0]["link"] == "/calendar/?line=LINE-1"
    assert said["message"].startswith("Plan the shifts")


def test_a_line_nobody_forecast_is_409(mia: Client) -> None:
    answer = mia.get(API)
    assert (answer.status_code, answer.json()["checks"][0]["key"]) == (409, "issued")


def test_at_an_earlier_instant_what_was_shown_then_is_told(mia: Client, plant: SmallPlant, now: datetime) -> None:
    first, second = now - 10 * HOUR, now - 2 * HOUR
    forecast(plant.line_1, first, [bucket(first, 100), bucket(now, 110)])
    forecast(plant.line_1, second, [bucket(now, 220)])
    # Computed only now for an earlier time: nobody was shown it.
    forecast(plant.line_1, first + HOUR, [bucket(now, 330)], issued_at=now, back_issued=True)
    said = mia.get(API, {"horizon": "3d", "at": z(now - 5 * HOUR)}).json()
    assert [point["point"] for point in said["points"]] == [100, 110]
    assert mia.get(API, {"horizon": "3d", "at": z(first - HOUR)}).status_code == 409


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"horizon": "2y"}, "horizon"),
        ({"grain": "year"}, "grain"),
        ({"at": "2199-01-01T00:00Z"}, "at"),
        ({"at": "x"}, "at"),
    ],
)
def test_a_question_that_cannot_be_read_is_400(mia: Client, query: dict[str, str], field: str) -> None:
    answer = mia.get(API, query)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_another_line_is_404(mia: Client, plant: SmallPlant, now: datetime) -> None:
    forecast(plant.line_2, now, [bucket(now, 5)])
    assert mia.get(API.replace("LINE-1", "LINE-2")).status_code == 404
    assert mia.get(API.replace("LINE-1", "%00")).status_code == 404


def test_the_document_of_the_api_tells_of_it(client: Client, plant: SmallPlant) -> None:
    client.force_login(plant.person(Role.ADMIN))
    text = client.get("/api/v1/schema/").content.decode()
    assert "/api/v1/lines/{code}/forecast/" in text
    assert "ForecastRefusedShape" in text


def test_the_last_forecast_before_a_bucket_began_is_the_one_that_is_judged() -> None:
    def of(hours: float, point: float) -> Told:
        return Told(SIX + hours * HOUR, SIX, SIX + 8 * HOUR, 480, point, ())

    assert last_before([of(-8, 1), of(0, 2), of(-2, 3), of(1, 4)])[SIX].point == 2


def test_a_quantile_is_judged_by_how_much_came_below_it() -> None:
    """Quantiles 1 to 11. One bucket came to 6: 0 below the sixth (.5), 1 from it on; one to 20: above all of them."""
    q = tuple(float(n) for n in range(1, 12))
    told = {SIX + n * HOUR: Told(SIX, SIX + n * HOUR, SIX + n * HOUR, 60, 6, q) for n in range(2)}
    found = reliability(told, {SIX: 6.0, SIX + HOUR: 20.0})
    assert [share for _, share in found] == [0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert [level for level, _ in found][5] == 0.5
    assert reliability(told, {}) == []


def test_errors_are_pooled_within_groups_of_leads() -> None:
    """Hours: 100 as 90 and 50 as 60 less than 4 h ahead: 20 / 150; one at just 4 h is in the next group."""

    def of(lead: float, point: float) -> Told:
        return Told(SIX, SIX + lead * HOUR, SIX + lead * HOUR, 60, point, ())

    came = {SIX: 100.0, SIX + 2 * HOUR: 50.0, SIX + 4 * HOUR: 10.0}
    found = errors_by_lead([of(0, 90), of(2, 60), of(4, 15), of(-1, 7), of(400, 7)], came, "hour")
    assert [(one.judged, one.error) for one in found] == [(2, 20 / 150), (1, 0.5), (0, None), (0, None)]
