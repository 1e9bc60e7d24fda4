"""What was said at past origins beside what came (pure): the shrinkage of the plan and the bands are learnt from it."""

from dataclasses import dataclass

import numpy as np

from analytics.forecast.series import LEVELS, Floats, Grain, Ints

GROUPS: dict[Grain, tuple[int, ...]] = {"hour": (1, 4, 12, 24), "shift": (1, 3, 9), "day": (1, 3, 7)}
"""Leads that are alike: the last of each group but the last."""

CAP = 3.0  # one prediction near zero must not make a ratio of hundreds (seen: ten times the CRPS)
LEAST = 12  # errors for a band
SHRINK_DOUBT = 40.0  # buckets that speak for the plan as it is
FULL_MIN: dict[Grain, float] = {"hour": 60.0, "shift": 480.0, "day": 1440.0}
WIDER: dict[Grain, float] = {
    "hour": 1.06,
    "shift": 1.08,
    "day": 1.06,
}  # factors and trust were learnt from the very past that they are judged by
SPREAD_POWER = 0.5  # relative errors of a bucket half as long are sqrt(2) times as large


@dataclass(frozen=True, slots=True)
class Record:
    """One value per bucket that was forecast and then seen. `lead`: 1 the first bucket. `minutes`: planned and seen.

    `plan`: pieces by the queue as archived then, `mix`: by the usual mix, both over the minutes that were seen;
    `plain`: by the rate of the 28 days before alone; `actual`: pieces that came. `origin_ms`: when it was said.
    """

    grain: Grain
    origin_ms: Ints
    lead: Ints
    plan: Floats
    mix: Floats
    plain: Floats
    actual: Floats
    minutes: Floats


def group_of(grain: Grain, lead: Ints) -> Ints:
    """The group of leads that a lead belongs to, from 0."""
    return np.searchsorted(np.array(GROUPS[grain]), lead, side="left")


def trusted(record: Record) -> Floats:
    """How far the plan is believed per group of leads: 1 wholly, 0 the usual mix alone.

    Weighted least squares of (actual - mix) on (plan - mix), relative to the mix, towards 1 as long as there are few.
    """
    groups = len(GROUPS[record.grain]) + 1
    found = np.ones(groups)
    usable = record.mix > 0
    base = np.where(usable, record.mix, 1.0)
    x, y = (record.plan - record.mix) / base, (record.actual - record.mix) / base
    group = group_of(record.grain, record.lead)
    for n in range(groups):
        mine = usable & (group == n) & (np.abs(y) < CAP)
        doubt = SHRINK_DOUBT * float(np.mean(x[mine] ** 2)) if mine.any() else 0.0
        below = float(x[mine] @ x[mine]) + doubt
        if below > 0:
            found[n] = np.clip((float(x[mine] @ y[mine]) + doubt) / below, 0.0, 1.0)
    return found


def blended(plan: Floats, mix: Floats, lead: Ints, grain: Grain, trust: Floats) -> Floats:
    """Mix + trust x (plan - mix), per lead."""
    return np.asarray(mix + trust[group_of(grain, lead)] * (plan - mix))


def bands(record: Record, trust: Floats, lead: Ints, point: Floats, minutes: Floats) -> Floats | None:
    """One row per level of `LEVELS`: quantiles of actual / said of the record's like leads, brought to these minutes.

    A short bucket scatters more than a long one: deviations from the middle grow by the root of full / planned. None
    below 12 errors. 0 where nothing is planned.
    """
    said = blended(record.plan, record.mix, record.lead, record.grain, trust)
    full = FULL_MIN[record.grain]
    usable = (said > 0) & (record.minutes > 0)
    if usable.sum() < LEAST:
        return None
    scale = (np.minimum(record.minutes[usable], full) / full) ** SPREAD_POWER
    ratio = np.minimum(record.actual[usable] / said[usable], CAP)
    middle = float(np.median(ratio))
    errors = WIDER[record.grain] * (ratio - middle) * scale
    own, group = group_of(record.grain, record.lead[usable]), group_of(record.grain, lead)
    out = np.zeros((len(LEVELS), len(lead)))
    for n in np.unique(group):
        mine = errors[own == n] if (own == n).sum() >= LEAST else errors
        wide = (full / np.clip(minutes[group == n], 1.0, full)) ** SPREAD_POWER
        ratios = middle + np.outer(np.quantile(mine, LEVELS), wide)
        out[:, group == n] = np.clip(ratios, 0.0, CAP) * point[group == n]
    return np.where(minutes > 0, out, 0.0)
