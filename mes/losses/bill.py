"""The bill of a place and time: what its machines lost, in money. The one door for pages, shift and API."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from mes.losses.money import Bill, Lost, machine_losses, time_cost
from mes.losses.rates import currencies_of, rates_of
from mes.losses.stop_minutes import stop_minutes
from mes.oee.elements import Elements
from mes.oee.figures import figures_by
from mes.oee.places import machine_place
from mes.plant.models import WorkCenter


@dataclass(frozen=True, slots=True)
class ReasonCost:
    """Stops with one reason: milliseconds in planned time, how many began, and what their time cost (None: unknown)."""

    reason: str
    name: str
    lost_ms: int
    stops: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Costs:
    """A bill with its currency ("" where none is set or sites differ) and what stands in the way of a total."""

    bill: Bill
    currency: str
    notes: tuple[str, ...]


def costs_of(work_centers: Sequence[WorkCenter], start: datetime, end: datetime, *, now: datetime) -> Costs:
    """What these machines lost in [start, min(end, now)), priced by the rates in force at each time.

    Two or three queries a machine and rate. Machines need `line__area__site` at hand. A machine that lost nothing needs
    no rate; a loss without one is listed with cost None, and then there is no total.
    """
    until = max(start, min(end, now))
    rates = rates_of(work_centers, until)
    found: list[Lost] = []
    for since, before in rates.cuts(start, until) if until > start else []:
        for wc in work_centers:
            by_item: dict[str | None, Elements] = defaultdict(Elements)
            for figure in figures_by(machine_place(wc), "item", (since, before), now=now):
                by_item[figure.key["item"]] += figure.elements or Elements()
            per_piece = rates.per_piece(wc.line.area.site_id, since)
            found += machine_losses(wc.code, by_item, per_hour=rates.per_hour(wc.pk, since), per_piece=per_piece)
    currencies = currencies_of(work_centers)
    bill = Bill(tuple(_summed(found)), tuple(_missing(found, currencies)))
    return Costs(bill, currencies.pop() if len(currencies) == 1 else "", bill.missing)


def costs_by_reason(
    work_centers: Sequence[WorkCenter], start: datetime, end: datetime, *, now: datetime
) -> list[ReasonCost]:
    """What stops cost by reason, the dearest first, unknown ones before all: they ask for a rate.

    Minutes as on the Stops page (`stop_minutes`): in planned time, planned stops left out. Raises TooMuch as it does.
    """
    until = max(start, min(end, now))
    rates = rates_of(work_centers, until)
    ids = {wc.code: wc.pk for wc in work_centers}
    names: dict[str, str] = {}
    sums: dict[str, list[Decimal | None]] = defaultdict(list)
    lost_ms: dict[str, int] = defaultdict(int)
    begun: dict[str, int] = defaultdict(int)
    for since, before in rates.cuts(start, until) if until > start else []:
        for lost in stop_minutes(work_centers, since, before, now=now):
            names[lost.reason] = lost.reason_name
            lost_ms[lost.reason] += lost.lost_ms
            begun[lost.reason] += lost.stops
            sums[lost.reason].append(time_cost(lost.lost_ms, rates.per_hour(ids[lost.machine], since)))
    rows = [ReasonCost(key, names[key], lost_ms[key], begun[key], _sum(sums[key])) for key in names]
    return sorted(rows, key=lambda row: (row.cost is not None, -(row.cost or 0), row.reason))


def _summed(found: Sequence[Lost]) -> list[Lost]:
    """One row per machine, kind and item, however many rates there were."""
    rows: dict[tuple[str, str, str], list[Lost]] = defaultdict(list)
    for lost in found:
        rows[lost.machine, lost.kind, lost.of].append(lost)
    return [
        Lost(*key, sum((row.amount for row in same), Decimal(0)), _sum([row.cost for row in same]))
        for key, same in rows.items()
    ]


def _sum(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def _missing(found: Sequence[Lost], currencies: set[str]) -> list[str]:
    said = set()
    for lost in found:
        if lost.cost is not None:
            continue
        if lost.kind == "scrap":
            said.add(_("No cost of a piece of %(item)s is set.") % {"item": lost.of or _("no item")})
        elif lost.kind == "reduced_speed" and not lost.amount:
            said.add(
                _("%(machine)s has no ideal cycle for %(item)s, so what its speed cost is unknown.")
                % {"machine": lost.machine, "item": lost.of or _("no item")}
            )
        else:
            said.add(_("No cost of an hour of %(machine)s is set.") % {"machine": lost.machine})
    if len(currencies) > 1:
        said.add(_("The sites reckon in different currencies: look at one of them."))
    return sorted(said)
