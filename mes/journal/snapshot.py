"""A record as plain values, as people know them: codes instead of row numbers, and no secrets."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

HIDDEN = frozenset({"password", "key_hash", "last_login", "date_joined", "is_staff"})
_NAMES = ("code", "number", "username", "name")


def kind_of_model(model: type[Model]) -> str:
    """The kind of record in journal entries, e.g. work-center."""
    return re.sub(r"[^a-z0-9]+", "-", str(model._meta.verbose_name).lower())


def code_of(record: Model) -> str:
    """The code people know a record by."""
    for name in _NAMES:
        value = getattr(record, name, None)
        if isinstance(value, str) and value:
            return value
    return str(record)


def snapshot(record: Model) -> dict[str, Any]:
    """Every stored field that is not hidden; relations as codes."""
    values: dict[str, Any] = {}
    for field in record._meta.concrete_fields:
        if field.primary_key or field.name in HIDDEN:
            continue
        value = getattr(record, field.name)
        values[field.name] = code_of(value) if isinstance(value, Model) else value
    for many in record._meta.many_to_many:
        if record.pk is not None and many.name not in ("groups", "user_permissions"):
            values[many.name] = sorted(code_of(other) for other in getattr(record, many.name).all())
    return values


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what is different, as it was and as it is."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before[key] for key in keys if key in before}, {key: after[key] for key in keys if key in after}


def sorted_snapshots(records: Iterable[Model], without: str) -> list[dict[str, Any]]:
    """The parts of a record (e.g. the breaks of a shift), without their reference to it."""
    parts = [{key: value for key, value in snapshot(each).items() if key != without} for each in records]
    return sorted(parts, key=lambda part: sorted((key, str(value)) for key, value in part.items()))
