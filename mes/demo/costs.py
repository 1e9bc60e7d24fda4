"""The demo's costs: what an hour of each machine and a scrapped piece cost, from before its story on."""

from datetime import datetime, timedelta
from decimal import Decimal

from mes.losses.rates import currency_set, item_cost_set, rate_set
from mes.plant.models import Site, WorkCenter
from mes.production.models import Item

PER_HOUR, PER_PIECE = Decimal(95), Decimal("0.12")
BEFORE = timedelta(days=60)


def costs_write(*, now: datetime, actor: str) -> None:
    """Writes rates that hold from long before `now`, in a transaction of the caller. Said again it changes nothing."""
    begin = now - BEFORE
    for site in Site.objects.order_by("code"):
        currency_set(site=site, code="EUR", actor=actor, at=now)
        for item in Item.objects.order_by("code"):
            item_cost_set(item=item, site=site, per_piece=PER_PIECE, valid_from=begin, actor=actor, at=now)
    for position, place in enumerate(WorkCenter.objects.order_by("code")):
        rate_set(work_center=place, per_hour=PER_HOUR + 5 * position, valid_from=begin, actor=actor, at=now)
