"""How much a method beats the next simpler one on its own record (pure): 28-day rate x planned minutes."""

import numpy as np

from analytics.forecast.archive import Record, blended, group_of, trusted
from analytics.forecast.series import Floats

DAY_MS = 86_400_000
JUDGED_DAYS = 28
BETTER = 0.02  # share of the error that a higher rung must save to be shown


def skill(record: Record) -> float | None:
    """1 - error of the rate model / error of the plain rate over the newest 28 days of origins; None without record.

    Errors are absolute, each method brought to its own middle per group of leads before, as its band is. 0 where the
    plain rate makes no error.
    """
    if not len(record.lead):
        return None
    said = blended(record.plan, record.mix, record.lead, record.grain, trusted(record))
    recent = record.origin_ms > record.origin_ms.max() - JUDGED_DAYS * DAY_MS
    mine, plain = (float(_errors(record, pieces)[recent].sum()) for pieces in (said, record.plain))
    return 1 - mine / plain if plain > 0 else 0.0


def _errors(record: Record, said: Floats) -> Floats:
    group = group_of(record.grain, record.lead)
    found = np.array(record.actual, dtype=np.float64)
    for n in np.unique(group):
        mine = (group == n) & (said > 0)
        if mine.any():
            found[mine] = record.actual[mine] - np.median(record.actual[mine] / said[mine]) * said[mine]
    return np.abs(found)
