"""The one door to figures of any place and time: pages, API, exports and commands ask here.

Rolled hours and days are summed in SQL; what is not rolled (parts of hours, the last minutes, hours whose facts changed
a moment ago) is reckoned from raw rows by the same functions that roll.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mes.oee.collect import Bundle, Collected, collect
from mes.oee.elements import Elements, add_up
from mes.oee.formulas import Kpi, kpi_of_parts
from mes.oee.line import bottleneck_of, in_one_unit
from mes.oee.parts_of_time import BY_CONTENT, BY_TIME, windows_of
from mes.oee.places import Place, machine_place, read_by
from mes.oee.policies import policies_in_force
from mes.oee.policy import Policy
from mes.oee.ratios import Note
from mes.plant.models import WorkCenter
from mes.production.models import IdealCycle, Item, WorkOrder

__all__ = ["BY_CONTENT", "BY_TIME", "Figure", "Place", "figures", "figures_by", "machine_figure"]
Window = tuple[datetime, datetime]
Parts = tuple[tuple[Elements, Policy], ...]


@dataclass(frozen=True)
class Figure:
    """What a place did in [start, end), `end` not after now. `key` says which part of a larger time it is.

    `elements` is None where nothing was reported yet (as_of); then every KPI is None and a note says so.
    `bottlenecks`: of a serial line, (item, machine) pairs. `parts` add up to the elements, each with its policy (R45).
    """

    start: datetime
    end: datetime
    elements: Elements | None
    kpi: Kpi
    policy: Policy
    key: dict[str, Any] = field(default_factory=dict)
    bottlenecks: tuple[tuple[str, str], ...] = ()
    parts: Parts = ()


def figures(
    place: Place,
    windows: Sequence[Window],
    *,
    now: datetime,
    policy: Policy | None = None,
    as_of: datetime | None = None,
) -> list[Figure]:
    """One figure per window, cut at `now`, in a fixed number of queries for any number of windows.

    `policy` reads the same time otherwise (who owns an instant stays as it is). `as_of`: as it was reported then (R46).
    Raises ValueError for a place without machines.
    """
    if not place.work_centers:
        raise ValueError(f"{place.kind} {place.code} has no machines: there is nothing to figure.")
    if not windows:
        return []
    spans = [(start, max(min(end, now), start)) for start, end in windows]
    found = collect(place, spans, now=now, as_of=as_of)
    maker = _Maker(place, spans, [bundle for one in found for bundle in one.bundles.values()], policy, as_of)
    return [maker.figure(span, one, one.bundles[None]) for span, one in zip(spans, found, strict=True)]


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

    Hours are clock hours of UTC, days are the site's. What belonged to no order or item comes last, under None.
    """
    if group in BY_TIME:
        named = windows_of(place, group, *window)
        found = figures(place, [part for _, part in named], now=now, policy=policy, as_of=as_of)
        return [replace(figure, key=key) for figure, (key, _) in zip(found, named, strict=True)]
    if not place.work_centers:
        raise ValueError(f"{place.kind} {place.code} has no machines: there is nothing to figure.")
    span = (window[0], max(min(window[1], now), window[0]))
    [one] = collect(place, [span], now=now, content="order" if group == "order" else "item", as_of=as_of)
    model: Any = WorkOrder if group == "order" else Item
    field_of = "number" if group == "order" else "code"
    names = dict(model.objects.filter(pk__in=[pk for pk in one.bundles if pk]).values_list("pk", field_of))
    maker = _Maker(place, [span], list(one.bundles.values()), policy, as_of)
    parts = sorted(one.bundles.items(), key=lambda part: (part[0] is None, names.get(part[0] or 0, "")))
    made = [maker.figure(span, replace(one, bare_ms=0), bundle, {group: names.get(pk or 0)}) for pk, bundle in parts]
    return [figure for figure in made if figure.elements is None or _owns(figure.elements)]


def machine_figure(work_center: WorkCenter, window: Window, *, now: datetime) -> Figure:
    """The figure of one machine and window."""
    return figures(machine_place(work_center), [window], now=now)[0]


def _owns(elements: Elements) -> bool:
    return bool(elements.scheduled_ms or elements.total or elements.unscheduled_total or elements.unscheduled_run_ms)


class _Maker:
    """Makes figures of what was collected; items are asked for once for all of them."""

    def __init__(
        self,
        place: Place,
        spans: Sequence[Window],
        bundles: Sequence[Bundle],
        policy: Policy | None,
        as_of: datetime | None,
    ) -> None:
        self._place, self._policy, self._as_of = place, policy, as_of
        wanted = {pk for bundle in bundles for pk in (*bundle.items, *bundle.no_ideal) if pk is not None}
        self._items = Item.objects.in_bulk(wanted) if wanted else {}
        first = place.work_centers[0]
        self._default = policies_in_force([first], spans[0][0], spans[0][0])[first.pk][-1][1]
        self._cycles = self._ideals() if self._serial else []

    def figure(self, span: Window, one: Collected, bundle: Bundle, key: dict[str, Any] | None = None) -> Figure:
        """The figure of a bundle."""
        if one.unreported and self._as_of is not None:
            read = read_by(self._policy, self._default)
            said = Kpi(policy=read.name, policy_version=read.version, notes=(_unreported(one.unreported, self._as_of),))
            return Figure(*span, None, said, read, key or {})
        names = frozenset(self._items[pk].code if pk in self._items else "?" for pk in bundle.no_ideal)
        parts = self._parts(bundle, one.bare_ms, names)
        in_turn = self._place.kind == "work_center" or self._serial
        said = kpi_of_parts(parts, where=self._place.code, in_turn=in_turn)
        if self._place.kind != "work_center":
            said = in_one_unit(said, {self._items[pk].unit for pk in bundle.items}, self._place.code)
        if one.stale:
            said = replace(said, notes=(*said.notes, _STALE))
        elements = add_up(part for part, _ in parts)
        return Figure(*span, elements, said, parts[-1][1], key or {}, self._bottlenecks(span, bundle), parts)

    @property
    def _serial(self) -> bool:
        place = self._place
        return place.kind == "line" and place.lines[0][0].flow == "serial" and len(place.work_centers) > 1

    def _parts(self, bundle: Bundle, bare_ms: int, no_ideal: frozenset[str]) -> Parts:
        """Elements per policy in order of time; with another reading all by that one."""
        by_policy: dict[Policy, list[Elements]] = {}
        for _since, policy, elements in sorted(bundle.parts, key=lambda part: part[0]):
            by_policy.setdefault(policy, []).append(elements)
        if bare_ms or not by_policy:
            by_policy.setdefault(next(iter(by_policy), self._default), []).append(Elements(calendar_ms=bare_ms))
        last = list(by_policy)[-1]
        parts = [(replace(add_up(own), no_ideal_items=frozenset()), policy) for policy, own in by_policy.items()]
        parts = [
            (replace(part, no_ideal_items=no_ideal if part.no_ideal_total else frozenset()), p) for part, p in parts
        ]
        if self._policy is None:
            return tuple(parts)
        return ((add_up(part for part, _ in parts), read_by(self._policy, last)),)

    def _ideals(self) -> list[IdealCycle]:
        cycles = IdealCycle.objects.filter(work_center__in=self._place.work_centers, item__in=self._items)
        return list(cycles.select_related("item", "work_center"))

    def _bottlenecks(self, span: Window, bundle: Bundle) -> tuple[tuple[str, str], ...]:
        """Of each item that was made, the bottleneck by the ideal cycles valid at the end of the window."""
        if not self._serial:
            return ()
        ideal_ms = {
            (cycle.work_center.code, cycle.item.code): cycle.ideal_cycle_s * 1000
            for cycle in self._cycles
            if cycle.valid_from <= span[1] and (cycle.valid_to is None or span[1] < cycle.valid_to)
        }
        codes = [wc.code for wc in self._place.work_centers]
        found = [(self._items[pk].code, bottleneck_of(self._items[pk].code, ideal_ms, codes)) for pk in bundle.items]
        return tuple(sorted((item, code) for item, code in found if code is not None))


_STALE = Note("being-mended", "", "Changes of this time are being worked in: these figures do not know them all yet.")


def _unreported(why: str, as_of: datetime) -> Note:
    at = f"{as_of:%Y-%m-%d %H:%M} UTC"
    if why == "part-of-hour":
        said = f"What was reported at {at} is kept in whole hours and shifts: ask for full hours or for a shift."
        return Note("not-reported", "", said)
    return Note("not-reported", "", f"Not yet reported at {at}: not every shift of this time was closed by then.")
