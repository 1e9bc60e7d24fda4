"""A reason is put in another class: what it explains is counted otherwise, loudly, with every figure reckoned anew."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mes.downtime.models import Reason
from mes.plant.changes import changed

COUNTED_BY = ("klass",)
"""Fields of a reason that decide how its time counts. Limits do not: a stop keeps the one its reason had (R14)."""


def reason_reclassed(*, reason: Reason, was: dict[str, Any], at: datetime) -> int:
    """Queues every stretch the reason explains, in the caller's transaction; how many those are (R43).

    `was`: the fields before. What lies in locked shifts is reckoned when they are reopened, and what was reported stays
    readable as of then. 0 where nothing changed that counts.
    """
    if all(was.get(name) in (None, getattr(reason, name)) for name in COUNTED_BY):
        return 0
    stretches = sorted(set(_stretches(reason, at)))
    changed(stretches, why=f"class of {reason.code}")
    return len(stretches)


def _stretches(reason: Reason, at: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """Of stops, and of whatever rooms above keep that has a machine, a stretch and a reason (corrected states)."""
    for relation in Reason._meta.get_fields(include_hidden=True):
        model: Any = relation.related_model
        if not relation.one_to_many or {"work_center", "starts_at", "ends_at"} - {f.name for f in model._meta.fields}:
            continue
        rows = model._default_manager.filter(**{relation.field.name: reason})  # type: ignore[union-attr]
        for machine, start, end in rows.values_list("work_center_id", "starts_at", "ends_at").iterator():
            yield machine, start, end or at
