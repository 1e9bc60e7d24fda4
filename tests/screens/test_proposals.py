"""The page of proposals: machine by machine with the evidence, one button that binds, and who may press it."""

import pytest
from django.test import Client

from mes.people.models import Role
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.production.models import IdealCycle
from mes.tracking.models import CountHour
from tests.production.small_plant import SmallPlant, small_plant
from tests.tracking.recorded import KIND, Recording, at

PAGE = "/controllers/PLC-1/proposals/"
FORM = {
    "work_center": "FILL",
    "good": "M1.Good",
    "scrap": "M1.Scrap",
    "state": "M1.State",
    "reason": "M1.ReasonCode",
    "total": "",
    "state_map": "PACK",
}


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def recording(plant: SmallPlant) -> Recording:
    IdealCycle.objects.update(ideal_cycle_s="0.7")
    packml = StateMap.objects.create(code="PACK", name="PackML")
    for code, kind in KIND.items():
        StateMapEntry.objects.create(state_map=packml, raw_code=code, state=f"State {code}", kind=kind)
    StateMap.objects.create(code="OWN", name="Our own")
    site = plant.line_1.area.site
    controller = Controller.objects.create(code="PLC-1", name="PLC", site=site, address="127.0.0.1:1")
    recording = Recording(controller, 43)
    recording.record(0, 2400)
    return recording


@pytest.fixture
def eva(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.ENGINEER, name="eva"))
    return client


def test_the_page_proposes_with_evidence_and_chooses_the_map_that_knows_the_codes(
    eva: Client, recording: Recording
) -> None:
    page = eva.get(PAGE).content.decode()
    for role in ("Good", "Scrap", "Total", "State", "ReasonCode", "Heartbeat", "Speed"):
        assert f'<option value="M1.{role}" selected>' in page
    assert "of the rises while M1.State was 6." in page
    assert "M1.Total rose by what M1.Good and M1.Scrap rose together in 100%." in page
    assert '<option value="PACK" selected>' in page
    assert page.count("<form method") >= 2  # the machine's and the log-out of the frame
    assert "Batch_Count</option>" not in page
    assert '<option value="Batch_Count" selected>' not in page


def test_one_button_binds_and_tells_the_history(eva: Client, recording: Recording, plant: SmallPlant) -> None:
    answer = eva.post(PAGE, FORM, follow=True)
    assert "4 tags are bound to FILL. Its history was computed from" in answer.content.decode()
    bound = {row.role: (row.tag, row.valid_from) for row in TagBinding.objects.all()}
    assert bound["good"] == ("M1.Good", at(0))
    assert sum(CountHour.objects.values_list("good_sum", flat=True)) == recording.made(0, 2400)[0]
    again = eva.post(PAGE, FORM, follow=True)
    assert "All of this is bound already" in again.content.decode()
    assert TagBinding.objects.count() == 4


def test_what_cannot_be_bound_is_said_and_nothing_happens(eva: Client, recording: Recording) -> None:
    page = eva.post(PAGE, {**FORM, "state_map": ""}, follow=True).content.decode()
    assert "Choose the state map that says what the codes of M1.State mean." in page
    assert not TagBinding.objects.exists()
    assert eva.post(PAGE, {**FORM, "work_center": "NOBODY"}).status_code == 404


def test_before_anything_is_recorded_the_page_says_what_to_wait_for(eva: Client, plant: SmallPlant) -> None:
    site = plant.line_1.area.site
    Controller.objects.create(code="PLC-1", name="PLC", site=site, address="127.0.0.1:1")
    assert "Nothing is recorded yet." in eva.get(PAGE).content.decode()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPERVISOR, Role.MAINTENANCE])
def test_only_who_may_edit_controllers_gets_there(
    client: Client, plant: SmallPlant, recording: Recording, role: Role
) -> None:
    client.force_login(plant.person(role))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, FORM).status_code == 403
    assert not TagBinding.objects.exists()
