"""`/corrections/<work-center>/`: what a machine reported, corrections with who and why, restating with a preview."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from mes.people.models import Role
from mes.plant.models import Shift
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.production.models import IdealCycle
from mes.tracking.models import CountFlag, StateCode, StateCorrection, StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN = timedelta(minutes=1)
PAGE = "/corrections/FILL/"
AT = SIX.isoformat()


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """The filler runs two hours of its early shift (7:00-9:00 at the plant), then stands for one."""
    plant = small_plant()
    for start, end, state, kind in ((0, 120, "Execute", "run"), (120, 180, "Held", "down")):
        StateInterval.objects.create(
            work_center=plant.filler,
            starts_at=SIX + start * MIN,
            ends_at=SIX + end * MIN,
            state=state,
            kind=kind,
            raw_code=6 if kind == "run" else 11,
        )
    counted(plant.filler, SIX + 30 * MIN, good=100, shift=plant.shift)
    return plant


def as_a(plant: SmallPlant, role: Role) -> Client:
    client = Client()
    client.force_login(plant.person(role, plant.line_1))
    return client


def said(client: Client, address: str, **fields: str) -> str:
    sent = {"at": AT, "key": str(uuid4()), "why": "watched it"} | fields
    return client.post(PAGE + address, sent, follow=True).content.decode()


CORRECTION = {"start": "2026-03-02 09:10", "end": "2026-03-02 09:30", "kind": "run", "reason": ""}


def test_r42_a_state_is_corrected_in_plant_time_and_withdrawn(plant: SmallPlant) -> None:
    mia = as_a(plant, Role.SUPERVISOR)
    text = mia.get(PAGE, {"at": AT}).content.decode()
    assert "Held" in text
    assert "100 good" in text
    assert "start=2026-03-02+09%3A00%3A00&amp;end=2026-03-02+10%3A00%3A00#h-state" in text
    assert 'value="2026-03-02 09:00:00"' in mia.get(PAGE, {"at": AT, "start": "2026-03-02 09:00:00"}).content.decode()
    text = said(mia, "state/", **CORRECTION)
    assert "What the machine reported is kept" in text
    assert "Held: 20.0 min → –" in text
    stored = StateCorrection.objects.get()
    assert (stored.starts_at, stored.ends_at, stored.actor) == (SIX + 130 * MIN, SIX + 150 * MIN, "supervisor")
    text = said(mia, "withdraw/", correction=str(stored.pk))
    assert "is withdrawn" in text


def test_r42_the_second_person_is_told_and_what_was_typed_stays(plant: SmallPlant) -> None:
    said(as_a(plant, Role.SUPERVISOR), "state/", **CORRECTION)
    text = said(as_a(plant, Role.QUALITY), "state/", **CORRECTION | {"end": "2026-03-02 09:45"})
    assert "supervisor corrected 08:10-08:30 UTC to &#x27;run&#x27; already" in text
    assert 'value="2026-03-02 09:45"' in text


def test_a_form_sent_twice_corrects_once(plant: SmallPlant) -> None:
    mia, key = as_a(plant, Role.SUPERVISOR), str(uuid4())
    sent = {"at": AT, "key": key, "role": "good", "pieces": "-7", "counted_at": "2026-03-02 07:30", "why": "recount"}
    for _ in range(2):
        assert mia.post(PAGE + "count/", sent | {"seen_good": "100"}).status_code == 302
    assert [int(flag.quantity) for flag in CountFlag.objects.all()] == [-7]


def test_r7_an_hour_that_comes_twice_must_be_said_with_its_offset(plant: SmallPlant) -> None:
    text = said(as_a(plant, Role.SUPERVISOR), "state/", **CORRECTION | {"start": "2025-10-26 02:30"})
    assert "happens twice" in text
    text = said(as_a(plant, Role.QUALITY), "state/", **CORRECTION | {"start": "2026-03-29 02:30"})
    assert "does not exist" in text


@pytest.mark.parametrize(
    ("address", "fields", "words"),
    [
        ("state/", CORRECTION | {"why": ""}, "Say why"),
        ("state/", CORRECTION | {"why": "a\0b"}, "cannot be stored"),
        ("state/", CORRECTION | {"start": "soon"}, "Write day and time"),
        ("state/", CORRECTION | {"reason": "JAM"}, "A reason belongs to a standstill"),
        ("state/", CORRECTION | {"reason": "\0"}, "does not exist"),
        ("count/", {"role": "good", "pieces": "many", "counted_at": "2026-03-02 07:30"}, "whole number like -7"),
        ("count/", {"role": "good", "pieces": "-101", "counted_at": "2026-03-02 07:30"}, "Only 100 good pieces"),
    ],
)
def test_what_makes_no_sense_is_said_in_words(
    plant: SmallPlant, address: str, fields: dict[str, str], words: str
) -> None:
    assert words in said(as_a(plant, Role.SUPERVISOR), address, **fields, seen_good="100")


def test_roles_and_lines_hold(plant: SmallPlant) -> None:
    operator, engineer = as_a(plant, Role.OPERATOR), as_a(plant, Role.ENGINEER)
    assert operator.get(PAGE).status_code == 403
    assert engineer.get(PAGE).status_code == 200
    assert engineer.post(PAGE + "state/", CORRECTION).status_code == 403
    mia = as_a(plant, Role.SUPERVISOR)
    assert mia.post(PAGE + "ideal/", {}).status_code == 403
    assert mia.get("/corrections/PRESS/").status_code == 404
    assert mia.post(PAGE + "state/", CORRECTION).status_code == 400  # a form without its key
    assert mia.get(PAGE, {"at": "yesterday"}).status_code == 400


def test_r44_a_locked_shift_refuses_in_a_clear_sentence(plant: SmallPlant) -> None:
    Shift.objects.update(locked_at=SIX)
    assert "is locked: its figures" in said(as_a(plant, Role.SUPERVISOR), "state/", **CORRECTION)
    assert not StateCorrection.objects.exists()


def test_r35_an_ideal_cycle_of_the_past_is_previewed_then_restated(plant: SmallPlant) -> None:
    eva = as_a(plant, Role.ENGINEER)
    fields = {"item": "COLA-05", "cycle": "0.4", "start": "2026-03-02 07:00", "end": "2026-03-02 15:00"}
    assert "Restate the past" in said(eva, "ideal/", **fields)
    assert IdealCycle.objects.filter(work_center=plant.filler).count() == 1
    assert "is restated" in said(eva, "ideal/", **fields, apply="1")
    cycles = IdealCycle.objects.filter(work_center=plant.filler).order_by("valid_from")
    assert [row.ideal_cycle_s for row in cycles] == [Decimal("0.8"), Decimal("0.4"), Decimal("0.8")]
    assert "holds from now on" in said(eva, "ideal/", item="COLA-05", cycle="0,7", start="")
    for wrong in ("NaN", "fast", "0"):
        assert "ideal cycle" in said(eva, "ideal/", **fields | {"cycle": wrong})


def test_a_state_map_is_restated_after_its_preview(plant: SmallPlant) -> None:
    plc = Controller.objects.create(code="PLC", name="P", site=plant.line_1.area.site, address="h")
    right = StateMap.objects.create(code="right", name="Right")
    for code, state, kind in ((6, "Execute", "run"), (11, "Suspended", "waiting")):
        StateMapEntry.objects.create(state_map=right, raw_code=code, state=state, kind=kind)
    wrong = StateMap.objects.create(code="wrong", name="Wrong")
    TagBinding.objects.create(
        controller=plc, work_center=plant.filler, role="state", tag="F", state_map=wrong, valid_from=SIX
    )
    StateCode.objects.create(work_center=plant.filler, at=SIX, raw_code=6)
    eva = as_a(plant, Role.ENGINEER)
    fields = {"map": "right", "start": "2026-03-02 07:00", "end": "2026-03-02 15:00"}
    text = said(eva, "map/", **fields)
    assert '<th scope="row">Suspended</th><td class="num">0.0</td><td class="num">60.0</td>' in text
    assert StateInterval.objects.filter(state="Held").exists()
    assert "read by the other map" in said(eva, "map/", **fields, apply="1")
    assert set(StateInterval.objects.values_list("state", flat=True)) == {"Execute", "Suspended"}
    assert "Say why" in said(eva, "map/", **fields | {"why": ""})
    assert "no such state map" in said(eva, "map/", **fields | {"map": "none"})
