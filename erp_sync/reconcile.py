"""Both sides are compared, order by order: what the ERP has booked, and what was made here. Nothing is changed there.

Differences open and close by themselves; what a message on its way explains is in flight, the rest somebody must see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from erp_sync.connections import opened
from erp_sync.inbound.runs import Flight, flight
from erp_sync.inbound.units import to_erp
from erp_sync.messages import Booked, Capability, MaterialUse, RequestState
from erp_sync.models import Difference, ErpConnection, ErpLink, OutboxMessage, SyncRun
from erp_sync.outbound.claim import UNSETTLED
from erp_sync.outbound.codes import Codes
from erp_sync.outbound.collect import consumed_of
from erp_sync.outbound.compare import DISCARDED, LotSides, Sides, compare, compare_lots
from mes.materials.models import Lot
from mes.production.lifecycle import BEGUN, CANCELLED, CLOSED, COMPLETED, OPEN
from mes.production.models import WorkOrder
from mes.tracking.order_counts import Made, made_of

Class = Difference.Class
ZERO = Decimal(0)
DAYS = 30
CHUNK = 100  # orders that the ERP is asked about at once
MOST = 2000  # of one run: it stays well below the length of a task; the ones compared longest ago come first
PER_NIGHT = timedelta(hours=6)
ORDER, STATE, LOTS = "order", "order-state", "lots"
_OWN = Q(field__in=("good", "scrap", ORDER, STATE, LOTS)) | Q(field__startswith="consumed:")
_OPEN_THERE = [str(state) for state in (RequestState.PLANNED, RequestState.RELEASED, RequestState.RUNNING)]
_THERE_OVER = (RequestState.COMPLETED, RequestState.CLOSED, RequestState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Row:
    """A difference as it is now. `amount` is the ERP's figure minus ours, None for what is no quantity."""

    field: str
    erp: str
    mes: str
    kind: str
    amount: Decimal | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ours:
    """What orders are on our side: pieces and lots by order, and our codes in the ERP's words."""

    made: Mapping[int, Made]
    lots: Mapping[int, list[Lot]]
    codes: Codes


def reconcile(
    connection: ErpConnection, now: datetime, *, everything: bool = False, limit: int = MOST
) -> SyncRun | None:
    """Compares the open orders, or (`everything`) all that somebody touched within 30 days. None: one is under way.

    The run tells how many were compared (read), equal (unchanged), in flight (changed) and unexplained (failed). Each
    chunk is stored by itself, so what dies in between is compared again.
    """
    if connection.state not in (ErpConnection.State.LIVE, ErpConnection.State.DRY_RUN):
        return None
    with flight(connection, SyncRun.Kind.RECONCILE, now) as held:
        if held is None:
            return None
        with opened(connection) as erp:
            if Capability.TOTALS in erp.capabilities():
                links = list(due_links(connection, now, everything=everything)[:limit])
                for start in range(0, len(links), CHUNK):
                    chunk = links[start : start + CHUNK]
                    held.renew()
                    _chunk(connection, chunk, erp.totals([link.key for link in chunk]), held, now)
        ErpConnection.objects.filter(pk=connection.pk).update(last_reconcile_at=now)
        connection.last_reconcile_at = now
    return held.run


def is_night(connection: ErpConnection, now: datetime) -> bool:
    """Whether it is between 1 and 5 o'clock at the connection's site: the time for the last 30 days."""
    return 1 <= now.astimezone(ZoneInfo(connection.site.time_zone)).hour < 5


def due_links(connection: ErpConnection, now: datetime, *, everything: bool) -> QuerySet[ErpLink]:
    """Which orders are compared, those first that were not for longest."""
    unsettled = OutboxMessage.objects.filter(link=OuterRef("pk"), status__in=UNSETTLED)
    open_one = Difference.objects.filter(_OWN, link=OuterRef("pk"), resolved_at=None)
    recent = now - (timedelta(days=DAYS) if everything else timedelta(days=1))
    wanted = Q(order__status__in=OPEN) | Q(order__completed_at__gte=recent) | Exists(unsettled) | Exists(open_one)
    wanted |= Q(order__status=CANCELLED, request__state__in=_OPEN_THERE)
    if everything:
        wanted |= Q(last_seen_at__gte=recent)
    if everything:  # a night has many parts; what an earlier one compared is not compared again
        wanted &= Q(compared_at=None) | Q(compared_at__lt=now - PER_NIGHT)
    links = ErpLink.objects.filter(wanted, connection=connection)
    links = links.select_related("connection", "order__item", "order__line")
    return links.order_by(F("compared_at").asc(nulls_first=True), "pk")


def nobody_knows(rows: QuerySet[Difference]) -> QuerySet[Difference]:
    """Of these the open ones that are neither on their way nor have a known reason: there should be none."""
    return rows.filter(resolved_at=None, why="").exclude(kind=Class.IN_FLIGHT)


def _chunk(
    connection: ErpConnection, links: Sequence[ErpLink], booked: Mapping[str, Booked], held: Flight, now: datetime
) -> None:
    orders = [link.order for link in links if link.order is not None]
    ours, queues = Ours(made_of(orders), _lots(orders), Codes(connection, now)), _queues(links)
    with transaction.atomic():
        for link in links:
            there = booked.get(link.key)
            rows = _rows(link, there, ours, queues.get(link.pk, []))
            _count(held.run, differences_set(link, rows, now))
            link.compared_at = now
            link.booked = _snapshot(link, there, ours.made)
        ErpLink.objects.bulk_update(links, ["compared_at", "booked"])


def _lots(orders: Sequence[WorkOrder]) -> dict[int, list[Lot]]:
    """The lots that these orders made of their own item."""
    found: dict[int, list[Lot]] = {}
    for lot in Lot.objects.filter(order__in=orders, item=F("order__item")):
        found.setdefault(lot.order_id or 0, []).append(lot)
    return found


def _queues(links: Sequence[ErpLink]) -> dict[int, list[OutboxMessage]]:
    found: dict[int, list[OutboxMessage]] = {}
    rows = OutboxMessage.objects.filter(link__in=[link.pk for link in links], status__in=UNSETTLED)
    for message in rows.order_by("sequence"):
        found.setdefault(message.link_id, []).append(message)
    return found


def _rows(
    link: ErpLink,
    there: Booked | None,
    ours: Ours,
    queue: Sequence[OutboxMessage],
) -> list[Row]:
    """Every difference of one order; none: both sides say the same."""
    if link.order is None or link.factor is None:
        return [Row(ORDER, link.erp_state, "", Class.MAPPING, why=link.said[:300])] if there is not None else []
    if there is None:
        touched = link.order.status in (*BEGUN, COMPLETED, CLOSED)
        return [Row(ORDER, "", link.order.number, Class.MISSING_ERP)] if touched else []
    stuck = next((_stuck_words(one) for one in queue if one.status in ("dead", "parked")), "")
    rows: list[Row] = []
    made = ours.made[link.order.pk]
    for name, erp, pieces in (("good", there.good, made.good), ("scrap", there.scrap, made.scrap)):
        if erp is not None:
            sides = _sides(link, name, erp, to_erp(link, pieces), queue)
            rows += _row(name, sides, stuck)
    if there.consumed is not None:
        rows += _consumed_rows(link, made, there.consumed, ours.codes, queue, stuck)
    if there.lots is not None:
        rows += _lot_rows(link, there.lots, ours.lots.get(link.order.pk, []), queue, stuck)
    return rows + _state_rows(link.order, there, queue, stuck)


def _sides(link: ErpLink, name: str, erp: Decimal, mes: Decimal, queue: Sequence[OutboxMessage]) -> Sides:
    confirmed = _total(link.confirmed, name)
    written = _total(queue[-1].payload.get("cumulative", {}), name) if queue else None
    more_comes = link.order is not None and link.order.status in BEGUN
    return Sides(erp, mes, confirmed, written, more_comes)


def _total(totals: Mapping[str, Any], name: str) -> Decimal:
    """Good, scrap, or `consumed:ITEM` of stored totals; 0 where they say nothing."""
    kind, _colon, item = name.partition(":")
    if not item:
        return Decimal(totals.get(kind, {}).get("value", "0"))
    rows = [row for row in totals.get("materials", ()) if row["use"] == MaterialUse.CONSUMED and row["item"] == item]
    return sum((Decimal(row["quantity"]["value"]) for row in rows), ZERO)


def _row(name: str, sides: Sides, stuck: str) -> list[Row]:
    found = compare(sides, stuck=bool(stuck))
    if found is None:
        return []
    amount = sides.erp - sides.mes
    # A message that waits for a planner explains what the ERP lacks, but not what somebody booked there.
    why = stuck if sides.erp == sides.confirmed else ""
    return [Row(name, _plain(sides.erp), _plain(sides.mes), found.value, amount, why)]


def _consumed_rows(
    link: ErpLink,
    made: Made,
    consumed: Mapping[str, Decimal],
    codes: Codes,
    queue: Sequence[OutboxMessage],
    stuck: str,
) -> list[Row]:
    """Materials that we book; what the ERP takes off stock by itself is its own."""
    codes.begin()
    ours: dict[str, Decimal] = {}
    for used in consumed_of(link, made, codes):
        ours[used.item] = ours.get(used.item, ZERO) + used.quantity.value
    rows: list[Row] = []
    for item, quantity in sorted(ours.items()):
        name = f"consumed:{item}"[:40]
        rows += _row(name, _sides(link, f"consumed:{item}", consumed.get(item, ZERO), quantity, queue), stuck)
    return rows


def _lot_rows(
    link: ErpLink, there: frozenset[str], lots: Sequence[Lot], queue: Sequence[OutboxMessage], stuck: str
) -> list[Row]:
    """Lots by their numbers. One that is nothing in the ERP's unit is in none of both."""
    ours = frozenset(lot.number for lot in lots if to_erp(link, lot.quantity))
    confirmed = _lots_told(link.confirmed)
    written = _lots_told(queue[-1].payload.get("cumulative", {})) if queue else None
    more_comes = link.order is not None and link.order.status in BEGUN
    found = compare_lots(LotSides(there, ours, confirmed, written, more_comes), stuck=bool(stuck))
    if found is None:
        return []
    only_there, only_here = (", ".join(sorted(names))[:200] for names in (there - ours, ours - there))
    return [Row(LOTS, only_there, only_here, found.value, why=stuck if there == confirmed else "")]


def _lots_told(totals: Mapping[str, Any]) -> frozenset[str]:
    rows = totals.get("materials", ())
    made = [row for row in rows if row["use"] == MaterialUse.PRODUCED and Decimal(row["quantity"]["value"])]
    return frozenset(row["lot"] for row in made if row["lot"])


def _state_rows(order: WorkOrder, there: Booked, queue: Sequence[OutboxMessage], stuck: str) -> list[Row]:
    """One side takes the order for over. Cancelled here is over too, but no message tells that: a planner must."""
    over_there = there.state in _THERE_OVER
    over_here = order.status in (COMPLETED, CLOSED, CANCELLED)
    if over_there == over_here or (not over_here and order.status not in BEGUN):
        return []
    if order.status == CANCELLED:
        return [Row(STATE, there.erp_state[:200], order.get_status_display(), Class.STATE)]
    kind = Class.IN_FLIGHT if over_here and queue and not stuck else Class.STATE
    return [Row(STATE, there.erp_state[:200], order.get_status_display(), kind, why=stuck)]


def _stuck_words(message: OutboxMessage) -> str:
    said = _("Message %(sequence)d waits for a decision: %(why)s")
    return (said % {"sequence": message.sequence, "why": message.last_error})[:300]


def differences_set(link: ErpLink, rows: Sequence[Row], at: datetime) -> list[Row]:
    """These are the link's differences now: opened, brought up to date, and those that are gone closed.

    What a person settled with a reason stays settled as long as both sides say the same as then; the others come back.
    """
    known_ones: dict[str, Difference] = {}
    settled: set[tuple[str, str, str]] = set()
    for one in Difference.objects.filter(_OWN & (Q(resolved_at=None) | Q(resolution=DISCARDED)), link=link):
        if one.resolved_at is None:
            known_ones[one.field] = one
        else:
            settled.add((one.field, one.erp_value, one.mes_value))
    left = [row for row in rows if (row.field, row.erp, row.mes) not in settled]
    for row in left:
        known = known_ones.pop(row.field, None)
        values: dict[str, Any] = {"erp_value": row.erp, "mes_value": row.mes, "amount": row.amount, "kind": row.kind}
        values |= {"why": row.why, "seen_at": at}
        if known is None:
            Difference.objects.create(link=link, field=row.field, opened_at=at, **values)
        else:
            Difference.objects.filter(pk=known.pk, resolved_at=None).update(**values)
    gone = Difference.objects.filter(pk__in=[row.pk for row in known_ones.values()], resolved_at=None)
    gone.update(resolved_at=at, resolved_by="system", resolution="gone", seen_at=at)
    return left


def _count(run: SyncRun, rows: Sequence[Row]) -> None:
    run.read += 1
    if not rows:
        run.unchanged += 1
    elif all(row.kind == Class.IN_FLIGHT for row in rows):
        run.changed += 1
    else:
        run.failed += 1


def _snapshot(link: ErpLink, there: Booked | None, made: Mapping[int, Made]) -> dict[str, Any]:
    """Good and scrap of both sides, for the report; null where a side does not tell."""
    ours = made.get(link.order_id or 0)
    known = ours is not None and link.factor is not None
    found: dict[str, Any] = {}
    for name in ("good", "scrap"):
        erp = getattr(there, name) if there is not None else None
        mes = to_erp(link, getattr(ours, name)) if known else None
        found[name] = {"erp": None if erp is None else _plain(erp), "mes": None if mes is None else _plain(mes)}
    return found


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"
