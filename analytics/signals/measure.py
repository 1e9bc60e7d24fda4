"""How good the signals are on lines whose slow spells are known (pure): what was found, and what was false."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analytics.signals.slow import Hour, episodes


@dataclass(frozen=True, slots=True)
class Slow:
    """`spells` there were, `found` of them; `false` episodes in `planned_h` hours."""

    spells: int
    found: int
    false: int
    planned_h: float

    @property
    def recall(self) -> float | None:
        """Share of the spells that was found; None if there were none."""
        return self.found / self.spells if self.spells else None

    @property
    def false_per_100_h(self) -> float | None:
        """False episodes per 100 planned hours; None if nothing was planned."""
        return self.false * 100 / self.planned_h if self.planned_h else None


def f10(lines: Iterable[tuple[Sequence[Hour], Sequence[tuple[int, int]]]]) -> Slow:
    """Of lines as (hours, known spells as half-open index ranges): an episode noticed inside a spell has found it.

    One noticed outside of every spell is false, also one that comes an hour after the spell.
    """
    spells_n = found = false = 0
    planned_h = 0.0
    for hours, spells in lines:
        noticed = [episode.noticed for episode in episodes(hours)]
        spells_n += len(spells)
        found += sum(any(start <= at < end for at in noticed) for start, end in spells)
        false += sum(not any(start <= at < end for start, end in spells) for at in noticed)
        planned_h += sum(hour.planned_min for hour in hours) / 60
    return Slow(spells_n, found, false, planned_h)
