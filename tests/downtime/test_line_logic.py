"""Who stops the line: cases worked by hand on a line of four machines, times in minutes."""

import pytest

from mes.downtime.line_logic import Span, Stopper, Wait, made_wait, waits, who_stops

LINE = ("BLOW", "FILL", "CAP", "PACK")
MIN = 60_000


def line(**seen: list[tuple[float, float, str]]) -> dict[str, list[Span]]:
    """Machine -> spans (from, to, kind or state of waiting); in between and to minute 100 it runs."""
    found: dict[str, list[Span]] = {}
    for machine in LINE:
        at, spans = 0.0, list[Span]()
        for start, end, what in [*seen.get(machine, []), (100.0, 100.0, "")]:
            if start > at:
                spans.append(Span(round(at * MIN), round(start * MIN), "run", "Execute"))
            kind = "waiting" if what in ("Starved", "Blocked") else what
            spans.append(Span(round(start * MIN), round(end * MIN), kind, what))
            at = end
        found[machine] = [span for span in spans if span.end_ms > span.start_ms]
    return found


def told(found: list[Wait]) -> list[tuple[str, float, float, str, str, bool]]:
    return [(w.machine, w.start_ms / MIN, w.end_ms / MIN, w.cause, w.side, w.after) for w in found]


def test_a_down_machine_starves_those_below_and_blocks_those_above_past_others_that_wait() -> None:
    found = waits(
        LINE,
        line(
            FILL=[(10, 30, "down")], BLOW=[(12, 31, "waiting")], CAP=[(11, 30, "waiting")], PACK=[(13, 30, "waiting")]
        ),
    )
    assert told(found) == [
        ("BLOW", 12, 30, "FILL", "blocked", False),
        ("BLOW", 30, 31, "FILL", "blocked", True),
        ("CAP", 11, 30, "FILL", "starved", False),
        ("PACK", 13, 30, "FILL", "starved", False),
    ]
    assert who_stops(found) == [Stopper("FILL", (19 + 19 + 17) * MIN, frozenset({"BLOW", "CAP", "PACK"}))]
    assert made_wait(found, "FILL", 10 * MIN, 30 * MIN) == {"BLOW": 19 * MIN, "CAP": 19 * MIN, "PACK": 17 * MIN}


def test_parts_of_a_stop_share_the_waits_and_the_last_has_the_aftermath() -> None:
    found = waits(LINE, line(FILL=[(10, 30, "down")], CAP=[(11, 33, "waiting")]))
    assert made_wait(found, "FILL", 10 * MIN, 20 * MIN) == {"CAP": 9 * MIN}
    assert made_wait(found, "FILL", 20 * MIN, 30 * MIN) == {"CAP": 13 * MIN}
    assert made_wait(found, "CAP", 10 * MIN, 30 * MIN) == {}


def test_a_running_machine_in_between_is_not_passed_over() -> None:
    found = waits(LINE, line(BLOW=[(10, 30, "down")], CAP=[(15, 20, "waiting")]))
    assert told(found) == [("CAP", 15, 20, "", "", False)]
    assert who_stops(found) == []


def test_an_unknown_machine_in_between_tells_nothing() -> None:
    found = waits(LINE, line(BLOW=[(10, 30, "down")], FILL=[(10, 30, "unknown")], CAP=[(15, 20, "waiting")]))
    assert told(found) == [("CAP", 15, 20, "", "", False)]


@pytest.mark.parametrize(("state", "cause"), [("Starved", "FILL"), ("Blocked", "PACK"), ("waiting", "PACK")])
def test_between_both_sides_the_machines_own_word_decides_then_who_stood_first(state: str, cause: str) -> None:
    found = waits(LINE, line(FILL=[(12, 30, "down")], PACK=[(10, 30, "setup")], CAP=[(14, 30, state)]))
    assert [wait.cause for wait in found] == [cause]


def test_the_nearer_of_two_is_the_cause_and_it_may_change() -> None:
    """FILL stands behind BLOW; once FILL waits for BLOW again, BLOW is the cause."""
    found = waits(
        LINE,
        line(BLOW=[(10, 40, "down")], FILL=[(11, 20, "down"), (20, 40, "waiting")], CAP=[(12, 40, "waiting")]),
    )
    assert told(found) == [
        ("FILL", 20, 40, "BLOW", "starved", False),
        ("CAP", 12, 20, "FILL", "starved", False),
        ("CAP", 20, 40, "BLOW", "starved", False),
    ]


def test_a_cause_read_a_few_seconds_later_is_the_cause_from_the_start() -> None:
    found = waits(LINE, line(FILL=[(10.1, 30, "down")], CAP=[(10, 30, "waiting")]))
    assert told(found) == [("CAP", 10, 30, "FILL", "starved", False)]
    late = waits(LINE, line(FILL=[(11, 30, "down")], CAP=[(10, 30, "waiting")]))
    assert [wait.cause for wait in late] == ["", "FILL"]


def test_states_that_follow_each_other_are_one_standstill_and_an_idle_machine_starves_too() -> None:
    found = waits(LINE, line(FILL=[(10, 20, "down"), (20, 30, "idle")], CAP=[(11, 32, "waiting")]))
    assert told(found) == [("CAP", 11, 30, "FILL", "starved", False), ("CAP", 30, 32, "FILL", "starved", True)]
    assert {(w.cause_start_ms, w.cause_end_ms) for w in found} == {(10 * MIN, 30 * MIN)}


def test_nothing_waits_nobody_stops() -> None:
    assert waits(LINE, line(FILL=[(10, 20, "down")])) == waits((), {}) == waits(LINE, {}) == []
