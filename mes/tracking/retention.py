"""Daily partitions of the samples: made ahead, dropped when their time is over."""

from datetime import date, timedelta

from django.db import connection, transaction

AHEAD_DAYS = 3
PREFIX = "tracking_sample_d"


def partitions_turn(*, today: date, keep: timedelta) -> list[str]:
    """Makes today's and the next days' partitions, drops those older than `keep`; returns what it changed.

    Rows that arrived in the default partition before their day had one of its own are moved into it.
    """
    changed = []
    for offset in range(-1, AHEAD_DAYS + 1):
        day = today + timedelta(days=offset)
        if _make(day):
            changed.append(f"made {day}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s)", [PREFIX])
        for (name,) in cursor.fetchall():
            day = date.fromisoformat(name.removeprefix(PREFIX).replace("_", "-"))
            if day < today - keep:
                cursor.execute(f'DROP TABLE "{name}"')
                changed.append(f"dropped {day}")
    return changed


def _make(day: date) -> bool:
    name, start, end = f"{PREFIX}{day:%Y_%m_%d}", day.isoformat(), (day + timedelta(days=1)).isoformat()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return False
        # Without the identity: a partition takes its numbers from the table it becomes part of.
        cursor.execute(f'CREATE TABLE "{name}" (LIKE tracking_sample INCLUDING DEFAULTS)')
        cursor.execute(
            f"WITH moved AS (DELETE FROM tracking_sample_rest WHERE at >= %s AND at < %s RETURNING *)"  # noqa: S608
            f' INSERT INTO "{name}" OVERRIDING SYSTEM VALUE SELECT * FROM moved',
            [start, end],
        )
        cursor.execute(
            f"ALTER TABLE tracking_sample ATTACH PARTITION \"{name}\" FOR VALUES FROM ('{start}') TO ('{end}')"
        )
    return True
