"""Taking, renewing and giving back leases: each one conditional UPDATE by the database's clock."""

from collections.abc import Iterable

from django.db import connection

LEASE_S = 6.0  # how long a lease lasts in the database
RENEW_S = 2.0  # how often its holder renews it
TRUST_S = 4.0  # how long a holder may act on it after its last renewal, by its own monotonic clock


def lease_take(*, name: str, owner: str, seconds: float = LEASE_S) -> int | None:
    """The new fence if the lease was free or run out, else None. The fence grows each time it is taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leases_lease (name, owner, fence) VALUES (%s, '', 0) ON CONFLICT DO NOTHING", [name]
        )
        cursor.execute(
            "UPDATE leases_lease SET owner = %s, fence = fence + 1,"
            " until = clock_timestamp() + %s * interval '1 second'"
            " WHERE name = %s AND (until IS NULL OR until < clock_timestamp()) RETURNING fence",
            [owner, seconds, name],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def lease_renew(*, fences: dict[str, int], owner: str, seconds: float = LEASE_S) -> set[str]:
    """The names that are still held with these fences, prolonged. A name missing from the answer is lost.

    A lease that ran out but was taken by nobody is prolonged too: its fence is unchanged, so nobody acted meanwhile.
    """
    if not fences:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leases_lease SET until = clock_timestamp() + %s * interval '1 second'"
            " FROM unnest(%s::text[], %s::bigint[]) AS mine(name, fence)"
            " WHERE leases_lease.name = mine.name AND leases_lease.fence = mine.fence AND owner = %s"
            " RETURNING leases_lease.name",
            [seconds, list(fences), list(fences.values()), owner],
        )
        return {row[0] for row in cursor.fetchall()}


def lease_give_back(*, names: Iterable[str], owner: str) -> None:
    """Frees leases at once, so that another process need not wait for them to run out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leases_lease SET until = NULL, owner = '' WHERE name = ANY(%s) AND owner = %s", [list(names), owner]
        )


def lease_owners(prefix: str) -> dict[str, str]:
    """Name to owner of every unexpired lease whose name starts with the prefix."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, owner FROM leases_lease WHERE starts_with(name, %s) AND until > clock_timestamp()", [prefix]
        )
        return dict(cursor.fetchall())
