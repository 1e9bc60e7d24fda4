"""The periodic jobs of the thread to the ERP: thin, safe to run twice, none longer than a task may be."""

import logging
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from erp_sync.imports import imports_step
from erp_sync.inbound.master import master_due, pull_master
from erp_sync.inbound.pull import pull_orders
from erp_sync.inbound.runs import runs_forget
from erp_sync.inbound.stock import pull_stock
from erp_sync.inbound.sweep import full_due, sweep_full, sweep_keys
from erp_sync.models import ErpConnection
from erp_sync.outbound.claim import leases_reap
from erp_sync.outbound.deliver import anything_due, deliver_alone
from erp_sync.outbound.follow import follow as follow_journal
from erp_sync.outbound.forget import tries_forget
from erp_sync.reconcile import is_night, reconcile

_LOG = logging.getLogger(__name__)


@shared_task(name="erp_sync.tasks.pull")
def pull() -> None:
    """Offers one pull per live connection."""
    _offer(pull_one.delay)


@shared_task(name="erp_sync.tasks.pull_one")
def pull_one(code: str) -> None:
    """Orders that changed in one ERP."""
    _one(code, pull_orders)


@shared_task(name="erp_sync.tasks.sweep")
def sweep() -> None:
    """Offers one sweep of keys per live connection."""
    _offer(sweep_one.delay)


@shared_task(name="erp_sync.tasks.sweep_one")
def sweep_one(code: str) -> None:
    """Deleted and missed orders of one ERP."""
    _one(code, sweep_keys)


@shared_task(name="erp_sync.tasks.sweep_all")
def sweep_all() -> None:
    """Goes on with the nightly sweep of everything, where it is due."""
    _offer(sweep_all_one.delay)


@shared_task(name="erp_sync.tasks.sweep_all_one")
def sweep_all_one(code: str) -> None:
    """A part of the full sweep of one ERP."""
    _one(code, lambda connection, now: sweep_full(connection, now) if full_due(connection, now) else None)


@shared_task(name="erp_sync.tasks.stock")
def stock() -> None:
    """Offers one look at the stock per live connection."""
    _offer(stock_one.delay)


@shared_task(name="erp_sync.tasks.stock_one")
def stock_one(code: str) -> None:
    """Stock of one ERP."""
    _one(code, pull_stock)


@shared_task(name="erp_sync.tasks.master")
def master() -> None:
    """Offers one reading of the master data per live connection."""
    _offer(master_one.delay)


@shared_task(name="erp_sync.tasks.master_one")
def master_one(code: str) -> None:
    """Master data of one ERP, where it is due."""
    _one(code, lambda connection, now: pull_master(connection, now) if master_due(connection, now) else None)


@shared_task(name="erp_sync.tasks.follow")
def follow() -> int:
    """Writes messages of what was entered on the floor, and of running orders by interval; gives how many."""
    return follow_journal(timezone.now())


@shared_task(name="erp_sync.tasks.deliver")
def deliver() -> None:
    """Gives back what a dead process held, and offers one delivery per connection that has something due."""
    now = timezone.now()
    leases_reap(now)
    for connection in ErpConnection.objects.filter(state=ErpConnection.State.LIVE):
        if anything_due(connection, now):
            deliver_one.delay(connection.code)


@shared_task(name="erp_sync.tasks.deliver_one")
def deliver_one(code: str) -> None:
    """Sends what is due to one ERP; nothing while another process does."""
    _one(code, deliver_alone)


@shared_task(name="erp_sync.tasks.compare")
def compare() -> None:
    """Offers one comparison of open orders per live connection."""
    _offer(compare_one.delay)


@shared_task(name="erp_sync.tasks.compare_one")
def compare_one(code: str) -> None:
    """Open orders of one ERP and ours."""
    _one(code, reconcile)


@shared_task(name="erp_sync.tasks.compare_all")
def compare_all() -> None:
    """Offers one part of the nightly comparison of the last 30 days per live connection."""
    _offer(compare_all_one.delay)


@shared_task(name="erp_sync.tasks.compare_all_one")
def compare_all_one(code: str) -> None:
    """A part of the last 30 days, where it is night at the site."""
    _one(
        code, lambda connection, now: reconcile(connection, now, everything=True) if is_night(connection, now) else None
    )


@shared_task(name="erp_sync.tasks.imports")
def imports() -> int:
    """Goes on with files of orders that are being applied; gives how many."""
    return imports_step(timezone.now())


@shared_task(name="erp_sync.tasks.forget_runs")
def forget_runs() -> int:
    """Drops the record of old exchanges that brought nothing; gives how many."""
    return runs_forget(timezone.now())


@shared_task(name="erp_sync.tasks.forget_tries")
def forget_tries() -> int:
    """Drops old tries of settled messages; gives how many."""
    return tries_forget(timezone.now())


def _offer(one: Callable[[str], object]) -> None:
    """A slow ERP delays nobody but itself: each connection is a task of its own."""
    for code in ErpConnection.objects.filter(state=ErpConnection.State.LIVE).values_list("code", flat=True):
        one(code)


def _one(code: str, work: Callable[[ErpConnection, datetime], object]) -> None:
    connection = ErpConnection.objects.select_related("site").filter(code=code, state=ErpConnection.State.LIVE).first()
    if connection is None:
        return
    try:
        work(connection, timezone.now())
    except Exception:
        _LOG.exception("The exchange with %s failed", code)
