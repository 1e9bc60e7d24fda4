"""GET /kpi/ and `./manage.py kpi`: two hours reckoned by hand, from pushed observations to shares."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.oee.rollup import line_roll
from mes.plant.models import Shift
from mes.production.models import Run
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SIX, SmallPlant

SPAN = {"from": "2026-03-02T06:00:00Z", "to": "2026-03-02T08:00:00Z"}


def _at(clock: str, **said: object) -> dict[str, object]:
    return {"at": f"2026-03-02T{clock}Z", **said}


@pytest.fixture
def two_hours(api: Caller, plant: SmallPlant) -> Caller:
    """FILL runs from six to eight but for twenty minutes: 6,000 good and 300 scrap at 0.8 s. PACK passes on 5,000."""
    order = plant.order("WO-1", quantity="10000")
    for place in (plant.filler, plant.packer):
        Run.objects.create(work_center=place, order=order, item=plant.cola, starts_at=SIX, started_by="op")
    filler = [
        _at("06:00:00", state="Execute", counters={"good": 0, "scrap": 0}),
        _at("06:59:59", counters={"good": 4000, "scrap": 200}),
        _at("07:30:00", state="Held", reason_code=17),
        _at("07:50:00", state="Execute"),
        _at("07:59:59", counters={"good": 6000, "scrap": 300}),
        _at("08:00:00", state="Execute"),
    ]
    packer = [
        _at("06:00:00", state="Execute", counters={"total": 100}),
        _at("07:59:00", counters={"total": 5100}),
        _at("08:00:00", state="Execute"),
    ]
    for code, rows in (("FILL", filler), ("PACK", packer)):
        answer = api.post("observations/", {"work_center": code, "observations": rows})
        assert answer.json()["accepted"] == len(rows), answer.json()
    return api


def test_two_hours_by_hand(two_hours: Caller) -> None:
    answer = two_hours.get("kpi/", work_center="FILL", **SPAN)
    assert answer.status_code == 200
    said = answer.json()
    expected = {
        "scheduled_s": 7200,
        "planned_s": 7200,
        "known_s": 7200,
        "run_s": 6000,
        "unplanned_s": 1200,
        "unknown_s": 0,
        "ideal_good_s": 4800,
        "ideal_total_s": 5040,
        "ideal_total_known_s": 5040,
    }
    assert {name: said["elements"][name] for name in expected} == expected
    assert said["counts"] == {"total": 6300, "good": 6000, "scrap": 300, "rework": 0}
    assert said["kpi"]["availability"] == pytest.approx(6000 / 7200)
    assert said["kpi"]["performance"] == pytest.approx(5040 / 6000)
    assert said["kpi"]["quality"] == pytest.approx(6000 / 6300)
    assert said["kpi"]["oee"] == pytest.approx(4800 / 7200)
    assert said["coverage"] == 1
    assert (said["work_center"], said["policy"]["name"], said["policy"]["micro_stop_s"]) == ("FILL", "six-losses", 120)


def test_the_parts_of_a_time_add_up_to_it(two_hours: Caller) -> None:
    by_hour = two_hours.get("kpi/", work_center="FILL", group="hour", **SPAN).json()["groups"]
    assert [part["counts"]["good"] for part in by_hour] == [4000, 2000]
    assert [part["elements"]["run_s"] for part in by_hour] == [3600, 2400]
    for group in ("shift", "day"):
        [whole] = two_hours.get("kpi/", work_center="FILL", group=group, **SPAN).json()["groups"]
        assert whole["counts"]["good"] == 6000
    for group, key in (("order", "WO-1"), ("item", "COLA-05")):
        [part] = two_hours.get("kpi/", work_center="FILL", group=group, **SPAN).json()["groups"]
        assert (part[group], part["counts"]["total"], part["elements"]["run_s"]) == (key, 6300, 6000)
        assert part["kpi"]["oee"] == pytest.approx(4800 / 7200)


def test_a_serial_line_counts_good_at_its_exit_and_scrap_everywhere(two_hours: Caller) -> None:
    said = two_hours.get("kpi/", line="LINE-1", **SPAN).json()
    assert said["counts"] == {"total": 5300, "good": 5000, "scrap": 300, "rework": 0}
    # both have the same ideal cycle, so the exit is the bottleneck; it ran all the time, and times are never summed
    assert said["elements"]["run_s"] == 7200
    assert said["kpi"]["oee"] == pytest.approx(5000 * 0.8 / 7200)
    area = two_hours.get("kpi/", area="AREA", **SPAN).json()
    assert area["counts"]["good"] == 5000
    assert two_hours.get("kpi/", site="SITE", **SPAN).json()["elements"] == area["elements"]


def test_another_policy_is_named_in_the_answer(two_hours: Caller) -> None:
    said = two_hours.get("kpi/", work_center="FILL", policy="iso-22400", **SPAN).json()
    assert (said["policy"]["name"], said["policy"]["micro_class"]) == ("iso-22400", "iso")


def test_r46_as_of_is_null_with_a_reason_until_the_shift_was_closed(two_hours: Caller, plant: SmallPlant) -> None:
    asked = {"work_center": "FILL", "from": SPAN["from"], "to": "2026-03-02T14:00:00Z"}
    said = two_hours.get("kpi/", **asked, as_of="2026-03-02T15:00:00Z", group="hour").json()
    assert (said["elements"], said["counts"], said["kpi"]["oee"]) == (None, None, None)
    assert (said["notes"][0]["code"], said["as_of"]) == ("not-reported", "2026-03-02T15:00:00Z")
    closed = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=closed)
    while line_roll(plant.line_1, now=datetime(2026, 3, 2, 15, tzinfo=UTC)).more:
        pass
    said = two_hours.get("kpi/", **asked, as_of="2026-03-02T15:00:00Z").json()
    now = two_hours.get("kpi/", **asked).json()
    assert said["counts"] == {"total": 6300, "good": 6000, "scrap": 300, "rework": 0}
    assert (said["elements"], said["kpi"]) == (now["elements"], now["kpi"])


def test_a_machine_without_data_has_nulls_and_says_why(api: Caller, plant: SmallPlant) -> None:
    said = api.get("kpi/", work_center="PACK", **SPAN).json()
    assert said["kpi"]["oee"] is None
    assert said["elements"]["unknown_s"] == 7200
    assert said["notes"][0]["code"] == "no-data"


def test_many_groups_cost_as_many_queries_as_one(two_hours: Caller) -> None:
    def queries(**more: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert two_hours.get("kpi/", line="LINE-1", **(SPAN | more)).status_code == 200
        return len(seen)

    assert queries(group="hour", to="2026-03-03T06:00:00Z") == queries(group="hour") <= 60


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"work_center": "FILL", "from": SPAN["from"]}, 400, "'to' is missing"),
        ({"work_center": "FILL", "from": SPAN["to"], "to": SPAN["from"]}, 400, "before"),
        ({"work_center": "FILL", "line": "LINE-1", **SPAN}, 400, "exactly one"),
        (SPAN, 400, "exactly one"),
        ({"work_center": "NONE", **SPAN}, 404, "no work center 'NONE'"),
        ({"area": "NONE", **SPAN}, 404, "no area 'NONE'"),
        ({"work_center": "FILL", "group": "week", **SPAN}, 400, "is no group"),
        ({"work_center": "FILL", "policy": "best", **SPAN}, 400, "is no policy"),
        ({"area": "AREA", "group": "order", **SPAN}, 400, "a work_center or a line"),
        ({"work_center": "FILL", "as_of": "2999-01-01T00:00:00Z", **SPAN}, 400, "future"),
        ({"work_center": "FILL", "as_of": "2026-03-02", **SPAN}, 400, "as_of"),
        ({"work_center": "FILL", "from": "2026-03-02T06:00:00", "to": SPAN["to"]}, 400, "no offset"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    api: Caller, plant: SmallPlant, query: dict[str, str], status: int, words: str
) -> None:
    answer = api.get("kpi/", **query)
    assert (answer.status_code, words in answer.json()["message"]) == (status, True), answer.json()


def test_other_lines_are_not_rolled_up_for_a_narrow_key(two_hours: Caller, plant: SmallPlant) -> None:
    from mes.people.models import Person

    narrow = caller(Person.objects.get(username="admin"), "read", lines=(plant.line_2,))
    assert narrow.get("kpi/", work_center="FILL", **SPAN).status_code == 404
    assert narrow.get("kpi/", area="AREA", **SPAN).json()["counts"]["total"] == 0


def test_the_command_says_the_numbers_of_the_api(two_hours: Caller) -> None:
    out = StringIO()
    options = {"work_center": "FILL", "since": SPAN["from"], "until": SPAN["to"]}
    call_command("kpi", stdout=out, json=True, **options)
    said, api = json.loads(out.getvalue()), two_hours.get("kpi/", work_center="FILL", **SPAN).json()
    for part in ("elements", "counts", "kpi", "coverage", "policy", "notes"):
        assert said[part] == api[part]
    text = StringIO()
    call_command("kpi", stdout=text, **options)
    assert "oee 66.7%" in text.getvalue()
    with pytest.raises(CommandError, match="There is no work center 'NONE'"):
        call_command("kpi", **(options | {"work_center": "NONE"}))
    with pytest.raises(CommandError, match="offset"):
        call_command("kpi", **(options | {"since": "2026-03-02T06:00:00"}))
