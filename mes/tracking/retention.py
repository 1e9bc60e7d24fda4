"""Daily partitions of the samples, bound and candidate: made ahead, dropped when their time is over."""

from datetime import date, timedelta

from django.db import connection, transaction

AHEAD_DAYS = 3
SAMPLES, CANDIDATES = "tracking_sample", "tracking_candidatesample"


def partitions_turn(*, today: date, keep: timedelta, table: str = SAMPLES) -> list[str]:
    """Makes today's and the next days' partitions, drops those older than `keep`; returns what it changed.

    Rows that arrived in the default partition before their day had one of its own are moved into it.
    """
    changed = []
    for offset in range(-1, AHEAD_DAYS + 1):
        day = today + timedelta(days=offset)
        if _make(table, day):
            changed.append(f"made {day}")
    prefix = f"{table}_d"
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s)", [prefix])
        for (name,) in cursor.fetchall():
            day = date.fromisoformat(name.removeprefix(prefix).replace("_", "-"))
            if day < today - keep:
                cursor.execute(f'DROP TABLE "{name}"')
                changed.append(f"dropped {day}")
    return changed


def _make(table: str, day: date) -> bool:
    name, start, end = f"{table}_d{day:%Y_%m_%d}", day.isoformat(), (day + timedelta(days=1)).isoformat()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return False
        # Without the identity: a partition takes its numbers from the table it becomes part of.
        cursor.execute(f'CREATE TABLE "{name}" (LIKE {table} INCLUDING DEFAULTS)')
        cursor.execute(
            f"WITH moved AS (DELETE FROM {table}_rest WHERE at >= %s AND at < %s RETURNING *)"  # noqa: S608
            f' INSERT INTO "{name}" OVERRIDING SYSTEM VALUE SELECT * FROM moved',
            [start, end],
        )
        cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION \"{name}\" FOR VALUES FROM ('{start}') TO ('{end}')")
    return True
