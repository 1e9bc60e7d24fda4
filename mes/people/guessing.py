"""Slows down guessing of passwords: counted per name and per address before any password is hashed."""

from datetime import datetime, timedelta

from django.db import connection

from mes.people.models import LoginFailures

WINDOW = timedelta(minutes=15)
NAME_LIMIT, ADDRESS_LIMIT = 10, 50  # many people share the address of one kiosk or gateway


def keys_of(username: str, address: str) -> dict[str, int]:
    """What is counted for an attempt, with its limit. Names are counted whether they exist or not."""
    return {f"name:{username.casefold()[:150]}": NAME_LIMIT, f"address:{address}": ADDRESS_LIMIT}


def login_blocked(*, username: str, address: str, at: datetime) -> bool:
    """Whether this name or address has failed too often within the window that is still open."""
    limits = keys_of(username, address)
    rows = LoginFailures.objects.filter(key__in=limits, since__gt=at - WINDOW)
    return any(failures >= limits[key] for key, failures in rows.values_list("key", "failures"))


def login_failed(*, username: str, address: str, at: datetime) -> None:
    """Counts a failure; a window that has passed begins anew. One atomic statement per key."""
    with connection.cursor() as cursor:
        for key in sorted(keys_of(username, address)):
            cursor.execute(
                "INSERT INTO people_loginfailures AS f (key, failures, since) VALUES (%s, 1, %s)"
                " ON CONFLICT (key) DO UPDATE SET"
                " failures = CASE WHEN f.since > %s THEN f.failures + 1 ELSE 1 END,"
                " since = CASE WHEN f.since > %s THEN f.since ELSE excluded.since END",
                [key, at, at - WINDOW, at - WINDOW],
            )


def login_succeeded(*, username: str) -> None:
    """Forgets the failures of a name. Those of its address stay, else one own account would free endless guesses."""
    LoginFailures.objects.filter(key=f"name:{username.casefold()[:150]}").delete()
