"""Sums of rolled days and hours in SQL, for any number of windows at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.db import connection

from mes.oee.elements import Elements
from mes.oee.stored import COLUMNS, from_columns

Content = Literal["order", "item"] | None


class Range(NamedTuple):
    """Rows of a place (id) from `start` to before `end`, of one shift where it is given, for window `number`."""

    number: int
    place: int
    start: datetime
    end: datetime
    shift: int | None = None


class Sum(NamedTuple):
    """What a window's rows add up to, per policy (id) and, where asked for, order or item (id).

    `since`: the earliest row. `items`: ids of what was made; `no_ideal`: ids of items without an ideal cycle, with None
    for pieces of no item.
    """

    number: int
    policy: int
    content: int | None
    since: datetime
    items: frozenset[int]
    no_ideal: frozenset[int | None]
    elements: Elements


def sums(kind: str, ranges: Sequence[Range], *, days: bool = False, content: Content = None) -> list[Sum]:
    """Sums of ranges of whole days or hours; `kind` is work_center or line. Empty windows are missing."""
    table, at = ("oee_dayfact", "day") if days else ("oee_hourfact", "hour")
    return _ask(table, at, kind, ranges, content)


def sums_then(kind: str, ranges: Sequence[Range], as_of: datetime, *, content: Content = None) -> list[Sum]:
    """Sums of hours as they were reported at an instant: of each hour the version that was replaced next (R46)."""
    then = (
        "f.superseded_at = (SELECT min(p.superseded_at) FROM oee_hourfactpast p"  # noqa: S608
        f" WHERE p.{kind}_id = f.{kind}_id AND p.hour = f.hour AND p.superseded_at > %s)"
    )
    return _ask("oee_hourfactpast", "hour", kind, ranges, content, then, [as_of])


def _ask(
    table: str, at: str, kind: str, ranges: Sequence[Range], content: Content, also: str = "", more: Iterable[Any] = ()
) -> list[Sum]:
    if not ranges:
        return []
    group = f"f.{content}_id" if content else "NULL::bigint"
    added = ", ".join(f"sum(f.{column})" for column in COLUMNS)
    shift = "" if table == "oee_dayfact" else " AND (w.shift IS NULL OR f.shift_id = w.shift)"
    query = (
        f"SELECT w.number, f.policy_id, {group}, min(f.{at}),"  # noqa: S608  (names of our own tables and columns)
        " array_agg(DISTINCT f.item_id) FILTER (WHERE f.total_milli <> 0 OR f.unscheduled_total_milli <> 0),"
        f" array_agg(DISTINCT f.item_id) FILTER (WHERE f.no_ideal_total_milli <> 0), {added}"
        " FROM unnest(%s::int[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])"
        " AS w(number, place, since, until, shift)"
        f" JOIN {table} f ON f.{kind}_id = w.place AND f.{at} >= w.since AND f.{at} < w.until{shift}"
        f"{' WHERE ' + also if also else ''} GROUP BY 1, 2, 3"
    )
    columns = [list(column) for column in zip(*ranges, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(query, [*columns, *more])
        rows = cursor.fetchall()
    return [
        Sum(number, policy, of, since, frozenset(items or ()) - {None}, frozenset(bare or ()), from_columns(values))
        for number, policy, of, since, items, bare, *values in rows
    ]
