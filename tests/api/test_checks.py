"""Checks over the API: once each, only on the caller's lines, judged at once and refused in words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mes.people.models import Person, Role
from mes.production.models import Run
from mes.quality.models import Characteristic, Check, Hold
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SmallPlant


@pytest.fixture
def weight(plant: SmallPlant) -> Characteristic:
    """10.0 to 10.4 g on the packer, where WO-1 runs."""
    order = plant.order("WO-1")
    began = datetime.now(UTC) - timedelta(hours=1)
    Run.objects.create(work_center=plant.packer, order=order, item=plant.cola, starts_at=began, started_by="otto")
    return Characteristic.objects.create(
        code="FILL-W", name="Fill weight", work_center=plant.packer, unit="g", lsl=Decimal("10.0"),
        usl=Decimal("10.4"), chart="individuals",
    )  # fmt: skip


def measured(**more: Any) -> dict[str, Any]:
    return {"characteristic": "FILL-W", "values": ["10.2"]} | more


def test_a_device_enters_a_check_once_and_hears_the_verdict(api: Caller, weight: Characteristic) -> None:
    first = api.post("checks/", measured(), Idempotency_Key="gauge-7-0001")
    again = api.post("checks/", measured(), Idempotency_Key="gauge-7-0001")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    said = first.json()
    assert (said["verdict"], said["order"], said["work_center"], said["hold"]) == ("good", "WO-1", "PACK", None)
    assert Check.objects.get().actor.startswith("api:")


def test_out_of_limits_answers_with_its_hold(api: Caller, weight: Characteristic) -> None:
    said = api.post("checks/", measured(values=["10.5"])).json()
    assert (said["verdict"], said["hold"]) == ("out", str(Hold.objects.get()))


def test_a_check_sent_later_keeps_its_own_time_and_is_listed_by_it(api: Caller, weight: Characteristic) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
    assert api.post("checks/", measured(at=at.isoformat())).status_code == 201
    api.post("checks/", measured())
    listed = api.get("checks/", to=(at + timedelta(minutes=1)).isoformat(), characteristic="FILL-W").json()["results"]
    assert [row["at"] for row in listed] == [at.strftime("%Y-%m-%dT%H:%M:%SZ")]
    assert len(api.get("checks/", line="LINE-1").json()["results"]) == 2


def test_bad_pieces_may_come_with_their_own_sample_size(api: Caller, plant: SmallPlant, weight: Characteristic) -> None:
    Characteristic.objects.create(
        code="LABEL", name="Label", work_center=plant.packer, kind="yes-no", chart="p", subgroup_size=50, accept=1
    )
    said = api.post("checks/", {"characteristic": "LABEL", "bad": 1, "pieces": 80}).json()
    assert (said["verdict"], said["bad"], said["pieces"]) == ("good", 1, 80)
    assert api.post("checks/", {"characteristic": "LABEL", "bad": 51}).status_code == 422


def test_only_the_callers_lines_and_roles(plant: SmallPlant, admin: Person, weight: Characteristic) -> None:
    other = caller(admin, "observations", "read", lines=(plant.line_2,))
    assert other.post("checks/", measured()).status_code == 404
    assert other.get("checks/", characteristic="FILL-W").status_code == 404
    assert caller(admin, "read").post("checks/", measured()).status_code == 403
    finance = caller(plant.person(Role.FINANCE), "observations", "read")
    assert finance.get("checks/").status_code == 403
    assert finance.post("checks/", measured()).status_code == 201  # a gauge: its key is enough


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"values": ["ten"]}, 400),
        ({"values": ["NaN"]}, 400),
        ({"values": ["1e30"]}, 400),
        ({"values": []}, 422),
        ({"values": ["10.1", "10.2"]}, 422),
        ({"values": [], "bad": 1}, 422),
        ({"at": "soon"}, 400),
        ({"at": "2026-03-02T06:00:00"}, 400),
        ({"at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, 422),
        ({"at": (datetime.now(UTC) - timedelta(days=8)).isoformat()}, 422),
        ({"characteristic": "NOPE"}, 404),
        ({"note": "a\x00b"}, 400),
        ({"note": "x" * 201}, 400),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    api: Caller, weight: Characteristic, wrong: dict[str, Any], status: int
) -> None:
    answer = api.post("checks/", measured(**wrong))
    assert (answer.status_code, Check.objects.count()) == (status, 0)
    assert answer.json()["message"]


def test_defects_may_be_more_than_pieces_and_a_signature_asked_for_is_told(
    api: Caller, plant: SmallPlant, weight: Characteristic
) -> None:
    Characteristic.objects.create(
        code="SCUFF", name="Scuffs", work_center=plant.packer, kind="defects", chart="u", subgroup_size=5, accept=9,
        signatures=["reviewed"],
    )  # fmt: skip
    said = api.post("checks/", {"characteristic": "SCUFF", "bad": 7, "pieces": 4}).json()
    assert (said["verdict"], said["bad"], said["pieces"], said["to_sign"]) == ("good", 7, 4, ["reviewed"])
    assert api.post("checks/", {"characteristic": "SCUFF", "bad": 10}).json()["verdict"] == "out"
    Characteristic.objects.filter(code="SCUFF").update(chart="c")
    assert api.post("checks/", {"characteristic": "SCUFF", "bad": 1, "pieces": 4}).status_code == 422
    for nonsense in ({"bad": -1}, {"bad": 100_001}, {"values": ["1"]}, {"bad": 1, "note": "a\0"}):
        assert api.post("checks/", {"characteristic": "SCUFF", **nonsense}).status_code in (400, 422)
