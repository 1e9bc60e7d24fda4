"""The target up to now (pure): elapsed planned time x target rate, per item."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mes.oee.intervals import overlap_ms, overlaps, union


@dataclass(frozen=True, slots=True)
class TargetSegment:
    """Elapsed planned time for one item. `cycle_ms`: ideal ms per piece, None where unknown; `factor`: share of the
    ideal rate that is the target (a target OEE), 1 for the ideal itself."""

    item: str
    planned_ms: int
    cycle_ms: Decimal | None
    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Target:
    """Pieces due by item. `pieces` is their sum only where there is one item: targets of items are never mixed (R41).

    `missing`: items whose target is unknown because they have no ideal cycle.
    """

    by_item: tuple[tuple[str, Fraction], ...]
    missing: tuple[str, ...]

    @property
    def pieces(self) -> Fraction | None:
        """The pieces due of the only item; None for none, for several, and where its ideal cycle is unknown."""
        return self.by_item[0][1] if len(self.by_item) == 1 and not self.missing else None


def target_so_far(segments: Iterable[TargetSegment]) -> Target:
    """Pieces that should be made by now (R41): planned time counts whether the line runs or not.

    Worked: 60 planned minutes at 6 s per piece: 600, also if the line stood for half of them.
    """
    due: dict[str, Fraction] = {}
    missing: set[str] = set()
    for segment in segments:
        if segment.cycle_ms is None or segment.cycle_ms <= 0:
            missing.add(segment.item)
            continue
        pieces = Fraction(segment.planned_ms) * Fraction(segment.factor) / Fraction(segment.cycle_ms)
        due[segment.item] = due.get(segment.item, Fraction(0)) + pieces
    return Target(tuple(sorted(due.items())), tuple(sorted(missing)))


def elapsed_planned_ms(
    since_ms: int, now_ms: int, scheduled: Sequence[tuple[int, int]], planned: Sequence[tuple[int, int]]
) -> int:
    """Scheduled time less breaks and planned stops between two instants: the elapsed planned time of a target."""
    inside = overlaps(since_ms, now_ms, union(scheduled))
    return sum(end - start for start, end in inside) - overlap_ms(inside, union(planned))
