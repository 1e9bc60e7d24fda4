"""A wrong state map costs no history: kept raw codes are read again; stops keep their reasons; nothing else moves."""

from datetime import datetime, timedelta

import pytest

from mes.downtime.actions import stop_explain
from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Shift
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.tracking.models import Sample, StateCode, StateInterval
from mes.tracking.reading import Reading, Value
from mes.tracking.reread import Halt, Piece, halts_of, reread, seconds_by_state
from mes.tracking.restate import RestateRefused, state_map_preview, state_map_restate
from tests.production.small_plant import SIX, SmallPlant
from tests.tracking.ingest_kit import Told

WRONG = {1: ("Execute", "run"), 2: ("Held", "down"), 3: ("Execute", "run")}
RIGHT = {1: ("Execute", "run"), 2: ("Held", "down"), 3: ("Suspended", "waiting"), 9: ("Holding", "acting")}


def at(second: float) -> datetime:
    return SIX + timedelta(seconds=second)


def piece(a: float, b: float | None, state: str, kind: str, code: int | None = None, why: str = "") -> Piece:
    return Piece(at(a), at(b) if b is not None else None, state, kind, code, why)


def test_a_code_read_as_running_becomes_waiting_even_inside_one_interval() -> None:
    """Codes 1 and 3 were both read as Execute, so they are one interval: the kept changes cut it."""
    codes = [(at(0), 1), (at(60), 3), (at(90), 1)]
    told = reread([piece(0, 120, "Execute", "run", 1)], codes, RIGHT, at(0), None)
    assert [(p.starts_at, p.ends_at, p.state) for p in told] == [
        (at(0), at(60), "Execute"),
        (at(60), at(90), "Suspended"),
        (at(90), at(120), "Execute"),
    ]
    assert halts_of(told) == [Halt(at(60), at(90), "Suspended", "waiting")]
    assert seconds_by_state(told, at(0), at(120)) == {"Execute": 90, "Suspended": 30}


def test_outside_of_the_stretch_nothing_is_read_anew() -> None:
    codes = [(at(0), 3)]
    told = reread([piece(0, 120, "Execute", "run", 3)], codes, RIGHT, at(30), at(60))
    assert [(p.starts_at, p.ends_at, p.state) for p in told] == [
        (at(0), at(30), "Execute"),
        (at(30), at(60), "Suspended"),
        (at(60), at(120), "Execute"),
    ]


def test_silence_stays_unknown_no_production_stays_and_what_has_no_code_stays() -> None:
    silent = piece(10, 20, "Unknown", "unknown", None, "nothing was heard")
    idle = piece(20, 30, "No production", "down", None, "running, but nothing was counted")
    told = reread([piece(0, 10, "Code 1", "unknown", 1), silent, idle], [(at(0), 1)], RIGHT, at(0), None)
    assert told == [piece(0, 10, "Execute", "run", 1), silent, replace_code(idle, 1)]
    by_hand = [piece(0, 10, "Running", "run")]
    assert reread(by_hand, [], RIGHT, at(0), None) == by_hand


def replace_code(one: Piece, code: int) -> Piece:
    from dataclasses import replace

    return replace(one, raw_code=code)


def test_an_acting_state_belongs_to_the_standstill_as_it_does_live() -> None:
    codes = [(at(0), 1), (at(10), 9), (at(12), 2)]
    told = reread([piece(0, 30, "Execute", "run", 1)], codes, RIGHT, at(0), None)
    assert [(p.starts_at, p.state) for p in told] == [(at(0), "Execute"), (at(10), "Held")]


def test_a_code_that_is_in_no_map_is_unknown() -> None:
    (told,) = reread([piece(0, 30, "Execute", "run", 7)], [], RIGHT, at(0), None)
    assert (told.state, told.kind) == ("Code 7 (not in the state map)", "unknown")


@pytest.fixture
def maps(plant: SmallPlant) -> dict[str, StateMap]:
    """The filler's state tag was bound with the wrong map at five o'clock."""
    found = {}
    for name, meanings in (("wrong", WRONG), ("right", RIGHT)):
        found[name] = StateMap.objects.create(code=name, name=name)
        for code, (state, kind) in meanings.items():
            StateMapEntry.objects.create(state_map=found[name], raw_code=code, state=state, kind=kind)
    plc = Controller.objects.create(code="PLC-1", name="P", site=plant.line_1.area.site, address="h")
    TagBinding.objects.create(
        controller=plc,
        work_center=plant.filler,
        role="state",
        tag="F.State",
        state_map=found["wrong"],
        valid_from=at(-3600),
    )
    return found


def read(told: Told, *said: tuple[int, int], seconds: int = 2) -> None:
    """The raw codes said, one every `seconds` until the next: (from second, code), read by the wrong map."""
    readings = []
    ends = [start for start, _ in said[1:]] + [said[-1][0] + 40]
    for (start, code), end in zip(said, ends, strict=True):
        for second in range(start, end, seconds):
            values = {"state": Value(code)}
            readings.append(
                Reading(told.stream, 1, second * 1000, told.at(second), told.machine.pk, values, WRONG[code])
            )
    told.store(*readings)


def restate(plant: SmallPlant, state_map: StateMap, start: float, end: float | None) -> object:
    return state_map_restate(
        work_center=plant.filler,
        state_map=state_map,
        start=at(start),
        end=at(end) if end is not None else None,
        why="3 means starved",
        actor="eva",
        at=at(3600),
    )


def test_history_is_told_by_the_right_map_without_samples_and_stops_keep_their_reason(
    plant: SmallPlant, told: Told, maps: dict[str, StateMap]
) -> None:
    """0-20 runs, 20-60 code 3 (read as running), 60-100 held with a reason, then runs on."""
    read(told, (0, 1), (20, 3), (60, 2), (100, 1))
    assert told.stops() == [(60, 100, "Held", None)]
    stop_explain(stop_id=Stop.objects.get().pk, reason=plant.jam, note="", actor="otto", at=at(200), version=1)
    Sample.objects.all().delete()  # their retention is over
    assert StateCode.objects.count() == 4
    seen = state_map_preview(work_center=plant.filler, state_map=maps["right"], start=at(0), end=None, at=at(138))
    assert seen.rows == [("Execute", 98, 58), ("Held", 40, 40), ("Suspended", 0, 40)]
    assert told.states()[0] == (0, 60, "Execute", "run")  # a preview changes nothing
    ChangedStretch.objects.all().delete()

    restate(plant, maps["right"], 0, None)
    assert [row[:3] for row in told.states()] == [
        (0, 20, "Execute"),
        (20, 60, "Suspended"),
        (60, 100, "Held"),
        (100, None, "Execute"),
    ]
    # one standstill from 20 to 100, as it would have been live: it takes over the reason that part of it had
    (stop,) = Stop.objects.all()
    assert (stop.starts_at, stop.ends_at, stop.reason, stop.explained_by) == (at(20), at(100), plant.jam, "otto")
    assert TagBinding.objects.get(valid_to=None).state_map == maps["right"]
    mark = ChangedStretch.objects.get()
    assert (mark.starts_at, mark.ends_at, mark.why) == (at(0), at(3600), "state_map_restate")
    entry = JournalEntry.objects.get(action="state_map_restate")
    assert (entry.data["before"]["state_map"], entry.data["after"]["Suspended"]) == ("wrong", "0.7 min")


def test_a_stretch_gets_a_binding_of_its_own_and_said_twice_nothing_more_happens(
    plant: SmallPlant, told: Told, maps: dict[str, StateMap]
) -> None:
    read(told, (0, 1), (20, 3), (60, 2), (100, 1))
    for _ in range(2):
        restate(plant, maps["right"], 10, 50)
    rows = TagBinding.objects.order_by("valid_from").values_list("valid_from", "valid_to", "state_map__code")
    assert list(rows) == [
        (at(-3600), at(10), "wrong"),
        (at(10), at(50), "right"),
        (at(50), None, "wrong"),
    ]
    assert [row[:3] for row in told.states()] == [
        (0, 20, "Execute"),
        (20, 50, "Suspended"),
        (50, 60, "Execute"),
        (60, 100, "Held"),
        (100, None, "Execute"),
    ]
    assert [stop[:2] for stop in told.stops()] == [(20, 50), (60, 100)]
    assert JournalEntry.objects.filter(action="state_map_restate").count() == 1


def test_live_readings_go_on_behind_a_restated_history(
    plant: SmallPlant, told: Told, maps: dict[str, StateMap]
) -> None:
    read(told, (0, 1), (20, 3))
    restate(plant, maps["right"], 0, None)
    assert [row[:3] for row in told.states()] == [(0, 20, "Execute"), (20, None, "Suspended")]
    assert told.stops() == [(20, None, "Suspended", None)]
    told.store(
        Reading(told.stream, 1, 60_000, told.at(60), told.machine.pk, {"state": Value(1)}, RIGHT[1]),
    )
    assert [row[:3] for row in told.states()] == [
        (0, 20, "Execute"),
        (20, 60, "Suspended"),
        (60, None, "Execute"),
    ]
    assert told.stops() == [(20, 60, "Suspended", None)]


def test_r44_a_locked_shift_refuses_and_so_does_a_machine_without_a_state_tag(
    plant: SmallPlant, told: Told, maps: dict[str, StateMap]
) -> None:
    read(told, (0, 1), (20, 3))
    Shift.objects.update(locked_at=at(0))
    with pytest.raises(ShiftLocked):
        restate(plant, maps["right"], 0, None)
    Shift.objects.update(locked_at=None)
    TagBinding.objects.all().delete()
    with pytest.raises(RestateRefused, match="No state tag of FILL was bound"):
        restate(plant, maps["right"], 0, None)
    with pytest.raises(RestateRefused, match="in the future"):
        restate(plant, maps["right"], 0, 7200)
    assert StateInterval.objects.count() == 1


def test_each_change_of_the_raw_code_is_kept_once(told: Told) -> None:
    told.store(told.reading(0), told.reading(1, ("Held", "down")), told.reading(2, ("Held", "down")))
    assert list(StateCode.objects.order_by("at").values_list("at", flat=True)) == [at(0), at(1)]
