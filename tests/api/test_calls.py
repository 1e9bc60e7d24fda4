"""Calls by the API: raised, answered and read; every request sent twice is done once."""

import pytest

from mes.andon.models import Call, CallCategory
from mes.people.models import Role
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SmallPlant


@pytest.fixture
def fix(plant: SmallPlant) -> CallCategory:
    return CallCategory.objects.create(code="FIX", name="Maintenance")


def test_a_call_is_raised_answered_and_resolved_once(fix: CallCategory, api: Caller) -> None:
    body = {"work_center": "PACK", "category": "FIX", "note": "belt"}
    told = [api.post("calls/", body, Idempotency_Key="k1") for _twice in range(2)]
    assert [answer.status_code for answer in told] == [201, 201]
    assert api.post("calls/", body).status_code == 200  # open already
    number = told[0].json()["number"]
    for verb, sent in (("acknowledge", {}), ("resolve", {"what": "new belt"})):
        answers = [api.post(f"calls/{number}/{verb}/", sent).status_code for _twice in range(2)]
        assert answers == [200, 200]
    call = Call.objects.get()
    assert (call.state, call.outcome, call.taken_by) == ("resolved", "new belt", "api:admin-read-observations-orders-0")
    assert api.post(f"calls/{number}/cancel/", {}).status_code == 409
    listed = api.get("calls/", work_center="PACK").json()["results"]
    assert [(row["number"], row["state"], row["line"]) for row in listed] == [(number, "resolved", "LINE-1")]
    assert api.get("calls/", open="true").json()["results"] == []
    (figure,) = api.get("calls/figures/").json()
    assert (figure["category"], figure["raised"], figure["to_take"]["count"]) == ("Maintenance", 1, 1)


def test_a_key_of_another_line_finds_no_call(plant: SmallPlant, fix: CallCategory, api: Caller) -> None:
    number = api.post("calls/", {"work_center": "PACK", "category": "FIX"}).json()["number"]
    other = caller(plant.person(Role.ADMIN, name="eve"), "read", "observations", lines=(plant.line_2,))
    assert other.post(f"calls/{number}/acknowledge/", {}).status_code == 404
    assert other.post("calls/", {"work_center": "PACK", "category": "FIX"}).status_code == 404
    assert other.get("calls/").json()["results"] == []
    assert other.get("calls/figures/").json() == []
    assert api.post("calls/", {"work_center": "PACK", "category": "PLC"}).status_code == 422
    assert api.post("calls/", {"work_center": "PACK", "category": "F\u0000"}).status_code in (400, 422)
