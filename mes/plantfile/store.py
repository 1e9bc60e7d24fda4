"""Stores a Plant: one transaction, upsert by code, effective-dated rows closed and opened, one journal entry."""

from datetime import datetime

from django.db import connection, transaction

from mes.journal.write import record
from mes.plant.tasks import lines_materialise
from mes.plantfile.document import Plant
from mes.plantfile.outcome import Outcome
from mes.plantfile.store_parts import parts_store

_LOCK = 0x706C616E74  # "plant": two imports take turns


def plant_import(*, plant: Plant, source: str, actor: str, at: datetime) -> Outcome:
    """Makes the stored plant what the file says; what the file does not name stays as it is.

    Repeatable: the same file again changes nothing and writes no journal entry. A work center listed under `bindings`
    and an item's ideal cycles are taken as complete: what is missing there ends at `at`. Shifts of the next weeks are
    made afterwards.
    """
    outcome = Outcome()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        parts_store(plant, outcome, at)
        if outcome.changes:
            told = [
                {"kind": change.kind, "code": change.code, "before": change.before, "after": change.after}
                for change in outcome.changes
            ]
            data = {"created": outcome.created, "changed": outcome.changed, "changes": told}
            record(actor=actor, at=at, action="plant_import", kind="plant", code=source, data=data)
        lines_materialise(at=at, actor=actor)
    return outcome
