"""Stops are split, merged, trimmed, undone: parts add up, two people lose nothing, said twice it happens once."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.downtime.actions import StopChanged, StopRefused, stop_clear_reason, stop_explain
from mes.downtime.cutting import stop_merge, stop_split, stop_trim, stop_undo
from mes.downtime.history import entries_of, last_to_undo
from mes.downtime.layouts import parts_of
from mes.downtime.models import Reason, Stop
from mes.downtime.queries import stop_by_ref, stop_ref
from mes.journal.models import JournalEntry
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, WorkCenter
from tests.production.small_plant import SIX, SmallPlant

MIN = timedelta(minutes=1)
NOON = SIX + 6 * 60 * MIN


def at(minute: float) -> datetime:
    return SIX + minute * MIN


@pytest.fixture
def stop(plant: SmallPlant) -> Stop:
    """The filler stands for the first hour of the shift."""
    return Stop.objects.create(
        work_center=plant.filler, starts_at=SIX, ends_at=at(60), state="Aborted", kind="down", plc_code=17
    )


def split(stop: Stop, minute: float, *, by: str = "mia", version: int | None = None) -> Stop:
    seen = version or Stop.every.get(pk=stop.pk).version
    return stop_split(stop_id=stop.pk, cut_at=at(minute), actor=by, at=NOON, version=seen)


def explain(part: Stop, reason: Reason, *, by: str = "otto") -> Stop:
    return stop_explain(stop_id=part.pk, reason=reason, note="", actor=by, at=NOON, version=part.version)


def counting() -> list[tuple[float, float | None, str | None]]:
    """What counts, in minutes: from, to, reason."""
    return [
        ((s.starts_at - SIX) / MIN, s.ends_at and (s.ends_at - SIX) / MIN, s.reason.code if s.reason else None)
        for s in Stop.objects.select_related("reason").order_by("starts_at")
    ]


def undo(stop: Stop, *, by: str = "mia") -> bool:
    """Takes the last action back; False where nothing is left to undo."""
    whole = Stop.every.get(pk=stop.pk)
    entry = last_to_undo(list(entries_of(whole)))
    if entry is None:
        return False
    stop_undo(stop_id=stop.pk, entry=entry.pk, actor=by, at=NOON)
    return True


def state(stop: Stop) -> dict[str, Any]:
    """Everything of the stop but the counter of its versions, and how many rows stand for it."""
    fields = Stop.every.filter(pk=stop.pk).values().get()
    del fields["version"]
    return {**fields, "rows": Stop.every.count()}


def test_each_part_has_its_own_reason_and_the_parts_add_up(plant: SmallPlant, stop: Stop) -> None:
    explain(stop, plant.jam)
    whole = split(stop, 20)
    _first, second = parts_of(whole)
    assert second.plc_code == 17
    explain(second, plant.motor)
    split(stop, 40.001)
    assert counting() == [(0, 20, "JAM"), (20, 40.001, "MOTOR"), (40.001, 60, "MOTOR")]
    assert list(Stop.reported.values_list("starts_at", "ends_at")) == [(SIX, at(60))]
    assert ChangedStretch.objects.filter(why="stop_split", starts_at=SIX, ends_at=at(60)).count() == 2


def test_every_action_said_twice_happens_once(plant: SmallPlant, stop: Stop) -> None:
    def entries() -> int:
        return JournalEntry.objects.count()

    for _ in range(2):
        split(stop, 20, version=1)
    assert (entries(), len(counting())) == (1, 2)
    for _ in range(2):
        stop_trim(stop_id=stop.pk, starts_at=at(25), ends_at=at(50), actor="mia", at=NOON, version=2)
    assert (entries(), counting()) == (2, [(0, 20, None), (25, 50, None)])
    for _ in range(2):
        stop_merge(stop_id=stop.pk, cut_at=at(20), actor="mia", at=NOON, version=3)
    assert (entries(), counting()) == (3, [(0, 25, None), (25, 50, None)])
    entry = JournalEntry.objects.latest("pk").pk
    for _ in range(2):
        stop_undo(stop_id=stop.pk, entry=entry, actor="mia", at=NOON)
    assert (entries(), counting()) == (4, [(0, 20, None), (25, 50, None)])


def test_the_second_of_two_supervisors_is_told_and_nothing_is_lost(plant: SmallPlant, stop: Stop) -> None:
    split(stop, 20, by="mia", version=1)
    with pytest.raises(StopChanged, match="mia split the stop"):
        split(stop, 30, by="sue", version=1)
    with pytest.raises(StopChanged, match="mia split the stop"):
        explain(stop, plant.jam)  # the page showed it in one piece
    _first, second = parts_of(Stop.every.get(pk=stop.pk))
    explain(second, plant.motor, by="otto")
    with pytest.raises(StopChanged, match="otto"):
        stop_merge(stop_id=stop.pk, cut_at=at(20), actor="sue", at=NOON, version=2)
    assert counting() == [(0, 20, None), (20, 60, "MOTOR")]


def test_a_part_that_was_merged_away_refuses_its_reason_in_words_and_its_address_leads_on(
    plant: SmallPlant, stop: Stop
) -> None:
    split(stop, 20)
    part = Stop.objects.get(starts_at=at(20))
    ref = stop_ref(part)
    stop_merge(stop_id=part.pk, cut_at=at(20), actor="mia", at=NOON, version=2)
    with pytest.raises(StopRefused, match="somebody merged it"):
        explain(part, plant.jam)
    assert stop_by_ref(ref, WorkCenter.objects.all()) == stop
    assert stop_by_ref(ref.replace("06:20", "06:21"), WorkCenter.objects.filter(line=plant.line_2)) is None


@pytest.mark.parametrize("minute", [0, 60, -1, 61])
def test_a_time_outside_of_the_stop_is_refused(plant: SmallPlant, stop: Stop, minute: float) -> None:
    with pytest.raises(StopRefused, match="outside of the stop"):
        split(stop, minute)
    assert not JournalEntry.objects.exists()


def test_a_locked_shift_refuses_to_be_divided_r44(plant: SmallPlant, stop: Stop) -> None:
    plant.shift.locked_at = NOON
    plant.shift.save()
    with pytest.raises(ShiftLocked):
        split(stop, 20)
    assert counting() == [(0, 60, None)]


def test_what_is_trimmed_off_is_no_stop_until_it_is_merged_or_undone(plant: SmallPlant, stop: Stop) -> None:
    explain(stop, plant.jam)
    stop_trim(stop_id=stop.pk, starts_at=at(10), ends_at=at(60), actor="mia", at=NOON, version=2)
    assert counting() == [(10, 60, "JAM")]
    with pytest.raises(StopRefused, match="The machine ran"):
        split(stop, 5)
    with pytest.raises(StopRefused, match="only be made shorter"):
        stop_trim(stop_id=stop.pk, starts_at=at(5), ends_at=at(60), actor="mia", at=NOON, version=3)
    stop_merge(stop_id=stop.pk, cut_at=at(10), actor="mia", at=NOON, version=3)
    assert counting() == [(0, 60, "JAM")]
    assert Stop.every.count() == 1


def test_undoing_goes_back_step_by_step_to_the_first_state(plant: SmallPlant, stop: Stop) -> None:
    first = state(stop)
    explained = explain(stop, plant.jam)
    stop_clear_reason(stop_id=stop.pk, actor="otto", at=NOON, version=explained.version)
    split(stop, 20)
    assert undo(stop)
    assert counting() == [(0, 60, None)]
    assert undo(stop)
    assert counting() == [(0, 60, "JAM")]
    assert undo(stop)
    assert state(stop) == first
    assert not undo(stop)


def test_an_undo_of_what_is_not_the_last_any_more_is_told(plant: SmallPlant, stop: Stop) -> None:
    split(stop, 20)
    entry = JournalEntry.objects.latest("pk").pk
    explain(Stop.objects.get(starts_at=at(20)), plant.motor, by="otto")
    with pytest.raises(StopChanged, match="otto set the reason"):
        stop_undo(stop_id=stop.pk, entry=entry, actor="mia", at=NOON)
    assert len(counting()) == 2


MINUTES = st.integers(1, 59_999).map(lambda thousandth: thousandth / 1000)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(MINUTES, min_size=5, max_size=5, unique=True),
    reasons=st.lists(st.sampled_from(["JAM", "MOTOR", "CLEAN"]), min_size=6, max_size=6),
    order=st.permutations(range(5)),
    explained=st.booleans(),
)
def test_five_splits_with_reasons_merged_back_and_undone_are_equal_to_the_first_state(
    plant: SmallPlant, stop: Stop, cuts: list[float], reasons: list[str], order: list[int], explained: bool
) -> None:
    with transaction.atomic():
        if explained:
            explain(stop, plant.jam)
        first = state(stop)
        before = JournalEntry.objects.count()
        for minute, code in zip(cuts, reasons, strict=False):
            split(stop, minute)
            explain(Stop.objects.get(starts_at=at(minute)), Reason.objects.get(code=code))
            rows = list(Stop.objects.order_by("starts_at"))
            assert rows[0].starts_at == SIX
            assert rows[-1].ends_at == at(60)
            assert all(one.ends_at == other.starts_at for one, other in itertools.pairwise(rows))
        for n in order:
            version = Stop.every.get(pk=stop.pk).version
            stop_merge(stop_id=stop.pk, cut_at=at(cuts[n]), actor="mia", at=NOON, version=version)
        assert Stop.every.count() == 1
        undone = 0
        while JournalEntry.objects.exclude(action="stop_undo").count() - undone > before:
            assert undo(stop)
            undone += 1
        assert undone >= 10
        assert state(stop) == first
        transaction.set_rollback(True)
