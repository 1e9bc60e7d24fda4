"""The same weeks under other policies, side by side: what a change of policy would move, before anyone makes it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mes.oee.elements import Elements, add_up
from mes.oee.facts import WindowFacts, window_facts
from mes.oee.formulas import Kpi, kpi_of_parts
from mes.oee.line import LineResult, line_sum
from mes.oee.line_facts import line_result, parts_read, unit_of
from mes.oee.places import Place
from mes.oee.policy import Policy
from mes.plant.models import WorkCenter
from mes.tracking.models import StateInterval

MOST_STATES = 30_000  # a busy line's month: some 2.5 s of a core, and 2 s more for each other threshold
Window = tuple[datetime, datetime]


class TooMuch(Exception):
    """More was stored in that time than can be read anew while a person waits; the text says what to choose."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A window read by one policy. `policy` None: the ones in force. `elements`: the place's, `moved`: over machines.

    `moved` holds the sum of the machines' times, so that minutes that change their owner balance to zero.
    """

    name: str
    policy: Policy | None
    kpi: Kpi
    elements: Elements
    moved: Elements
    labels: tuple[str, ...]


def simulate(place: Place, window: Window, policies: Sequence[tuple[Policy, bool]], *, now: datetime) -> list[Reading]:
    """The window as it is read now, then by each policy; True beside one: machines keep their own thresholds.

    Raises TooMuch where the states stored in the window are more than 30,000.
    """
    if not fits(place.work_centers, window):
        raise TooMuch("Too much happened in this time to read it anew at once: choose one machine or fewer days.")
    end = max(min(window[1], now), window[0])
    span = (window[0], end)
    real = window_facts(place.work_centers, *span, now=now)
    found = [_reading("", None, place, real, span)]
    thresholds = {wc.code: real[wc.code].policy.micro_threshold_ms for wc in place.work_centers}
    for policy, own_thresholds in policies:
        facts: dict[str, WindowFacts] = {}
        anew: dict[Policy, list[WorkCenter]] = defaultdict(list)
        for wc in place.work_centers:
            limit_ms = thresholds[wc.code] if own_thresholds else policy.micro_threshold_ms
            wanted = replace(policy, micro_threshold_ms=limit_ms)
            parts = real[wc.code].parts
            if all(own.ownership == wanted.ownership for _, own in parts):
                facts[wc.code] = replace(real[wc.code], parts=tuple((part, wanted) for part, _ in parts), policy=wanted)
            else:
                anew[wanted].append(wc)
        for wanted, machines in anew.items():
            facts |= window_facts(machines, *span, now=now, policy=wanted)
        found.append(_reading(policy.name, policy, place, facts, span))
    return found


def fits(machines: Sequence[WorkCenter], window: Window) -> bool:
    """Whether so little is stored of the window that it can be read anew while a person waits."""
    stored = StateInterval.objects.filter(work_center__in=machines, starts_at__lt=window[1], starts_at__gte=window[0])
    return stored[: MOST_STATES + 1].count() <= MOST_STATES


def _reading(name: str, policy: Policy | None, place: Place, facts: dict[str, WindowFacts], window: Window) -> Reading:
    result = _result(place, facts, window, policy)
    labels = dict.fromkeys(own.label for wc in place.work_centers for _, own in facts[wc.code].parts)
    moved = add_up(facts[wc.code].elements for wc in place.work_centers)
    return Reading(name, policy, result.kpi, result.elements, moved, tuple(labels))


def _result(place: Place, facts: dict[str, WindowFacts], window: Window, policy: Policy | None) -> LineResult:
    if place.kind == "work_center":
        parts = tuple(parts_read(facts[place.code].parts, policy))
        said = kpi_of_parts(parts, where=place.code, in_turn=True)
        return LineResult(facts[place.code].elements, said, parts=parts)
    lines = [(line_result(line, wcs, facts, window, policy), wcs) for line, wcs in place.lines]
    if place.kind == "line":
        return lines[0][0]
    units = ["+".join(sorted({unit_of(facts[wc.code]) for wc in wcs})) for _, wcs in lines]
    return line_sum([(unit, line.parts) for unit, (line, _) in zip(units, lines, strict=True)], where=place.code)
