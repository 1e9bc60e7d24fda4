"""PackML states: the two code tables, what states mean, and acting states folded into steady ones."""

import pytest

from mes.tracking.states import (
    ACTING,
    PACKML,
    PACKML_OPC30060_CODES,
    PACKML_TR88_CODES,
    Kind,
    canonical,
    is_acting,
    kind_of,
    settle,
)


def test_both_profiles_name_all_seventeen_states_with_different_numbers() -> None:
    assert len(PACKML) == 17
    assert set(PACKML_TR88_CODES.values()) == set(PACKML_OPC30060_CODES.values()) == set(PACKML)
    # OMAC PackTags say 6 = Execute and 2 = Stopped; OPC 30060, 11.9 says 4 = Execute and 0 = Stopped.
    assert (PACKML_TR88_CODES[6], PACKML_TR88_CODES[2], PACKML_TR88_CODES[17]) == ("Execute", "Stopped", "Complete")
    assert (PACKML_OPC30060_CODES[4], PACKML_OPC30060_CODES[0], PACKML_OPC30060_CODES[15]) == (
        "Execute",
        "Stopped",
        "Held",
    )


def test_execute_runs_suspended_waits_held_and_stopped_are_down() -> None:
    assert [kind_of(name) for name in ("Execute", "Suspended", "Held", "Stopped", "Aborted", "Idle", "Complete")] == [
        Kind.RUN,
        Kind.WAITING,
        Kind.DOWN,
        Kind.DOWN,
        Kind.DOWN,
        Kind.IDLE,
        Kind.IDLE,
    ]
    assert [kind_of(name) for name in ("Starting", "Cleaning")] == [Kind.UNKNOWN, Kind.UNKNOWN]


@pytest.mark.parametrize(
    ("before", "seen", "after"),
    [
        ("Execute", ["Holding", "Held", "Unholding", "Execute"], ["Held", "Held", "Held", "Execute"]),
        ("Execute", ["Suspending", "Suspended", "Unsuspending"], ["Suspended"] * 3),
        ("Execute", ["Completing", "Complete", "Resetting", "Idle", "Starting"], ["Complete"] * 3 + ["Idle"] * 2),
        ("Execute", ["Stopping", "Stopped", "Resetting"], ["Stopped"] * 3),
        ("Execute", ["Aborting", "Aborted", "Clearing", "Stopped"], ["Aborted"] * 3 + ["Stopped"]),
        ("Stopped", ["Starting", "Execute"], ["Stopped", "Execute"]),  # Resetting and Idle fell between two polls
        ("Execute", ["Starting"], ["Idle"]),
        ("Execute", ["Unholding"], ["Held"]),
        (None, ["Starting", "Execute"], ["Idle", "Execute"]),
        (None, ["Clearing"], ["Stopped"]),
        ("Held", ["Stopping", "Stopped"], ["Stopped", "Stopped"]),
    ],
)
def test_an_acting_state_never_cuts_a_stop_in_two(before: str | None, seen: list[str], after: list[str]) -> None:
    settled, previous = [], before
    for state in seen:
        previous = settle(previous, state)
        settled.append(previous)
    assert settled == after


@pytest.mark.parametrize("state", sorted(name for name, meaning in PACKML.items() if meaning == ACTING))
@pytest.mark.parametrize("before", [None, "Unknown", *sorted(PACKML)])
def test_an_acting_state_is_never_run_and_always_steady(before: str | None, state: str) -> None:
    assert kind_of(settle(before, state)) in (Kind.DOWN, Kind.WAITING, Kind.IDLE)


def test_a_plants_own_transition_stays_with_the_state_before_it() -> None:
    assert settle("Tool change", "Doors closing", acting=True) == "Tool change"
    assert settle(None, "Doors closing", acting=True) == "Unknown"
    assert settle("Held", "Tool change") == "Tool change"
    assert settle("Held", "Starting", acting=False) == "Starting"


def test_spellings_of_packml_names_are_understood_and_other_words_are_not() -> None:
    spellings = ("EXECUTE", " un-holding ", "Completed", "Un Suspending", "running")
    assert [canonical(text) for text in spellings] == ["Execute", "Unholding", "Complete", "Unsuspending", None]
    assert (is_acting("Holding"), is_acting("Held"), is_acting("anything")) == (True, False, False)
