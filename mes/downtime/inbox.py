"""How well stops are explained, as figures, and the reason for many stops at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from mes.downtime.actions import StopChanged, StopRefused, stop_explain
from mes.downtime.models import Reason, Stop
from mes.downtime.queries import stop_ref
from mes.plant.changes import ShiftLocked

VAGUE = ("other", "unknown", "misc", "various")
"""A reason with such a word in its code or name says nothing."""
RULE = "rule: "


@dataclass(frozen=True, slots=True)
class Latency:
    """Minutes until a person gave the reason: half of the stops by `median`, nine of ten by `p90` (nearest rank)."""

    median_min: float
    p90_min: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Of stops that should have a reason: how many lack one, shares of their time, and how late reasons come.

    `share`: stop time with a reason; `vague_share`: of that, with one like "other". `from_begin` and `from_end`: since
    the stop began and since it was over (0 where the reason came earlier); rules do not count. None: nothing to reckon.
    """

    stops: int
    asking: int
    share: float | None
    vague_share: float | None
    from_begin: Latency | None
    from_end: Latency | None


@dataclass(slots=True)
class Bulk:
    """What became of a reason for many stops: how many have it now, and which were left alone, with why."""

    done: int = 0
    changed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def figures(stops: Iterable[Stop], asking: set[int], now: datetime) -> Figures:
    """The figures of stops (with `reason`), of which those whose id is in `asking` lack a reason."""
    counted = asked = 0
    total_s = explained_s = vague_s = 0.0
    from_begin: list[float] = []
    from_end: list[float] = []
    for stop in stops:
        if stop.reason is None and stop.pk not in asking:
            continue
        counted += 1
        seconds = ((stop.ends_at or now) - stop.starts_at).total_seconds()
        total_s += seconds
        if stop.reason is None:
            asked += 1
            continue
        explained_s += seconds
        vague_s += seconds if vague(stop.reason) else 0.0
        if stop.explained_at is not None and not stop.explained_by.startswith(RULE):
            from_begin.append(max(0.0, (stop.explained_at - stop.starts_at).total_seconds() / 60))
            late = (stop.explained_at - stop.ends_at).total_seconds() / 60 if stop.ends_at else 0.0
            from_end.append(max(0.0, late))
    return Figures(
        counted,
        asked,
        explained_s / total_s if total_s else None,
        vague_s / explained_s if explained_s else None,
        _latency(from_begin),
        _latency(from_end),
    )


def vague(reason: Reason) -> bool:
    """Whether a reason says no more than that there was one."""
    return any(word in f"{reason.code} {reason.name}".casefold() for word in VAGUE)


def stops_explain(*, chosen: Sequence[tuple[Stop, int]], reason: Reason, note: str, actor: str, at: datetime) -> Bulk:
    """Gives many stops one reason, each in a transaction of its own: (stop, version as the person saw it).

    What somebody else changed meanwhile, or what lies in a locked shift, is left alone and told. Twice is once.
    """
    result = Bulk()
    for stop, version in chosen:
        try:
            stop_explain(stop_id=stop.pk, reason=reason, note=note, actor=actor, at=at, version=version)
            result.done += 1
        except StopChanged:
            result.changed.append(stop_ref(stop))
        except (StopRefused, ShiftLocked) as refused:
            result.refused.append(str(refused))
    return result


def _latency(minutes: list[float]) -> Latency | None:
    if not minutes:
        return None
    ordered = sorted(minutes)
    return Latency(*(ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.9)))
