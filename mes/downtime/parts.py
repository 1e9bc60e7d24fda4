"""How people divide a stop (pure): cuts and what was said of each part; cut, join, trim, lay over a new telling."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a part. `trimmed`: it is no stop, the machine ran; `hands_off`: no rule may explain it."""

    reason: str | None = None
    note: str = ""
    by: str = ""
    at: datetime | None = None
    limit_min: int | None = None
    hands_off: bool = False
    trimmed: bool = False


NOTHING = Said()


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a stop: `said[n]` holds from `cuts[n - 1]` (the start of the stop) to `cuts[n]` (its end).

    Start and end are those of the stop itself, so the parts always add up to it, however it grows or shrinks.
    """

    cuts: tuple[datetime, ...] = ()
    said: tuple[Said, ...] = (NOTHING,)

    @property
    def whole(self) -> bool:
        """Whether the stop stands in one piece."""
        return not self.cuts and not self.said[0].trimmed


Span = tuple[datetime, datetime | None]


def spans(layout: Layout, start: datetime, end: datetime | None) -> list[tuple[datetime, datetime | None, Said]]:
    """(from, to, said) of each part of a stop from `start` to `end` (None: it still lasts)."""
    starts: tuple[datetime, ...] = (start, *layout.cuts)
    ends: tuple[datetime | None, ...] = (*layout.cuts, end)
    return list(zip(starts, ends, layout.said, strict=True))


def cut(layout: Layout, at: datetime) -> Layout:
    """One part more: what was said of the part that is cut holds of both. An instant cut already changes nothing.

    The caller makes sure that `at` lies inside the stop.
    """
    if at in layout.cuts:
        return layout
    n = sum(one < at for one in layout.cuts)
    said = layout.said
    return Layout((*layout.cuts[:n], at, *layout.cuts[n:]), (*said[: n + 1], said[n], *said[n + 1 :]))


def joined(layout: Layout, at: datetime, *, keep_later: bool = False) -> Layout:
    """The exact inverse of `cut`: the parts on both sides of the cut are one again, with what the earlier one said.

    Where one side has no reason or is trimmed off, the other's word holds; `keep_later` decides between two reasons.
    Without a cut at that instant nothing changes.
    """
    if at not in layout.cuts:
        return layout
    n = layout.cuts.index(at)
    earlier, later = layout.said[n], layout.said[n + 1]
    first, second = (later, earlier) if keep_later else (earlier, later)
    empty = first.trimmed or (first.reason is None and second.reason is not None and not second.trimmed)
    kept = second if empty else first
    return Layout(layout.cuts[:n] + layout.cuts[n + 1 :], (*layout.said[:n], kept, *layout.said[n + 2 :]))


def trimmed(layout: Layout, n: int, *, since: datetime | None = None, until: datetime | None = None) -> Layout:
    """Part `n` begins at `since` and ends at `until` (None: as before); what is cut off is no stop, the machine ran.

    The caller makes sure that both lie inside of the part, in order.
    """
    kept = layout.said[n]
    off = replace(kept, trimmed=True)
    cuts = [at for at in (since, until) if at is not None]
    said = [*([off] if since else []), kept, *([off] if until else [])]
    return Layout(
        (*layout.cuts[:n], *cuts, *layout.cuts[n:]),
        (*layout.said[:n], *said, *layout.said[n + 1 :]),
    )


def laid(old: Sequence[tuple[datetime, datetime | None, Layout]], start: datetime, end: datetime | None) -> Layout:
    """What people said of stops as they were told before, laid over one stop as it is told now.

    A cut outside of the new stop falls away with the part behind it; where the stop grew, its outermost part grows with
    it (but for a trimmed-off one: nobody said that the machine ran then too); between two old stops nothing was said.
    """
    words: list[tuple[datetime, Said]] = []
    last_end: datetime | None = None
    for was_start, was_end, layout in sorted(old, key=lambda one: one[0]):
        if (end is not None and was_start >= end) or (was_end is not None and was_end <= start):
            continue
        if last_end is not None and last_end < was_start:
            words.append((last_end, NOTHING))
        words += [(since, said) for since, _until, said in spans(layout, was_start, was_end)]
        last_end = was_end
    if not words:
        return Layout()
    if words[-1][1].trimmed and last_end is not None and (end is None or last_end < end):
        words.append((last_end, NOTHING))
    if words[0][1].trimmed and start < words[0][0]:
        words.insert(0, (start, NOTHING))
    first = next((said for since, said in reversed(words) if since <= start), words[0][1])
    inside = [(since, said) for since, said in words[1:] if start < since and (end is None or since < end)]
    return Layout(tuple(since for since, _said in inside), (first, *(said for _since, said in inside)))
