"""Writing to the journal: one entry for each action, in the action's own transaction."""

import json
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from mes.journal.entered import entered_at
from mes.journal.models import JournalEntry


class JournalEncoder(DjangoJSONEncoder):
    """JSON of values that are in models: Decimal as text without loss, times as ISO 8601 with microseconds."""

    def default(self, o: Any) -> Any:
        """Text for what JSON does not know."""
        if hasattr(o, "isoformat"):
            return o.isoformat()
        if isinstance(o, models.Model):
            return getattr(o, "code", None) or str(o)
        if isinstance(o, set | frozenset):
            return sorted(o)
        return super().default(o)


def record(*, actor: str, at: datetime, action: str, kind: str, code: str, data: dict[str, Any]) -> None:
    """Adds one journal entry inside the caller's transaction.

    `actor` is a user name, api:<key>, plc:<controller> or system; `at` is aware; `data` may hold Decimal, dates,
    times and UUIDs; where a device told when the person entered it, `entered_at` is added. The entry has no number
    yet: the sealer gives it one after commit.
    """
    if at.tzinfo is None:
        raise ValueError(f"The journal needs a time with a zone, but {action} of {kind} {code} came with {at}.")
    entered = entered_at()
    if entered is not None:
        data = data | {"entered_at": entered}
    plain = json.loads(json.dumps(data, cls=JournalEncoder))
    JournalEntry.objects.create(at=at, actor=actor[:150], action=action, kind=kind, code=code[:120], data=plain)
