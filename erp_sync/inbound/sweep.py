"""What a pull cannot see: orders that were deleted, missed, or committed too late. Keys often, everything by night."""

from datetime import datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from erp_sync.connections import error_text, opened
from erp_sync.connector import ErpConnector
from erp_sync.errors import ConflictError, MappingMissing, RejectedError, TransientError
from erp_sync.inbound.apply import OVER, Outcome, deleted, link_wait, request_apply
from erp_sync.inbound.compare import closed_compare
from erp_sync.inbound.mapped import Mappings
from erp_sync.inbound.mapping import waiting_retry
from erp_sync.inbound.pull import BUDGET_S, PAGE, PAGES, page_apply
from erp_sync.inbound.runs import Flight, flight
from erp_sync.inbound.texts import storable
from erp_sync.messages import Capability
from erp_sync.models import Difference, ErpConnection, ErpLink, SyncRun
from erp_sync.wire import request_from

LOOKS = 200  # orders that one sweep asks for singly; the rest with the next one
GONE_AFTER = 2  # sweeps in which an order is absent, then it is deleted
MANY = 10
NIGHT_HOURS = range(1, 5)


def sweep_keys(connection: ErpConnection, now: datetime) -> SyncRun | None:
    """Compares the keys of all open orders with ours. An order absent in two sweeps is deleted in the ERP.

    Orders we missed are fetched, changed versions looked at, and what waits for a planner is judged anew, since our
    side may have gone on. None while another sweep is under way.
    """
    if connection.state != ErpConnection.State.LIVE:
        return None
    with flight(connection, SyncRun.Kind.KEYS, now) as held:
        if held is None:
            return None
        waiting_retry(connection, now)
        _again(connection, now)
        with opened(connection) as erp:
            if Capability.LIST_KEYS in erp.capabilities():
                _compare_keys(connection, erp, held, now)
        _swept(connection, last_sweep_at=now)
    return held.run


def _compare_keys(connection: ErpConnection, erp: ErpConnector, held: Flight, now: datetime) -> None:
    keys = {key: version for key, version in erp.list_open_keys() if key == storable(key)}
    over = [str(state) for state in OVER]
    rows = ErpLink.objects.filter(connection=connection).exclude(request__state__in=over)
    ours = {link.key: link for link in rows}
    looked = [key for key, version in keys.items() if key not in ours or ours[key].version != version]
    absent = [key for key in ours if key not in keys]
    held.count(Outcome.UNCHANGED, len(keys.keys() & ours.keys() - set(looked)))
    ErpLink.objects.filter(connection=connection, key__in=list(keys), missing_sweeps__gt=0).update(missing_sweeps=0)
    if Capability.GET_ORDER not in erp.capabilities():
        _gone(connection, [ours[key] for key in absent], len(ours), held, now)
        return
    mappings, gone, ended = Mappings(connection, now), [], []
    for key in (absent + looked)[:LOOKS]:
        try:
            request = erp.get_order(key)
        except (RejectedError, ConflictError, MappingMissing) as error:
            held.count(Outcome.FAILED)
            link_wait(connection, key, error_text(error), now)
            continue
        if request is None:
            gone += [ours[key]] if key in ours else []
            continue
        held.renew()
        held.count(request_apply(connection=connection, request=request, mappings=mappings, at=now))
        ended += [key] if request.state in OVER else []
    closed_compare(connection, erp, ended, now)
    _gone(connection, gone, len(ours), held, now)


def _gone(connection: ErpConnection, absent: list[ErpLink], known: int, held: Flight, now: datetime) -> None:
    """Counts the sweeps; refuses to believe that most orders vanished at once: then the ERP's answer was not whole."""
    if len(absent) >= MANY and len(absent) * 2 > known:
        raise TransientError(
            f"The ERP knows {len(absent)} of {known} open orders no more. That is not believed; if it is true, "
            "cancel them there."
        )
    mappings = Mappings(connection, now)
    for link in absent:
        sweeps = link.missing_sweeps + 1
        ErpLink.objects.filter(pk=link.pk).update(missing_sweeps=sweeps)
        if sweeps < GONE_AFTER or not link.request or link.badge == ErpLink.Badge.MISSING:
            held.count(Outcome.UNCHANGED)
            continue
        last = deleted(request_from(link.request))
        held.count(request_apply(connection=connection, request=last, mappings=mappings, at=now, missing=True))


def _again(connection: ErpConnection, now: datetime) -> None:
    """Judges anew what waits for a planner: the order may have been completed or cancelled here meanwhile."""
    open_ones = Difference.objects.filter(kind=Difference.Class.CHANGE, resolved_at=None)
    links = ErpLink.objects.filter(connection=connection, differences__in=open_ones).distinct().order_by("pk")
    mappings = Mappings(connection, now)
    for link in links[:LOOKS]:
        missing = link.badge == ErpLink.Badge.MISSING
        request = request_from(link.request)
        request_apply(connection=connection, request=request, mappings=mappings, at=now, missing=missing, again=True)


def sweep_full(connection: ErpConnection, now: datetime, *, pages: int = PAGES) -> SyncRun | None:
    """Reads every order of the ERP anew, a part per call; content tells what was missed. None while one is under way.

    The run's `cursor_after` says where the next call goes on; empty, the sweep is complete.
    """
    if connection.state != ErpConnection.State.LIVE:
        return None
    cursor = _unfinished(connection, now)
    with flight(connection, SyncRun.Kind.FULL, now) as held:
        if held is None:
            return None
        held.run.cursor_before = held.run.cursor_after = cursor
        with opened(connection) as erp:
            mappings, until = Mappings(connection, now), monotonic() + BUDGET_S
            for _number in range(pages):
                page = erp.pull_orders(cursor, overlap_s=0, limit=PAGE)
                held.renew()
                page_apply(connection, page, mappings, held, now)
                ended = [request.ref.key for request in page.requests if request.state in OVER]
                closed_compare(connection, erp, ended, now)
                cursor = held.run.cursor_after = page.cursor[:200] if page.more else ""
                if not page.more:
                    _swept(connection, last_full_sweep_at=now)
                if not page.more or monotonic() > until:
                    break
    return held.run


def full_due(connection: ErpConnection, now: datetime) -> bool:
    """Whether it is time: once a night by the site's clock, and again where one was not finished."""
    if _unfinished(connection, now):
        return True
    last = connection.last_full_sweep_at
    if last is None:
        return connection.last_pull_at is not None and not connection.order_more
    night = now.astimezone(ZoneInfo(connection.site.time_zone)).hour in NIGHT_HOURS
    return now - last > timedelta(hours=36) or (night and now - last > timedelta(hours=12))


def _unfinished(connection: ErpConnection, now: datetime) -> str:
    runs = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.FULL, finished_at__isnull=False)
    last = runs.filter(started_at__gt=now - timedelta(hours=6), started_at__lte=now).first()
    return last.cursor_after if last is not None else ""


def _swept(connection: ErpConnection, **fields: datetime) -> None:
    ErpConnection.objects.filter(pk=connection.pk).update(**fields)
    for name, value in fields.items():
        setattr(connection, name, value)
