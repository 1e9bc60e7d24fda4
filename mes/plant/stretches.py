"""Which of several words holds when (pure): for planned stretches that are said of places at several levels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Word:
    """Said at a level (higher is nearer) of [start, end): a planned stop of that name or, `holds` False, none."""

    level: int
    start: datetime
    end: datetime
    name: str
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """A planned stop: half-open, UTC. Pauses of one machine never overlap."""

    name: str
    starts_at: datetime
    ends_at: datetime


def nearest(words: Iterable[Word]) -> list[Pause]:
    """The pauses that hold, disjoint and in order of time: at every instant the nearest word decides.

    Of two equally near words the one that begins later decides, then the name. Worked: a site stands 8-12, a line of it
    works on 10-11: that line pauses 8-10 and 11-12.
    """
    kept = [word for word in words if word.start < word.end]
    found: list[Pause] = []
    for since, until in pairwise(sorted({edge for word in kept for edge in (word.start, word.end)})):
        here = [word for word in kept if word.start <= since and until <= word.end]
        if not here:
            continue
        decides = max(here, key=lambda word: (word.level, word.start, word.name))
        if not decides.holds:
            continue
        if found and found[-1].ends_at == since and found[-1].name == decides.name:
            found[-1] = Pause(decides.name, found[-1].starts_at, until)
        else:
            found.append(Pause(decides.name, since, until))
    return found


def with_breaks(pauses: Sequence[Pause], breaks: Sequence[Pause]) -> list[Pause]:
    """Breaks and other pauses as one disjoint list: where both are, the other pause gives the name."""
    rows = [(0, pause) for pause in breaks] + [(1, pause) for pause in pauses]
    return nearest(Word(level, pause.starts_at, pause.ends_at, pause.name) for level, pause in rows)


def overlap_s(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> float:
    """Seconds of disjoint spans inside [start, end)."""
    return sum(max(0.0, (min(until, end) - max(since, start)).total_seconds()) for since, until in spans)
