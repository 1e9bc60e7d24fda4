"""What independent witnesses say of a line's counts, as readiness asks for it."""

from dataclasses import dataclass
from datetime import datetime

from analytics.readiness.tallies import Witnessed
from mes.plant.models import Line
from mes.witness.queries import consistency

MOST_EVIDENCE = 12  # sentences a report keeps; the witness page has them all


@dataclass(frozen=True, slots=True)
class Word:
    """What the witnesses of a line say of a stretch; `share` None: nobody vouches, so it is never 1."""

    status: Witnessed
    share: float | None
    evidence: tuple[str, ...]


def witnessed(line: Line, start: datetime, end: datetime) -> Word:
    """One contradicted machine contradicts its line; one that is witnessed is enough to speak of a share."""
    share, found = consistency(line, start, end)
    statuses = set(found.statuses.values())
    status: Witnessed = "unwitnessed"
    if "contradicted" in statuses:
        status = "contradicted"
    elif share is not None and "witnessed" in statuses:
        status = "witnessed"
    return Word(status, share if status != "unwitnessed" else None, found.sentences[:MOST_EVIDENCE])
