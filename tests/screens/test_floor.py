"""Floor, machine and wall as the server paints them: who sees what, in which words, with how many queries."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mes.people.models import Role
from mes.plant.models import Shift, WorkCenter
from mes.screens.face import age_at, ahead_at, down_s, face, overall_oee
from mes.screens.svg import ribbon, timeline
from mes.screens.words import rank, signed, timer
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    Shift.objects.all().delete()
    shift_around(plant.line_1, datetime.now(UTC))
    return plant


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    """A supervisor of line 1 only."""
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client


def tile(**changes: object) -> dict[str, object]:
    """A machine that runs: 4310 good of 4500 wanted, 1.25 pieces a second."""
    return {
        "code": "FILL", "name": "Filler", "line": "LINE-1", "area": "AREA", "href": "/floor/FILL/", "state": "running",
        "word": "Running", "since": "2026-03-02T09:55:48.000Z", "detail": "", "needs_reason": False, "order": "WO-17",
        "item": "COLA-05", "item_name": "Cola 0.5 l", "shift": "Early", "shift_start": "2026-03-02T06:00:00.000Z",
        "shift_end": "2026-03-02T14:00:00.000Z", "good": 4310, "scrap": 12, "target": 4500, "target_rate_per_s": 1.25,
        "ahead": -190, "ahead_min": -2.5, "availability": 0.91, "performance": 0.88, "quality": 0.997, "oee": 0.8034,
        "oee_low": None, "oee_high": None, "coverage": 1.0, "oee_note": "", "kpi_at": "2026-03-02T10:00:00.000Z",
        "ribbon": [], "source": "PLC-1", "as_of": "2026-03-02T09:59:59.000Z", "quality_flag": "good",
    } | changes  # fmt: skip


def test_a_tile_reads_as_people_say_it() -> None:
    said = face(tile(), NOW)
    assert (said.timer, said.order, said.good, said.target) == ("04:12", "WO-17 · Cola 0.5 l", "4,310", "4,500")
    assert (said.ahead_pcs, said.ahead_min, said.oee, said.age) == ("−190", "−2.5 min", "80", "live")
    assert [factor.text for factor in said.factors] == ["91", "88", "100"]


def test_the_target_grows_between_two_computations() -> None:
    later = NOW + timedelta(seconds=60)  # 75 more pieces were due; 265 / 1.25 / 60 = 3.53 minutes
    assert face(tile(), later).target == "4,575"
    pieces, minutes = ahead_at(tile(), later)
    assert pieces == -265
    assert minutes == pytest.approx(3.533 * -1, abs=0.001)


def test_a_machine_without_plan_or_data_shows_dashes_and_why() -> None:
    empty = dict.fromkeys(("target", "target_rate_per_s", "ahead", "ahead_min", "oee", "availability"))
    said = face(tile(**empty, oee_note="less than 5 min of data"), NOW)
    assert (said.target, said.ahead_pcs, said.oee, said.note) == ("–", "–", "–", "less than 5 min of data")


def test_age_says_how_old_the_last_reading_is() -> None:
    def at(seconds: float) -> tuple[str, str]:
        return age_at(tile(as_of=(NOW - timedelta(seconds=seconds)).isoformat()), NOW)

    assert [at(3), at(7), at(31), at(600)] == [
        ("live", "live"),
        ("STALE 7 s", "stale"),
        ("STALE 31 s", "old"),
        ("STALE 10 min", "old"),
    ]
    assert age_at(tile(source=None), NOW) == ("", "live")


def test_down_minutes_count_from_the_start_of_the_shift() -> None:
    six = datetime(2026, 3, 2, 6, tzinfo=UTC).timestamp()
    told = [[six - 600, "down"], [six + 300, "running"], [six + 900, "down"], [six + 960, "running"]]
    assert down_s(tile(ribbon=told), NOW) == 360


def test_oee_over_machines_weighs_by_time_not_by_head() -> None:
    short = tile(oee=0.5, shift_start="2026-03-02T09:00:00.000Z")
    long = tile(oee=0.9)  # four hours against one: (0.5 + 4 * 0.9) / 5
    oee, known = overall_oee([short, long, tile(oee=None)])
    assert oee == pytest.approx(0.82)
    assert known == 2


def test_trouble_ranks_before_calm_and_late_before_running() -> None:
    order = [rank("down", 0), rank("waiting", 0), rank("slow", 0), rank("no_data", 0), rank("running", -6)]
    assert order == sorted(order)
    assert rank("running", -6) < rank("setup", 0) < rank("running", -4.9)


def test_timers_and_signs() -> None:
    assert [timer(s) for s in (-5, 252, 3852, 187_200)] == ["00:00", "04:12", "1:04:12", "2 d 4 h"]
    assert [signed(n) for n in (12, 0, -1900)] == ["+12", "0", "−1,900"]


def test_ribbon_is_one_path_per_state_and_short_stops_stay_visible() -> None:
    end = 8 * 3600  # one unit of width is one minute
    shapes = dict(ribbon([[0, "running"], [3600, "down"], [3606, "running"]], end))
    assert shapes["running"] == "M0 10h60v6h-60zM60.1 10h419.9v6h-419.9z"
    assert shapes["down"] == "M60 0h1.2v16h-1.2z"


def test_timeline_is_clipped_and_has_full_hours() -> None:
    drawn = timeline([[-100, 3600, "running", "Running", ""], [3600, 7200, "down", "Down", "Jam"]], 0, 14_400)
    assert [(band.x, band.width) for band in drawn.bands] == [("0", "360"), ("360", "360")]
    assert [tick.at_s for tick in drawn.ticks] == [0, 3600, 7200, 10_800, 14_400]
    assert timeline([], 5, 5).bands == []


def test_the_floor_shows_only_the_lines_of_the_person(mia: Client) -> None:
    page = mia.get("/floor/").content.decode()
    assert 'data-tile="FILL"' in page
    assert 'data-tile="PACK"' in page
    assert "PRESS" not in page


@pytest.mark.parametrize("address", ["/floor/PRESS/", "/wall/LINE-2/", "/floor/NONE/", "/wall/NONE/"])
def test_other_lines_do_not_exist_for_a_person(mia: Client, address: str) -> None:
    assert mia.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/", "/floor/", "/floor/FILL/", "/wall/LINE-1/"])
def test_nobody_sees_a_page_without_logging_in(plant: SmallPlant, client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/login/?next=")


def test_machine_page_and_wall_answer(mia: Client, plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    counted(plant.filler, datetime.now(UTC) - timedelta(minutes=30), good=100, order=order)
    assert "Filler" in mia.get("/floor/FILL/").content.decode()
    assert "Line one" in mia.get("/wall/LINE-1/").content.decode()


def test_filters_work_without_script(mia: Client) -> None:
    hidden = re.compile(r"<article[^>]* hidden>")
    assert len(hidden.findall(mia.get("/floor/?state=running").content.decode())) == 2
    assert hidden.findall(mia.get("/floor/?state=nonsense").content.decode()) == []


def test_more_machines_cost_no_more_queries(mia: Client, plant: SmallPlant) -> None:
    mia.get("/floor/")
    with CaptureQueriesContext(connection) as few:
        mia.get("/floor/")
    for number in range(10):
        WorkCenter.objects.create(code=f"M-{number}", name=f"M {number}", line=plant.line_1, position=9)
    with CaptureQueriesContext(connection) as many:
        mia.get("/floor/")
    assert len(many) <= len(few)
    assert len(many) <= 30


@pytest.mark.django_db
def test_health_and_policy_reports_need_nobody(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/healthz").content == b"ok\n"
    assert len(asked) == 0
    report = '{"csp-report": {"violated-directive": "script-src", "blocked-uri": "inline\\nforged line"}}'
    assert client.post("/csp", report, content_type="application/csp-report").status_code == 204
    assert len(caplog.messages) == 1
    assert "\n" not in caplog.messages[0]
    assert client.post("/csp", "x" * 9000, content_type="text/plain").status_code == 413
    assert client.get("/csp").status_code == 405
