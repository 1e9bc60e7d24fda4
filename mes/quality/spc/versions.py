"""Limits that stay (pure): a baseline is frozen as a version, and only a person with a reason makes the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mes.quality.spc.chart import Baseline


@dataclass(frozen=True, slots=True)
class LimitsVersion:
    """A frozen baseline: version 1, 2, ...; in force from `since` until the next one's; who set it and why."""

    version: int
    baseline: Baseline
    since: datetime
    by: str
    why: str


def limits_freeze(baseline: Baseline, *, since: datetime, by: str, why: str) -> LimitsVersion:
    """The first version. A baseline without a centre, no person or no reason: ValueError; naive time too.

    Provisional baselines may be frozen; they stay labelled provisional.
    """
    return _version(1, baseline, since, by, why)


def limits_rebase(current: LimitsVersion, baseline: Baseline, *, since: datetime, by: str, why: str) -> LimitsVersion:
    """The version after `current`, from `since` on: points before it keep the limits they were judged by.

    ValueError as `limits_freeze`, and where `since` is not after the current version's or the kind of chart differs.
    """
    if since <= current.since:
        raise ValueError(f"New limits must begin after those of version {current.version}, {current.since}.")
    if baseline.kind is not current.baseline.kind:
        raise ValueError(f"Limits of a {current.baseline.kind} chart cannot be replaced by those of {baseline.kind}.")
    return _version(current.version + 1, baseline, since, by, why)


def _version(number: int, baseline: Baseline, since: datetime, by: str, why: str) -> LimitsVersion:
    if baseline.center is None:
        raise ValueError("Limits without any value cannot be frozen: measure first.")
    if since.tzinfo is None:
        raise ValueError("Limits begin at an instant with a time zone.")
    if not by.strip() or not why.strip():
        raise ValueError("Say who changes the limits and why: without a reason nobody can trust them later.")
    return LimitsVersion(number, baseline, since, by.strip(), why.strip())


def limits_at(versions: Sequence[LimitsVersion], at: datetime) -> LimitsVersion | None:
    """The version in force at this instant (from its `since`, inclusive), None before the first.

    Worked: version 1 since 06:00, version 2 since 14:00: 13:59 has version 1, 14:00 has version 2.
    """
    begun = [version for version in versions if version.since <= at]
    return max(begun, key=lambda version: version.since) if begun else None
