"""Master data of the ERP is kept as it said it; it becomes ours by a person's word, or where an option says so."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from erp_sync.connections import opened
from erp_sync.inbound.apply import Outcome, actor_of
from erp_sync.inbound.mapped import Mappings, Place
from erp_sync.inbound.mapping import Kind, MappingRefused, mapping_set
from erp_sync.inbound.numbers import readable
from erp_sync.inbound.runs import Flight, flight
from erp_sync.inbound.texts import storable
from erp_sync.messages import Capability, MasterKind
from erp_sync.models import ErpConnection, ErpMapping, ErpRecord, SyncRun
from mes.journal.snapshot import snapshot
from mes.journal.write import record
from mes.plant.models import Line, WorkCenter
from mes.production.models import Item, Pool, Routing
from mes.production.operations import StepGiven, routing_set

NIGHT_HOURS = range(1, 5)
CREATE = "create"
"""`options["master"]` of a connection: new items come in by themselves. Anything else: they are proposed."""


def pull_master(connection: ErpConnection, now: datetime) -> SyncRun | None:
    """Reads items, units, work centers, bills, routings and people. None while another such run is under way.

    What the ERP says is kept beside what is true here. Only items, and only with the option, are made from it.
    """
    if connection.state not in (ErpConnection.State.LIVE, ErpConnection.State.DRY_RUN):
        return None
    with flight(connection, SyncRun.Kind.MASTER, now) as held:
        if held is None:
            return None
        with opened(connection) as erp:
            if Capability.PULL_MASTER not in erp.capabilities():
                return held.run
            for kind in MasterKind:
                said = list(erp.pull_master(kind))
                held.renew()
                with transaction.atomic():
                    records_keep(connection, kind, said, held, now)
        if connection.options.get("master") == CREATE and connection.state == ErpConnection.State.LIVE:
            _create_new(connection, held, now)
    return held.run


def master_due(connection: ErpConnection, now: datetime) -> bool:
    """Whether it is time: at once for a new connection, then once a night by the site's clock."""
    runs = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.MASTER, error="", started_at__lte=now)
    last = runs.values_list("started_at", flat=True).first()
    if last is None:
        return True
    return now - last > timedelta(hours=12) and now.astimezone(ZoneInfo(connection.site.time_zone)).hour in NIGHT_HOURS


def records_keep(
    connection: ErpConnection, kind: MasterKind, said: Iterable[Mapping[str, Any]], held: Flight, now: datetime
) -> None:
    """Stores what is new or changed; a record without a key is counted as failed."""
    known = {row.key: row for row in ErpRecord.objects.filter(connection=connection, kind=kind)}
    seen: dict[str, ErpRecord] = {}
    for one in said:
        data = storable(one)
        key = str(data.get("key", "")).strip()[:120]
        if not key:
            held.count(Outcome.FAILED)
            continue
        row = seen.get(key) or known.get(key)
        if row is None:
            row = ErpRecord(connection=connection, kind=kind, key=key, first_seen_at=now, changed_at=now, seen_at=now)
            held.count(Outcome.NEW)
        elif row.data != data:
            row.changed_at = now
            held.count(Outcome.CHANGED)
        else:
            held.count(Outcome.UNCHANGED)
        row.name, row.data, row.seen_at = str(data.get("name", ""))[:200], data, now
        seen[key] = row
    ErpRecord.objects.bulk_create(
        seen.values(),
        batch_size=500,
        update_conflicts=True,
        unique_fields=["connection", "kind", "key"],
        update_fields=["name", "data", "changed_at", "seen_at"],
    )


def item_create(about: ErpRecord, *, actor: str, at: datetime, code: str = "") -> Item:
    """The ERP's item becomes one of ours, under its code or another one, and is mapped to it. Said twice: once.

    Its unit must be mapped first. Raises MappingRefused.
    """
    connection = about.connection
    wanted = readable(code or about.key)
    if about.kind != Kind.ITEM or not wanted:
        raise MappingRefused(_("Only an item with a code of letters and digits can be made here."))
    unit = str(about.data.get("unit", ""))
    row = Mappings(connection, at).rows.get((Kind.UNIT, unit))
    if row is None:
        raise MappingRefused(_("Its unit %(unit)s is not mapped: say first what it is here.") % {"unit": unit})
    with transaction.atomic():
        fields = {"name": (about.name or about.key)[:120], "unit": row.mes_code}
        item, made = Item.objects.get_or_create(code=wanted, defaults=fields)
        if made:
            data = {"after": snapshot(item), "why": f"{connection.code} {about.key}"}
            record(actor=actor, at=at, action="item_create", kind="item", code=item.code, data=data)
    mapping_set(connection=connection, kind=Kind.ITEM, ext_key=about.key, mes_code=item.code, actor=actor, at=at)
    return item


def routing_take(about: ErpRecord, *, item: Item, line: Line, actor: str, at: datetime) -> Routing:
    """The ERP's routing becomes how the line makes the item, for orders to come. Said twice: once.

    Its operations need work centers that are mapped to machines of the line. Raises MappingMissing, OrderRefused.
    """
    mappings = Mappings(about.connection, at)
    steps = [_step(row, mappings) for row in about.data.get("segments", ())]
    return routing_set(item=item, line=line, steps=[step for step in steps if step is not None], actor=actor, at=at)


def unit_factor(about: ErpRecord, other: ErpRecord) -> Decimal | None:
    """How many of the other unit are one of this one, where the ERP relates both to the base of one category."""
    if about.data.get("category", "") != other.data.get("category", ""):
        return None
    try:
        factor, base = Decimal(str(about.data["factor"])), Decimal(str(other.data["factor"]))
        return factor / base if factor > 0 and base > 0 else None
    except (KeyError, InvalidOperation):
        return None


def _step(row: Mapping[str, Any], mappings: Mappings) -> StepGiven | None:
    place: Place | None = mappings.place(str(row.get("work_center", "")))
    if place is None:
        return None
    name = str(row.get("name") or row.get("code") or "")[:120]
    step = StepGiven(sequence=int(row.get("sequence", 0)), name=name)
    if isinstance(place, Pool):
        return step._replace(pool=place)
    return step._replace(work_center=place if isinstance(place, WorkCenter) else None)


def _create_new(connection: ErpConnection, held: Flight, now: datetime) -> None:
    known = ErpMapping.objects.filter(connection=connection, kind=Kind.ITEM, valid_to=None).values("ext_key")
    rows = ErpRecord.objects.filter(connection=connection, kind=Kind.ITEM).exclude(key__in=known)
    for row in rows.select_related("connection__site"):
        if row.data.get("active") is False:
            continue
        try:
            item_create(row, actor=actor_of(connection), at=now)
        except MappingRefused as error:
            held.run.error = f"{row.key}: {error}"[:1000]
