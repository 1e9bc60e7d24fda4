"""How long a message waits after so many tries that did not come through. Pure."""

from datetime import datetime, timedelta

STEPS_S = (5, 30, 120, 600, 1800, 3600)
MOST_S = 6 * 3600
"""An ERP's own wish is kept up to here: one that asks for a year is not taken at its word."""


def due_after(attempts: int, now: datetime, wish_s: float | None = None) -> datetime:
    """When the next try is: 5 s, 30 s, 2, 10, 30 minutes, then every hour after the first, second ... try.

    `wish_s` is the ERP's Retry-After and only makes it later. `attempts` below 1 counts as the first.
    """
    step = STEPS_S[min(max(attempts, 1), len(STEPS_S)) - 1]
    return now + timedelta(seconds=max(step, min(wish_s or 0, MOST_S)))
