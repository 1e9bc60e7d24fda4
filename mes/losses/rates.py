"""What an hour and a piece cost: setting it from an instant on, and what was in force when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.losses.models import CURRENCY, CostRate, ItemCost, SiteCurrency
from mes.plant.models import Site, WorkCenter
from mes.production.models import Item

MOST = Decimal(10_000_000)


class CostRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of machines and costs of items (by id), each as (valid_from, amount) in order of time."""

    machines: dict[int, list[tuple[datetime, Decimal]]]
    items: dict[tuple[int, str], list[tuple[datetime, Decimal]]]  # (site, item code)

    def per_hour(self, machine: int, at: datetime) -> Decimal | None:
        """What an hour costs at an instant; None where nobody said."""
        return _at(self.machines.get(machine, []), at)

    def per_piece(self, site: int, at: datetime) -> dict[str, Decimal]:
        """Item code to what a piece costs at a site at an instant."""
        found = {code: _at(rows, at) for (place, code), rows in self.items.items() if place == site}
        return {code: each for code, each in found.items() if each is not None}

    def cuts(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """[start, end) cut where any of them changes."""
        begins = {since for rows in (*self.machines.values(), *self.items.values()) for since, _amount in rows}
        return list(pairwise([start, *sorted(at for at in begins if start < at < end), end]))


def rates_of(work_centers: Sequence[WorkCenter], until: datetime) -> Rates:
    """Everything that was set for these machines and their sites to begin before `until`. Two queries."""
    machines: dict[int, list[tuple[datetime, Decimal]]] = {}
    rows = CostRate.objects.filter(work_center__in=work_centers, valid_from__lt=until).order_by("valid_from")
    for machine, since, amount in rows.values_list("work_center", "valid_from", "per_hour"):
        machines.setdefault(machine, []).append((since, amount))
    items: dict[tuple[int, str], list[tuple[datetime, Decimal]]] = {}
    sites = {wc.line.area.site_id for wc in work_centers}
    costs = ItemCost.objects.filter(site__in=sites, valid_from__lt=until).order_by("valid_from")
    for site, code, since, amount in costs.values_list("site", "item__code", "valid_from", "per_piece"):
        items.setdefault((site, code), []).append((since, amount))
    return Rates(machines, items)


def currencies_of(work_centers: Iterable[WorkCenter]) -> set[str]:
    """The currencies of the machines' sites; "" stands for a site that has none."""
    sites = {wc.line.area.site_id for wc in work_centers}
    known = dict(SiteCurrency.objects.filter(site__in=sites).values_list("site", "code"))
    return {known.get(site, "") for site in sites}


def currency_set(*, site: Site, code: str, actor: str, at: datetime) -> bool:
    """The site reckons in this currency (ISO 4217). True if this call changed it. CostRefused for anything else."""
    try:
        CURRENCY(code)
    except ValidationError as wrong:
        raise CostRefused(_("A currency is three capital letters: write for example EUR, USD or MXN.")) from wrong
    with transaction.atomic():
        row, made = SiteCurrency.objects.get_or_create(site=site, defaults={"code": code})
        if not made and not SiteCurrency.objects.filter(pk=row.pk).exclude(code=code).update(code=code):
            return False
        data = {"before": "" if made else row.code, "after": code}
        record(actor=actor, at=at, action="currency_set", kind="site", code=site.code, data=data)
        return True


def rate_set(
    *, work_center: WorkCenter, per_hour: Decimal, valid_from: datetime, actor: str, at: datetime, why: str = ""
) -> CostRate:
    """An hour of the machine costs so much from an instant on, which may lie in the past: costs are reckoned anew.

    Said twice it is stored once. CostRefused below 0, above ten million, and where another rate begins at that instant.
    """
    fields = {"work_center": work_center, "valid_from": valid_from}
    return _set(CostRate, fields, "per_hour", per_hour, ("work-center", work_center.code, {}), why, actor, at)


def item_cost_set(
    *, item: Item, site: Site, per_piece: Decimal, valid_from: datetime, actor: str, at: datetime, why: str = ""
) -> ItemCost:
    """A scrapped piece of the item costs so much at a site from an instant on; as `rate_set` otherwise."""
    fields = {"item": item, "site": site, "valid_from": valid_from}
    return _set(ItemCost, fields, "per_piece", per_piece, ("item", item.code, {"site": site.code}), why, actor, at)


def _set(
    model: type[models.Model],
    fields: dict[str, Any],
    name: str,
    amount: Decimal,
    subject: tuple[str, str, dict[str, Any]],
    why: str,
    actor: str,
    at: datetime,
) -> Any:
    if not (amount.is_finite() and 0 <= amount <= MOST and amount == amount.quantize(Decimal("0.0001"))):
        raise CostRefused(_("A cost is 0 to 10,000,000 with at most four decimals."))
    kind, code, more = subject
    try:
        with transaction.atomic():
            made = model._default_manager.create(**fields, **{name: amount})
            data = more | {"after": amount, "valid_from": fields["valid_from"], "why": why[:200]}
            record(actor=actor, at=at, action="cost_set", kind=kind, code=code, data=data)
            return made
    except IntegrityError as taken:
        known = model._default_manager.filter(**fields).first()
        if known is not None and getattr(known, name) == amount:
            return known
        raise CostRefused(_("Another cost begins at that instant: choose a later begin.")) from taken


def _at(rows: list[tuple[datetime, Decimal]], at: datetime) -> Decimal | None:
    held = [amount for since, amount in rows if since <= at]
    return held[-1] if held else None
