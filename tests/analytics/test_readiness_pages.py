"""The pages of readiness and its API: what they say, and who may see and ask."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import ReadinessReport
from analytics.readiness.report import readiness_measure
from analytics.readiness_pages import words
from analytics.readiness_pages.chart import history_chart
from analytics.tasks import measure_line
from mes.people.models import Role
from mes.plant.models import Shift
from tests.analytics.conftest import at, run_on
from tests.production.small_plant import SIX, SmallPlant

Made = Callable[..., object]
PAGE, API = "/improve/readiness/", "/api/v1/lines/LINE-1/readiness/"


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client


@pytest.fixture
def measured(plant: SmallPlant, state: Made, stop: Made) -> ReadinessReport:
    """Four hours of both machines, of which the packer stood for one without a reason; nothing planned afterwards."""
    order = plant.order("WO-1")
    for place in (plant.filler, plant.packer):
        state(place, 0, 240)
        run_on(place, order, 0, None)
    stop(plant.packer, 100, 160)
    report = readiness_measure(line=plant.line_1, actor="system", at=at(240))
    assert report is not None
    return report


def test_a_line_never_measured_says_so(mia: Client) -> None:
    assert "Not measured yet" in mia.get(PAGE).content.decode()
    assert "Not measured yet" in mia.get(f"{PAGE}LINE-1/").content.decode()
    said = mia.get(API).json()
    assert (said["r"], said["phase"], said["computed_at"], said["blockers"]) == (None, None, None, [])
    assert "Not measured yet" in said["notes"][0]


def test_the_page_tells_blockers_with_owner_gain_and_link(mia: Client, measured: ReadinessReport) -> None:
    for address in (PAGE, f"{PAGE}LINE-1/"):
        text = mia.get(address).content.decode()
        assert "No gate open yet" in text
        assert "is good on 0 of the 3 days in a row" in text
        assert "Owner: Nobody: it takes time." in text
        assert "Unwitnessed" in text or "unwitnessed" in text


def test_the_line_page_shows_every_formula_with_its_sums(mia: Client, measured: ReadinessReport) -> None:
    text = mia.get(f"{PAGE}LINE-1/").content.decode()
    for formula in words.FORMULAS.values():
        assert str(formula).replace("'", "&#x27;") in text
    assert "8.0 h of 8.0 h" in text  # two machines for four hours
    assert "0.0 h of 1.0 h" in text  # the stop without a reason
    assert "480 of 480" in text


def test_the_api_gives_the_stored_report(mia: Client, measured: ReadinessReport) -> None:
    said = mia.get(API).json()
    assert (said["line"], said["r"], said["phase"]) == ("LINE-1", 0, 0)
    assert [part["key"] for part in said["dimensions"]][:2] == ["completeness", "timeliness"]
    assert said["gates"][0]["checks"][0]["value"] == 1.0
    assert said["inputs"]["days"][0]["heard_ms"] == 8 * 3_600_000
    assert said["blockers"][0].keys() == {
        "key", "phase", "value", "needs", "owner", "gain", "wait_days", "ready_on", "message", "link"
    }  # fmt: skip
    assert said["notes"] == [
        "No witness vouches for the counts of this line; the weight of consistency is shared among the others.",
        "No ERP sends this line orders: from phase 2 on it has the forecast without a plan.",
    ]
    assert [gate["key"] for gate in said["gates"]][3:] == ["predictive", "adaptive"]
    assert [check["key"] for check in said["gates"][3]["checks"]] == [
        "weeks", "linked_95", "own_forecasts", "skill", "held"
    ]  # fmt: skip
    assert (said["standing"]["phase"], said["standing"]["fell_from"], said["unlocked"]) == (0, None, [])


def test_dates_come_from_the_calendar_of_the_line(plant: SmallPlant, state: Made) -> None:
    for number in (3, 7):
        day = timedelta(days=number)
        Shift.objects.create(
            line=plant.line_1, name="Early", production_date=date(2026, 3, 2) + day,
            starts_at=SIX + day, ends_at=at(480) + day,
        )  # fmt: skip
    for place in (plant.filler, plant.packer):
        state(place, 0, 240)
    report = readiness_measure(line=plant.line_1, actor="system", at=at(240))
    assert report is not None
    # good on this day; the second and third planned days are Thursday and the Monday after
    assert next((b["key"], b["wait_days"], b["ready_on"]) for b in report.blockers if b["needs_days"]) == (
        "completeness", 2, "2026-03-09"
    )  # fmt: skip


@pytest.mark.parametrize("address", [f"{PAGE}LINE-2/", f"{PAGE}NONE/", f"{PAGE}%00/", API.replace("1/r", "2/r")])
def test_other_lines_do_not_exist(mia: Client, address: str) -> None:
    assert mia.get(address).status_code == 404


def test_the_api_does_not_stumble_over_a_nul(mia: Client) -> None:
    assert mia.get("/api/v1/lines/%00/readiness/").status_code == 404


def test_only_the_persons_lines_stand_on_the_page(plant: SmallPlant, mia: Client, client: Client) -> None:
    assert "Line two" not in mia.get(PAGE).content.decode()
    client.force_login(plant.person(Role.MANAGER))
    assert "Line two" in client.get(PAGE).content.decode()


def test_nobody_sees_it_without_logging_in(plant: SmallPlant, client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    assert client.get(API).status_code == 401


def test_measuring_now_is_for_those_who_may(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    assert client.post(f"{PAGE}LINE-1/now/", {"key": str(uuid4())}).status_code == 403
    assert client.post(f"{PAGE}LINE-2/now/", {"key": str(uuid4())}).status_code == 404
    assert "Measure now" not in client.get(f"{PAGE}LINE-1/").content.decode()
    assert not ReadinessReport.objects.exists()


def test_the_button_hands_the_line_to_the_worker_which_measures_once(mia: Client, plant: SmallPlant) -> None:
    key = str(uuid4())
    for _ in range(2):
        answer = mia.post(f"{PAGE}LINE-1/now/", {"key": key}, follow=True)
        assert "Line one is being measured" in answer.content.decode()
        measure_line("LINE-1", "mia", key)
    report = ReadinessReport.objects.get()
    assert (report.asked_by, str(report.key)) == ("mia", key)
    measure_line("NO-SUCH-LINE", "mia", str(uuid4()))
    assert ReadinessReport.objects.count() == 1


def test_a_form_without_a_key_is_answered_in_words(mia: Client) -> None:
    assert "Measure now" in mia.get(f"{PAGE}LINE-1/").content.decode()
    assert mia.get(f"{PAGE}LINE-1/now/").status_code == 405
    answer = mia.post(f"{PAGE}LINE-1/now/", {"key": "no uuid"}, follow=True)
    assert "press the button again" in answer.content.decode()


def test_the_list_costs_the_same_for_any_number_of_lines(
    plant: SmallPlant, client: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client.force_login(plant.person(Role.MANAGER))
    for line in (plant.line_1, plant.line_2):
        readiness_measure(line=line, actor="system", at=at(240))
    with django_assert_max_num_queries(10):
        client.get(PAGE)


@pytest.mark.parametrize("key", sorted(words.NAMES))
def test_every_blocker_has_words_an_owner_and_a_page_that_exists(key: str) -> None:
    base = {"key": key, "needs": 0.9, "days": 0, "needs_days": 0, "gain": 0.1, "phase": 2, "r_gain": 1.0}
    for value in (None, 0.0, 0.5):
        told = words.blocker_text(base | {"value": value})
        assert told.endswith(".")
        assert "%(" not in told
    if words.OWNERS and key not in ("archived", "psi", "calendar", "witness"):
        assert words.link_of(key, "L 1").startswith("/")
    assert "10 % less error" in words.gain_text(base)
    told = [
        words.when_text(base | {"wait_days": days, "ready_on": day})
        for days, day in ((None, None), (0, None), (3, None))
    ]
    assert told[:2] == ["", "at best when this day has ended"]
    assert "not in the calendar" in told[2] or key in ("weeks", "weeks_12")
    assert reverse("readiness") == PAGE


def test_values_are_cut_and_not_rounded_up_to_what_is_needed() -> None:
    assert words.value_text("coded", 0.69999) == "69.9\u00a0%"
    assert words.value_text("coded", 0.7) == "70\u00a0%"
    assert words.value_text("coded", None) == "–"
    assert words.value_text("calendar", 0.0) == "no"
    assert words.value_text("weeks", 3.46) == "3.5"


def test_the_chart_has_a_scale_of_time_and_needs_two_days() -> None:
    first = date(2026, 3, 2)
    assert history_chart([(first, 50, 60)]) is None
    chart = history_chart([(first, 0, 0), (first + timedelta(days=1), 100, 100), (first + timedelta(days=4), 50, 80)])
    assert chart is not None
    # 676 units for four days from x = 36; y from 8 (100) to 140 (0)
    assert chart.path == "M36.0 140.0L205.0 8.0L712.0 74.0"
    assert chart.levels == [(0, "140.0"), (50, "74.0"), (100, "8.0")]
