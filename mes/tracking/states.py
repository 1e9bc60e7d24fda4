"""Machine states: the 17 PackML states, their numeric codes per profile, and what each means to the timeline."""

from enum import StrEnum


class Kind(StrEnum):
    """What the timeline needs to know of a state. WAITING is starved, blocked or suspended from outside."""

    RUN = "run"
    DOWN = "down"
    WAITING = "waiting"
    IDLE = "idle"
    SETUP = "setup"
    UNKNOWN = "unknown"


ACTING = "acting"
UNKNOWN_STATE = "Unknown"

# OPC 30050 (PackML): value-adding only in Execute; acting states belong to a steady state, see `settle`.
PACKML: dict[str, str] = {
    "Execute": Kind.RUN,
    "Held": Kind.DOWN,
    "Stopped": Kind.DOWN,
    "Aborted": Kind.DOWN,
    "Suspended": Kind.WAITING,
    "Idle": Kind.IDLE,
    "Complete": Kind.IDLE,
    "Starting": ACTING,
    "Completing": ACTING,
    "Resetting": ACTING,
    "Holding": ACTING,
    "Unholding": ACTING,
    "Suspending": ACTING,
    "Unsuspending": ACTING,
    "Stopping": ACTING,
    "Aborting": ACTING,
    "Clearing": ACTING,
}

# Numbers differ by profile, so a plant maps them per source. This: OMAC PackTags, ISA-TR88.00.02.
PACKML_TR88_CODES: dict[int, str] = {
    1: "Clearing",
    2: "Stopped",
    3: "Starting",
    4: "Idle",
    5: "Suspended",
    6: "Execute",
    7: "Stopping",
    8: "Aborting",
    9: "Aborted",
    10: "Holding",
    11: "Held",
    12: "Unholding",
    13: "Suspending",
    14: "Unsuspending",
    15: "Resetting",
    16: "Completing",
    17: "Complete",
}

# OPC 30060 (tobacco machine communication), StateEnumeration, section 11.9.
PACKML_OPC30060_CODES: dict[int, str] = {
    0: "Stopped",
    1: "Resetting",
    2: "Idle",
    3: "Starting",
    4: "Execute",
    5: "Completing",
    6: "Complete",
    7: "Aborting",
    8: "Aborted",
    9: "Stopping",
    10: "Clearing",
    11: "Suspending",
    12: "Suspended",
    13: "Unsuspending",
    14: "Holding",
    15: "Held",
    16: "Unholding",
}

# Where an acting state belongs when the machine was running (or nothing is known) before: the standing state it
# enters, or, for states that lead back to work, the standing state it leaves.
_BELONGS_TO = {
    "Starting": "Idle",
    "Completing": "Complete",
    "Resetting": "Idle",
    "Holding": "Held",
    "Unholding": "Held",
    "Suspending": "Suspended",
    "Unsuspending": "Suspended",
    "Stopping": "Stopped",
    "Aborting": "Aborted",
    "Clearing": "Stopped",
}
# These are on their way out of a standstill, whichever it was: a standing state before them goes on.
_LEAVING = frozenset({"Starting", "Resetting", "Unholding", "Unsuspending", "Clearing"})
_BY_LETTERS = {name.lower(): name for name in PACKML}


def canonical(text: str) -> str | None:
    """The PackML name that a source's spelling means ("UN-HOLDING", " execute"), or None for any other word."""
    letters = "".join(character for character in text.lower() if character.isalpha())
    return _BY_LETTERS.get("complete" if letters == "completed" else letters)


def kind_of(state: str) -> Kind:
    """What a steady PackML state counts as. Acting and foreign states are UNKNOWN: settle or map them first."""
    meaning = PACKML.get(state, Kind.UNKNOWN)
    return Kind.UNKNOWN if meaning == ACTING else Kind(meaning)


def is_acting(state: str) -> bool:
    """Whether a state is a PackML transition between two steady states."""
    return PACKML.get(state) == ACTING


def settle(previous: str | None, observed: str, *, acting: bool | None = None) -> str:
    """Fold an acting state into the steady state it leaves or enters, so that it never cuts a stop in two.

    An acting state is never value-adding, so next to Execute it belongs to the standstill: Holding is the beginning of
    Held, Starting the end of Idle (or of Stopped, where the poller missed Resetting and Idle).
    `previous` is the last settled state, None when nothing is known. `acting` overrides the PackML table for a
    plant's own transition names, which stay with the state before them (`Unknown` when there is none).
    """
    in_transition = is_acting(observed) if acting is None else acting
    if not in_transition:
        return observed
    standing = previous is not None and previous not in ("Execute", UNKNOWN_STATE) and not is_acting(previous)
    if observed not in _BELONGS_TO:
        return previous if previous is not None else UNKNOWN_STATE
    if observed in _LEAVING and standing and previous is not None:
        return previous
    return _BELONGS_TO[observed]
