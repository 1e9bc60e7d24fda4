"""An order of the ERP in our terms: item, line, quantity, operations and materials, by the mappings in force."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.db.models import Q
from django.utils.translation import gettext as _

from erp_sync.errors import MappingMissing
from erp_sync.inbound.units import DIGITS, Measure
from erp_sync.messages import MaterialUse, OperationsRequest, SegmentRequirement
from erp_sync.models import ErpConnection, ErpMapping
from mes.plant.models import Line, Site, WorkCenter
from mes.production.models import Item, Pool
from mes.production.operations import StepGiven
from mes.production.supply import MaterialGiven

Kind = ErpMapping.Kind
Place = Line | WorkCenter | Pool
T = TypeVar("T")
APART = "-"
"""Mapped to this: the ERP's item or work center is none of Millwright's business, and nobody waits for it."""


class UnitMismatch(MappingMissing):
    """The ERP's unit has a counterpart, but the item is counted in another kind of unit here."""


@dataclass(slots=True)
class Mapped:
    """An order as it would be here. `missing` is empty, or the order waits."""

    item: Item | None = None
    line: Line | None = None
    measure: Measure | None = None
    steps: tuple[StepGiven, ...] = ()
    materials: tuple[MaterialGiven, ...] = ()
    missing: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""

    @property
    def complete(self) -> bool:
        """Whether it can be applied."""
        return not self.missing and not self.problem

    def words(self) -> str:
        """What the planner must map or mend; empty where nothing is missing."""
        if self.missing:
            named = ", ".join(f"{Kind(kind).label.lower()} {code}" for kind, code in dict.fromkeys(self.missing))
            return _("Not mapped yet: %(named)s. Say what they are here, then the order comes in.") % {"named": named}
        return self.problem


class Mappings:
    """The mappings of a connection at an instant, read once for many orders."""

    def __init__(self, connection: ErpConnection, at: datetime) -> None:
        """Reads the mappings in force at `at`, and what they lead to."""
        rows = ErpMapping.objects.filter(connection=connection, valid_from__lte=at)
        rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=at))
        self.rows: dict[tuple[str, str], ErpMapping] = {(row.kind, row.ext_key): row for row in rows}
        by_kind: dict[str, set[str]] = {}
        for row in self.rows.values():
            by_kind.setdefault(row.kind, set()).add(row.mes_code)
        self.items = {item.code: item for item in Item.objects.filter(code__in=by_kind.get(Kind.ITEM, ()))}
        places = by_kind.get(Kind.WORK_CENTER, set())
        here = Q(line__area__site=connection.site)
        lines = Line.objects.filter(code__in=places, area__site=connection.site).select_related("area__site")
        self.lines = {line.code: line for line in lines}
        machines = WorkCenter.objects.filter(here, code__in=places).select_related("line__area__site")
        self.machines = {machine.code: machine for machine in machines}
        pools = Pool.objects.filter(here, code__in=places).select_related("line__area__site")
        self.pools = {pool.code: pool for pool in pools}
        self.sites = {site.code: site for site in Site.objects.filter(code__in=by_kind.get(Kind.SITE, ()))}
        self.site = connection.site

    def code(self, kind: str, ext_key: str) -> str:
        """Our code for one of the ERP's. Raises MappingMissing."""
        row = self.rows.get((kind, ext_key))
        if row is None:
            said = _("%(kind)s %(code)s of the ERP has no counterpart here: map it.")
            raise MappingMissing(said % {"kind": Kind(kind).label, "code": ext_key}, kind=kind, code=ext_key)
        return row.mes_code

    def item(self, ext_key: str) -> Item | None:
        """Our item for the ERP's; None where it is none of ours (`APART`). Raises MappingMissing."""
        code = self.code(Kind.ITEM, ext_key)
        if code == APART:
            return None
        if code not in self.items:
            raise MappingMissing(
                _("Item %(code)s does not exist here (any more): map the ERP's %(ext)s anew.")
                % {"code": code, "ext": ext_key},
                kind=Kind.ITEM,
                code=ext_key,
            )
        return self.items[code]

    def unit(self, unit: str, ext_item: str) -> ErpMapping:
        """What the ERP's unit is here. `unit of item` (a pallet of this item) goes before the unit alone.

        Raises MappingMissing.
        """
        row = self.rows.get((Kind.UNIT, f"{unit} of {ext_item}")) or self.rows.get((Kind.UNIT, unit))
        if row is None:
            said = _("Unit %(code)s of the ERP has no counterpart here: map it.")
            raise MappingMissing(said % {"code": unit}, kind=Kind.UNIT, code=unit)
        return row

    def measure(self, unit: str, item: Item, ext_item: str) -> Measure:
        """The ERP's unit in terms of the item's.

        Raises MappingMissing, and UnitMismatch for a unit of another kind than the item is counted in.
        """
        row = self.unit(unit, ext_item)
        if row.mes_code != item.unit:
            said = _(
                "%(item)s is counted in %(unit)s here, but the ERP orders it in %(ext)s, which is %(mes)s: "
                'map the unit for this item ("%(ext)s of %(item)s").'
            )
            words = {"item": ext_item, "unit": item.unit, "ext": unit, "mes": row.mes_code}
            raise UnitMismatch(said % words, kind=Kind.UNIT, code=unit)
        return Measure(unit, row.mes_code, row.factor or Decimal(1), DIGITS if row.digits is None else row.digits)

    def place(self, ext_key: str) -> Place | None:
        """The line, machine or pool of the ERP's work center; None where it is none of ours. Raises MappingMissing."""
        code = self.code(Kind.WORK_CENTER, ext_key)
        if code == APART:
            return None
        found = self.lines.get(code) or self.machines.get(code) or self.pools.get(code)
        if found is None:
            said = _("%(code)s is no line or machine of this site (any more): map the ERP's %(ext)s anew.")
            raise MappingMissing(said % {"code": code, "ext": ext_key}, kind=Kind.WORK_CENTER, code=ext_key)
        return found

    def site_of(self, ext_key: str) -> Site | None:
        """The site of the ERP's warehouse; the connection's own where the ERP names none. Raises MappingMissing."""
        if not ext_key:
            return self.site
        code = self.code(Kind.SITE, ext_key)
        return None if code == APART else self.sites.get(code)


def mapped(request: OperationsRequest, mappings: Mappings, *, default_line: str = "") -> Mapped:
    """The order in our terms, with everything that is missing named at once.

    The line is that of the order's work center, else of its operations, else `default_line` (our code). Operations
    become ours where the line runs its orders machine by machine; a line that runs them as a whole has none.
    """
    found = Mapped()
    found.item = _try(found, mappings.item, request.item)
    if found.item is not None:
        found.measure = _try(found, mappings.measure, request.quantity.unit, found.item, request.item)
    elif found.missing:
        _try(found, mappings.unit, request.quantity.unit, request.item)
    else:
        said = _("Item %(code)s is mapped to nothing: orders of it are not made here.")
        found.problem = said % {"code": request.item}
    codes = dict.fromkeys(segment.work_center for segment in request.segments if segment.work_center)
    places: dict[str, Place | None] = {code: _try(found, mappings.place, code) for code in codes}
    found.line = _line(found, request, mappings, places, default_line)
    if found.line is not None and found.line.orders_run_on == "work-center":
        found.steps = _steps(request.segments, places, found.line)
    found.materials = _materials(found, request, mappings)
    return found


def _try(found: Mapped, ask: Callable[..., T], *about: object) -> T | None:
    """The answer, or None after noting what is missing."""
    try:
        return ask(*about)
    except UnitMismatch as error:
        found.problem = found.problem or str(error)
    except MappingMissing as error:
        found.missing.append((error.kind, error.code))
    return None


def _line(
    found: Mapped, request: OperationsRequest, mappings: Mappings, places: dict[str, Place | None], default_line: str
) -> Line | None:
    if request.work_center:
        place: Place | None = _try(found, mappings.place, request.work_center)
        if place is None and not found.missing:
            said = _("%(code)s is mapped to nothing: its orders are not made here.")
            found.problem = found.problem or said % {"code": request.work_center}
        return _line_of(place)
    lines = [line for line in map(_line_of, places.values()) if line is not None]
    if lines:
        return max(lines, key=lines.count)
    fallback = Line.objects.filter(code=default_line, area__site=mappings.site).select_related("area__site").first()
    if fallback is None and not found.missing:
        said = _("The ERP does not say on which line it is made: give the connection a line for such orders.")
        found.problem = found.problem or said
    return fallback


def _line_of(place: Place | None) -> Line | None:
    return place if isinstance(place, Line) or place is None else place.line


def _steps(
    segments: Iterable[SegmentRequirement], places: dict[str, Place | None], line: Line
) -> tuple[StepGiven, ...]:
    """The operations that run on machines of the line; those elsewhere are not this order's here."""
    steps: list[StepGiven] = []
    for segment in segments:
        place = places.get(segment.work_center)
        if place is None or isinstance(place, Line) or place.line_id != line.pk:
            continue
        steps.append(
            StepGiven(
                sequence=segment.sequence,
                name=(segment.name or segment.code)[:120],
                work_center=place if isinstance(place, WorkCenter) else None,
                pool=place if isinstance(place, Pool) else None,
                ideal_cycle_s=segment.cycle_s or None,
                setup_min=(segment.setup_s or 0) // 60,
            )
        )
    return tuple(sorted(steps, key=lambda step: step.sequence))


def _materials(found: Mapped, request: OperationsRequest, mappings: Mappings) -> tuple[MaterialGiven, ...]:
    totals: dict[str, tuple[Item, Decimal]] = {}
    for material in request.materials:
        if material.use is not MaterialUse.CONSUMED:
            continue
        before = len(found.missing)
        item = _try(found, mappings.item, material.item)
        if material.quantity is None or material.quantity.value <= 0:
            continue
        if item is None:
            if len(found.missing) > before:
                _try(found, mappings.unit, material.quantity.unit, material.item)
            continue
        measure = _try(found, mappings.measure, material.quantity.unit, item, material.item)
        if measure is not None:
            so_far = totals.get(item.code, (item, Decimal(0)))[1]
            totals[item.code] = (item, so_far + measure.to_mes(material.quantity.value))
    return tuple(MaterialGiven(item=item, total=total) for item, total in totals.values() if total > 0)
