"""The one door to figures of any place and time: pages, API, exports and commands ask here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mes.oee.elements import Elements
from mes.oee.facts import WindowFacts, facts_by_window
from mes.oee.formulas import Kpi, kpi, kpi_of_parts
from mes.oee.line import LineResult, line_sum
from mes.oee.line_facts import line_result, parts_read, unit_of
from mes.oee.parts_of_time import BY_CONTENT, BY_TIME, by_content, windows_of
from mes.oee.places import Place, machine_place, read_by
from mes.oee.policy import Policy
from mes.plant.models import WorkCenter

__all__ = ["BY_CONTENT", "BY_TIME", "Figure", "Place", "figures", "figures_by"]
Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Figure:
    """What a place did in [start, end), `end` not after now. `key` says which part of a larger time it is.

    `elements` is None where nothing was reported yet (as_of); then every KPI is None and a note says so.
    `bottlenecks`: of a serial line, (item, machine) pairs.
    """

    start: datetime
    end: datetime
    elements: Elements | None
    kpi: Kpi
    policy: Policy
    key: dict[str, Any] = field(default_factory=dict)
    bottlenecks: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[Elements, Policy], ...] = ()


def figures(
    place: Place,
    windows: Sequence[Window],
    *,
    now: datetime,
    policy: Policy | None = None,
    as_of: datetime | None = None,
) -> list[Figure]:
    """One figure per window, cut at `now`, in a fixed number of queries for any number of windows.

    `policy` reads the same time otherwise (the micro-stop threshold stays the place's own). `as_of`: as it was reported
    then. Raises ValueError for a place without machines.
    """
    if not place.work_centers:
        raise ValueError(f"{place.kind} {place.code} has no machines: there is nothing to figure.")
    found = []
    for (start, end), facts in zip(windows, facts_by_window(place.work_centers, windows, now=now), strict=True):
        until = max(min(end, now), start)
        result, read = _result(place, facts, (start, until), policy)
        found.append(
            Figure(
                start,
                until,
                result.elements,
                result.kpi,
                read,
                bottlenecks=result.bottlenecks if place.kind == "line" else (),
                parts=result.parts,
            )
        )
    return found


def figures_by(
    place: Place,
    group: str,
    window: Window,
    *,
    now: datetime,
    policy: Policy | None = None,
    as_of: datetime | None = None,
) -> list[Figure]:
    """The parts of a window by shift, hour, day, order or item, each with its `key`, in order, without empty ones.

    Hours are clock hours of UTC, days are the site's. By order and item: one machine only (ValueError otherwise).
    """
    if group in BY_TIME:
        named = windows_of(place, group, *window)
        found = figures(place, [part for _, part in named], now=now, policy=policy, as_of=as_of)
        return [replace(figure, key=key) for figure, (key, _) in zip(found, named, strict=True)]
    if place.kind != "work_center":
        raise ValueError(f"By {group} for one machine only: an order takes different times on each.")
    until = max(min(window[1], now), window[0])
    facts, parts = by_content(place, group, (window[0], until), now=now)
    read = read_by(policy, facts.policy)
    return [
        Figure(window[0], until, part, kpi(part, read, where=place.code), read, {group: key}, parts=((part, read),))
        for key, part in parts
    ]


def machine_figure(work_center: WorkCenter, window: Window, *, now: datetime) -> Figure:
    """The figure of one machine and window."""
    return figures(machine_place(work_center), [window], now=now)[0]


def _result(
    place: Place, facts: dict[str, WindowFacts], window: Window, policy: Policy | None
) -> tuple[LineResult, Policy]:
    first = next(iter(facts.values()))
    read = read_by(policy, first.policy)
    chosen = None if policy is None else read
    if place.kind == "work_center":
        parts = tuple(parts_read(first.parts, chosen))
        said = kpi_of_parts(parts, where=place.code, in_turn=True)
        return LineResult(first.elements, said, parts=parts), read
    lines = [(line_result(line, wcs, facts, window, chosen), wcs) for line, wcs in place.lines]
    if place.kind == "line":
        return lines[0][0], lines[0][0].parts[-1][1]
    units = ["+".join(sorted({unit_of(facts[wc.code]) for wc in wcs})) for _, wcs in lines]
    return line_sum([(unit, line.parts) for unit, (line, _) in zip(units, lines, strict=True)], where=place.code), read
