"""R35: an ideal cycle changes from now on; back-dating is a restatement with a preview that equals the result."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from mes.journal.models import JournalEntry
from mes.oee.facts import window_facts
from mes.oee.ideal_preview import preview_of
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Shift
from mes.production.ideals import IdealRefused, ideal_cycle_restate, ideal_cycle_set
from mes.production.models import IdealCycle
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted

HOUR = timedelta(hours=1)
LATER = SIX + 30 * HOUR
BEGAN = SIX - timedelta(days=365)  # the small plant's cola takes 0.8 s since then


def rows(plant: SmallPlant) -> list[tuple[float, float | None, str]]:
    """From and to in hours after six, and the cycle; the first began long ago."""
    found = IdealCycle.objects.filter(work_center=plant.filler, item=plant.cola).order_by("valid_from")
    hours = [(row.valid_from, row.valid_to, f"{row.ideal_cycle_s.normalize():f}") for row in found]
    return [((a - SIX) / HOUR, (b - SIX) / HOUR if b else None, s) for a, b, s in hours]


FIRST = (BEGAN - SIX) / HOUR


def restate(plant: SmallPlant, cycle: str, start: datetime, end: datetime | None, why: str = "nameplate") -> bool:
    return ideal_cycle_restate(
        item=plant.cola,
        work_center=plant.filler,
        ideal_cycle_s=Decimal(cycle),
        start=start,
        end=end,
        why=why,
        actor="eva",
        at=LATER,
    )


def test_r35_a_new_cycle_holds_from_now_on_and_said_twice_happens_once(plant: SmallPlant) -> None:
    said = {"item": plant.cola, "work_center": plant.filler, "ideal_cycle_s": Decimal("0.75"), "actor": "eva"}
    assert ideal_cycle_set(**said, at=LATER) is True
    assert ideal_cycle_set(**said, at=LATER + HOUR) is False
    assert rows(plant) == [(FIRST, 30, "0.8"), (30, None, "0.75")]
    mark = ChangedStretch.objects.get()
    assert (mark.starts_at, mark.ends_at) == (LATER, LATER)
    entry = JournalEntry.objects.get()
    assert (entry.data["before"], entry.data["after"]) == ({"COLA-05": "0.8 s"}, {"COLA-05": "0.75 s"})


def test_r35_what_is_planned_for_later_stays_planned(plant: SmallPlant) -> None:
    IdealCycle.objects.filter(work_center=plant.filler).update(valid_to=LATER + 5 * HOUR)
    IdealCycle.objects.create(
        work_center=plant.filler, item=plant.cola, ideal_cycle_s=Decimal("0.6"), valid_from=LATER + 5 * HOUR
    )
    ideal_cycle_set(item=plant.cola, work_center=plant.filler, ideal_cycle_s=Decimal("0.75"), actor="eva", at=LATER)
    assert rows(plant) == [(FIRST, 30, "0.8"), (30, 35, "0.75"), (35, None, "0.6")]


def test_r35_a_stretch_of_the_past_is_cut_out_and_marked_exactly(plant: SmallPlant) -> None:
    assert restate(plant, "0.5", SIX, SIX + 8 * HOUR) is True
    assert restate(plant, "0.5", SIX, SIX + 8 * HOUR) is False
    assert rows(plant) == [(FIRST, 0, "0.8"), (0, 8, "0.5"), (8, None, "0.8")]
    mark = ChangedStretch.objects.get()
    assert (mark.starts_at, mark.ends_at, mark.why) == (SIX, SIX + 8 * HOUR, "ideal_cycle_restate")
    restate(plant, "0.4", SIX + 4 * HOUR, None)
    assert rows(plant) == [(FIRST, 0, "0.8"), (0, 4, "0.5"), (4, None, "0.4")]


def test_r35_the_preview_is_what_applying_gives_and_stores_nothing(plant: SmallPlant) -> None:
    """450 planned minutes run through: 27 000 pieces x 0.8 s = 360 min, so P = OEE = 80 %; at 0.9 s 405 min, 90 %."""
    for start, end in ((0, 240), (270, 480)):
        StateInterval.objects.create(
            work_center=plant.filler,
            starts_at=SIX + timedelta(minutes=start),
            ends_at=SIX + timedelta(minutes=end),
            state="Execute",
            kind="run",
        )
    order = plant.order("WO-1")
    counted(plant.filler, SIX + HOUR, good=27_000, order=order, shift=plant.shift)
    (one,) = preview_of(
        lambda: restate(plant, "0.9", SIX, None), work_center=plant.filler, start=SIX, end=LATER, now=LATER
    ).changes
    assert (one.shift.name, round(one.before.oee, 6), round(one.after.oee, 6)) == ("Early", 0.8, 0.9)
    assert rows(plant) == [(FIRST, None, "0.8")]
    assert not JournalEntry.objects.exists()
    restate(plant, "0.9", SIX, None)
    kpi = window_facts([plant.filler], SIX, SIX + 8 * HOUR, now=LATER)["FILL"].kpi
    assert (kpi.oee, kpi.performance) == (one.after.oee, one.after.performance)


@pytest.mark.parametrize(
    ("cycle", "start", "why", "said"),
    [
        ("0.5", SIX, "  ", "Say why"),
        ("0", SIX, "x", "above 0 s"),
        ("86401", SIX, "x", "above 0 s"),
        ("0.1234567", SIX, "x", "six decimals"),
        ("0.5", LATER + HOUR, "x", "begin in the past"),
        ("0.5", SIX, "a\0", "plain text"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    plant: SmallPlant, cycle: str, start: datetime, why: str, said: str
) -> None:
    with pytest.raises(IdealRefused, match=said):
        restate(plant, cycle, start, None, why)
    assert rows(plant) == [(FIRST, None, "0.8")]


def test_r44_a_locked_shift_keeps_its_ideal_cycle(plant: SmallPlant) -> None:
    Shift.objects.update(locked_at=LATER)
    with pytest.raises(ShiftLocked):
        restate(plant, "0.5", SIX + HOUR, None)
    assert restate(plant, "0.5", SIX + 8 * HOUR, None) is True
