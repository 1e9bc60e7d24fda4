"""Losses from elements (pure): Pareto, the six big losses, and the waterfall from calendar time to valuable time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from mes.oee.elements import Elements, Quantity
from mes.oee.formulas import apt_ms, pbt_ms
from mes.oee.policy import Policy
from mes.oee.seen import StopSpan
from mes.oee.timeline import Owned, Owner

UNEXPLAINED = "not explained"


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One bar of a Pareto chart; shares are of the sum of all bars, None where that is zero."""

    key: str
    amount: Quantity
    share: float | None
    cumulative: float | None


def pareto(losses: Mapping[str, Quantity]) -> list[ParetoRow]:
    """Losses from the largest down, equal ones by name, with shares and the running sum of shares.

    Worked: 50, 50, 30, 30, 20 run up to 0.278, 0.556, 0.722, 0.889, 1.
    """
    whole = sum((Fraction(amount) for amount in losses.values()), Fraction(0))
    rows: list[ParetoRow] = []
    passed = Fraction(0)
    for key, amount in sorted(losses.items(), key=lambda loss: (-loss[1], loss[0])):
        passed += Fraction(amount)
        shares = (float(Fraction(amount) / whole), float(passed / whole)) if whole else (None, None)
        rows.append(ParetoRow(key, amount, *shares))
    return rows


@dataclass(frozen=True, slots=True)
class ReasonLoss:
    """Time lost to one reason, and the stops with that reason that began in the window."""

    reason: str
    lost_ms: int
    stops: int


_STANDING = frozenset({Owner.UNPLANNED_STOP, Owner.MICRO_STOP, Owner.SETUP})


def losses_by_reason(
    owned: Sequence[Owned], stops: Iterable[StopSpan] = (), window: tuple[int, int] | None = None
) -> list[ReasonLoss]:
    """Unplanned, micro-stop and setup time by reason, most time first.

    Time comes from the owners, so an overlap is never counted twice; a stop counts where it begins, so that the
    numbers of two windows add up.
    """
    lost: dict[str, int] = {}
    begun: dict[str, int] = {}
    for piece in owned:
        if piece.owner in _STANDING:
            key = piece.reason or UNEXPLAINED
            lost[key] = lost.get(key, 0) + piece.duration_ms
    for stop in set(stops):
        if stop.klass != "planned" and (window is None or window[0] <= stop.start_ms < window[1]):
            key = stop.reason or UNEXPLAINED
            begun[key] = begun.get(key, 0) + 1
    rows = (ReasonLoss(key, lost.get(key, 0), begun.get(key, 0)) for key in {*lost, *begun})
    return sorted(rows, key=lambda row: (-row.lost_ms, row.reason))


@dataclass(frozen=True, slots=True)
class Step:
    """A level of the waterfall, or a loss between two levels. Milliseconds; a negative loss is a gain."""

    key: str
    kind: Literal["level", "loss"]
    ms: Decimal


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Steps from calendar to valuable time. Not `complete` where ideal cycles are missing: it ends earlier then."""

    steps: tuple[Step, ...]
    complete: bool

    def level(self, key: str) -> Decimal | None:
        """A level's time, None where the waterfall does not reach it."""
        return next((step.ms for step in self.steps if step.kind == "level" and step.key == key), None)

    def loss(self, key: str) -> Decimal:
        """A loss, 0 where there is none of that name."""
        return next((step.ms for step in self.steps if step.kind == "loss" and step.key == key), Decimal(0))


def waterfall(elements: Elements, policy: Policy) -> Waterfall:
    """Calendar > scheduled > planned busy > production > net > valuable time, with the losses between (exact sums).

    Every level comes from the elements themselves, not from subtracting, so the losses prove it. Unknown time is a loss
    less the ideal time of the pieces counted across it. Speed is what is left of running time; negative where the
    machine beat its ideal cycle. A changeover under a "nee" policy stays listed: it is time, if not a loss.
    """
    in_gaps = elements.ideal_total_ms - elements.ideal_total_known_ms
    planned = [("planned_stop", elements.planned_stop_ms)]
    idle = [("no_order", elements.no_order_ms)]
    before = (planned if policy.denominator == "busy" else []) + ([] if policy.no_order_in_pbt else idle)
    within = ([] if policy.denominator == "busy" else planned) + (idle if policy.no_order_in_pbt else [])
    waiting = elements.waiting_ms
    standing: list[tuple[str, Quantity]] = [
        *within,
        ("breakdowns", elements.unplanned_ms - waiting),
        ("waiting", waiting),
        ("setup", elements.setup_ms),
        *([("minor_stops", elements.micro_ms)] if policy.micro_class == "iso" else []),
        ("unknown", elements.unknown_ms - in_gaps),
    ]
    steps = [
        _level("calendar", elements.calendar_ms),
        _loss("not_scheduled", elements.calendar_ms - elements.scheduled_ms),
        _level("scheduled", elements.scheduled_ms),
        *(_loss(key, ms) for key, ms in before),
        _level("planned_busy", pbt_ms(elements, policy)),
        *(_loss(key, ms) for key, ms in standing),
        _level("production", apt_ms(elements, policy) + in_gaps),
    ]
    if elements.no_ideal_total:
        return Waterfall(tuple(steps), complete=False)
    return Waterfall((*steps, *_speed_and_quality(elements, policy)), complete=True)


def _speed_and_quality(elements: Elements, policy: Policy) -> list[Step]:
    rejects = elements.ideal_total_ms - elements.ideal_good_ms
    rework = rejects - elements.ideal_scrap_ms
    return [
        *([_loss("minor_stops", elements.micro_ms)] if policy.micro_class == "six-losses" else []),
        _loss("reduced_speed", elements.run_ms - elements.ideal_total_known_ms),
        _level("net", elements.ideal_total_ms),
        _loss("startup_rejects", elements.ideal_startup_ms),
        _loss("production_rejects", elements.ideal_scrap_ms - elements.ideal_startup_ms),
        _loss("rework", rework),
        _level("valuable", elements.ideal_good_ms),
    ]


def _level(key: str, ms: Quantity) -> Step:
    return Step(key, "level", Decimal(ms))


def _loss(key: str, ms: Quantity) -> Step:
    return Step(key, "loss", Decimal(ms))


SIX_BIG_LOSSES = ("breakdowns", "setup", "minor_stops", "reduced_speed", "startup_rejects", "production_rejects")


def six_losses(elements: Elements, policy: Policy, *, bottleneck: bool = True) -> dict[str, Decimal] | None:
    """The six big losses in ms, or None where an ideal cycle is missing.

    Rework is a production reject here. A machine that waits for its neighbours is its own loss only where it is the
    bottleneck (R19); elsewhere that time is left to the machine that caused it.
    """
    fall = waterfall(elements, policy)
    if not fall.complete:
        return None
    losses = {key: fall.loss(key) for key in SIX_BIG_LOSSES}
    losses["production_rejects"] += fall.loss("rework")
    if bottleneck:
        losses["breakdowns"] += fall.loss("waiting")
    return losses
