"""Handovers of the small plant: opened, filled in, signed once by each side, frozen; items carried over."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from mes.andon.calls import call_acknowledge, call_raise, call_resolve
from mes.andon.models import Call, CallCategory
from mes.downtime.models import Stop
from mes.handover.changed import differences
from mes.handover.document import handover_document
from mes.handover.models import Handover
from mes.handover.said import item_add, item_done, note_add, note_withdraw, open_items
from mes.handover.sign import HandoverRefused, handover_sign_in, handover_sign_out, handovers_turn, is_intact
from mes.handover.since import since_my_last
from mes.journal.models import JournalEntry
from mes.labour.models import Crew, SignOn
from mes.people.models import Role
from mes.plant.models import Shift
from mes.production.models import Run, WorkOrder
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

HOUR, MIN = timedelta(hours=1), timedelta(minutes=1)
END = SIX + 8 * HOUR


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def shift(plant: SmallPlant) -> Shift:
    return Shift.objects.select_related("line__area__site").get()


@pytest.fixture
def order(plant: SmallPlant) -> WorkOrder:
    """The packer: 390 of 450 min run, 40 min jam, 20 min nobody knows why; the order was due at noon."""
    order = plant.order("WO-1", quantity="30000")
    WorkOrder.objects.update(due_at=SIX + 6 * HOUR)
    for place in (plant.filler, plant.packer):
        Run.objects.create(work_center=place, order=order, item=plant.cola, starts_at=SIX, started_by="otto")
    for start, end, kind in [(0, 100, "run"), (100, 140, "down"), (140, 240, "run"), (240, 270, "idle")]:
        state(plant, start, end, kind)
    for start, end, kind in [(270, 290, "down"), (290, 480, "run")]:
        state(plant, start, end, kind)
    for start, end, reason in [(100, 140, plant.jam), (270, 290, None)]:
        at = SIX + start * MIN
        Stop.objects.create(
            work_center=plant.packer, starts_at=at, ends_at=SIX + end * MIN, state="Down", reason=reason
        )
    counted(plant.packer, SIX + 30 * MIN, good=25000, scrap=500, order=order, shift=plant.shift)
    return order


def state(plant: SmallPlant, start: int, end: int, kind: str) -> None:
    StateInterval.objects.create(
        work_center=plant.packer, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=kind, kind=kind
    )


def journal(action: str) -> int:
    return JournalEntry.objects.filter(kind="handover", action=action).count()


def test_the_document_is_filled_in_with_what_happened(plant: SmallPlant, shift: Shift, order: WorkOrder) -> None:
    document = handover_document(shift, now=END)
    line = document["figures"]
    # 450 planned min x 60 / 0.8 s x 85 % = 28,687.5 due; OEE = 25,000 x 0.8 / 27,000 s; the filler told nothing
    assert (line["good"], line["scrap"], line["target"], line["to_target"]) == (25000, 500, 28687, -3687)
    assert line["oee"] == round(25000 * 0.8 / 27000, 4)
    assert line["coverage"] == 1
    packer = document["machines"][1]
    assert (packer["good"], packer["availability"]) == (25000, round(390 / 450, 4))
    assert [(row["reason"], row["lost_s"] / 60) for row in document["losses"]] == [
        ("Jam infeed", 40),
        ("-", 20),
        ("-no-data", 450),
    ]
    assert document["open_stops"]["count"] == 1
    assert document["open_stops"]["rows"][0]["machine"] == "PACK"
    assert [row["number"] for row in document["late_orders"]["rows"]] == ["WO-1"]


def test_the_document_tells_of_the_orders_and_calls_of_the_shift(
    plant: SmallPlant, shift: Shift, order: WorkOrder
) -> None:
    counted(plant.filler, SIX + 30 * MIN, good=26000, order=order, shift=plant.shift)  # the exit decides, not its sum
    category = CallCategory.objects.create(code="HELP", name="Maintenance")
    for place, minute in ((plant.packer, 5), (plant.filler, 30), (plant.press, 40)):  # the press is on another line
        call_raise(work_center=place, category=category, actor="otto", at=SIX + minute * MIN, key=uuid4(), note="belt")
    call = Call.objects.get(work_center=plant.packer)
    call_acknowledge(call=call, actor="tom", at=SIX + 7 * MIN)
    call_resolve(call=call, actor="tom", at=SIX + 20 * MIN, what="belt tightened")
    document = handover_document(shift, now=END)
    told = [(row["machine"], row["state"], row["by"], row["outcome"]) for row in document["calls"]["rows"]]
    assert told == [("Packer", "resolved", "tom", "belt tightened"), ("Filler", "open", "", "")]
    assert document["calls"]["count"] == 1
    [row] = document["orders"]
    assert (row["number"], row["good"], row["quantity"]) == ("WO-1", 25000, "30000")


def test_the_document_names_who_worked_with_the_hours_inside_the_shift(plant: SmallPlant, shift: Shift) -> None:
    """Ana 05:00-10:00 (4 h of it inside 06:00-14:00), Ben from 12:00 on (2 h), two unnamed 08:00-09:30 (3 h)."""
    order = plant.order("WO-1")
    spans = {"ana": (-1, 4), "ben": (6, None)}
    for name, (start, end) in spans.items():
        SignOn.objects.create(
            person=plant.person(Role.OPERATOR, name=name),
            order=order,
            work_center=plant.packer,
            starts_at=SIX + start * HOUR,
            ends_at=None if end is None else SIX + end * HOUR,
            key=uuid4(),
        )
    Crew.objects.create(
        order=order, work_center=plant.packer, people=2, starts_at=SIX + 2 * HOUR, ends_at=SIX + 3.5 * HOUR
    )
    told = handover_document(shift, now=END + HOUR)["staffing"]
    assert told == {
        "people": [
            {"name": "ana", "worked_s": 4 * 3600, "still_on": False},
            {"name": "ben", "worked_s": 2 * 3600, "still_on": True},
        ],
        "unnamed_s": 3 * 3600,
    }


def test_the_task_opens_a_handover_in_the_last_half_hour_once(plant: SmallPlant, shift: Shift) -> None:
    assert handovers_turn(at=END - 31 * MIN) == 0
    assert handovers_turn(at=END - 29 * MIN) == 1
    assert handovers_turn(at=END) == 0
    assert (Handover.objects.count(), journal("handover_open")) == (1, 1)


def test_the_past_of_a_new_plant_is_not_opened(plant: SmallPlant, shift: Shift) -> None:
    assert handovers_turn(at=END + timedelta(days=2)) == 0


def test_both_leaders_sign_once_and_nobody_hands_over_to_himself(plant: SmallPlant, shift: Shift) -> None:
    with pytest.raises(HandoverRefused, match="still runs"):
        handover_sign_out(shift=shift, actor="mia", at=END - HOUR)
    assert [handover_sign_out(shift=shift, actor="mia", at=END - MIN) for _twice in range(2)] == [True, False]
    with pytest.raises(HandoverRefused, match="signed this handover already"):
        handover_sign_in(shift=shift, actor="mia", at=END)
    assert [handover_sign_in(shift=shift, actor="ben", at=END) for _twice in range(2)] == [True, False]
    assert handover_sign_out(shift=shift, actor="eva", at=END) is False
    found = Handover.objects.get()
    assert (found.out_by, found.in_by) == ("mia", "ben")
    assert (journal("handover_sign_out"), journal("handover_sign_in")) == (1, 1)


def test_who_comes_takes_over_from_a_leader_who_left_without_signing(plant: SmallPlant, shift: Shift) -> None:
    assert handover_sign_in(shift=shift, actor="ben", at=END + MIN)
    assert Handover.objects.get().document["figures"] is not None
    with pytest.raises(HandoverRefused, match="already"):
        handover_sign_out(shift=shift, actor="ben", at=END + 2 * MIN)


def test_what_was_signed_stays_and_a_later_correction_shows_as_changed(
    plant: SmallPlant, shift: Shift, order: WorkOrder
) -> None:
    note_add(shift=shift, text="belt squeaks", key=uuid4(), actor="otto", at=END - HOUR)
    handover_sign_out(shift=shift, actor="mia", at=END)
    signed = Handover.objects.get().document
    assert signed["said"]["notes"][0]["text"] == "belt squeaks"
    counted(plant.packer, SIX + 95 * MIN, good=-100, scrap=100, order=order, shift=plant.shift)
    handover_sign_in(shift=shift, actor="ben", at=END + MIN)
    assert Handover.objects.get().document == signed
    found = {
        (row.place, row.figure): (row.was, row.now) for row in differences(signed, handover_document(shift, now=END))
    }
    assert found["", "good"] == (25000, 24900)
    assert found["", "scrap"] == (500, 600)


def test_a_document_that_was_changed_in_the_database_is_told_by_the_journal(plant: SmallPlant, shift: Shift) -> None:
    handover_sign_out(shift=shift, actor="mia", at=END)
    handover_sign_in(shift=shift, actor="ben", at=END)
    found = Handover.objects.get()
    assert is_intact(found)
    found.document["figures"]["good"] = 99
    found.save()
    assert not is_intact(Handover.objects.get())
    from mes.handover.document import digest

    found.sha256 = digest(found.document)  # whoever forges the hash beside it does not reach the journal's
    found.save()
    assert not is_intact(Handover.objects.get())


def test_items_are_carried_over_until_they_are_done_once(plant: SmallPlant, shift: Shift) -> None:
    key = uuid4()
    said = {"text": "order caps", "owner": "ben", "due": date(2026, 3, 3)}
    for _twice in range(2):
        item = item_add(shift=shift, key=key, actor="mia", at=END, **said)
    later = Shift.objects.create(
        line=plant.line_1, name="Late", production_date=date(2026, 3, 2), starts_at=END, ends_at=END + 8 * HOUR
    )
    urgent = item_add(shift=later, text="grease", owner="", due=date(2026, 3, 2), key=uuid4(), actor="ben", at=END)
    assert open_items(plant.line_1) == [urgent, item]
    assert [item_done(item=item, actor="ben", at=END + HOUR) for _twice in range(2)] == [True, False]
    assert open_items(plant.line_1) == [urgent]
    assert (journal("item_add"), journal("item_done")) == (2, 1)


def test_notes_are_kept_once_and_taken_back_by_their_writer_only(plant: SmallPlant, shift: Shift) -> None:
    key = uuid4()
    for _twice in range(2):
        note = note_add(shift=shift, text="belt  squeaks\n", key=key, actor="mia", at=END)
    assert note.text == "belt squeaks"
    with pytest.raises(HandoverRefused, match="Only mia"):
        note_withdraw(note=note, actor="ben", at=END)
    assert [note_withdraw(note=note, actor="mia", at=END) for _twice in range(2)] == [True, False]
    assert (journal("note_add"), journal("note_withdraw")) == (1, 1)


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "a\0b"])
def test_texts_that_cannot_be_kept_are_refused(plant: SmallPlant, shift: Shift, text: str) -> None:
    with pytest.raises(HandoverRefused):
        note_add(shift=shift, text=text, key=uuid4(), actor="mia", at=END)
    with pytest.raises(HandoverRefused):
        item_add(shift=shift, text=text, owner="", due=None, key=uuid4(), actor="mia", at=END)


def test_since_my_last_shift_lists_what_others_did(plant: SmallPlant, shift: Shift, order: WorkOrder) -> None:
    assert since_my_last(shift.line, "mia", now=END) is None
    handover_sign_out(shift=shift, actor="mia", at=END)
    late = Shift.objects.create(
        line=plant.line_1, name="Late", production_date=date(2026, 3, 2), starts_at=END, ends_at=END + 8 * HOUR
    )
    counted(plant.packer, END + 30 * MIN, good=700, order=order, shift=late)
    note_add(shift=late, text="belt changed", key=uuid4(), actor="ben", at=END + HOUR)
    note_add(shift=late, text="my own", key=uuid4(), actor="mia", at=END + HOUR)
    now: datetime = END + 9 * HOUR
    since = since_my_last(shift.line, "mia", now=now)
    assert since is not None
    [(found, figure)] = since.shifts
    assert (found, figure.elements.good if figure.elements else None) == (late, 700)
    assert [note.text for note in since.notes] == ["belt changed"]
