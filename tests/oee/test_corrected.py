"""A person's word over what was observed: hand-made minutes, the sum of owners stays, what was observed stays (R42)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.oee.corrected import Correction, corrected_states, corrected_stops
from mes.oee.edits import edits_of
from mes.oee.facts import WindowFacts, window_facts
from mes.oee.seen import StateSpan, StopSpan
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Shift
from mes.screens.shift_figures import summary_of
from mes.tracking.corrections import (
    CorrectionRefused,
    count_correct,
    counted_in,
    state_correct,
    state_correction_withdraw,
)
from mes.tracking.models import CountFlag, StateCorrection, StateInterval
from mes.tracking.states import Kind
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN = timedelta(minutes=1)
LATER = SIX + timedelta(hours=30)
RUN = StateSpan(0, 100, Kind.RUN, "Execute")
HELD = StateSpan(100, 200, Kind.DOWN, "Held")


def test_a_correction_cuts_what_was_seen_and_stands_in_its_place() -> None:
    said = [Correction(50, 150, Kind.SETUP)]
    assert [(s.start_ms, s.end_ms, s.kind) for s in corrected_states([RUN, HELD], said)] == [
        (0, 50, Kind.RUN),
        (50, 150, Kind.SETUP),
        (150, 200, Kind.DOWN),
    ]


def test_unknown_leaves_nothing_and_no_correction_changes_nothing() -> None:
    assert [(s.start_ms, s.end_ms) for s in corrected_states([RUN], [Correction(20, 40, Kind.UNKNOWN)])] == [
        (0, 20),
        (40, 100),
    ]
    assert corrected_states([RUN, HELD], []) == [RUN, HELD]


def test_a_stop_ends_where_the_machine_ran_and_takes_the_reason_of_a_correction_that_has_one() -> None:
    stop = StopSpan(100, 200, "unplanned", "Jam")
    assert corrected_stops([stop], [Correction(150, 170, Kind.RUN)]) == [
        StopSpan(100, 150, "unplanned", "Jam"),
        StopSpan(170, 200, "unplanned", "Jam"),
    ]
    assert corrected_stops([stop], [Correction(100, 200, Kind.SETUP)]) == [stop]
    told = corrected_stops([stop], [Correction(100, 200, Kind.DOWN, "planned", "Cleaning")])
    assert told == [StopSpan(100, 200, "planned", "Cleaning", manual=True)]


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """The filler's shift, 480 min with 30 of break: runs 6:00-8:00, is down until 9:00 (a stop), runs on to the end."""
    plant = small_plant()
    for start, end, state, kind in (
        (0, 120, "Execute", "run"),
        (120, 180, "Held", "down"),
        (180, 480, "Execute", "run"),
    ):
        StateInterval.objects.create(
            work_center=plant.filler, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=state, kind=kind
        )
    Stop.objects.create(work_center=plant.filler, starts_at=SIX + 120 * MIN, ends_at=SIX + 180 * MIN, state="Held")
    return plant


def facts(plant: SmallPlant) -> WindowFacts:
    return window_facts([plant.filler], SIX, SIX + 480 * MIN, now=LATER)["FILL"]


def minutes(plant: SmallPlant) -> tuple[float, float, float, float]:
    """Run, unplanned, planned stop and unknown minutes; they and nothing else fill the shift."""
    e = facts(plant).elements
    found = (e.run_ms / 60_000, e.unplanned_ms / 60_000, e.planned_stop_ms / 60_000, e.unknown_ms / 60_000)
    assert sum(found) == 480
    return found


def correct(
    plant: SmallPlant, start: int, end: int, kind: str, *, by: str = "mia", key: UUID | None = None, **more: object
) -> StateCorrection:
    said = {"reason": None, "why": "watched it", "actor": by, "at": LATER, "key": key or uuid4()} | more
    return state_correct(work_center=plant.filler, start=SIX + start * MIN, end=SIX + end * MIN, kind=kind, **said)  # type: ignore[arg-type]


def test_r42_a_machine_that_ran_in_truth_gives_its_time_back_and_withdrawn_it_does_not(plant: SmallPlant) -> None:
    assert minutes(plant) == (420, 60, 0, 0)  # it ran through the break (R15)
    said = correct(plant, 130, 150, "run")
    assert minutes(plant) == (440, 40, 0, 0)
    mark = ChangedStretch.objects.get()
    assert (mark.starts_at, mark.ends_at, mark.why) == (SIX + 130 * MIN, SIX + 150 * MIN, "state_correct")
    (edit,) = edits_of([plant.filler], SIX, SIX + 480 * MIN)
    assert edit.change == [("Held", "20.0 min", "–"), ("state", "–", "run")]
    assert state_correction_withdraw(correction_id=said.pk, actor="mia", at=LATER) is True
    assert state_correction_withdraw(correction_id=said.pk, actor="mia", at=LATER) is False
    assert minutes(plant) == (420, 60, 0, 0)
    assert StateInterval.objects.count() == 3  # what was observed was never touched
    assert ChangedStretch.objects.count() == JournalEntry.objects.count() == 2


def test_a_correction_with_a_reason_is_a_stop_of_that_class(plant: SmallPlant) -> None:
    correct(plant, 120, 180, "down", reason=plant.cleaning)
    assert minutes(plant) == (420, 0, 60, 0)


def test_run_that_was_none_becomes_unplanned_or_unknown(plant: SmallPlant) -> None:
    correct(plant, 300, 330, "down")
    correct(plant, 330, 340, "unknown")
    assert minutes(plant) == (380, 90, 0, 10)


def test_r42_the_second_of_two_people_is_told_who_said_what(plant: SmallPlant) -> None:
    correct(plant, 130, 150, "run")
    with pytest.raises(CorrectionRefused, match=r"mia corrected 08:10-08:30 UTC to 'run' already \(watched it\)"):
        correct(plant, 140, 160, "setup", by="otto")
    assert StateCorrection.objects.count() == JournalEntry.objects.count() == 1


def test_said_twice_it_happens_once(plant: SmallPlant) -> None:
    key = uuid4()
    assert correct(plant, 130, 150, "run", key=key) == correct(plant, 130, 150, "run", key=key)
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("start", "end", "kind", "why", "said"),
    [
        (10, 10, "run", "x", "end lies before the start"),
        (10, 60 * 48, "run", "x", "in the future"),
        (10, 20, "flying", "x", "Choose what the machine did"),
        (10, 20, "run", " ", "Say why"),
        (10, 20, "run", "a\0", "cannot be stored"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    plant: SmallPlant, start: int, end: int, kind: str, why: str, said: str
) -> None:
    with pytest.raises(CorrectionRefused if said != "cannot be stored" else Exception, match=said):
        correct(plant, start, end, kind, why=why)


def test_r44_a_locked_shift_takes_no_correction(plant: SmallPlant) -> None:
    Shift.objects.update(locked_at=LATER)
    with pytest.raises(ShiftLocked):
        correct(plant, 130, 150, "run")


def fix(plant: SmallPlant, pieces: int, seen: int, *, key: UUID | None = None, role: str = "good") -> CountFlag:
    return count_correct(
        work_center=plant.filler,
        role=role,
        pieces=pieces,
        counted_at=SIX + 60 * MIN,
        why="pallet recounted",
        seen=seen,
        actor="mia",
        at=LATER,
        key=key or uuid4(),
    )


def test_r47_a_count_is_corrected_by_a_difference_with_a_key(plant: SmallPlant) -> None:
    counted(plant.filler, SIX + 30 * MIN, good=100, shift=plant.shift)
    key = uuid4()
    assert fix(plant, -7, 100, key=key) == fix(plant, -7, 100, key=key)
    assert (facts(plant).good, counted_in(plant.filler, plant.shift, "good")) == (93, 93)
    (edit,) = edits_of([plant.filler], SIX, SIX + 480 * MIN)
    assert (edit.change, edit.why) == ([("good", "100", "93")], "pallet recounted")


def test_r42_a_number_that_changed_meanwhile_is_told_with_who(plant: SmallPlant) -> None:
    counted(plant.filler, SIX + 30 * MIN, good=100, shift=plant.shift)
    fix(plant, 5, 100)
    with pytest.raises(CorrectionRefused, match=r"105 good pieces now, not 100\. mia changed it last"):
        fix(plant, -7, 100)


def test_no_count_becomes_negative(plant: SmallPlant) -> None:
    counted(plant.filler, SIX + 30 * MIN, good=3, shift=plant.shift)
    with pytest.raises(CorrectionRefused, match="Only 3 good pieces"):
        fix(plant, -4, 3)


def test_pages_draw_the_correction_and_the_list_of_stops_gets_shorter_by_it(plant: SmallPlant) -> None:
    correct(plant, 130, 150, "run")
    rows = facts(plant).rows
    told = [((s.starts_at - SIX) / MIN, (s.ends_at - SIX) / MIN, s.kind) for s in rows.states_told() if s.ends_at]
    assert told == [(0, 120, "run"), (120, 130, "down"), (130, 150, "run"), (150, 180, "down"), (180, 480, "run")]
    ((stop, seconds),) = summary_of(plant.shift, LATER).stops
    assert (stop.state, seconds) == ("Held", 40 * 60)
