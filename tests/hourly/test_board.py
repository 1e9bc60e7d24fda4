"""The stored board of the small plant: plans in versions, figures, words, sign-off; each action also said twice."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from mes.hourly.board import day_board, shift_board
from mes.hourly.models import HourNote, HourPlan, HoursSigned
from mes.hourly.notes import Said, countermeasure_done, hour_comment, open_countermeasures
from mes.hourly.places import BoardPlace, line_board, machine_board
from mes.hourly.plans import hour_replan, hours_plan, hours_plan_turn
from mes.hourly.sign_off import changed_since, hours_sign
from mes.hourly.typed import HoursRefused
from mes.journal.models import JournalEntry
from mes.live.tiles import tiles_of
from mes.plant.models import Line, Shift, Site, WorkCenter
from mes.production.models import IdealCycle, Item, Run, WorkOrder
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)
# 0.8 s ideal at 85 %: 3,825 pieces an hour; the fifth hour has 30 min of break: 1,912.5.
FULL = [3825, 3825, 3825, 3825, 1912, 3825, 3825, 3825]


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def packer(plant: SmallPlant) -> BoardPlace:
    return machine_board(WorkCenter.objects.select_related("line__area__site").get(code="PACK"))


@pytest.fixture
def line(plant: SmallPlant) -> BoardPlace:
    return line_board(Line.objects.select_related("area__site").get(code="LINE-1"))


def runs(plant: SmallPlant, *, quantity: str = "30000", start: datetime = SIX) -> WorkOrder:
    order = plant.order("WO-1", quantity=quantity)
    WorkOrder.objects.filter(pk=order.pk).update(status="running")
    for place in (plant.filler, plant.packer):
        Run.objects.create(work_center=place, order=order, item=plant.cola, starts_at=start, started_by="otto")
    return order


def plan_of(place: BoardPlace, shift: Shift, at: datetime = SIX) -> list[int | None]:
    plan = hours_plan(place=place, shift=shift, actor="system", at=at)
    return [hour.pieces for hour in plan.hours.all()] if plan else []


def journal(action: str) -> int:
    return JournalEntry.objects.filter(action=action).count()


def test_r41_the_original_plan_is_the_live_target_of_the_order_that_runs(plant: SmallPlant, packer: BoardPlace) -> None:
    runs(plant)
    pieces = plan_of(packer, plant.shift)
    assert pieces == [3825, 3825, 3825, 3825, 1912, 3825, 3825, 3825]
    tile = tiles_of([plant.packer], now=SIX + 4 * HOUR)["PACK"]
    assert tile["target"] == sum(p for p in pieces[:4] if p)


def test_the_plan_follows_the_queue_when_an_order_is_made(plant: SmallPlant, packer: BoardPlace) -> None:
    """3,825 pieces of cola take the first hour; then water at 1.6 s: half as many an hour."""
    runs(plant, quantity="3825")
    plant.order("WO-2", item=plant.water, quantity="50000")
    IdealCycle.objects.create(
        item=plant.water, work_center=plant.packer, ideal_cycle_s=Decimal("1.6"), valid_from=SIX - timedelta(days=9)
    )
    assert plan_of(packer, plant.shift)[:3] == [3825, 1912, 1913]


def test_pieces_of_another_unit_are_not_added_to_the_plan(plant: SmallPlant, packer: BoardPlace) -> None:
    runs(plant, quantity="3825")
    plant.order("WO-2", item=Item.objects.create(code="SYRUP", name="Syrup", unit="l"))
    assert plan_of(packer, plant.shift) == FULL


def test_without_an_order_there_is_no_plan_until_one_comes(plant: SmallPlant, packer: BoardPlace) -> None:
    assert plan_of(packer, plant.shift) == []
    runs(plant, start=SIX + 90 * MIN)
    assert plan_of(packer, plant.shift, SIX + 91 * MIN)[:3] == [None, 1912, 3825]


def test_the_task_fixes_every_plan_once(plant: SmallPlant, packer: BoardPlace, line: BoardPlace) -> None:
    runs(plant)
    assert hours_plan_turn(at=SIX + MIN) == 3  # two machines and their line
    assert hours_plan_turn(at=SIX + 2 * MIN) == 0
    assert journal("hours_plan") == 3
    assert [hour.pieces for hour in line.plans([plant.shift]).get().hours.all()] == FULL


def test_a_re_plan_keeps_the_original_beside_it_and_is_stored_once(plant: SmallPlant, packer: BoardPlace) -> None:
    runs(plant)
    plan_of(packer, plant.shift)
    said = {SIX + 3 * HOUR: 2000, SIX + 4 * HOUR: 0}
    at = SIX + 2 * HOUR
    for _twice in range(2):
        hour_replan(place=packer, shift=plant.shift, pieces=said, why="bearing is hot", version=1, actor="mia", at=at)
    assert [plan.version for plan in packer.plans([plant.shift])] == [1, 2]
    assert journal("hour_replan") == 1
    rows = shift_board(packer, plant.shift, now=at).rows
    assert [row.figures.made.plan for row in rows] == [3825, 3825, 3825, 2000, 0, 3825, 3825, 3825]
    assert [row.figures.made.original for row in rows] == FULL
    assert [row.replanned for row in rows] == [False, False, False, True, True, False, False, False]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"why": "  "}, "Say why"),
        ({"pieces": {SIX: 1}}, "is over"),
        ({"pieces": {SIX + 5 * HOUR: -1}}, "whole number"),
        ({"pieces": {SIX + 5 * HOUR: 10**9}}, "whole number"),
        ({"pieces": {SIX + 5 * HOUR: 3825}}, "nothing was changed"),
        ({"version": 0}, "meanwhile"),
        ({"why": "x" * 301}, "longer than 300"),
        ({"why": "a\0b"}, "cannot be stored"),
    ],
)
def test_re_plans_that_cannot_be_are_refused_with_a_sentence(
    plant: SmallPlant, packer: BoardPlace, change: dict, words: str
) -> None:
    runs(plant)
    plan_of(packer, plant.shift)
    said = {"pieces": {SIX + 5 * HOUR: 100}, "why": "test", "version": 1} | change
    with pytest.raises(HoursRefused, match=words):
        hour_replan(place=packer, shift=plant.shift, actor="mia", at=SIX + 90 * MIN, **said)
    assert HourPlan.objects.count() == 1


def test_two_leaders_re_plan_at_once_and_the_second_is_told(plant: SmallPlant, packer: BoardPlace) -> None:
    runs(plant)
    plan_of(packer, plant.shift)
    late = SIX + 5 * HOUR
    hour_replan(place=packer, shift=plant.shift, pieces={late: 7}, why="a", version=1, actor="mia", at=SIX)
    with pytest.raises(HoursRefused, match="mia changed this plan meanwhile"):
        hour_replan(place=packer, shift=plant.shift, pieces={late: 8}, why="b", version=1, actor="ben", at=SIX)


def test_the_line_counts_good_at_its_exit_and_scrap_of_all_machines(plant: SmallPlant, line: BoardPlace) -> None:
    order = runs(plant)
    hours_plan(place=line, shift=plant.shift, actor="system", at=SIX)
    counted(plant.filler, SIX + 10 * MIN, good=4000, scrap=30, order=order, shift=plant.shift)
    counted(plant.packer, SIX + 20 * MIN, good=3800, scrap=20, order=order, shift=plant.shift)
    first, second = shift_board(line, plant.shift, now=SIX + 90 * MIN).rows[:2]
    assert (first.figures.made.good, first.figures.made.scrap, first.figures.delta) == (3800, 50, -25)
    assert first.figures.behind
    assert (second.running, second.figures.due, second.figures.delta) == (True, 1912, -1912)


def test_the_top_loss_of_an_hour_is_its_own_stop_and_breaks_are_shown(plant: SmallPlant, packer: BoardPlace) -> None:
    runs(plant)
    for start, end, kind in [(0, 20, "run"), (20, 50, "down"), (50, 300, "run")]:
        StateInterval.objects.create(
            work_center=plant.packer, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=kind, kind=kind
        )
    plant.packer.stops.create(starts_at=SIX + 20 * MIN, ends_at=SIX + 50 * MIN, state="Down", reason=plant.jam)
    rows = shift_board(packer, plant.shift, now=SIX + 5 * HOUR).rows
    assert rows[0].top is not None
    assert (rows[0].top.reason, rows[0].top.lost_ms) == ("Jam infeed", 30 * 60_000)
    assert rows[1].top is None
    assert [pause.name for pause in rows[4].pauses] == ["Lunch"]
    assert [row.coming for row in rows[4:7]] == [False, False, True]


def test_a_shift_without_a_fixed_plan_is_compared_with_the_target(plant: SmallPlant, packer: BoardPlace) -> None:
    order = runs(plant)
    Run.objects.update(ends_at=SIX + 8 * HOUR)
    counted(plant.packer, SIX, good=4000, order=order, shift=plant.shift)
    board = shift_board(packer, plant.shift, now=SIX + 20 * HOUR)
    assert [row.figures.made.plan for row in board.rows] == FULL
    assert board.rows[0].figures.delta == 175
    assert board.shifts[0].latest is None


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_r7_the_board_of_a_day_of_a_clock_change_has_its_hours_and_every_piece_once(
    plant: SmallPlant, packer: BoardPlace, day: date, hours: int
) -> None:
    """600 pieces an hour around the clock change: 600 in every row, whatever the wall clock shows."""
    assert Site.objects.get().time_zone == "Europe/Berlin"
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - 3 * HOUR
    shift = Shift.objects.create(
        line=plant.line_1, name="Night", production_date=day, starts_at=begin, ends_at=begin + 9 * HOUR
    )
    order = runs(plant, start=begin)
    for hour in range(9):
        counted(plant.packer, begin + hour * HOUR, good=600, order=order, shift=shift)
    board = day_board(packer, day, now=begin + 40 * HOUR)
    assert len(board.rows) == hours
    inside = [row.figures.made for row in board.rows if row.shift == shift]
    assert {row.good for row in inside} == {600}
    starts = [row.start for row in inside]
    assert all(b - a == HOUR for a, b in pairwise(starts))


def comment(
    place: BoardPlace, shift: Shift, said: Said, *, version: int = 0, actor: str = "otto", **at: object
) -> HourNote:
    when = {"starts_at": SIX, "at": SIX + HOUR} | at
    return hour_comment(place=place, shift=shift, said=said, version=version, actor=actor, **when)  # type: ignore[arg-type]


WORDS = Said("caps stuck", "clean the infeed", "ben", date(2026, 3, 5))


def test_a_comment_is_kept_once_and_can_be_changed_by_who_saw_it(plant: SmallPlant, packer: BoardPlace) -> None:
    for _twice in range(2):
        note = comment(packer, plant.shift, WORDS)
    assert (note.version, journal("hour_comment")) == (1, 1)
    changed = comment(packer, plant.shift, Said("caps stuck twice"), version=1, actor="mia")
    assert (changed.comment, changed.said_by, changed.version) == ("caps stuck twice", "mia", 2)
    with pytest.raises(HoursRefused, match="meanwhile"):
        comment(packer, plant.shift, Said("no, the motor"), version=1, actor="ben")


@pytest.mark.parametrize(
    ("said", "when", "words"),
    [
        (Said("x" * 301), {}, "longer than 300"),
        (Said("a\0b"), {}, "cannot be stored"),
        (Said("x", owner="ben"), {}, "needs a countermeasure"),
        (Said("x"), {"starts_at": SIX + 5 * HOUR}, "has not begun"),
        (Said("x"), {"starts_at": SIX + 5 * MIN}, "no hour that begins then"),
    ],
)
def test_comments_that_cannot_be_are_refused(
    plant: SmallPlant, packer: BoardPlace, said: Said, when: dict, words: str
) -> None:
    with pytest.raises(HoursRefused, match=words):
        comment(packer, plant.shift, said, **when)
    assert not HourNote.objects.exists()


def test_a_countermeasure_stays_open_until_it_is_done_once(plant: SmallPlant, packer: BoardPlace) -> None:
    note = comment(packer, plant.shift, WORDS)
    assert open_countermeasures(plant.line_1) == [note]
    assert [countermeasure_done(note=note, actor="ben", at=SIX + 2 * HOUR) for _twice in range(2)] == [True, False]
    assert open_countermeasures(plant.line_1) == []
    assert journal("countermeasure_done") == 1
    other = comment(packer, plant.shift, Said("only a word"), starts_at=SIX + HOUR, at=SIX + 2 * HOUR)
    with pytest.raises(HoursRefused, match="no countermeasure"):
        countermeasure_done(note=other, actor="ben", at=SIX)


def test_the_leader_signs_once_in_the_last_half_hour_and_then_the_board_stands(
    plant: SmallPlant, packer: BoardPlace
) -> None:
    runs(plant)
    plan_of(packer, plant.shift)
    end = plant.shift.ends_at
    with pytest.raises(HoursRefused, match="from 14:30 on"):  # 13:30 UTC at the plant
        hours_sign(place=packer, shift=plant.shift, note="", actor="mia", at=end - 31 * MIN)
    for _twice in range(2):
        hours_sign(place=packer, shift=plant.shift, note="calm", actor="mia", at=end)
    assert (HoursSigned.objects.count(), journal("hours_sign")) == (1, 1)
    with pytest.raises(HoursRefused, match="mia signed this shift off before"):
        hours_sign(place=packer, shift=plant.shift, note="", actor="ben", at=end)
    with pytest.raises(HoursRefused, match="mia signed"):
        comment(packer, plant.shift, Said("late word"))
    with pytest.raises(HoursRefused, match="mia signed"):
        hour_replan(
            place=packer, shift=plant.shift, pieces={SIX + 7 * HOUR: 1}, why="x", version=1, actor="mia", at=end - MIN
        )


def test_what_changes_after_the_sign_off_is_told(plant: SmallPlant, packer: BoardPlace) -> None:
    order = runs(plant)
    end = plant.shift.ends_at
    signed = hours_sign(place=packer, shift=plant.shift, note="", actor="mia", at=end)
    assert changed_since(signed, shift_board(packer, plant.shift, now=end + MIN)) == []
    counted(plant.packer, SIX + 10 * MIN, good=12, order=order, shift=plant.shift)
    [late] = changed_since(signed, shift_board(packer, plant.shift, now=end + MIN))
    assert (late.start, late.signed, late.known) == (SIX, 0, 12)


def test_a_serial_line_without_one_exit_has_no_figures_instead_of_wrong_ones(
    plant: SmallPlant, line: BoardPlace
) -> None:
    WorkCenter.objects.update(is_exit=False)
    runs(plant)
    place = line_board(line.line)
    assert hours_plan(place=place, shift=plant.shift, actor="system", at=SIX) is None
    assert {row.figures.made.good for row in shift_board(place, plant.shift, now=SIX + HOUR).rows} == {None}
