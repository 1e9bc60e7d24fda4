"""What a machine was seen doing (pure): states from changes, late states, run blips, whole standstills, orphans."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, NamedTuple

from mes.oee.intervals import covers
from mes.tracking.states import Kind, settle

Klass = Literal["planned", "unplanned", "changeover", "failure"]


@dataclass(frozen=True, slots=True)
class StateSpan:
    """What the machine was seen doing (acting states folded). `end_ms` None: still so."""

    start_ms: int
    end_ms: int | None
    kind: Kind
    state: str


@dataclass(frozen=True, slots=True)
class StopSpan:
    """A stop. `end_ms` None: open (R13). `klass` None: not explained yet; such a stop claims nothing the states do not
    say, unless `manual`: a person's word holds over unknown time as well. `planned_limit_ms`: a planned stop that
    lasts longer is unplanned from there on (R14)."""

    start_ms: int
    end_ms: int | None
    klass: Klass | None = None
    reason: str | None = None
    planned_limit_ms: int | None = None
    manual: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A machine entered a state at an instant. `order` decides between changes of the same instant (PLC sequence)."""

    at_ms: int
    order: int
    state: str
    kind: Kind | Literal["acting"]


class Seen(NamedTuple):
    """A stretch in one state; `event_ms` is the length of the whole standstill around it, else 0."""

    start_ms: int
    end_ms: int
    kind: Kind
    state: str
    event_ms: int


def states_from_changes(changes: Iterable[Change]) -> list[StateSpan]:
    """The states between changes, acting states folded; order of arrival and repeats do not matter (R24, R48).

    The last state is open. An acting state with nothing before it begins the standing state it belongs to, as unknown
    time: its kind is only known once that state is seen.
    """
    latest: dict[int, Change] = {}
    for change in sorted(set(changes), key=lambda seen: (seen.at_ms, seen.order, seen.state, seen.kind)):
        latest[change.at_ms] = change
    kinds = {change.state: Kind(change.kind) for change in latest.values() if change.kind != "acting"}
    points: list[tuple[int, Kind, str]] = []
    previous: str | None = None
    for change in latest.values():
        previous = settle(previous, change.state, acting=change.kind == "acting")
        kind = kinds.get(previous, Kind.UNKNOWN)
        if not points or points[-1][1:] != (kind, previous):
            points.append((change.at_ms, kind, previous))
    spans = [StateSpan(since, until, kind, state) for (since, kind, state), (until, _, _) in pairwise(points)]
    return spans + [StateSpan(since, None, kind, state) for since, kind, state in points[-1:]]


def seen_states(states: Sequence[StateSpan], min_run_ms: int, now_ms: int) -> list[Seen]:
    """Disjoint states up to now. Where two overlap, the one that began later holds: a late state splits (R11).

    A run shorter than `min_run_ms` between two standstills belongs to the standstill before it (R17).
    """
    spans = ((span.start_ms, now_ms if span.end_ms is None else min(span.end_ms, now_ms), span) for span in states)
    pieces = [
        Seen(since, until, *_latest(candidates), 0) for since, until, candidates in covers(spans) if since < now_ms
    ]
    return _with_events(_without_blips(_joined(pieces), min_run_ms))


def _latest(candidates: tuple[StateSpan, ...]) -> tuple[Kind, str]:
    chosen = max(
        candidates, key=lambda span: (span.start_ms, span.end_ms is None, span.end_ms or 0, span.kind, span.state)
    )
    return chosen.kind, chosen.state


def _joined(pieces: Iterable[Seen]) -> list[Seen]:
    joined: list[Seen] = []
    for piece in pieces:
        if joined and joined[-1].end_ms == piece.start_ms and joined[-1][2:4] == piece[2:4]:
            joined[-1] = joined[-1]._replace(end_ms=piece.end_ms)
        else:
            joined.append(piece)
    return joined


def _stands(piece: Seen) -> bool:
    return piece.kind not in (Kind.RUN, Kind.UNKNOWN)


def _without_blips(pieces: list[Seen], min_run_ms: int) -> list[Seen]:
    merged: list[Seen] = []
    for group in _stretches(pieces):
        before, after = merged[-1] if merged else None, _after(pieces, group[-1].end_ms)
        blip = (
            group[0].kind is Kind.RUN
            and group[-1].end_ms - group[0].start_ms < min_run_ms
            and before is not None
            and after is not None
            and before.end_ms == group[0].start_ms
            and _stands(before)
            and _stands(after)
        )
        merged += (
            [piece._replace(kind=before.kind, state=before.state) for piece in group] if blip and before else group
        )
    return _joined(merged)


def _after(pieces: list[Seen], at_ms: int) -> Seen | None:
    low, high = 0, len(pieces)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if pieces[middle].start_ms < at_ms else (low, middle)
    return pieces[low] if low < len(pieces) and pieces[low].start_ms == at_ms else None


def _stretches(pieces: list[Seen]) -> list[list[Seen]]:
    """Touching pieces that all run, all stand or are all unknown, together."""
    groups: list[list[Seen]] = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        alike = last is not None and (last.kind is piece.kind or (_stands(last) and _stands(piece)))
        if last is not None and alike and last.end_ms == piece.start_ms:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _with_events(pieces: list[Seen]) -> list[Seen]:
    return [
        piece._replace(event_ms=group[-1].end_ms - group[0].start_ms if _stands(piece) else 0)
        for group in _stretches(pieces)
        for piece in group
    ]


def close_orphans(stops: Iterable[StopSpan], seen: Sequence[Seen], now_ms: int) -> list[StopSpan]:
    """Give open stops an end: the first run that begins at or after their start (R12), else now (R13)."""
    runs = [piece.start_ms for piece in seen if piece.kind is Kind.RUN]
    closed: list[StopSpan] = []
    for stop in stops:
        if stop.end_ms is None:
            end_ms = min((at for at in runs if at >= stop.start_ms), default=now_ms)
            closed.append(replace(stop, end_ms=min(end_ms, now_ms)))
        else:
            closed.append(replace(stop, end_ms=min(stop.end_ms, now_ms)))
    return closed
