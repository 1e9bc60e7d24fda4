"""A connection's life: made, checked, tried dry, live, stopped; and the health of its exchanges. One entry each."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from erp_sync.connector import ErpConnector, Settings
from erp_sync.connectors import KINDS, open_connector
from erp_sync.errors import AuthError, ErpError
from erp_sync.messages import Capability, Health
from erp_sync.models import ErpConnection, SyncRun
from erp_sync.secrets import secrets_keep, secrets_of
from mes.journal.snapshot import difference, snapshot
from mes.journal.write import record
from mes.plant.models import Site

State = ErpConnection.State
WARN_SKEW_S = 30.0
BLOCK_SKEW_S = 300.0
_SECRET = re.compile("passw|secret|token|api.?key|access.?key|private.?key", re.IGNORECASE)
_TOLD = frozenset(
    {Capability.LABOR, Capability.MACHINE_TIME, Capability.DOWNTIME, Capability.CONSUMPTION, Capability.LOTS}
)
_EDITED = (
    "name",
    "kind",
    "address",
    "options",
    "site",
    "posting",
    "posting_interval_min",
    "posting_day",
    "closed_until",
    "closed_period",
)


class ConnectionRefused(Exception):
    """Nothing was changed. The text says what is wrong and how to mend it; `field` names the form field, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@contextmanager
def opened(connection: ErpConnection) -> Iterator[ErpConnector]:
    """The way to the connection's ERP, given back at the end. Raises only errors of `erp_sync.errors`."""
    known = connector_settings(connection)
    try:
        connector = open_connector(connection.kind, known)
    except (KeyError, ImportError, ValueError) as error:
        said = _("%(code)s cannot be opened as %(kind)s: check its kind, address and options.")
        raise ErpError(said % {"code": connection.code, "kind": connection.kind}) from error
    try:
        yield connector
    finally:
        connector.close()


def connector_settings(connection: ErpConnection) -> Settings:
    """What a connector needs to know, with the secrets, which are kept outside the database."""
    return Settings(
        code=connection.code,
        address=connection.address,
        options=connection.options,
        secrets=secrets_of(connection.code),
        demo=settings.MES_ENV in ("demo", "test"),
        folders=settings.ERP_FOLDERS,
    )


def not_posted(connection: ErpConnection) -> frozenset[Capability]:
    """What a message tells and this ERP has no place for, or its connector does not write. Nothing is reached.

    Empty for an ERP that fetches messages itself: it gets them whole. Empty too where the connector cannot be opened:
    then nothing is posted at all, and the connection says why.
    """
    try:
        with opened(connection) as erp:
            can = erp.capabilities()
    except ErpError:
        return frozenset()
    return _TOLD - can if Capability.PUSH in can else frozenset()


def connection_create(
    *,
    code: str,
    name: str,
    kind: str,
    site: Site,
    actor: str,
    at: datetime,
    address: str = "",
    options: Mapping[str, Any] | None = None,
) -> ErpConnection:
    """A new connection, being set up. The same said again gives it back; another one under its code is refused."""
    _check_options(options or {})
    fields: dict[str, Any] = {"name": name, "kind": kind, "site": site, "address": address}
    fields["options"] = dict(options or {})
    _check_kind(kind)
    try:
        with transaction.atomic():
            made = ErpConnection.objects.create(code=code, **fields)
            _tell(made, "erp_connection_create", actor, at, {"after": snapshot(made)})
            return made
    except IntegrityError:
        known = ErpConnection.objects.select_related("site").get(code=code)
    if any(getattr(known, field) != value for field, value in fields.items()):
        raise ConnectionRefused(_("%(code)s exists already: choose another code.") % {"code": code}, "code")
    return known


def connection_change(*, connection: ErpConnection, actor: str, at: datetime, **fields: Any) -> bool:
    """Other settings (see `_EDITED`). True if that changed something.

    A live connection whose kind or address changes is stopped: it is checked and tried dry before it is live again.
    Its cursor is forgotten, for another ERP's time means nothing to this one.
    """
    unknown = set(fields) - set(_EDITED)
    if unknown:
        raise ValueError(f"A connection has no setting {', '.join(sorted(unknown))}.")
    if "kind" in fields:
        _check_kind(fields["kind"])
    _check_options(fields.get("options") or {})
    with transaction.atomic():
        fresh = _locked(connection)
        before = snapshot(fresh)
        for name, value in fields.items():
            setattr(fresh, name, value)
        was, now = difference(before, snapshot(fresh))
        if not now:
            return False
        if {"kind", "address"} & now.keys():
            fresh.order_cursor, fresh.order_more, fresh.checked_at = "", False, None
            if fresh.state in (State.LIVE, State.DRY_RUN):
                fresh.state = State.DRAFT
        fresh.save()
        _tell(fresh, "erp_connection_change", actor, at, {"before": was, "after": now})
    connection.refresh_from_db()
    return True


def connection_secrets_keep(*, connection: ErpConnection, values: Mapping[str, str], actor: str, at: datetime) -> None:
    """Keeps secrets outside the database; an empty text drops one. The journal has their names, never what they are.

    ConnectionRefused where the folder cannot be written.
    """
    try:
        secrets_keep(connection.code, values)
    except OSError as error:
        said = _("The secret could not be kept: the server may not write to its data folder.")
        raise ConnectionRefused(said) from error
    names = {"kept": sorted(name for name in values if values[name])}
    _tell(
        connection,
        "erp_secrets_keep",
        actor,
        at,
        names | {"dropped": sorted(name for name in values if not values[name])},
    )


def connection_check(connection: ErpConnection, actor: str, at: datetime) -> Health | None:
    """Reaches the ERP, logs in, reads its version and clock. None where that failed: then `problem` says why."""
    run = SyncRun.objects.create(connection=connection, kind=SyncRun.Kind.CHECK, started_at=at)
    try:
        with opened(connection) as erp:
            health = erp.check(at)
    except ErpError as error:
        exchange_failed(connection, error, at)
        SyncRun.objects.filter(pk=run.pk).update(finished_at=at, error=error_text(error)[:1000])
        return None
    with transaction.atomic():
        found = {"version_seen": health.version[:60], "clock_skew_s": health.skew_s, "checked_at": at}
        before = {name: getattr(connection, name) for name in ("version_seen", "clock_skew_s")}
        exchange_worked(connection, at, **found)
        SyncRun.objects.filter(pk=run.pk).update(finished_at=at, read=1)
        _tell(connection, "erp_connection_check", actor, at, {"before": before, "after": found})
    return health


def connection_dry_run(connection: ErpConnection, actor: str, at: datetime) -> bool:
    """From now on it is read and nothing is changed. Needs a check that worked. True if this call did it."""
    return _turn(connection, State.DRY_RUN, (State.DRAFT, State.STOPPED, State.LIVE), "erp_dry_run", actor, at)


def connection_go_live(connection: ErpConnection, actor: str, at: datetime) -> bool:
    """Orders come in, confirmations go out. Only after a dry run, or again after a stop. True if this call did it."""
    return _turn(connection, State.LIVE, (State.DRY_RUN, State.STOPPED), "erp_go_live", actor, at)


def connection_stop(connection: ErpConnection, why: str, actor: str, at: datetime) -> bool:
    """Nothing is read and nothing sent until somebody lets it go on. True if this call did it."""
    words = " ".join(why.replace("\0", " ").split())[:500]
    if not words:
        raise ConnectionRefused(_("Say why the connection is stopped."), "why")
    with transaction.atomic():
        fresh = _locked(connection)
        if fresh.state == State.STOPPED:
            return False
        before, fresh.state, fresh.stopped_because = fresh.state, State.STOPPED, words
        fresh.save(update_fields=["state", "stopped_because"])
        data = {"before": before, "after": fresh.state, "why": words}
        _tell(fresh, "erp_stop", actor, at, data)
    connection.refresh_from_db()
    return True


def exchange_worked(connection: ErpConnection, at: datetime, **fields: Any) -> None:
    """An exchange came through: what was wrong is over. `fields` are written with it, e.g. last_pull_at."""
    if connection.problem:
        fields = {"problem": "", "problem_since": None} | fields
    if fields:
        ErpConnection.objects.filter(pk=connection.pk).update(**fields)
        for name, value in fields.items():
            setattr(connection, name, value)


def exchange_failed(connection: ErpConnection, error: ErpError, at: datetime) -> None:
    """An exchange did not come through: the connection says so, since when, and stops where the login is refused."""
    text = error_text(error)[:500]
    since = Coalesce("problem_since", Value(at, output_field=DateTimeField()))
    ErpConnection.objects.filter(pk=connection.pk).update(problem=text, problem_since=since)
    connection.refresh_from_db(fields=["problem", "problem_since", "state"])
    if isinstance(error, AuthError) and connection.state == State.LIVE:
        connection_stop(connection, text, "system", at)


def error_text(error: ErpError) -> str:
    """The sentence, and the ERP's own words where it had some."""
    return f"{error} ({error.said})" if error.said and error.said not in str(error) else str(error)


def skew_words(connection: ErpConnection) -> str:
    """What is to be said of the ERP's clock; empty up to 30 s, and where it does not tell its time."""
    skew = connection.clock_skew_s
    if skew is None or abs(skew) <= WARN_SKEW_S:
        return ""
    side = _("ahead of") if skew > 0 else _("behind")
    words = {"by": str(timedelta(seconds=round(abs(skew)))), "side": side}
    if posting_blocked(connection):
        return _("The ERP's clock is %(by)s %(side)s ours: nothing is posted until one of them is set right.") % words
    return _("The ERP's clock is %(by)s %(side)s ours: set one of them right.") % words


def plain_words(connection: ErpConnection) -> str:
    """A warning where a secret goes over the line readable for everybody on the way; empty otherwise, and in the demo.

    It is not refused: some plants have an ERP in a network of its own that speaks nothing else.
    """
    if settings.MES_ENV in ("demo", "test") or not connection.address.lower().startswith("http://"):
        return ""
    try:
        kept = any(secrets_of(connection.code).values())
    except AuthError:
        return ""  # then nothing is sent, and the connection says why
    said = _("Its secret goes over the line unencrypted: whoever is on the way can read it. Use an https:// address.")
    return said if kept else ""


def posting_blocked(connection: ErpConnection) -> bool:
    """Whether the clocks are more than 5 minutes apart, so that posting times would be wrong."""
    return connection.clock_skew_s is not None and abs(connection.clock_skew_s) > BLOCK_SKEW_S


def _turn(
    connection: ErpConnection, state: str, sources: tuple[str, ...], action: str, actor: str, at: datetime
) -> bool:
    with transaction.atomic():
        fresh = _locked(connection)
        if fresh.state == state:
            return False
        if fresh.state not in sources:
            said = _("%(code)s is not ready for that: check it and try it dry first.")
            raise ConnectionRefused(said % {"code": fresh.code})
        if fresh.checked_at is None or fresh.problem:
            said = _("%(code)s was not reached yet, or not the last time: check it first.")
            raise ConnectionRefused(said % {"code": fresh.code})
        before, fresh.state, fresh.stopped_because = fresh.state, state, ""
        fresh.save(update_fields=["state", "stopped_because"])
        _tell(fresh, action, actor, at, {"before": before, "after": state})
    connection.refresh_from_db()
    return True


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise ConnectionRefused(_("A connection is one of %(kinds)s.") % {"kinds": known}, "kind")


def _check_options(options: Mapping[str, Any]) -> None:
    """Options stand in the database, in pages, in the journal and in backups: nothing secret may be among them."""
    for name in options:
        if _SECRET.search(str(name)):
            said = _("%(name)s is a secret: enter it below, where it is kept outside the database, not as an option.")
            raise ConnectionRefused(said % {"name": str(name)[:60]}, "options")


def _locked(connection: ErpConnection) -> ErpConnection:
    rows = ErpConnection.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("site").get(pk=connection.pk)


def _tell(connection: ErpConnection, action: str, actor: str, at: datetime, data: dict[str, Any]) -> None:
    record(actor=actor, at=at, action=action, kind="erp-connection", code=connection.code, data=data)
