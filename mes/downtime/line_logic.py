"""Who stops a serial line (pure): which standing machine made which other one wait, and for how long (R19)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

STANDING = ("down", "setup", "idle")
SKEW_MS = 10_000
"""Controllers are read one after the other: a cause may be seen so much later than the wait it made."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a machine was seen doing, half-open, ms since 1970 UTC. `kind`: run, down, waiting, idle, setup, unknown."""

    start_ms: int
    end_ms: int
    kind: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """A piece of a machine's waiting and who made it wait; `cause` empty where nobody on the line stood.

    `side`: starved (the cause is upstream) or blocked. `cause_start_ms`, `cause_end_ms`: its standstill. `after`: the
    cause runs again, but the line has not filled (or emptied) yet.
    """

    machine: str
    start_ms: int
    end_ms: int
    cause: str = ""
    side: str = ""
    cause_start_ms: int = 0
    cause_end_ms: int = 0
    after: bool = False

    @property
    def lasted_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Stopper:
    """How much of the others' time a machine cost: waiting summed over machines, and which they are."""

    machine: str
    cost_ms: int
    machines: frozenset[str]


def waits(order: Sequence[str], spans: Mapping[str, Sequence[Span]]) -> list[Wait]:
    """Every piece of waiting on a serial line with its cause, by machine in the order of flow and by time.

    Looked for are, from the waiting machine up and down the line, the nearest one that stands; others that wait are
    passed over, one that runs or is unknown ends the search. Between both sides the machine's own word decides
    (starved, blocked), then the nearer one, then the one that stood first. Once its cause runs again a machine that
    goes on waiting waits for it still.
    """
    line = _Line(order, spans)
    found: list[Wait] = []
    for place, machine in enumerate(order):
        for span in line.joined(machine, ("waiting",)):
            found += _of_one(line, place, span)
    return found


def who_stops(found: Iterable[Wait]) -> list[Stopper]:
    """Machines by what their standstills cost the others, the most expensive first."""
    cost: dict[str, int] = {}
    machines: dict[str, set[str]] = {}
    for wait in found:
        if wait.cause:
            cost[wait.cause] = cost.get(wait.cause, 0) + wait.lasted_ms
            machines.setdefault(wait.cause, set()).add(wait.machine)
    rows = [Stopper(machine, ms, frozenset(machines[machine])) for machine, ms in cost.items()]
    return sorted(rows, key=lambda row: (-row.cost_ms, row.machine))


def made_wait(found: Iterable[Wait], machine: str, start_ms: int, end_ms: int) -> dict[str, int]:
    """Other machines -> ms they waited for the machine's stop from `start_ms` to `end_ms`, its aftermath included."""
    made: dict[str, int] = {}
    for wait in found:
        if wait.cause != machine:
            continue
        if wait.after:
            ms = wait.lasted_ms if start_ms < wait.cause_end_ms <= end_ms else 0
        else:
            ms = min(wait.end_ms, end_ms) - max(wait.start_ms, start_ms)
        if ms > 0:
            made[wait.machine] = made.get(wait.machine, 0) + ms
    return made


class _Line:
    """The machines of a line and what each was doing at an instant."""

    def __init__(self, order: Sequence[str], spans: Mapping[str, Sequence[Span]]) -> None:
        self.order = order
        self.spans = {code: sorted(spans.get(code, ()), key=lambda span: span.start_ms) for code in order}
        self._starts = {code: [span.start_ms for span in self.spans[code]] for code in order}
        every = (span for code in order for span in self.spans[code])
        self._edges = sorted({edge for span in every for edge in (span.start_ms, span.end_ms)})
        self._standing = {code: self.joined(code, STANDING) for code in order}

    def joined(self, machine: str, kinds: Sequence[str]) -> list[Span]:
        """Touching spans of these kinds as one, named after the first."""
        found: list[Span] = []
        for span in self.spans[machine]:
            if span.kind in kinds and found and found[-1].end_ms == span.start_ms:
                found[-1] = replace(found[-1], end_ms=span.end_ms)
            elif span.kind in kinds:
                found.append(span)
        return found

    def at(self, machine: str, at_ms: int) -> Span | None:
        n = bisect_right(self._starts[machine], at_ms) - 1
        span = self.spans[machine][n] if n >= 0 else None
        return span if span is not None and at_ms < span.end_ms else None

    def standing(self, machine: str, at_ms: int) -> Span:
        return next(span for span in self._standing[machine] if span.start_ms <= at_ms < span.end_ms)

    def edges(self, start_ms: int, end_ms: int) -> list[int]:
        """Instants in a stretch at which some machine changes, with its two ends."""
        inside = self._edges[bisect_right(self._edges, start_ms) : bisect_left(self._edges, end_ms)]
        return [start_ms, *inside, end_ms]

    def cause(self, place: int, at_ms: int, state: str) -> tuple[str, str, Span] | None:
        """(machine, side, its standstill) of whoever makes the machine at `place` wait at an instant."""
        sides = []
        if "block" not in state.casefold():
            sides.append(("starved", range(place - 1, -1, -1)))
        if "starv" not in state.casefold():
            sides.append(("blocked", range(place + 1, len(self.order))))
        found = []
        for side, places in sides:
            for distance, other in enumerate(places):
                span = self.at(self.order[other], at_ms)
                if span is not None and span.kind == "waiting":
                    continue
                if span is not None and span.kind in STANDING:
                    stands = self.standing(self.order[other], at_ms)
                    found.append((distance, stands.start_ms, self.order[other], side, stands))
                break
        best = min(found, key=lambda one: one[:3], default=None)
        return best[2:] if best is not None else None


def _of_one(line: _Line, place: int, span: Span) -> list[Wait]:
    pieces: list[Wait] = []
    edges = line.edges(span.start_ms, span.end_ms)
    for start_ms, end_ms in pairwise(edges):
        piece = Wait(line.order[place], start_ms, end_ms)
        here = line.cause(place, start_ms, span.state)
        if here is not None:
            cause, side, stands = here
            piece = replace(piece, cause=cause, side=side, cause_start_ms=stands.start_ms, cause_end_ms=stands.end_ms)
        elif pieces and pieces[-1].cause:
            piece = replace(pieces[-1], start_ms=start_ms, end_ms=end_ms, after=True)
        pieces.append(piece)
    told = _merged(pieces)
    if len(told) > 1 and not told[0].cause and told[0].lasted_ms <= SKEW_MS:
        told[:2] = [replace(told[1], start_ms=told[0].start_ms)]
    return told


def _merged(pieces: Sequence[Wait]) -> list[Wait]:
    merged: list[Wait] = []
    for piece in pieces:
        if merged and replace(merged[-1], start_ms=piece.start_ms, end_ms=piece.end_ms) == piece:
            merged[-1] = replace(merged[-1], end_ms=piece.end_ms)
        else:
            merged.append(piece)
    return merged
