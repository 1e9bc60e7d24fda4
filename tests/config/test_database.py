"""Times come out of PostgreSQL as aware UTC, whatever the session's time zone shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.utils import DataError

pytestmark = pytest.mark.django_db


def _read(text: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-03-29 00:59:59.999999+00", datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC)),
        ("2026-03-29 02:30:00.5+01:30", datetime(2026, 3, 29, 1, 0, 0, 500000, tzinfo=UTC)),
        ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_the_instant_it_was_in_utc(said: str, meant: datetime) -> None:
    found = _read(said)
    assert found == meant
    assert found.tzinfo is UTC


def test_a_session_in_another_zone_still_gives_utc() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Kathmandu'")
    found = _read("2026-11-22 12:00:00+00")
    assert (found, found.utcoffset()) == (datetime(2026, 11, 22, 12, tzinfo=UTC), timedelta(0))


def test_what_is_no_date_is_refused_by_psycopg() -> None:
    with pytest.raises(DataError):
        _read("infinity")
