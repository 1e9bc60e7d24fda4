"""Writes the rows of roll-ups: hours that are other ones now, what was reported before, and the days made of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection

from mes.oee.fact_models import DayFact, HourFact, RollMark
from mes.oee.policies import policy_store
from mes.oee.policy import Policy
from mes.oee.reckon import Part, PlaceKey
from mes.oee.stored import COLUMNS, to_columns
from mes.plant.models import Shift

DAY = timedelta(days=1)
OWNER = ("shift_id", "order_id", "item_id", "policy_id")
_ALL = ", ".join(("work_center_id", "line_id", "hour", *OWNER, "recorded_at", *COLUMNS))
_Owner = tuple[int | None, ...]
_Rows = dict[_Owner, tuple[int, ...]]  # shift, order, item, policy -> values of COLUMNS


class PolicyIds:
    """The stored versions of policies, each asked for once."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._ids: dict[Policy, int] = {}

    def __getitem__(self, policy: Policy) -> int:
        if policy not in self._ids:
            self._ids[policy] = policy_store(policy, at=self._at).pk
        return self._ids[policy]


def rows_of(parts: Iterable[Part], policies: PolicyIds) -> _Rows:
    """The rows of one hour of a place."""
    return {(part.shift, part.order, part.item, policies[part.policy]): to_columns(part.elements) for part in parts}


def hours_write(
    key: PlaceKey, fresh: dict[datetime, _Rows], *, now: datetime, locked: Iterable[int] = ()
) -> list[datetime]:
    """Stores hours of a place as they are now; gives those that are other ones than before.

    Rows of a `locked` shift that are stored stay as they are (R44). Where the shift of a row was closed, the hour as it
    was goes to the past, with the instant until which it held (R46).
    """
    hours = sorted(fresh)
    old = stored_rows(key, hours)
    final, new = set(locked), {}
    for hour in hours:
        before, after = old.get(hour, {}), fresh[hour]
        if before and final:
            after = {owner: row for owner, row in after.items() if owner[0] not in final}
            after |= {owner: row for owner, row in before.items() if owner[0] in final}
        if after != before:
            new[hour] = after
    _keep_reported(key, {hour: (old[hour], rows) for hour, rows in new.items() if hour in old}, now)
    HourFact.objects.filter(**{f"{key[0]}_id": key[1]}, hour__in=[hour for hour in new if hour in old]).delete()
    place = (key[1], None) if key[0] == "work_center" else (None, key[1])
    with connection.cursor() as cursor, cursor.copy(f"COPY oee_hourfact ({_ALL}) FROM STDIN") as copy:
        for hour, rows in new.items():
            for owner, values in rows.items():
                copy.write_row((*place, hour, *owner, now, *values))
    return list(new)


def stored_rows(key: PlaceKey, hours: Sequence[datetime]) -> dict[datetime, _Rows]:
    """The rows of hours of a place as they are stored; an hour that was never rolled is missing."""
    found: dict[datetime, _Rows] = defaultdict(dict)
    rows = HourFact.objects.filter(**{f"{key[0]}_id": key[1]}, hour__in=list(hours))
    for hour, *values in rows.values_list("hour", *OWNER, *COLUMNS):
        found[hour][tuple(values[: len(OWNER)])] = tuple(values[len(OWNER) :])
    return dict(found)


def _keep_reported(key: PlaceKey, changes: dict[datetime, tuple[_Rows, _Rows]], now: datetime) -> None:
    shifts = {owner[0] for old, new in changes.values() for owner in (*old, *new) if owner[0] is not None}
    closed = set(Shift.objects.filter(pk__in=shifts).exclude(closed_at=None).values_list("pk", flat=True))
    hours = [h for h, (old, new) in changes.items() if any(owner[0] in closed for owner in (*old, *new))]
    if not hours:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO oee_hourfactpast ({_ALL}, superseded_at)"  # noqa: S608  (names of our own columns)
            f" SELECT {_ALL}, %s FROM oee_hourfact WHERE {key[0]}_id = %s AND hour = ANY(%s)",
            [now, key[1], hours],
        )


def days_write(key: PlaceKey, hours: Iterable[datetime], mark: RollMark) -> None:
    """Adds up the whole UTC days of these hours again, where all of the day is rolled."""
    days = {hour.replace(hour=0) for hour in hours}
    days = {day for day in days if mark.rolled_from <= day and day + DAY <= mark.rolled_until}
    if not days:
        return
    DayFact.objects.filter(**{f"{key[0]}_id": key[1]}, day__in=days).delete()
    place, sums = "work_center_id, line_id", ", ".join(f"sum({column})" for column in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO oee_dayfact ({place}, day, item_id, policy_id, {', '.join(COLUMNS)})"  # noqa: S608
            f" SELECT {place}, d.day, item_id, policy_id, {sums}"
            f" FROM unnest(%s::timestamptz[]) AS d(day) JOIN oee_hourfact h ON h.{key[0]}_id = %s"
            " AND h.hour >= d.day AND h.hour < d.day + interval '24 hours'"
            f" GROUP BY {place}, d.day, item_id, policy_id",
            [sorted(days), key[1]],
        )
