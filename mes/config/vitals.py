"""What can be seen of the health of everything: one list of checks for `doctor`, /readyz and /metrics."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from psycopg_pool import PoolTimeout

from erp_sync.connectors import KINDS
from erp_sync.errors import AuthError
from erp_sync.models import ErpConnection
from erp_sync.secrets import secrets_missing
from mes.config.periodic import ROUTES
from mes.handover.reports import mails_waiting
from mes.journal.models import JournalEntry
from mes.leases.models import Lease
from mes.oee.models import RebuildCheck, RollMark
from mes.plc.models import Controller, TagHealth
from mes.tracking.models import CountFlag, MachineCursor
from mes.tracking.news import news_client

LEAST_FREE = 0.05
STALE_S = 10.0
QUEUE_LIMIT = 1000
SEAL_LIMIT = timedelta(minutes=5)
ROLL_LIMIT = timedelta(hours=3)
MAIL_LIMIT = timedelta(days=2)
PULL_LIMIT = timedelta(minutes=10)
AWAY = (DatabaseError, PoolTimeout)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, what was seen, and how to mend it. `blind`: it could not be seen."""

    name: str
    ok: bool
    said: str
    mend: str = ""


def database() -> list[Check]:
    """Whether PostgreSQL answers, and by how much its clock differs from this machine's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), current_setting('server_version')")
        row = cursor.fetchone()
    ahead_s = abs((datetime.now(UTC) - row[0]).total_seconds())
    return [
        Check("database", True, f"PostgreSQL {row[1]} answers."),
        Check(
            "clock", ahead_s < 2, f"Differs from the database's by {ahead_s:.1f} s.", "Set this machine's clock (NTP)."
        ),
    ]


def broker() -> list[Check]:
    """Whether Redis answers, and how many tasks wait in each queue."""
    client = news_client()
    try:
        client.ping()
        checks = [Check("redis", True, "Redis answers.")]
        for queue in sorted({"celery", *(route["queue"] for route in ROUTES.values())}):
            waiting = int(client.llen(queue))
            mend = "Start a worker for this queue (./manage.py up runs all of them)."
            checks.append(Check(f"queue {queue}", waiting < QUEUE_LIMIT, f"{waiting} tasks wait.", mend))
        return checks
    except redis.RedisError as error:
        return [
            Check("redis", False, f"Redis does not answer ({type(error).__name__}).", "Start it, or set MES_REDIS_URL.")
        ]
    finally:
        client.close()


def migrations() -> list[Check]:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    said = f"{len(plan)} migrations are missing." if plan else "All tables are as this version needs them."
    return [Check("migrations", not plan, said, "Run ./manage.py migrate.")]


def controllers() -> list[Check]:
    """When each enabled controller was last read well, and which of its tags are not readable."""
    now, checks = datetime.now(UTC), []
    bad: dict[int, list[str]] = {}
    for tag in TagHealth.objects.order_by("tag"):
        bad.setdefault(tag.controller_id, []).append(f"{tag.tag} ({tag.error})")
    for controller in (
        Controller.objects.filter(enabled=True, bindings__valid_to=None).distinct().select_related("health")
    ):
        health = getattr(controller, "health", None)
        last = health.last_good_at if health else None
        age_s = (now - last).total_seconds() if last else None
        limit_s = max(STALE_S, 3 * float(controller.period_s))
        ok = age_s is not None and age_s <= limit_s
        seen = f"Last good read {age_s:.0f} s ago" if age_s is not None else "Never read well"
        state = f", {health.comm}{f': {health.error}' if health.error else ''}" if health else ", not polled yet"
        mend = "See its page under /controllers/; check cable, address, and that a poller runs."
        checks.append(Check(f"controller {controller.code}", ok, f"{seen}{state}.", mend))
        tags = bad.get(controller.pk, [])
        if tags:
            said = f"{len(tags)} tags are not readable: {'; '.join(tags[:3])}."
            checks.append(Check(f"tags {controller.code}", False, said, "Correct the tag addresses in the plant file."))
    return checks


def counters() -> list[Check]:
    """Counts of the last day that were held back as implausible and that nobody settled."""
    since = datetime.now(UTC) - timedelta(days=1)
    held = CountFlag.objects.filter(kind=CountFlag.Kind.QUARANTINE, to_at__gte=since, decided_at=None)
    machines = sorted(set(held.values_list("work_center__code", flat=True)))
    said = (
        f"Counts of {', '.join(machines)} were held back in the last 24 h." if machines else "No count was held back."
    )
    return [
        Check(
            "counters", not machines, said, "Release or discard them on /counts/; look at the tag's modulus and rate."
        )
    ]


def leases() -> list[Check]:
    """Whether every enabled controller with tags has a poller, and tiles their broadcaster."""
    held = set(Lease.objects.filter(until__gt=datetime.now(UTC)).values_list("name", flat=True))
    wanted = Controller.objects.filter(enabled=True, bindings__valid_to=None).distinct().values_list("code", flat=True)
    alone = sorted(code for code in wanted if f"plc:{code}" not in held)
    checks = [
        Check(
            "pollers",
            not alone,
            f"Nobody polls {', '.join(alone)}." if alone else "Every controller has a poller.",
            "Start a poller (./manage.py up runs one).",
        )
    ]
    if wanted:
        live = "broadcast" in held
        said = "Somebody sends tiles." if live else "Nobody sends tiles."
        checks.append(Check("broadcaster", live, said, "Start the live worker (./manage.py up runs one)."))
    return checks


def spool() -> list[Check]:
    """Polls that wait on disk because the database was away."""
    waiting, aside = 0, 0
    for path in sorted(Path(settings.DATA_DIR / "spool").glob("*.sqlite3")):
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)) as stored:
                waiting += stored.execute("SELECT count(*) FROM poll").fetchone()[0]
                aside += stored.execute("SELECT count(*) FROM quarantine").fetchone()[0]
        except sqlite3.Error as error:
            return [Check("spool", False, f"{path.name} cannot be read ({error}).", "See the poller's log.")]
    said = f"{waiting} polls wait on disk, {aside} were set aside."
    return [Check("spool", not waiting and not aside, said, "It empties by itself once the database answers.")]


def partitions() -> list[Check]:
    """Whether today's and tomorrow's samples have a partition."""
    today = datetime.now(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE starts_with(relname, 'tracking_sample_d') AND relkind = 'r'")
        there = {row[0] for row in cursor.fetchall()}
    missing = [day for day in (today, today + timedelta(days=1)) if f"tracking_sample_d{day:%Y_%m_%d}" not in there]
    said = f"No partition for {', '.join(map(str, missing))}." if missing else "Today and tomorrow have partitions."
    return [Check("partitions", not missing, said, "The scheduler makes them hourly: see that beat and a worker run.")]


def journal() -> list[Check]:
    """Whether entries are sealed soon. The whole chain is walked by `./manage.py journal verify`."""
    oldest = JournalEntry.objects.filter(seq=None).order_by("id").first()
    late = oldest is not None and datetime.now(UTC) - oldest.written_at > SEAL_LIMIT
    said = f"Entries since {oldest.written_at:%Y-%m-%d %H:%M} UTC are not sealed." if late and oldest else "Sealed."
    return [Check("journal", not late, said, "The scheduler seals every 5 s: see that beat and a worker run.")]


def disk() -> list[Check]:
    """Free space where Millwright keeps its data."""
    folder = settings.DATA_DIR
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    free = usage.free / usage.total
    said = f"{usage.free / 1e9:.1f} GB ({free:.0%}) free."
    return [Check("disk", free >= LEAST_FREE, said, "Make room, or move MES_DATA_DIR.")]


def machines() -> list[Check]:
    """How many machines are heard right now; told, never a fault by itself."""
    now = datetime.now(UTC)
    rows = list(MachineCursor.objects.filter(work_center__archived=False).values_list("heard_at", "silence_s"))
    heard = sum((now - at).total_seconds() <= max(silence, STALE_S) for at, silence in rows)
    return [Check("machines", True, f"{heard} of {len(rows)} machines are heard.")]


def roll_ups() -> list[Check]:
    """Whether settled hours are rolled up soon, and whether the last sample of them was equal to the raw rows."""
    late = RollMark.objects.filter(line__work_centers__archived=False, rolled_until__lt=datetime.now(UTC) - ROLL_LIMIT)
    behind = sorted(set(late.values_list("line__code", flat=True)))
    said = f"Hours of {', '.join(behind[:5])} wait to be rolled up." if behind else "Settled hours are rolled up."
    checks = [Check("roll-ups", not behind, said, "The scheduler rolls every 5 s: see that beat and a worker run.")]
    last = RebuildCheck.objects.first()
    if last is not None:
        named = ", ".join(last.different[:5])
        said = f"On {last.day} {last.hours} hours were reckoned again from raw rows: "
        said += f"{len(last.different)} differ ({named})." if last.different else "all are equal to the bit."
        mend = "Facts were changed outside of Millwright, or it has a bug: tell the maintainers the hours named."
        checks.append(Check("rebuild", not last.different, said, mend))
    return checks


def mails() -> list[Check]:
    """Shift reports of the last two days that could not be sent yet, or were given up."""
    waiting = [mail for mail in mails_waiting(since=datetime.now(UTC) - MAIL_LIMIT) if mail.error]
    said = f"{len(waiting)} are not sent: {waiting[0].error}" if waiting else "None waits for the mail server."
    mend = "Set MES_SMTP_URL, see that the mail server answers; the addresses stand on the line's handover page."
    return [Check("shift reports", not waiting, said, mend)]


def erps() -> list[Check]:
    """What each ERP connection that is in use lacks: its secret, its last exchange, orders of the last ten minutes."""
    checks, now = [], datetime.now(UTC)
    for erp in ErpConnection.objects.exclude(state=ErpConnection.State.DRAFT):
        asked = "://" in erp.address  # folders and ERPs that call have no login, and no time at which they are read
        try:
            wrong = secrets_missing(erp.code, KINDS[erp.kind].secrets if asked and erp.kind in KINDS else ())
        except AuthError as problem:
            wrong = str(problem)
        age = now - erp.last_pull_at if erp.last_pull_at else None
        if not wrong and erp.state == ErpConnection.State.STOPPED:
            wrong = f"Stopped: {erp.stopped_because}"
        elif not wrong and erp.problem:
            wrong = erp.problem
        elif not wrong and asked and (age is None or age > PULL_LIMIT):
            wrong = "No orders were read yet." if age is None else f"Last read {age.total_seconds() / 60:.0f} min ago."
        mend = f"Look at /planning/erp/{erp.code}/setup/."
        checks.append(Check(f"erp {erp.code}", not wrong, wrong or "Nothing is wrong with it.", mend))
    return checks


FIRST: tuple[Callable[[], list[Check]], ...] = (database, broker)
STORED: tuple[Callable[[], list[Check]], ...] = (
    *(migrations, controllers, counters, leases, spool, partitions, journal, roll_ups, mails, erps, disk, machines),
)


def look(probes: Iterable[Callable[[], list[Check]]] = (*FIRST, *STORED)) -> list[Check]:
    """Every check; one that fails because the database is away is a failed check and not a traceback."""
    checks: list[Check] = []
    for probe in probes:
        try:
            checks += probe()
        except AWAY as error:
            text = str(error).strip().splitlines()[0] if str(error).strip() else ""
            said = f"Cannot be looked at: {type(error).__name__} {text}".strip() + "."
            checks.append(Check(probe.__name__, False, said, "Start PostgreSQL, or set MES_DATABASE_URL."))
    return checks
