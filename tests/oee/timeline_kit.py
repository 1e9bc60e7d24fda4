"""Short words for building timelines in tests: minutes in, spans out; and the worked cases with their sources."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from mes.oee.formulas import CountSpan, Elements, Kpi, elements_from, kpi
from mes.oee.policy import DEFAULT, Policy
from mes.oee.timeline import Owned, Owner, StateSpan, StopSpan, owners
from mes.tracking.states import Kind

MIN = 60_000
FAR = 10**15
NO_MICRO = replace(DEFAULT, micro_threshold_ms=0)
ISO_CASES = replace(NO_MICRO, micro_class="iso")
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "cases" / "oee-cases.json").read_text("utf-8"))["cases"]
}


def minutes(value: float) -> int:
    """Exact milliseconds of a decimal number of minutes."""
    return int(Fraction(str(value)) * MIN)


def run(start: float, end: float | None) -> StateSpan:
    return StateSpan(minutes(start), None if end is None else minutes(end), Kind.RUN, "Execute")


def down(start: float, end: float | None, state: str = "Held") -> StateSpan:
    return StateSpan(minutes(start), None if end is None else minutes(end), Kind.DOWN, state)


def state(start: float, end: float | None, kind: Kind) -> StateSpan:
    return StateSpan(minutes(start), None if end is None else minutes(end), kind, kind.value.title())


def stop(start: float, end: float | None, klass: Any = None, reason: str | None = None, **more: Any) -> StopSpan:
    return StopSpan(minutes(start), None if end is None else minutes(end), klass, reason, **more)


def made(start: float, end: float, good: int, ideal_s: str | None, scrap: int = 0, **more: Any) -> CountSpan:
    ideal = None if ideal_s is None else Decimal(ideal_s) * 1000
    return CountSpan(minutes(start), minutes(end), more.pop("item", "A"), good, scrap, ideal_cycle_ms=ideal, **more)


def own(end: float, *, start: float = 0, scheduled: Any = None, policy: Policy = NO_MICRO, **given: Any) -> list[Owned]:
    """Owners of [start, end) minutes, all of it scheduled unless said otherwise, seen from far in the future."""
    window = (minutes(start), minutes(end))
    inside = [window] if scheduled is None else [(minutes(since), minutes(until)) for since, until in scheduled]
    planned = [(minutes(since), minutes(until), name) for since, until, name in given.pop("planned", ())]
    now_ms = given.pop("now_ms", FAR)
    return owners(window, scheduled=inside, planned=planned, policy=policy, now_ms=now_ms, **given)


def spent(owned: list[Owned]) -> dict[str, float]:
    """Minutes per owner."""
    sums: dict[str, float] = {}
    for piece in owned:
        sums[piece.owner.value] = sums.get(piece.owner.value, 0) + piece.duration_ms / MIN
    return sums


def scheduled_ms(owned: list[Owned]) -> int:
    return sum(piece.duration_ms for piece in owned if piece.owner is not Owner.UNSCHEDULED_RUN)


def judged(owned: list[Owned], *counts: CountSpan, policy: Policy = NO_MICRO, **more: Any) -> tuple[Elements, Kpi]:
    elements = elements_from(owned, counts, **more)
    return elements, kpi(elements, policy)


def codes(result: Kpi) -> set[str]:
    return {note.code for note in result.notes}
