"""The timeline algebra (pure): every instant of scheduled time gets exactly one owner. Integer ms, half-open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from mes.oee.intervals import Cover, covers, sweep
from mes.oee.policy import Claim, Policy
from mes.oee.seen import Change, Klass, Seen, StateSpan, StopSpan, close_orphans, seen_states, states_from_changes
from mes.tracking.states import Kind

__all__ = ["Change", "Klass", "OrderSpan", "Owned", "Owner", "StateSpan", "StopSpan", "owners", "states_from_changes"]


class Owner(StrEnum):
    """Who owns an instant. The first seven share the scheduled time; UNSCHEDULED_RUN lies outside it, listed apart."""

    RUN = "run"
    SETUP = "setup"
    PLANNED_STOP = "planned_stop"
    UNPLANNED_STOP = "unplanned"
    MICRO_STOP = "micro"
    NO_ORDER = "no_order"
    UNKNOWN = "unknown"
    UNSCHEDULED_RUN = "unscheduled_run"


_OWNER_OF = {
    Claim.RUN: Owner.RUN,
    Claim.PLANNED_STOP: Owner.PLANNED_STOP,
    Claim.FAILURE: Owner.UNPLANNED_STOP,
    Claim.SETUP: Owner.SETUP,
    Claim.UNPLANNED_STOP: Owner.UNPLANNED_STOP,
    Claim.MICRO_STOP: Owner.MICRO_STOP,
    Claim.NO_ORDER: Owner.NO_ORDER,
}


@dataclass(frozen=True, slots=True)
class OrderSpan:
    """An order active on the machine. `excluded`: a trial or engineering run, out of every KPI (R36)."""

    start_ms: int
    end_ms: int | None
    order: str
    item: str
    phase: Literal["run", "setup"] = "run"
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Owned:
    """A stretch of time and who owns it. `klass` says what won: break, planned, overrun (of a planned stop), failure,
    changeover, unplanned, trial; None where nothing was explained. `planned`: a break or planned stop lay here, which
    matters where the machine ran through it (R15)."""

    start_ms: int
    end_ms: int
    owner: Owner
    state: str | None = None
    reason: str | None = None
    order: str | None = None
    item: str | None = None
    kind: Kind = Kind.UNKNOWN
    klass: str | None = None
    planned: bool = False

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms

    def cut(self, start_ms: int, end_ms: int) -> "Owned":
        """The part of it in [start_ms, end_ms), which must touch it."""
        if start_ms <= self.start_ms and self.end_ms <= end_ms:
            return self
        return replace(self, start_ms=max(self.start_ms, start_ms), end_ms=min(self.end_ms, end_ms))


class _Halt(NamedTuple):
    """A part of a stop: `klass` may be "overrun"; `event_ms` is the length of the whole stop."""

    start_ms: int
    klass: str | None
    reason: str | None
    manual: bool
    event_ms: int


class _Here(NamedTuple):
    """All that is said about one instant."""

    seen: Seen | None
    breaks: tuple[str, ...]
    halts: list[_Halt]
    order: OrderSpan | None


# Everything of an Owned but its two instants, in the order of its fields.
_What = tuple[Owner, str | None, str | None, str | None, str | None, Kind, str | None, bool]
_Claims = dict[Claim, tuple[str | None, str | None]]  # claim -> (reason, klass)


def owners(
    window: tuple[int, int],
    *,
    scheduled: Sequence[tuple[int, int]],
    planned: Sequence[tuple[int, int, str]] = (),
    states: Sequence[StateSpan] = (),
    stops: Sequence[StopSpan] = (),
    orders: Sequence[OrderSpan] = (),
    policy: Policy,
    now_ms: int,
) -> list[Owned]:
    """One owner for every instant of the scheduled time in `window`, up to `now_ms`, in order of time (R9, R10).

    Give states and stops WHOLE, as stored, not cut to the window (R5): the whole event decides whether a stop is a
    micro-stop (R16). Any order and repeats are harmless. Durations sum exactly to the scheduled time in the window;
    runs outside it are UNSCHEDULED_RUN on top. What nothing is known of is UNKNOWN (R18), with or without an order.
    """
    seen = seen_states(states, policy.min_run_ms, now_ms)
    layers: list[list[Cover[Any]]] = [
        covers((since, until, True) for since, until in scheduled),
        covers(planned),
        [(piece.start_ms, piece.end_ms, (piece,)) for piece in seen],
        covers(_halts(close_orphans(stops, seen, now_ms))),
        covers((span.start_ms, now_ms if span.end_ms is None else span.end_ms, span) for span in orders),
    ]
    owned: list[tuple[int, int, _What]] = []
    for since, until, (inside, breaks, states_here, halts, ordered) in sweep(window[0], min(window[1], now_ms), layers):
        order = max(ordered, key=_order_rank) if ordered else None
        here = _Here(states_here[0] if states_here else None, breaks, sorted(halts, key=_halt_rank), order)
        what = _owned(here, policy) if inside else _unscheduled(here)
        if what is None:
            continue
        if owned and owned[-1][1] == since and owned[-1][2] == what:
            owned[-1] = (owned[-1][0], until, what)
        else:
            owned.append((since, until, what))
    return [Owned(since, until, *what) for since, until, what in owned]


def _halts(stops: Iterable[StopSpan]) -> Iterable[tuple[int, int, _Halt]]:
    for stop in stops:
        if stop.end_ms is None:
            continue
        halt = _Halt(stop.start_ms, stop.klass, stop.reason, stop.manual, stop.end_ms - stop.start_ms)
        limit = stop.end_ms
        if stop.klass == "planned" and stop.planned_limit_ms is not None:
            limit = min(stop.end_ms, stop.start_ms + stop.planned_limit_ms)
        yield stop.start_ms, limit, halt
        yield limit, stop.end_ms, halt._replace(klass="overrun", reason=None)


def _order_rank(span: OrderSpan) -> tuple[int, str, str, str, bool]:
    return span.start_ms, span.order, span.item, span.phase, span.excluded


def _halt_rank(halt: _Halt) -> tuple[int, str, str, bool, int]:
    return halt.start_ms, halt.klass or "", halt.reason or "", halt.manual, halt.event_ms


def _unscheduled(here: _Here) -> _What | None:
    if here.seen is None or here.seen.kind is not Kind.RUN:
        return None
    return _what(Owner.UNSCHEDULED_RUN, here, (None, None))


def _owned(here: _Here, policy: Policy) -> _What:
    if here.order is not None and here.order.excluded:
        return _what(Owner.PLANNED_STOP, here, ("trial", "trial"))
    claims = _claims(here, policy)
    for claim in policy.precedence:
        if claim in claims:
            return _what(_OWNER_OF[claim], here, claims[claim])
    return _what(Owner.UNKNOWN, here, (None, None))


def _what(owner: Owner, here: _Here, why: tuple[str | None, str | None]) -> _What:
    seen, order = here.seen, here.order
    return (
        owner,
        seen.state if seen else None,
        why[0],
        order.order if order else None,
        order.item if order else None,
        seen.kind if seen else Kind.UNKNOWN,
        why[1],
        bool(here.breaks) or any(halt.klass == "planned" for halt in here.halts),
    )


def _claims(here: _Here, policy: Policy) -> _Claims:
    """Everything that claims this instant; `setdefault` keeps the first: breaks, then stops, then the bare state."""
    claims: _Claims = {}
    kind = here.seen.kind if here.seen else Kind.UNKNOWN
    lost = _lost_claim(here, policy)
    if kind is Kind.RUN:
        claims[Claim.RUN] = (None, None)
    if here.breaks:
        claims[Claim.PLANNED_STOP] = (min(here.breaks), "break")
    for halt in here.halts:
        claim = lost if halt.klass == "unplanned" or (halt.klass is None and halt.manual) else _SAID.get(halt.klass)
        if claim is not None:
            claims.setdefault(claim, (halt.reason, halt.klass))
    if kind is Kind.SETUP or (here.order is not None and here.order.phase == "setup"):
        claims.setdefault(Claim.SETUP, (None, "changeover"))
    if kind is Kind.DOWN or (kind in (Kind.IDLE, Kind.WAITING) and here.order is not None):
        claims.setdefault(lost, (None, None))
    if kind in (Kind.DOWN, Kind.IDLE, Kind.WAITING) and here.order is None:
        claims[Claim.NO_ORDER] = (None, None)
    return claims


_SAID: dict[str | None, Claim] = {
    "planned": Claim.PLANNED_STOP,
    "overrun": Claim.UNPLANNED_STOP,
    "failure": Claim.FAILURE,
    "changeover": Claim.SETUP,
}


def _lost_claim(here: _Here, policy: Policy) -> Claim:
    """Micro-stop iff the whole event (standstill and stops, not their part in this window) is short (R16)."""
    events = [halt.event_ms for halt in here.halts if halt.klass in (None, "unplanned")]
    events += [here.seen.event_ms] if here.seen else []
    return Claim.MICRO_STOP if max(events, default=0) < policy.micro_threshold_ms else Claim.UNPLANNED_STOP
