"""Whether a counter is witnessed, unwitnessed or contradicted (pure): counts against what an independent source saw.

A comparison never asks for equality. Three things may lie between two right counts of the same pieces:
- the border: a piece counted at the very beginning or end of a stretch can lie on either side of it, for each of the
  two counts; a count that is known by the minute only can be on either side by that minute's pieces;
- the buffer: what stands on the conveyor between two machines was counted by the first and not yet by the second;
  however long the stretch is, the difference of its two ends is at most the whole buffer;
- the tolerance: the share by which the witness itself may be wrong (a person miscounts, a pallet is short).
The first two are pieces, the last is a share. So the longer a stretch is, the sharper its witness.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

BORDER = 1
"""Pieces that one count may have too many or too few at the two ends of a stretch together, at least."""

BLUNT = Decimal("0.1")
"""A witness that could not have seen an error of this share vouches for nothing; it may still contradict."""

_NOTHING = Decimal(0)
_WHOLE = Decimal(1)


class Status(StrEnum):
    """What is known of a count."""

    WITNESSED = "witnessed"
    UNWITNESSED = "unwitnessed"
    CONTRADICTED = "contradicted"


class Word(StrEnum):
    """What one comparison says."""

    AGREES = "agrees"
    DIFFERS = "differs"
    BLUNT = "blunt"  # the difference is allowed, but so would be one of a tenth: it vouches for nothing
    SILENT = "silent"  # nothing passed, so there is nothing to compare


@dataclass(frozen=True, slots=True)
class Comparison:
    """One count against one witness over one stretch, in pieces of the counting machine.

    `counted` lies in [counted_low, counted_high] (equal where it is known exactly). `loose` are the pieces that border,
    buffer and gaps may shift. `other` is the neighbour whose counter is the witness, None for a witness of its own
    (a hand tally, scanned pallets).
    """

    machine: str
    kind: str
    counted_low: Decimal
    counted_high: Decimal
    said: Decimal
    loose: Decimal
    tolerance: Decimal
    other: str | None = None

    @property
    def counted(self) -> Decimal:
        """The count, or the middle of what it may be."""
        return (self.counted_low + self.counted_high) / 2

    @property
    def difference(self) -> Decimal:
        """Pieces the counter has more (+) or less (-) than the witness."""
        return self.counted - self.said

    @property
    def share(self) -> Decimal | None:
        """The difference as a share of what the witness saw; None where it saw nothing."""
        return self.difference / self.said if self.said else None

    @property
    def allowed(self) -> Decimal:
        """Pieces of difference that prove nothing."""
        return self.loose + (self.counted_high - self.counted_low) / 2 + self.tolerance * abs(self.said)

    @property
    def excess(self) -> Decimal:
        """Pieces of difference that nothing allowed explains; 0 where all of it may be."""
        return max(_NOTHING, abs(self.difference) - self.allowed)

    @property
    def word(self) -> Word:
        """What the comparison says. Exactly the allowed difference still agrees."""
        if not self.counted and not self.said:
            return Word.SILENT
        if self.excess:
            return Word.DIFFERS
        return Word.AGREES if self.allowed <= BLUNT * max(self.counted, self.said) else Word.BLUNT


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one machine's count, and the comparisons for and against it.

    `low_share` and `high_share` are the pieces that may really have been made, as shares of those counted: 1 and 1
    unless contradicted. `high_share` is None where the counter stood at 0 while a witness saw pieces.
    """

    status: Status
    for_it: tuple[Comparison, ...] = ()
    against: tuple[Comparison, ...] = ()
    low_share: Decimal = _WHOLE
    high_share: Decimal | None = _WHOLE

    @property
    def worst(self) -> Comparison | None:
        """The comparison that differs most, by what nothing explains."""
        return max(self.against, key=lambda one: one.excess, default=None)


def judge(machines: Iterable[str], comparisons: Sequence[Comparison]) -> dict[str, Verdict]:
    """A verdict for each machine.

    A witness of its own is believed against the counter. Of two neighbours that differ nobody knows at first which one
    is wrong, so both are contradicted, unless others vouch for one of them only: then it is the other. A neighbour
    that is found wrong in that way says nothing about anybody else. Nothing compared, or only blunt: unwitnessed.
    """
    codes = list(machines)
    of = {code: [one for one in comparisons if code in (one.machine, one.other)] for code in codes}
    refuted = {code for code in codes if any(_own(one) and one.word is Word.DIFFERS for one in of[code])}
    vouched = {
        code
        for code in set(codes) - refuted
        if any(one.word is Word.AGREES and _beside(one, code) not in refuted for one in of[code])
    }
    found_out = refuted | {
        code
        for code in set(codes) - vouched
        if any(one.word is Word.DIFFERS and _beside(one, code) in vouched for one in of[code])
    }
    return {code: _verdict(code, of[code], found_out) for code in codes}


def _verdict(code: str, mine: Sequence[Comparison], found_out: set[str]) -> Verdict:
    believed = [one for one in mine if _own(one) or _beside(one, code) not in found_out]
    against = tuple(one for one in believed if one.word is Word.DIFFERS)
    for_it = tuple(one for one in believed if one.word is Word.AGREES)
    if against:
        return Verdict(Status.CONTRADICTED, for_it, against, *_shares(code, against))
    return Verdict(Status.WITNESSED if for_it else Status.UNWITNESSED, for_it)


def _own(one: Comparison) -> bool:
    return one.other is None


def _beside(one: Comparison, code: str) -> str | None:
    return one.other if one.machine == code else one.machine


def _shares(code: str, against: Sequence[Comparison]) -> tuple[Decimal, Decimal | None]:
    """The least and most pieces that a counter's own word and the witnesses against it allow, as shares of its own.

    Worked: 500 counted, 1000 seen, 10 allowed: at most 1010, so 1 and 2.02.
    """
    low, high = _WHOLE, _WHOLE
    for one in against:
        mine, theirs = (one.counted, one.said) if one.machine == code else (one.said, one.counted)
        if not mine:
            return low, None
        low = min(low, max(_NOTHING, theirs - one.allowed) / mine)
        high = max(high, (theirs + one.allowed) / mine)
    return low, high


def consistency_of(comparisons: Iterable[Comparison]) -> Decimal | None:
    """1 - sum of |count - witness| / sum of what the witnesses saw, at least 0; None where no witness spoke.

    Differences that border, buffer and tolerance explain cost nothing. Blunt comparisons count in neither sum: a
    witness that can see nothing must not make a line look consistent.
    """
    heard = [one for one in comparisons if one.word in (Word.AGREES, Word.DIFFERS)]
    if not heard:
        return None
    seen = sum((one.said for one in heard), _NOTHING)
    return max(_NOTHING, 1 - sum((one.excess for one in heard), _NOTHING) / seen) if seen else _NOTHING


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a witness: what was counted and seen, and pieces that may lie in the hour before or after (`loose`)
    or may or may not have gone on (`doubtful`). `blind`: unknown, so it cannot be compared.
    """

    counted: Decimal
    said: Decimal
    loose: Decimal = _NOTHING
    doubtful: Decimal = _NOTHING
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A machine and its witness: who, the pieces that border and buffer may shift, and the witness's own tolerance."""

    machine: str
    kind: str
    standing: Decimal
    tolerance: Decimal
    other: str | None = None


def summed(link: Link, hours: Sequence[Hour]) -> Comparison | None:
    """The comparison over hours in order of time; None where all are blind.

    Border and buffer count once for each unbroken run of hours: across a blind hour nobody knows how full the conveyor
    was. Pieces that may lie in the hour before or after matter only at the ends of a run. Doubtful ones add up.
    """
    clear = [hour for hour in hours if not hour.blind]
    if not clear:
        return None
    loose = _NOTHING
    for place, hour in enumerate(hours):
        if hour.blind:
            continue
        begins = place == 0 or hours[place - 1].blind
        ends = place + 1 == len(hours) or hours[place + 1].blind
        loose += hour.doubtful + (link.standing if begins else _NOTHING) + (hour.loose if begins or ends else _NOTHING)
    counted = sum((hour.counted for hour in clear), _NOTHING)
    said = sum((hour.said for hour in clear), _NOTHING)
    return Comparison(link.machine, link.kind, counted, counted, said, loose, link.tolerance, link.other)


def counted_between(
    readings: Sequence[tuple[int, int]], start_ms: int, end_ms: int, factor: Decimal = _WHOLE
) -> tuple[Decimal, Decimal] | None:
    """Least and most pieces a counter made in [start, end) by its readings (ms, raw) in order of time.

    A piece counted between two readings can have been made anywhere between them, so the readings next to each border
    leave it open on which side it fell. None without a reading at or before the start, and where the counter went
    backwards in between: a wrap or a restart is not guessed at here. Readings are of changed values only, so after the
    last one the counter stood still.
    """
    before = [raw for at, raw in readings if at <= start_ms]
    inside = [raw for at, raw in readings if start_ms < at < end_ms]
    after = [raw for at, raw in readings if at >= end_ms]
    if not before:
        return None
    known = [before[-1], *inside, *after[:1]]
    if any(later < earlier for earlier, later in pairwise(known)):
        return None
    low = inside[-1] - inside[0] if inside else 0
    return low * factor, (known[-1] - before[-1]) * factor


def minutes_between(
    minutes: Mapping[int, int], start_ms: int, end_ms: int, minute_ms: int = 60_000
) -> tuple[Decimal, Decimal]:
    """The same by pieces per minute (minute's start in ms): whole minutes inside are certain, cut ones are not."""
    low = high = 0
    for at, pieces in minutes.items():
        if start_ms <= at and at + minute_ms <= end_ms:
            low += pieces
        if at < end_ms and at + minute_ms > start_ms:
            high += pieces
    return Decimal(low), Decimal(high)
