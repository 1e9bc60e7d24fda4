"""A person's word over what was observed (pure): states and stops as they count, the observed ones left as they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from mes.oee.seen import Klass, StateSpan, StopSpan
from mes.tracking.states import Kind

Span = TypeVar("Span", StateSpan, StopSpan)

WORDS = {
    Kind.RUN: "Running (corrected)",
    Kind.DOWN: "Down (corrected)",
    Kind.WAITING: "Waiting (corrected)",
    Kind.IDLE: "Idle (corrected)",
    Kind.SETUP: "Setup (corrected)",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """What the machine did from `start_ms` to `end_ms`, half-open; UNKNOWN says that nobody knows.

    `klass` and `reason` belong to a standstill that was given its reason with the correction.
    """

    start_ms: int
    end_ms: int
    kind: Kind
    klass: Klass | None = None
    reason: str | None = None


def corrected_states(states: Sequence[StateSpan], corrections: Sequence[Correction]) -> list[StateSpan]:
    """The states with each correction in place of what was seen there. Corrections must not overlap.

    Every state needs an end. Without corrections the states as they came.
    """
    if not corrections:
        return list(states)
    left = [piece for span in states for piece in _outside(span, corrections)]
    said = [
        StateSpan(said.start_ms, said.end_ms, said.kind, WORDS[said.kind])
        for said in corrections
        if said.kind is not Kind.UNKNOWN
    ]
    return sorted([*left, *said], key=lambda span: span.start_ms)


def corrected_stops(stops: Sequence[StopSpan], corrections: Sequence[Correction]) -> list[StopSpan]:
    """The stops as they count: none where the machine ran or nobody knows, and a correction's reason where it has one.

    Where a standstill was only named otherwise, the stop that lies there keeps its reason.
    """
    without = [said for said in corrections if said.reason or said.kind in (Kind.RUN, Kind.UNKNOWN)]
    if not without:
        return list(stops)
    left = [piece for stop in stops for piece in _outside(stop, without)]
    said = [
        StopSpan(said.start_ms, said.end_ms, said.klass, said.reason, manual=True) for said in without if said.reason
    ]
    return sorted([*left, *said], key=lambda stop: stop.start_ms)


def _outside(span: Span, corrections: Iterable[Correction]) -> list[Span]:
    """The parts of a span that no correction covers."""
    pieces = [span]
    for said in corrections:
        pieces = [part for piece in pieces for part in _cut(piece, said)]
    return pieces


def _cut(piece: Span, said: Correction) -> list[Span]:
    end_ms = piece.end_ms
    if end_ms is None or said.end_ms <= piece.start_ms or said.start_ms >= end_ms:
        return [piece]
    before = [replace(piece, end_ms=said.start_ms)] if piece.start_ms < said.start_ms else []
    after = [replace(piece, start_ms=said.end_ms)] if said.end_ms < end_ms else []
    return before + after
