"""What a reading means (pure): counter deltas, gaps, no production, heartbeats, order attribution, good and reject."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

GAP_PERIODS = 3  # plc.md 4.8: a tag is stale after three periods without a sample
HEARTBEAT_FROZEN_S = 5


@dataclass(frozen=True, slots=True)
class CounterRule:
    """How one counter behaves.

    `modulus`: how many values it has before it wraps (2**31, 2**32, 10000 ...), None when it never wraps;
    `floor`: its lowest value, reached after a wrap (-2**31 for a Logix CTU); `max_rate_per_s`: counts per second that
    are still believed (default of a binding: 1.5 x the fastest ideal rate); `slack`: counts forgiven for the jitter of
    sampling; `reset_to`: the value a reset leaves behind.
    """

    modulus: int | None
    max_rate_per_s: Decimal
    floor: int = 0
    slack: int = 2
    reset_to: int = 0


class DeltaKind(StrEnum):
    """What became of the difference between two readings of a counter."""

    BASELINE = "baseline"  # first reading: counts nothing (R22)
    OK = "ok"
    ROLLOVER = "rollover"  # wrapped at the modulus
    RESET = "reset"  # restarted from `reset_to`
    JUMP = "jump"  # more than the machine can make: held for a person
    RESYNC = "resync"  # went backwards without an explanation: counts nothing, goes on from here
    INVALID = "invalid"  # not a value this counter can have: keep the last reading and wait


@dataclass(frozen=True, slots=True)
class Delta:
    """`quantity` is to be counted; `quarantined` is held until a person releases or discards it."""

    kind: DeltaKind
    quantity: int = 0
    quarantined: int = 0

    @property
    def moves_cursor(self) -> bool:
        """Whether the new reading becomes the last one (every kind but INVALID)."""
        return self.kind is not DeltaKind.INVALID


def counter_delta(
    last: int | None, value: int, dt_s: float | Decimal, rule: CounterRule, *, epoch_changed: bool = False
) -> Delta:
    """How many counts lie between two readings `dt_s` seconds apart (R22, R23).

    `epoch_changed`: the controller says that the counter restarted in between. A `dt_s` of zero or below leaves only
    the slack. Worked: 2**31-2 -> 3 with modulus 2**31 is a rollover of 5; 100 -> 2 a reset of 2; 100 -> 5000 within a
    second at 5 per second a jump of 4900 held back; 50 -> 49 a resync of nothing.
    """
    if value < rule.floor or (rule.modulus is not None and value >= rule.floor + rule.modulus):
        return Delta(DeltaKind.INVALID)
    if last is None:
        return Delta(DeltaKind.BASELINE)
    believed = Fraction(rule.max_rate_per_s) * max(Fraction(dt_s), Fraction(0)) + rule.slack
    since_reset = value - rule.reset_to
    if epoch_changed:
        return _restarted(since_reset, believed)
    if value >= last:
        made = value - last
        return Delta(DeltaKind.OK, made) if made <= believed else Delta(DeltaKind.JUMP, 0, made)
    wrapped = value - last + rule.modulus if rule.modulus is not None else -1
    if 0 <= wrapped <= believed:  # below 0: the last reading is from before the modulus was set
        return Delta(DeltaKind.ROLLOVER, wrapped)
    if 0 <= since_reset <= believed:
        return Delta(DeltaKind.RESET, since_reset)
    return Delta(DeltaKind.RESYNC)


def _restarted(since_reset: int, believed: Fraction) -> Delta:
    if since_reset < 0:
        return Delta(DeltaKind.RESYNC)
    if since_reset > believed:
        return Delta(DeltaKind.JUMP, 0, since_reset)
    return Delta(DeltaKind.RESET, since_reset)


def is_newer(last: tuple[int, int] | None, fence: int, seq: int) -> bool:
    """Whether a sample of a stream is new: identity is (stream, fence, seq), anything not newer was seen (R24)."""
    return last is None or (fence, seq) > last


def is_gap(last_at: datetime | None, at: datetime, period_s: float | Decimal) -> bool:
    """Whether the time since the last good sample is more than three poll periods: what happened in it is unknown."""
    return last_at is not None and (at - last_at) > timedelta(seconds=float(period_s) * GAP_PERIODS)


def heartbeat_frozen(changed_at: datetime | None, at: datetime, limit_s: float = HEARTBEAT_FROZEN_S) -> bool:
    """Whether the controller's heartbeat stood still for `limit_s` or longer: its logic is not running."""
    return changed_at is not None and at - changed_at >= timedelta(seconds=limit_s)


def tag_quality(good: bool, last_good_at: datetime | None, at: datetime, period_s: float | Decimal) -> str:
    """ "good", "bad" (this read failed) or "stale" (nothing good for three periods). Never read: bad."""
    if last_good_at is not None and is_gap(last_good_at, at, period_s):
        return "stale"
    return "good" if good and last_good_at is not None else "bad"


def no_production_start(
    last_count_at: datetime | None, at: datetime, ideal_cycle_s: Decimal | None, cycles: int = 10
) -> datetime | None:
    """Since when a machine whose controller is alive makes nothing, or None while it still may (R18).

    After `cycles` ideal cycles without a count the stop "no production" begins at the last count plus one ideal cycle:
    the piece that was due then did not come. None without a last count or an ideal cycle.
    """
    if last_count_at is None or ideal_cycle_s is None:
        return None
    cycle = timedelta(microseconds=int(ideal_cycle_s * 1_000_000))
    return last_count_at + cycle if at - last_count_at >= cycle * cycles else None


@dataclass(frozen=True, slots=True)
class ActiveOrder:
    """An order that ran on a machine, half-open; `end` None while it runs."""

    start: datetime
    end: datetime | None
    order: str
    item: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose count it is. `order` None: the unassigned list, with a split by time (order, quantity) proposed."""

    order: str | None
    item: str | None
    proposal: tuple[tuple[str, int], ...] = ()


def attribute(
    start: datetime, end: datetime, quantity: int, orders: Sequence[ActiveOrder], *, gap: bool
) -> Attribution:
    """Which order the counts between two readings belong to (R26).

    An ordinary sample goes to the order active at its own time `end`. A delta across a gap goes to an order only where
    that one order ran all the time; else it is unassigned, with a split by time proposed. Counts are never dropped.
    """
    if not gap:
        now = [order for order in orders if order.start <= end and (order.end is None or end < order.end)]
        active = max(now, key=lambda order: (order.start, order.order), default=None)
        return Attribution(active.order, active.item) if active else Attribution(None, None)
    parts = [
        (order, max(order.start, start), end if order.end is None else min(order.end, end))
        for order in sorted(orders, key=lambda order: (order.start, order.order))
    ]
    parts = [part for part in parts if part[1] < part[2]]
    if len(parts) == 1 and parts[0][1] <= start and parts[0][2] >= end:
        return Attribution(parts[0][0].order, parts[0][0].item)
    lengths = [(order.order, (until - since) // timedelta(microseconds=1)) for order, since, until in parts]
    return Attribution(None, None, _split(quantity, lengths))


def _split(quantity: int, lengths: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    whole = sum(length for _, length in lengths)
    shares: list[tuple[str, int]] = []
    passed, given = 0, 0
    for order, length in lengths:
        passed += length
        upto = quantity * passed // whole
        shares.append((order, upto - given))
        given = upto
    return tuple(shares)


@dataclass(frozen=True, slots=True)
class Factor:
    """Pieces per count (cavities, pack size) from an instant on (R27)."""

    valid_from: datetime
    pieces_per_count: Decimal


def pieces(counts: int, at: datetime, factors: Sequence[Factor]) -> Decimal:
    """Pieces that `counts` at an instant are: the factor last valid from then or earlier, 1 where none is (R27)."""
    valid = [factor for factor in factors if factor.valid_from <= at]
    return counts * (max(valid, key=lambda factor: factor.valid_from).pieces_per_count if valid else Decimal(1))


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Good and scrap that agree with the total. `conflict` says in one sentence what does not, None where all does."""

    good: int
    scrap: int
    conflict: str | None = None


def reconcile(total: int, reject_counter: int | None, manual_scrap: int) -> Reconciled:
    """Good = total - scrap, never negative (R28).

    Where a reject counter exists, scrap typed in describes the same pieces (people give reasons for part of them): the
    larger of the two counts, and more typed than rejected is a conflict for a person. Scrap above the total leaves no
    good pieces and is a conflict as well.
    """
    scrap = max(reject_counter or 0, manual_scrap)
    if scrap > total:
        said = f"{scrap} rejects of only {total} pieces made: check the total and the reject counter."
        return Reconciled(0, total, said)
    if reject_counter is not None and manual_scrap > reject_counter:
        said = f"The reject counter says {reject_counter}, people entered {manual_scrap}: correct one of them."
        return Reconciled(total - scrap, scrap, said)
    return Reconciled(total - scrap, scrap)
