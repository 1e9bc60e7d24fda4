"""Orders are pulled page by page from the ERP's own cursor, with an overlap; it moves when a page is applied."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from erp_sync.connections import opened
from erp_sync.connector import ErpConnector
from erp_sync.inbound.apply import OVER, Outcome, link_knows, link_wait, request_apply
from erp_sync.inbound.compare import closed_compare
from erp_sync.inbound.many import new_ones
from erp_sync.inbound.mapped import Mappings, mapped
from erp_sync.inbound.runs import Flight, flight
from erp_sync.inbound.texts import storable
from erp_sync.messages import Capability, OperationsRequest, Page
from erp_sync.models import ErpConnection, ErpLink, SyncRun
from erp_sync.wire import content_hash

OVERLAP_S = 300
PAGE = 200
PAGES = 20  # of one run at most
BUDGET_S = 10.0  # no further page is begun after this: a run stays below the 25 s of a task
MAX_CURSOR = 200
State = ErpConnection.State


def pull_orders(connection: ErpConnection, now: datetime, *, pages: int = PAGES) -> SyncRun | None:
    """Reads what changed in the ERP since the last pull and applies it. None while another pull is under way.

    Live connections only; in a dry run everything is read and counted, nothing is written but the run. The cursor moves
    after a page is applied, so what dies in between is read again, and read again it is unchanged. A run that was full
    goes on without the overlap, or it would never come past more than a run's orders of the same time.
    """
    if connection.state not in (State.LIVE, State.DRY_RUN):
        return None
    if connection.state == State.DRY_RUN:
        return dry_run(connection, now, pages=pages).run
    with flight(connection, SyncRun.Kind.ORDERS, now) as held:
        if held is None:
            return None
        with opened(connection) as erp:
            if Capability.PULL_ORDERS in erp.capabilities():
                _pull(connection, erp, held, now, pages)
        _moved(connection, held, last_pull_at=now)
    return held.run


def _pull(connection: ErpConnection, erp: ErpConnector, held: Flight, now: datetime, pages: int) -> None:
    mappings = Mappings(connection, now)
    overlap_s = 0 if connection.order_more else OVERLAP_S
    until = monotonic() + BUDGET_S
    for _number in range(pages):
        page = erp.pull_orders(connection.order_cursor, overlap_s=overlap_s, limit=PAGE)
        held.renew()
        page_apply(connection, page, mappings, held, now)
        _moved(connection, held, order_cursor=page.cursor[:MAX_CURSOR], order_more=page.more)
        overlap_s = 0
        closed_compare(connection, erp, [request.ref.key for request in page.requests if request.state in OVER], now)
        if not page.more or monotonic() > until:
            return


def page_apply(connection: ErpConnection, page: Page, mappings: Mappings, held: Flight, now: datetime) -> None:
    """Applies a page; one bad record costs nothing but itself.

    New orders come in together, changes one by one: the floor must not wait for orders that a whole page keeps locked.
    What dies half-way is read again, and what was applied is unchanged then.
    """
    links = _links(connection, [request.ref.key for request in page.requests])
    made = new_ones(connection, [one for one in page.requests if one.ref.key not in links], mappings, now)
    held.count(Outcome.NEW, len(made))
    same: list[ErpLink] = []
    newer: list[ErpLink] = []
    for request in page.requests:
        link = links.get(request.ref.key)
        if request.ref.key in made:
            continue
        if link is not None and link_knows(link, content_hash(request)):
            same.append(link)
            if link.version != request.ref.version:
                link.version = request.ref.version
                newer.append(link)
        else:
            held.count(request_apply(connection=connection, request=request, mappings=mappings, at=now))
    ErpLink.objects.bulk_update(newer, ["version"])
    ErpLink.objects.filter(pk__in=[link.pk for link in same]).update(last_seen_at=now, missing_sweeps=0)
    held.count(Outcome.UNCHANGED, len(same))
    for bad in page.unreadable:
        held.count(Outcome.FAILED)
        if bad.key:
            link_wait(connection, bad.key, bad.problem, now)
        else:
            held.run.error = bad.problem[:1000]


@dataclass(slots=True)
class DryRun:
    """What a pull would do. `missing` is what must be mapped, (kind, the ERP's code): how many orders wait for it."""

    run: SyncRun | None = None
    new: list[OperationsRequest] = field(default_factory=list)
    changed: list[OperationsRequest] = field(default_factory=list)
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[tuple[str, str]] = field(default_factory=list)


def dry_run(connection: ErpConnection, now: datetime, *, pages: int = PAGES) -> DryRun:
    """Reads all open orders and says what would be new, changed, or wait; writes nothing but the run."""
    found = DryRun()
    with flight(connection, SyncRun.Kind.ORDERS, now) as held:
        if held is None:
            return found
        found.run = held.run
        with opened(connection) as erp:
            mappings, cursor = Mappings(connection, now), ""
            for _number in range(pages):
                page = erp.pull_orders(cursor, overlap_s=0, limit=PAGE)
                _look(connection, page, mappings, found, held)
                cursor = page.cursor
                if not page.more:
                    break
    return found


def _look(connection: ErpConnection, page: Page, mappings: Mappings, found: DryRun, held: Flight) -> None:
    links = _links(connection, [request.ref.key for request in page.requests])
    default_line = str(connection.options.get("default_line", ""))
    for request in page.requests:
        link = links.get(request.ref.key)
        known = link is not None and link_knows(link, content_hash(request))
        if known or (link is None and request.state in OVER):
            held.count(Outcome.UNCHANGED)
            continue
        there = mapped(request, mappings, default_line=default_line)
        found.missing.update(set(there.missing))
        if not there.complete:
            found.problems.append((request.ref.number or request.ref.key, there.words()))
            held.count(Outcome.FAILED)
            continue
        held.count(Outcome.NEW if link is None else Outcome.CHANGED)
        (found.new if link is None else found.changed).append(request)
    for bad in page.unreadable:
        held.count(Outcome.FAILED)
        found.problems.append((bad.key, bad.problem))


def _links(connection: ErpConnection, keys: Sequence[str]) -> dict[str, ErpLink]:
    askable = [key for key in keys if key == storable(key)]
    known = ErpLink.objects.filter(connection=connection, key__in=askable)
    # Without what was said of each, which is most of a row and nothing to those that are unchanged.
    return {link.key: link for link in known.only("key", "version", "content_hash", "badge")}


def _moved(connection: ErpConnection, held: Flight, **fields: object) -> None:
    ErpConnection.objects.filter(pk=connection.pk).update(**fields)
    for name, value in fields.items():
        setattr(connection, name, value)
    held.run.cursor_after = connection.order_cursor
