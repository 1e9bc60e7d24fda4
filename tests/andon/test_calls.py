"""Calls: raised, answered and closed once each; escalated by hand-reckoned times; lost controllers call."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from mes.andon.calls import CallRefused, call_acknowledge, call_cancel, call_raise, call_resolve
from mes.andon.escalation import Rule, Waiting, due, is_dead, pause_after
from mes.andon.lost import controllers_watch
from mes.andon.models import Call, CallCategory
from mes.andon.response import Spread, responses, spread
from mes.journal.models import JournalEntry
from mes.plc.models import Controller, ControllerHealth, TagBinding
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN = timedelta(minutes=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def fix(plant: SmallPlant) -> CallCategory:
    return CallCategory.objects.create(code="FIX", name="Maintenance")


def raised(plant: SmallPlant, fix: CallCategory, at: datetime = SIX, **more: object) -> Call:
    given = {"work_center": plant.packer, "category": fix, "actor": "otto", "at": at, "key": uuid4(), **more}
    return call_raise(**given)[0]  # type: ignore[arg-type]


def test_a_call_raised_twice_is_one_and_keeps_its_shift(plant: SmallPlant, fix: CallCategory) -> None:
    key = uuid4()
    told = [
        call_raise(work_center=plant.packer, category=fix, actor="otto", at=SIX + n * MIN, key=key, note=" it  jams ")
        for n in range(2)
    ]
    assert [new for _call, new in told] == [True, False]
    call = Call.objects.get()
    assert (call.note, call.shift_name, call.raised_at) == ("it jams", "Early", SIX)
    assert raised(plant, fix, SIX + 2 * MIN) == call
    assert JournalEntry.objects.filter(kind="call").count() == 1


def test_the_database_lets_no_second_call_be_open(plant: SmallPlant, fix: CallCategory) -> None:
    raised(plant, fix)
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.create(work_center=plant.packer, category=fix, raised_by="x", raised_at=SIX)
    other = CallCategory.objects.create(code="MAT", name="Material")
    raised(plant, other)
    raised(plant, fix, work_center=plant.filler)
    assert Call.objects.count() == 3


def test_an_old_form_raises_no_closed_call_again(plant: SmallPlant, fix: CallCategory) -> None:
    key = uuid4()
    call = raised(plant, fix, key=key)
    call_cancel(call=call, actor="otto", at=SIX + MIN)
    assert raised(plant, fix, SIX + 2 * MIN, key=key) == call
    assert raised(plant, fix, SIX + 3 * MIN) != call


def test_acknowledge_resolve_and_cancel_said_twice_happen_once(plant: SmallPlant, fix: CallCategory) -> None:
    call = raised(plant, fix)
    assert [call_acknowledge(call=call, actor="mo", at=SIX + n * MIN) for n in (2, 3)] == [True, False]
    with pytest.raises(CallRefused, match="mo comes already"):
        call_acknowledge(call=call, actor="eva", at=SIX + 4 * MIN)
    with pytest.raises(CallRefused, match="what was done"):
        call_resolve(call=call, actor="mo", at=SIX + 5 * MIN, what="  ")
    assert [call_resolve(call=call, actor="mo", at=SIX + n * MIN, what="belt") for n in (9, 11)] == [True, False]
    with pytest.raises(CallRefused, match="mo closed this call already"):
        call_cancel(call=call, actor="eva", at=SIX + 12 * MIN)
    call.refresh_from_db()
    assert (call.taken_at, call.closed_at, call.outcome) == (SIX + 2 * MIN, SIX + 9 * MIN, "belt")
    told = JournalEntry.objects.filter(kind="call").order_by("id").values_list("action", flat=True)
    assert list(told) == ["call_raise", "call_acknowledge", "call_resolve"]
    other = raised(plant, fix, SIX + 20 * MIN)
    assert [call_cancel(call=other, actor="otto", at=SIX + n * MIN) for n in (21, 22)] == [True, False]


@pytest.mark.parametrize("note", ["a\0b", "x" * 201])
def test_a_text_that_cannot_be_kept_is_refused_in_a_sentence(plant: SmallPlant, fix: CallCategory, note: str) -> None:
    with pytest.raises(CallRefused, match="200 characters"):
        raised(plant, fix, note=note)


def test_median_and_p90_are_those_of_hand_arithmetic() -> None:
    # nearest rank: of ten values the ninth, of eleven the tenth (9.9 rounded up), of one the one
    assert spread([]) == Spread(0, None, None)
    assert spread([7]) == Spread(1, 7, 7)
    assert spread([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]) == Spread(10, 55, 90)
    assert spread(list(range(110, 0, -10))) == Spread(11, 60, 100)


def test_response_times_leave_out_cancelled_calls(plant: SmallPlant, fix: CallCategory) -> None:
    for start, take, end in ((0, 2, 10), (20, 26, 40)):
        call = raised(plant, fix, SIX + start * MIN)
        call_acknowledge(call=call, actor="mo", at=SIX + take * MIN)
        call_resolve(call=call, actor="mo", at=SIX + end * MIN, what="done")
    call_cancel(call=raised(plant, fix, SIX + 50 * MIN), actor="otto", at=SIX + 51 * MIN)
    (row,) = responses(Call.objects.select_related("category", "work_center__line"))
    assert (row.category, row.line, row.shift, row.raised, row.open, row.cancelled) == (
        *("Maintenance", "Line one", "Early"),
        *(3, 0, 1),
    )
    assert row.to_take == Spread(2, 4 * 60_000, 6 * 60_000)  # 2 and 6 min
    assert row.to_resolve == Spread(2, 15 * 60_000, 20 * 60_000)  # 10 and 20 min


T0 = datetime(2026, 3, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after_s", "call", "said"),
    [
        (299, {}, []),
        (300, {}, ["A"]),
        (900, {}, ["A", "B"]),
        (900, {"taken": True}, ["B"]),
        (900, {"line": 2}, ["B"]),
        (900, {"shift": "Night"}, ["B"]),
        (900, {"category": 9}, ["A"]),
    ],
)
def test_rules_speak_by_age_shift_line_category_and_answer(after_s: int, call: dict, said: list[str]) -> None:
    rules = [
        Rule("B", 2, 600, category=5, until_closed=True),
        Rule("A", 1, 300, line=1, shifts=frozenset({"Early"})),
    ]
    given = {"raised_at": T0, "category": 5, "line": 1, "shift": "Early", "taken": False, **call}
    assert [rule.code for rule in due(Waiting(**given), rules, T0 + timedelta(seconds=after_s))] == said


def test_pauses_double_up_to_a_quarter_of_an_hour_and_end_after_eight_attempts() -> None:
    assert [pause_after(n).total_seconds() for n in (1, 2, 3, 7, 50)] == [15, 30, 60, 900, 900]
    assert (is_dead(7), is_dead(8)) == (False, True)


def test_a_lost_controller_calls_after_its_time_and_its_return_resolves_the_call(plant: SmallPlant) -> None:
    CallCategory.objects.create(code="PLC", name="Controller", automatic=True, lost_after_s=60)
    site = plant.line_1.area.site
    controller = Controller.objects.create(code="C1", name="C1", address="127.0.0.1", site=site)
    for place in (plant.packer, plant.filler, plant.press):
        TagBinding.objects.create(
            controller=controller, work_center=place, role="good", tag=f"T{place.pk}", valid_from=SIX
        )
    health = ControllerHealth.objects.create(controller=controller, comm="online", since=SIX, last_good_at=SIX)
    assert controllers_watch(at=SIX + timedelta(seconds=59)) == (0, 0)
    # One call for each of its two lines, at the first machine, however often it is looked at.
    assert [controllers_watch(at=SIX + n * MIN) for n in (1, 2)] == [(2, 0), (0, 0)]
    assert set(Call.objects.values_list("work_center__code", flat=True)) == {"FILL", "PRESS"}
    health.last_good_at = SIX + 3 * MIN
    health.comm = "lost"
    health.save()
    assert controllers_watch(at=SIX + 3 * MIN) == (0, 0)
    health.comm = "online"
    health.save()
    assert [controllers_watch(at=SIX + 3 * MIN) for _twice in range(2)] == [(0, 2), (0, 0)]
    assert set(Call.objects.values_list("state", "closed_by")) == {("resolved", "system")}
