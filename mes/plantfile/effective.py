"""Effective-dated rows: a changed one is closed and a new one opened, so that the past keeps what held then."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model


def current_of(rows: Sequence[Any], at: datetime) -> Any | None:
    """The row that holds at an instant."""
    return next((row for row in rows if row.valid_from <= at and (row.valid_to is None or row.valid_to > at)), None)


def effective_put(
    model: type[Model],
    key: Mapping[str, Any],
    rows: Sequence[Any],
    names: Sequence[str],
    values: Mapping[str, Any] | None,
    at: datetime,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Makes `values` hold from `at` on for one key (None: nothing holds any more).

    `rows` are all rows of the key, `names` the fields that matter. Returns what held before and what holds now; both
    are the same when nothing had to change. A row that begins later is left alone and ends the new one.
    """
    current = current_of(rows, at)
    before = {name: getattr(current, name) for name in names} if current else None
    after = dict(values) if values is not None else None
    if before == after:
        return before, before
    if current is None:
        until = min((row.valid_from for row in rows if row.valid_from > at), default=None)
    else:
        until = current.valid_to
        if current.valid_from == at:  # it never held: no empty interval is left behind
            current.delete()
        else:
            current.valid_to = at
            current.save(update_fields=["valid_to"])
    if values is not None:
        model._default_manager.create(**key, **values, valid_from=at, valid_to=until)
    return before, after
