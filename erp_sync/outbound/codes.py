"""What our items, units and reasons are called in the ERP: the mappings of a connection, read the other way round."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from erp_sync.inbound.units import DIGITS
from erp_sync.messages import Quantity
from erp_sync.models import ErpConnection, ErpLink, ErpMapping
from mes.downtime.models import Reason
from mes.production.models import Item

Kind = ErpMapping.Kind


class Missing(NamedTuple):
    """Something of ours has no name in the ERP; `sentence` says what to do."""

    kind: str
    code: str
    sentence: str


class Codes:
    """The mappings in force at an instant, read once for many messages. What is missing gathers in `missing`."""

    def __init__(self, connection: ErpConnection, at: datetime) -> None:
        """One query; `missing` is emptied by `begin`."""
        rows = ErpMapping.objects.filter(connection=connection, valid_from__lte=at)
        rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=at)).order_by("ext_key")
        self.units: list[ErpMapping] = []
        self.keys: dict[tuple[str, str], str] = {}
        for row in rows:
            if row.kind == Kind.UNIT:
                self.units.append(row)
            else:
                self.keys.setdefault((row.kind, row.mes_code), row.ext_key)
        self.missing: list[Missing] = []

    def begin(self) -> None:
        """Another message: nothing is missing yet."""
        self.missing = []

    def item(self, item: Item, link: ErpLink) -> str:
        """The ERP's code of an item; for the order's own item the one it was ordered by. Ours where it is missing."""
        if link.order is not None and link.order.item_id == item.pk and link.request.get("item"):
            return str(link.request["item"])
        found = self.keys.get((Kind.ITEM, item.code))
        if found is None:
            said = _("Item %(code)s is not mapped to the ERP: map it, then send this again.") % {"code": item.code}
            self.missing.append(Missing(Kind.ITEM, item.code, said))
        return found or item.code

    def quantity(self, value: Decimal, item: Item, ext_item: str, link: ErpLink) -> Quantity:
        """A total of a material in the unit in which the ERP's order lists it, else in one that fits the item's."""
        row = self._unit(item, ext_item, link)
        if row is None:
            words = {"unit": item.unit, "item": item.code}
            said = _("No unit of the ERP is mapped to %(unit)s of item %(item)s: map it, then send this again.") % words
            self.missing.append(Missing(Kind.UNIT, item.unit, said))
            return Quantity(value, item.unit)
        digits = DIGITS if row.digits is None else row.digits
        rounded = (value / (row.factor or Decimal(1))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        return Quantity(rounded, row.ext_key.partition(" of ")[0])

    def reason(self, reason: Reason | None) -> str:
        """The ERP's code of a reason, else of its category, else ours; empty where nobody said why."""
        if reason is None:
            return ""
        own = self.keys.get((Kind.REASON, reason.code))
        above = self.keys.get((Kind.REASON, reason.parent.code)) if reason.parent else None
        return own or above or reason.code

    def work_center(self, code: str) -> str:
        """The ERP's code of a line or machine, else ours."""
        return self.keys.get((Kind.WORK_CENTER, code), code)

    def _unit(self, item: Item, ext_item: str, link: ErpLink) -> ErpMapping | None:
        """Of the units that fit: the one the order says, then one for this item, then the plain one (factor 1)."""
        listed = {
            row["quantity"]["unit"]
            for row in link.request.get("materials", ())
            if row["item"] == ext_item and row["quantity"]
        }
        fitting = []
        for row in self.units:
            unit, _of, only = row.ext_key.partition(" of ")
            if row.mes_code == item.unit and only in ("", ext_item):
                fitting.append((unit not in listed, not only, row.factor not in (None, 1), row.ext_key, row))
        return min(fitting, key=lambda found: found[:4])[-1] if fitting else None
