"""Files of orders that a person sends: read and reported at once, applied in slices if chosen."""

import csv
import hashlib
import io
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from erp_sync.connections import connector_settings, exchange_failed, opened
from erp_sync.connectors.b2mml.read import read_schedule
from erp_sync.connectors.csvdrop.read import read_orders
from erp_sync.connectors.drop.connector import DropConnector
from erp_sync.connectors.drop.options import zone_of
from erp_sync.connectors.drop.reading import Reading
from erp_sync.errors import ErpError
from erp_sync.inbound.apply import Outcome, request_apply
from erp_sync.inbound.mapped import Mappings
from erp_sync.messages import OperationsRequest
from erp_sync.models import ErpConnection, ErpImport, ErpImportRow, ErpLink, SyncRun
from erp_sync.wire import plain, request_from
from mes.journal.write import record
from mes.leases.hold import lease_give_back, lease_renew, lease_take

READERS: dict[str, Callable[[bytes, tzinfo], Reading]] = {"csv": read_orders, "b2mml": read_schedule}
SLICE = 100  # rows of one transaction
BUDGET_S = 10.0  # no further slice is begun after this: a step stays below the 25 s of a task
LEASE_S = 60.0
State = ErpImport.State


class ImportRefused(Exception):
    """Nothing was changed. The text says what is wrong and how to mend it."""


def import_begin(
    *, connection: ErpConnection, name: str, data: bytes, key: UUID, actor: str, at: datetime
) -> ErpImport:
    """Reads a file and stores what is good and bad of it; no order is touched. The same `key` again gives it back.

    Only connections over files may take one: their keys are the order numbers that stand in it. A file that cannot be
    used at all is kept as refused, with the reason.
    """
    if connection.kind not in READERS:
        raise ImportRefused(_("Files are taken by connections over CSV or B2MML only: choose or make one."))
    known = ErpImport.objects.filter(key=key).first()
    if known is not None:
        return known
    try:
        reading = READERS[connection.kind](data, zone_of(connector_settings(connection)))
    except ErpError as error:
        raise ImportRefused(str(error)) from error
    fields = {
        "connection": connection,
        "name": " ".join("".join(char if char.isprintable() else " " for char in name).split())[:200],
        "sha256": hashlib.sha256(data).hexdigest(),
        "state": State.REFUSED if reading.refused else State.CHECKED,
        "refused": reading.refused[:500],
        "good": len(reading.requests),
        "bad": len(reading.bad),
        "created_at": at,
        "by": actor,
    }
    with transaction.atomic():
        found, fresh = ErpImport.objects.get_or_create(key=key, defaults=fields)
        if fresh:
            ErpImportRow.objects.bulk_create(_rows(found, reading), batch_size=1000)
            counts = {name: fields[name] for name in ("name", "sha256", "good", "bad", "refused")}
            _tell(found, "erp_import_begin", actor, at, {"before": None, "after": counts})
    return found


def import_apply(*, imported: ErpImport, actor: str, at: datetime) -> bool:
    """Lets the good rows be applied by `import_step`. True if this call did it.

    ImportRefused where there is nothing to apply, or the connection is not live.
    """
    with transaction.atomic():
        fresh = _locked(imported)
        if fresh.state == State.APPLYING:
            return False
        if fresh.state != State.CHECKED or not fresh.good:
            raise ImportRefused(_("There is nothing to apply: send the file anew."))
        if fresh.connection.state != ErpConnection.State.LIVE:
            said = _("%(code)s is not live, so nothing is applied: take it live first.")
            raise ImportRefused(said % {"code": fresh.connection.code})
        _turn(fresh, State.APPLYING, "erp_import_apply", actor, at)
    imported.refresh_from_db()
    return True


def import_cancel(*, imported: ErpImport, actor: str, at: datetime) -> bool:
    """Stops before the next slice; what was applied stays. True if this call did it."""
    with transaction.atomic():
        fresh = _locked(imported)
        if fresh.state not in (State.CHECKED, State.APPLYING):
            return False
        fresh.finished_at = at
        _turn(fresh, State.CANCELLED, "erp_import_cancel", actor, at)
    imported.refresh_from_db()
    return True


def import_step(imported: ErpImport, now: datetime, *, budget_s: float = BUDGET_S) -> bool:
    """Applies some slices; True while there is more to do. May be called again at any time, also after a death.

    Not beside a pull of the same connection: then nothing is done this time.
    """
    connection = imported.connection
    name, owner = f"erp:{connection.code}:{SyncRun.Kind.ORDERS.value}", secrets.token_hex(8)
    fence = lease_take(name=name, owner=owner, seconds=LEASE_S)
    if fence is None:
        return True
    try:
        _learn(imported)
        until, mappings = monotonic() + budget_s, Mappings(connection, now)
        while more := _slice(imported, mappings, now):
            if monotonic() > until or not lease_renew(fences={name: fence}, owner=owner, seconds=LEASE_S):
                break
    except ErpError as error:  # the folder is away: the connection says so, and the next step tries again
        exchange_failed(connection, error, now)
        return True
    finally:
        lease_give_back(names=[name], owner=owner)
    imported.refresh_from_db()
    return more


def imports_step(now: datetime) -> int:
    """Goes on with every file that is being applied; gives how many."""
    waiting = ErpImport.objects.filter(state=State.APPLYING, connection__state=ErpConnection.State.LIVE)
    found = list(waiting.select_related("connection__site").order_by("id"))
    for imported in found:
        import_step(imported, now, budget_s=BUDGET_S / len(found))
    return len(found)


def error_rows_csv(imported: ErpImport) -> Iterator[str]:
    """Rows that could not be read or wait for something: line, order, problem. First a mark for UTF-8."""
    yield "\ufeff" + _csv_line(["line", "order", "problem"])
    bad = imported.rows.filter(~Q(problem="")).order_by("line", "id")
    for line, number, problem in bad.values_list("line", "number", "problem").iterator(chunk_size=1000):
        yield _csv_line([str(line), number, problem])


def _rows(imported: ErpImport, reading: Reading) -> list[ErpImportRow]:
    good = [
        ErpImportRow(of=imported, line=line, number=request.ref.number[:120], request=plain(request))
        for line, request in zip(reading.lines, reading.requests, strict=True)
    ]
    bad = [
        ErpImportRow(of=imported, line=row.line, number=row.key[:120], problem=row.problem[:500]) for row in reading.bad
    ]
    return good + bad


def _learn(imported: ErpImport) -> None:
    """A drop folder must know the orders too, or their confirmations would have nowhere to go."""
    with opened(imported.connection) as erp:
        if isinstance(erp, DropConnector):
            rows = imported.rows.filter(request__isnull=False).values_list("request", flat=True)
            erp.learn(f"import:{imported.key}", imported.name, lambda: [_request(row) for row in rows])


def _slice(imported: ErpImport, mappings: Mappings, now: datetime) -> bool:
    """One transaction: some rows, their outcome and the count, or nothing of it. True while there is more."""
    with transaction.atomic():
        fresh = _locked(imported)
        if fresh.state != State.APPLYING:
            return False
        rows = list(fresh.rows.filter(outcome="", request__isnull=False).order_by("line", "id")[:SLICE])
        for row in rows:
            request = _request(row.request)
            row.outcome = request_apply(connection=fresh.connection, request=request, mappings=mappings, at=now).value
            if row.outcome == Outcome.FAILED.value:
                link = ErpLink.objects.filter(connection=fresh.connection, key=request.ref.key).first()
                row.problem = link.said[:500] if link is not None else _("It could not be applied.")
        ErpImportRow.objects.bulk_update(rows, ["outcome", "problem"])
        failed = sum(row.outcome == Outcome.FAILED.value for row in rows)
        ErpImport.objects.filter(pk=fresh.pk).update(applied=F("applied") + len(rows), failed=F("failed") + failed)
        if len(rows) == SLICE:
            return True
        fresh.refresh_from_db()
        fresh.finished_at = now
        _turn(fresh, State.DONE, "erp_import_done", "system", now)
    return False


def _request(said: Any) -> OperationsRequest:
    """The order of a good row."""
    return request_from(said)


def _turn(imported: ErpImport, state: str, action: str, actor: str, at: datetime) -> None:
    before, imported.state = imported.state, state
    imported.save(update_fields=["state", "finished_at"])
    after = {"state": state, "applied": imported.applied, "failed": imported.failed}
    _tell(imported, action, actor, at, {"before": {"state": before}, "after": after})


def _locked(imported: ErpImport) -> ErpImport:
    rows = ErpImport.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("connection__site").get(pk=imported.pk)


def _tell(imported: ErpImport, action: str, actor: str, at: datetime, data: dict[str, Any]) -> None:
    code = f"{imported.connection.code}/{imported.pk}"
    record(actor=actor, at=at, action=action, kind="erp-import", code=code, data=data)


def _csv_line(cells: list[str]) -> str:
    """A line; what a spreadsheet would take for a formula gets an apostrophe."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells])
    return text.getvalue()
