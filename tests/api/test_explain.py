"""GET /kpi/explain/: the same explanation as on the page, as JSON."""

from datetime import UTC, datetime, timedelta

import pytest

from mes.downtime.actions import stop_explain
from mes.downtime.models import Stop
from mes.oee.closing import shift_close
from mes.oee.rollup import roll_now
from tests.api.conftest import Caller, caller
from tests.oee.explain_kit import shift_story
from tests.production.small_plant import SIX, SmallPlant

SPAN = {"from": "2026-03-02T06:00:00Z", "to": "2026-03-02T14:00:00Z"}


def test_an_answer_holds_formula_policy_intervals_counts_and_sums(api: Caller, plant: SmallPlant) -> None:
    shift_story(plant)
    answer = api.get("kpi/explain/", work_center="PACK", kpi="availability", **SPAN)
    assert answer.status_code == 200, answer.json()
    said = answer.json()
    assert said["formula"]["value"] == pytest.approx(331 / 430)
    assert said["formula"]["symbols"] == "Availability = APT / known PBT"
    assert said["formula"]["over"][0]["made_of"] == [
        {"sign": "", "word": "running", "amount": 330 * 60},
        {"sign": "+", "word": "micro-stops (lost speed by this policy)", "amount": 60},
    ]
    assert said["explained_s"] == said["elements"]["scheduled_s"] == 480 * 60
    assert sum(piece["seconds"] for piece in said["intervals"]) == 480 * 60
    assert said["unknown"][0]["why"] == "PLC-1 did not answer"
    assert [row["good"] for row in said["counts"]] == [20000, 1000, 4000]
    assert said["policies"][0]["label"].startswith("six-losses")
    assert said["coverage"] == pytest.approx(430 / 450)


def test_the_number_explained_is_the_number_of_kpi(api: Caller, plant: SmallPlant) -> None:
    shift_story(plant)
    for query in ({"work_center": "PACK"}, {"line": "LINE-1"}, {"area": "AREA"}, {"site": "SITE"}):
        known = api.get("kpi/", **query, **SPAN).json()["kpi"]
        for kpi in ("oee", "performance", "nee", "mtbf_s"):
            explained = api.get("kpi/explain/", kpi=kpi, **query, **SPAN).json()["formula"]["value"]
            assert explained == known[kpi], (query, kpi)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"work_center": "PACK", "kpi": "luck"}, 400, "is no kpi"),
        ({"work_center": "PACK", "policy": "mine"}, 400, "is no policy"),
        ({"work_center": "NONE"}, 404, "no work center"),
        ({}, 400, "exactly one"),
    ],
)
def test_mistakes_are_told(api: Caller, query: dict[str, str], status: int, words: str) -> None:
    answer = api.get("kpi/explain/", **query, **SPAN)
    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_what_is_outside_a_keys_lines_does_not_exist(plant: SmallPlant, admin: object) -> None:
    other = caller(admin, "read", lines=(plant.line_2,))  # type: ignore[arg-type]
    assert other.get("kpi/explain/", work_center="PACK", **SPAN).status_code == 404


def test_r46_a_number_is_explained_as_it_was_reported_with_the_edits_since(api: Caller, plant: SmallPlant) -> None:
    """The jam becomes a failure after the shift was closed: 0 failures were reported, 1 is known now."""
    shift_story(plant)
    reported = SIX + timedelta(hours=9)
    shift_close(shift_id=plant.shift.pk, actor="mia", at=reported)
    stop = Stop.objects.get()
    stop_explain(
        stop_id=stop.pk,
        reason=plant.motor,
        note="",
        actor="mia",
        at=reported + timedelta(hours=1),
        version=stop.version,
    )
    roll_now([plant.filler, plant.packer], SIX, SIX + timedelta(hours=8), now=datetime.now(UTC))
    then = api.get("kpi/explain/", work_center="PACK", kpi="mtbf_s", as_of="2026-03-02T15:30:00Z", **SPAN).json()
    now = api.get("kpi/explain/", work_center="PACK", kpi="mtbf_s", **SPAN).json()
    assert then["formula"]["value"] is None
    assert now["formula"]["value"] == 331 * 60
    assert then["intervals"] == []
    assert then["explained_s"] == then["elements"]["scheduled_s"] == 480 * 60
    assert [edit["action"] for edit in then["edits"]] == ["stop_explain"]


def test_before_it_was_reported_there_is_no_number(api: Caller, plant: SmallPlant) -> None:
    shift_story(plant)
    said = api.get("kpi/explain/", work_center="PACK", as_of="2026-03-02T10:00:00Z", **SPAN).json()
    assert said["formula"] is None
    assert said["notes"][0]["code"] == "not-reported"


def test_what_no_data_can_feed_is_null_with_a_reason_and_mtbf_names_its_convention(
    api: Caller, plant: SmallPlant
) -> None:
    said = api.get("kpi/", work_center="PACK", policy="iso-22400", **SPAN).json()
    assert said["kpi"]["worker_efficiency"] is None
    [note] = [note for note in said["notes"] if note["kpi"] == "worker_efficiency"]
    assert note["text"] == "Labour is not booked here: who worked how long is not known."
    assert said["policy"]["mtbf_convention"] == "operating time / failures+1"
