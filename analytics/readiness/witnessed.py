"""What independent witnesses say of a line's counts, as readiness asks for it."""

from datetime import datetime

from analytics.readiness.tallies import Witnessed
from mes.plant.models import Line


def witnessed(line: Line, start: datetime, end: datetime) -> tuple[Witnessed, float | None]:
    """Whether a source this product did not feed vouches for the counts of a stretch, and the share that agrees.

    No source looks at them yet, so they are unwitnessed: never 1, because nobody vouched.
    """
    return "unwitnessed", None
