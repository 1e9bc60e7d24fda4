"""A stop gets its reason; two people at once lose nothing; said twice it happens once."""

from datetime import timedelta

import pytest

from mes.downtime.actions import StopChanged, StopRefused, stop_clear_reason, stop_explain
from mes.downtime.models import Reason, Stop
from mes.journal.models import JournalEntry
from tests.production.small_plant import SIX, SmallPlant


@pytest.fixture
def stop(plant: SmallPlant) -> Stop:
    return Stop.objects.create(
        work_center=plant.filler, starts_at=SIX, ends_at=SIX + timedelta(minutes=10), state="Aborted", plc_code=17
    )


def explain(stop: Stop, reason: Reason, *, by: str = "otto", version: int = 1, note: str = "") -> Stop:
    return stop_explain(stop_id=stop.pk, reason=reason, note=note, actor=by, at=SIX, version=version)


def test_a_reason_is_stored_with_who_and_when_and_told_to_the_journal(plant: SmallPlant, stop: Stop) -> None:
    after = explain(stop, plant.jam, note="  cap   stuck ")
    assert (after.reason, after.note, after.explained_by, after.version) == (plant.jam, "cap stuck", "otto", 2)
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.code) == ("stop_explain", "FILL@2026-03-02T06:00:00.000000Z")
    assert entry.data["before"]["reason"] is None
    assert entry.data["after"]["reason"] == "JAM"


def test_the_same_reason_said_twice_changes_nothing(plant: SmallPlant, stop: Stop) -> None:
    explain(stop, plant.jam)
    assert explain(stop, plant.jam).version == 2
    assert JournalEntry.objects.count() == 1


def test_the_second_of_two_people_is_told_and_the_first_is_not_overwritten(plant: SmallPlant, stop: Stop) -> None:
    explain(stop, plant.jam, by="mia", note="cap")
    with pytest.raises(StopChanged, match="mia set the reason to 'Jam infeed' with the note 'cap'") as told:
        explain(stop, plant.motor)
    assert told.value.stop.version == 2
    stop.refresh_from_db()
    assert stop.reason == plant.jam
    explain(stop, plant.motor, version=2)
    stop.refresh_from_db()
    assert stop.reason == plant.motor


def test_a_reason_taken_back_leaves_the_stop_unexplained(plant: SmallPlant, stop: Stop) -> None:
    explain(stop, plant.jam)
    for _ in range(2):
        cleared = stop_clear_reason(stop_id=stop.pk, actor="otto", at=SIX, version=2)
    assert (cleared.reason, cleared.explained_by, cleared.explained_at) == (None, "", None)
    with pytest.raises(StopChanged, match="otto took the reason away"):
        explain(stop, plant.motor, version=2)
    assert JournalEntry.objects.count() == 2


def test_a_category_or_an_archived_reason_is_refused(plant: SmallPlant, stop: Stop) -> None:
    with pytest.raises(StopRefused, match="choose one of the reasons below"):
        explain(stop, Reason.objects.get(code="MACHINE"))
    Reason.objects.filter(code="JAM").update(archived=True)
    with pytest.raises(StopRefused):
        explain(stop, Reason.objects.get(code="JAM"))
    stop.refresh_from_db()
    assert stop.reason is None


def test_a_note_that_does_not_fit_is_refused_with_its_length(plant: SmallPlant, stop: Stop) -> None:
    with pytest.raises(StopRefused, match="201 characters"):
        explain(stop, plant.jam, note="x" * 201)
