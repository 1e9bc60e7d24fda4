"""When a check is due (pure): what happened on the machine since the last check, against the triggers of its plan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class TriggerKind(StrEnum):
    """What makes a check due."""

    PIECES = "pieces"
    MINUTES = "minutes"
    START = "start"
    STOP = "stop"
    CHANGEOVER = "changeover"
    FIRST_PIECE = "first-piece"
    LAST_PIECE = "last-piece"

    @property
    def label(self) -> str:
        """As people choose it."""
        return _LABELS[self]


_LABELS = {
    TriggerKind.PIECES: "Every so many pieces",
    TriggerKind.MINUTES: "Every so many minutes",
    TriggerKind.START: "After the start of an order",
    TriggerKind.STOP: "After a stop of at least so many minutes",
    TriggerKind.CHANGEOVER: "After a change of item",
    TriggerKind.FIRST_PIECE: "First piece of an order",
    TriggerKind.LAST_PIECE: "Last piece of an order",
}
NEEDS_EVERY = (TriggerKind.PIECES, TriggerKind.MINUTES, TriggerKind.STOP)


@dataclass(frozen=True, slots=True)
class Asked:
    """A trigger; `every` in pieces or minutes, for a stop the minutes it must have lasted."""

    kind: TriggerKind
    every: int | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a machine. Times aware.

    `run_start` None: no order runs that this check is about. `item_changed`: the run before made another item, or there
    was none. `pieces`: minutes with what was made in them (good and scrap) since the run began, in order. `stops`:
    finished ones. `ended_at`: the end of the last run, None while one runs: with the next order its last piece is gone.
    """

    last_check_at: datetime | None = None
    run_start: datetime | None = None
    item_changed: bool = False
    pieces: Sequence[tuple[datetime, int]] = ()
    stops: Sequence[tuple[datetime, datetime]] = ()
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A check is due: which trigger asks, and since when."""

    kind: TriggerKind
    since: datetime
    every: int | None = None


def due(triggers: Iterable[Asked], said: Situation, now: datetime) -> Due | None:
    """The trigger that has asked for longest, None where nothing is due. No trigger, no order: nothing is due.

    Minutes and pieces are counted from the last check or the start of the run, whichever is later. Pieces are known by
    the minute: those of the minute of the last check count as made before it, so the check comes at most a minute late.
    Worked: every 100 pieces, run from 6:00 with 60 pieces a minute, no check: 120 at the end of 6:01, due since 6:01.
    """
    found = [one for trigger in triggers if (one := _due(trigger, said, now)) is not None]
    return min(found, key=lambda one: one.since, default=None)


def _due(trigger: Asked, said: Situation, now: datetime) -> Due | None:
    since = _ended(said) if trigger.kind is TriggerKind.LAST_PIECE else _running(trigger, said)
    if since is None or since > now:
        return None
    return Due(trigger.kind, since, trigger.every)


def _ended(said: Situation) -> datetime | None:
    """The end of the last run, until a check was made at or after it."""
    return said.ended_at if said.ended_at is not None and not _checked(said, said.ended_at) else None


def _running(trigger: Asked, said: Situation) -> datetime | None:
    start = said.run_start
    if start is None:
        return None
    base = max(start, said.last_check_at) if said.last_check_at is not None else start
    if trigger.kind is TriggerKind.MINUTES:
        return base + timedelta(minutes=trigger.every or 0)
    if trigger.kind is TriggerKind.PIECES:
        return _crossed(said, base, trigger.every or 0)
    if trigger.kind is TriggerKind.STOP:
        return _after_stop(said, start, timedelta(minutes=trigger.every or 0))
    if trigger.kind is TriggerKind.FIRST_PIECE:
        start_or_none = next((minute for minute, made in said.pieces if made > 0), None)
    else:
        start_or_none = None if trigger.kind is TriggerKind.CHANGEOVER and not said.item_changed else start
    return None if start_or_none is None or _checked(said, start_or_none) else start_or_none


def _crossed(said: Situation, base: datetime, every: int) -> datetime | None:
    """The minute in which the pieces after `base` reached `every`."""
    whole = base.replace(second=0, microsecond=0)
    made = 0
    for minute, pieces in said.pieces:
        if minute > whole or (minute == whole and base == said.run_start):
            made += pieces
            if made >= every:
                return minute
    return None


def _after_stop(said: Situation, start: datetime, least: timedelta) -> datetime | None:
    """The end of the first stop of this length in the run that no check followed."""
    long = [end for begin, end in said.stops if end - begin >= least and end >= start and not _checked(said, end)]
    return min(long, default=None)


def _checked(said: Situation, since: datetime) -> bool:
    return said.last_check_at is not None and said.last_check_at >= since
