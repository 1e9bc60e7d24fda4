"""Stock of the ERP, of items and lots, on hand and expected, as of its own clock; older words never replace newer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from erp_sync.connections import opened
from erp_sync.errors import MappingMissing
from erp_sync.inbound.apply import Outcome, actor_of
from erp_sync.inbound.mapped import Mappings
from erp_sync.inbound.runs import Flight, flight
from erp_sync.messages import Capability, StockStatement
from erp_sync.models import ErpConnection, ErpLot, ErpMapping, SyncRun
from mes.plant.models import Site
from mes.production.models import Item
from mes.production.supply import stock_say


@dataclass(slots=True)
class Level:
    """What the ERP said of one item (or lot) at one site, in our unit."""

    item: Item
    site: Site
    lot: str
    on_hand: Decimal
    as_of: datetime
    expected: Decimal | None = None
    expected_at: datetime | None = None
    expires_on: str = ""


def pull_stock(connection: ErpConnection, now: datetime) -> SyncRun | None:
    """Asks for the stock of every mapped item and says it here. None while another such run is under way.

    An item's own statement is its stock; where the ERP only tells of lots, their sum is. Items or sites that are not
    mapped are counted as failed and named in the run.
    """
    if connection.state != ErpConnection.State.LIVE:
        return None
    with flight(connection, SyncRun.Kind.STOCK, now) as held:
        if held is None:
            return None
        mappings = Mappings(connection, now)
        items = sorted(key for kind, key in mappings.rows if kind == ErpMapping.Kind.ITEM)
        with opened(connection) as erp:
            if Capability.PULL_STOCK not in erp.capabilities() or not items:
                return held.run
            said = list(erp.pull_stock(items))
        held.renew()
        stock_apply(connection, said, mappings, held, now)
    return held.run


def stock_apply(
    connection: ErpConnection, said: Iterable[StockStatement], mappings: Mappings, held: Flight, now: datetime
) -> None:
    """Says what came: items to `StockLevel`, lots to `ErpLot`."""
    levels = [level for one in said if (level := _level(connection, one, mappings, held, now)) is not None]
    for level in levels:
        if level.lot:
            held.count(Outcome.CHANGED if _lot_say(connection, level) else Outcome.UNCHANGED)
    for whole in _wholes(levels):
        changed = stock_say(
            item=whole.item,
            site=whole.site,
            on_hand=whole.on_hand,
            as_of=whole.as_of,
            source=connection.code,
            expected_quantity=whole.expected,
            expected_at=whole.expected_at,
            actor=actor_of(connection),
            at=now,
        )
        held.count(Outcome.CHANGED if changed else Outcome.UNCHANGED)


def _level(
    connection: ErpConnection, said: StockStatement, mappings: Mappings, held: Flight, now: datetime
) -> Level | None:
    try:
        item, site = mappings.item(said.item), mappings.site_of(said.site)
        if item is None or site is None:
            return None
        measure = mappings.measure(said.on_hand.unit, item, said.item)
        expected = None
        if said.expected is not None:
            expected = mappings.measure(said.expected.unit, item, said.item).to_mes(said.expected.value)
        on_hand = measure.to_mes(said.on_hand.value)
    except (MappingMissing, ArithmeticError) as error:
        held.count(Outcome.FAILED)
        held.run.error = _("Stock of %(item)s: %(why)s") % {"item": said.item[:60], "why": str(error)[:800]}
        return None
    # An ERP that does not tell its time was asked just now; its clock is ours and what it is ahead.
    as_of = said.as_of or now + timedelta(seconds=connection.clock_skew_s or 0)
    return Level(item, site, said.lot[:120], on_hand, as_of, expected, said.expected_at, said.expires_on[:10])


def _wholes(levels: list[Level]) -> list[Level]:
    """One level per item and site: what the ERP said of the whole, else the sum of its lots."""
    told = {(level.item.pk, level.site.pk): level for level in levels if not level.lot}
    summed: dict[tuple[int, int], Level] = {}
    for level in levels:
        about = (level.item.pk, level.site.pk)
        if about in told:
            continue
        so_far = summed.setdefault(about, Level(level.item, level.site, "", Decimal(0), level.as_of))
        so_far.on_hand += level.on_hand
        so_far.as_of = max(so_far.as_of, level.as_of)
        if level.expected is not None:
            so_far.expected = (so_far.expected or Decimal(0)) + level.expected
            times = [when for when in (so_far.expected_at, level.expected_at) if when is not None]
            so_far.expected_at = min(times, default=None)
    return [*told.values(), *summed.values()]


def _lot_say(connection: ErpConnection, level: Level) -> bool:
    """Whether this is news of the lot."""
    about: dict[str, Any] = {"connection": connection, "item": level.item, "site": level.site, "number": level.lot}
    values: dict[str, Any] = {
        "on_hand": level.on_hand,
        "expected_quantity": level.expected,
        "expected_at": level.expected_at,
        "expires_on": level.expires_on,
        "as_of": level.as_of,
    }
    with transaction.atomic():
        _lot, made = ErpLot.objects.get_or_create(**about, defaults=values)
        return made or bool(ErpLot.objects.filter(**about, as_of__lt=level.as_of).update(**values))
