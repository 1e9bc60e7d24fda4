"""What the ERP's codes are here: said by people, ended but never changed; what waited for it comes in at once."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from erp_sync.inbound.apply import Outcome, request_apply
from erp_sync.inbound.mapped import APART, Mappings, mapped
from erp_sync.models import ErpConnection, ErpLink, ErpMapping, ErpRecord
from erp_sync.wire import request_from
from mes.downtime.models import Reason
from mes.journal.write import record
from mes.people.models import Person
from mes.plant.models import Line, Site, WorkCenter
from mes.production.models import Item, Pool

Kind = ErpMapping.Kind
MAX_KEY = 120
MAX_UNIT = 16
MAX_DIGITS = 6
AT_ONCE = 200
"""So many waiting orders are tried when a mapping is set; the rest with the sweep."""


class MappingRefused(Exception):
    """Nothing was changed. The text says what is wrong and how to mend it; `field` names the form field."""

    def __init__(self, message: str, field: str = "mes_code") -> None:
        super().__init__(message)
        self.field = field


def mapping_set(
    *,
    connection: ErpConnection,
    kind: str,
    ext_key: str,
    mes_code: str,
    actor: str,
    at: datetime,
    factor: Decimal | None = None,
    digits: int | None = None,
) -> bool:
    """From now on the ERP's code means ours. True if that is new; orders that waited for it come in.

    `mes_code` "-" says that it is none of ours. A unit needs its `factor` (so many of ours are one of the ERP's; None
    is 1); its code may name an item: "pal of FG-COLA". Orders that are here keep the unit they came with. Raises
    MappingRefused for a code that does not exist here.
    """
    key, code = ext_key.strip(), mes_code.strip()
    _check(connection, kind, key, code, factor, digits)
    values: dict[str, Any] = {"mes_code": code, "factor": None, "digits": None}
    if kind == Kind.UNIT:
        values |= {"factor": factor or Decimal(1), "digits": digits}
    with transaction.atomic():
        ErpConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        rows = ErpMapping.objects.filter(connection=connection, kind=kind, ext_key=key, valid_to=None)
        known = rows.first()
        before = None if known is None else {name: getattr(known, name) for name in values}
        if before == values:
            return False
        rows.update(valid_to=at)
        made = {"connection": connection, "kind": kind, "ext_key": key, "valid_from": at, "by": actor}
        ErpMapping.objects.create(**made, **values)
        data = {"kind": kind, "before": before, "after": values}
        _tell(connection, "erp_mapping_set", key, actor, at, data)
    waiting_retry(connection, at)
    return True


def mapping_end(*, mapping: ErpMapping, why: str, actor: str, at: datetime) -> bool:
    """The ERP's code means nothing here any more; new orders with it wait. True if this call did it."""
    with transaction.atomic():
        if not ErpMapping.objects.filter(pk=mapping.pk, valid_to=None).update(valid_to=at):
            return False
        data = {"kind": mapping.kind, "before": {"mes_code": mapping.mes_code}, "after": None, "why": why[:200]}
        _tell(mapping.connection, "erp_mapping_end", mapping.ext_key, actor, at, data)
        return True


def waiting_retry(connection: ErpConnection, at: datetime, *, limit: int = AT_ONCE) -> int:
    """Tries the orders that wait; gives how many came in. Only where the connection is live."""
    if connection.state != ErpConnection.State.LIVE:
        return 0
    mappings = Mappings(connection, at)
    rows = ErpLink.objects.filter(connection=connection, badge=ErpLink.Badge.WAITING).exclude(request={})
    requests = [request_from(said) for said in rows.order_by("last_seen_at").values_list("request", flat=True)[:limit]]
    found = Counter(
        request_apply(connection=connection, request=request, mappings=mappings, at=at, again=True)
        for request in requests
    )
    return found[Outcome.NEW] + found[Outcome.CHANGED]


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A code of the ERP without a counterpart. `suggestion` is our code with the same text, only ever offered."""

    kind: str
    ext_key: str
    name: str
    orders: int
    suggestion: str


def unmapped(connection: ErpConnection, at: datetime) -> list[Unmapped]:
    """What waiting orders lack, most wanted first; then the ERP's other master data without a counterpart."""
    mappings = Mappings(connection, at)
    wanted: Counter[tuple[str, str]] = Counter()
    rows = ErpLink.objects.filter(connection=connection, badge=ErpLink.Badge.WAITING).exclude(request={})
    for said in rows.values_list("request", flat=True):
        wanted.update(set(mapped(request_from(said), mappings).missing))
    names: dict[tuple[str, str], str] = {}
    for kind, key, name in ErpRecord.objects.filter(connection=connection).values_list("kind", "key", "name"):
        if kind in Kind.values and (kind, key) not in mappings.rows:
            names[kind, key] = name
            wanted[kind, key] += 0
    same = suggestions(connection, list(wanted))
    found = [
        Unmapped(kind, key, names.get((kind, key), ""), orders, same.get((kind, key), ""))
        for (kind, key), orders in wanted.items()
    ]
    return sorted(found, key=lambda one: (-one.orders, one.kind, one.ext_key))


def suggestions(connection: ErpConnection, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Our codes that read the same as the ERP's, in capitals or not, for (kind, the ERP's code). Never applied here."""
    known = {kind: {code.casefold(): code for code in codes} for kind, codes in _codes(connection).items()}
    found = {(kind, key): known.get(kind, {}).get(key.casefold(), "") for kind, key in wanted}
    return {about: code for about, code in found.items() if code}


def _codes(connection: ErpConnection) -> dict[str, list[str]]:
    site = connection.site
    places = [
        *Line.objects.filter(area__site=site).values_list("code", flat=True),
        *WorkCenter.objects.filter(line__area__site=site, archived=False).values_list("code", flat=True),
    ]
    return {
        Kind.ITEM: list(Item.objects.values_list("code", flat=True)),
        Kind.UNIT: list(Item.objects.order_by().values_list("unit", flat=True).distinct()),
        Kind.WORK_CENTER: places,
        Kind.SITE: list(Site.objects.values_list("code", flat=True)),
        Kind.REASON: list(Reason.objects.values_list("code", flat=True)),
        Kind.PERSON: list(Person.objects.values_list("username", flat=True)),
    }


def _check(
    connection: ErpConnection, kind: str, key: str, code: str, factor: Decimal | None, digits: int | None
) -> None:
    if kind not in Kind.values:
        raise MappingRefused(_("Choose what kind of code it is."), "kind")
    if not key or len(key) > MAX_KEY or "\0" in key:
        raise MappingRefused(_("Give the ERP's code, up to %(n)d characters.") % {"n": MAX_KEY}, "ext_key")
    if kind == Kind.UNIT:
        if not code or code == APART or len(code) > MAX_UNIT or "\0" in code:
            raise MappingRefused(_("Give the unit as it is called here, up to %(n)d characters.") % {"n": MAX_UNIT})
        if factor is not None and not (factor.is_finite() and Decimal("1e-9") <= factor < Decimal("1e9")):
            raise MappingRefused(_("Give a number above 0: so many of ours are one of the ERP's."), "factor")
        if digits is not None and not 0 <= digits <= MAX_DIGITS:
            raise MappingRefused(_("The ERP's unit has 0 to %(n)d decimals.") % {"n": MAX_DIGITS}, "digits")
        return
    if "\0" in code or not (code == APART or _exists(connection, kind, code)):
        words = {"kind": Kind(kind).label, "code": code.replace("\0", "")[:60]}
        raise MappingRefused(_("There is no %(kind)s %(code)s here: choose one that exists, or '-' for none.") % words)


def _exists(connection: ErpConnection, kind: str, code: str) -> bool:
    site = connection.site
    if kind == Kind.WORK_CENTER:
        return (
            Line.objects.filter(code=code, area__site=site).exists()
            or WorkCenter.objects.filter(code=code, line__area__site=site, archived=False).exists()
            or Pool.objects.filter(code=code, line__area__site=site).exists()
        )
    if kind == Kind.PERSON:
        return Person.objects.filter(username=code).exists()
    models: dict[str, Any] = {Kind.ITEM: Item, Kind.SITE: Site, Kind.REASON: Reason}
    return bool(models[kind].objects.filter(code=code).exists())


def _tell(connection: ErpConnection, action: str, key: str, actor: str, at: datetime, data: dict[str, Any]) -> None:
    code = f"{connection.code} {data['kind']} {key}"
    record(actor=actor, at=at, action=action, kind="erp-mapping", code=code, data=data)
