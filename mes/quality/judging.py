"""How checks become charts and verdicts (pure): which chart fits, its baseline, its points and what signals."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mes.quality.spc.attributes import Sample, np_baseline, np_chart, p_baseline, p_chart
from mes.quality.spc.chart import Baseline, Chart, Kind
from mes.quality.spc.individuals import individuals_baseline, individuals_chart, moving_ranges_chart
from mes.quality.spc.run_rules import Signal, fitting_rules, signals
from mes.quality.spc.subgroups import (
    deviations_baseline,
    deviations_chart,
    means_chart,
    ranges_baseline,
    ranges_chart,
)


class ChartKind(StrEnum):
    """The chart of a characteristic."""

    INDIVIDUALS = "individuals"
    MEANS_RANGES = "means-ranges"
    MEANS_DEVIATIONS = "means-deviations"
    P = "p"
    NP = "np"

    @property
    def label(self) -> str:
        """As people choose it."""
        return _LABELS[self]


_LABELS = {
    ChartKind.INDIVIDUALS: "Individuals and moving ranges (I-MR)",
    ChartKind.MEANS_RANGES: "Means and ranges (X-bar R)",
    ChartKind.MEANS_DEVIATIONS: "Means and standard deviations (X-bar S)",
    ChartKind.P: "Share of bad pieces (p)",
    ChartKind.NP: "Number of bad pieces (np)",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A check as the charts see it: its values, or `found` bad of `size` pieces. Nothing of both: a gap."""

    values: tuple[Decimal, ...] = ()
    found: int | None = None
    size: int = 0

    @property
    def gap(self) -> bool:
        """Whether nothing was measured."""
        return not self.values and self.found is None


@dataclass(frozen=True, slots=True)
class Charts:
    """The chart of the location, and that of the spread where the kind has one."""

    main: Chart
    spread: Chart | None
    signals: tuple[Signal, ...]
    spread_signals: tuple[Signal, ...] = ()


def charts_for(measured: bool, pieces: int) -> tuple[ChartKind, ...]:
    """The charts that fit: I-MR for one measured piece, X-bar for several (ranges up to 10), p and np for yes or no."""
    if not measured:
        return (ChartKind.P, ChartKind.NP)
    if pieces == 1:
        return (ChartKind.INDIVIDUALS,)
    return (ChartKind.MEANS_RANGES, ChartKind.MEANS_DEVIATIONS) if pieces <= 10 else (ChartKind.MEANS_DEVIATIONS,)


def baseline_of(kind: ChartKind, readings: Sequence[Reading | None]) -> Baseline:
    """What these checks teach; None and gaps are never bridged. Without any value its centre is None."""
    if kind is ChartKind.INDIVIDUALS:
        return individuals_baseline(_singles(readings))
    if kind is ChartKind.MEANS_RANGES:
        return ranges_baseline(_groups(readings))
    if kind is ChartKind.MEANS_DEVIATIONS:
        return deviations_baseline(_groups(readings))
    return (p_baseline if kind is ChartKind.P else np_baseline)(_samples(readings))


def frozen(kind: ChartKind, center: float, sigma: float | None, samples: int, *, provisional: bool) -> Baseline:
    """A stored baseline as the charts take it."""
    of = {
        ChartKind.INDIVIDUALS: Kind.INDIVIDUALS,
        ChartKind.MEANS_RANGES: Kind.RANGES,
        ChartKind.MEANS_DEVIATIONS: Kind.DEVIATIONS,
        ChartKind.P: Kind.P,
        ChartKind.NP: Kind.NP,
    }
    return Baseline(of[kind], center, sigma, samples, provisional)


def charts_of(
    kind: ChartKind, readings: Sequence[Reading | None], baseline: Baseline, rules: Collection[str]
) -> Charts:
    """Points, limits and signals of the checks judged by a baseline. Rules that mean nothing on the chart are left out.

    The chart of the spread is judged by its limits only. A baseline without a centre: points without limits.
    """
    spread: Chart | None = None
    if kind is ChartKind.INDIVIDUALS:
        main, spread = (
            individuals_chart(_singles(readings), baseline),
            moving_ranges_chart(_singles(readings), baseline),
        )
    elif kind is ChartKind.MEANS_RANGES:
        main, spread = means_chart(_groups(readings), baseline), ranges_chart(_groups(readings), baseline)
    elif kind is ChartKind.MEANS_DEVIATIONS:
        main, spread = means_chart(_groups(readings), baseline), deviations_chart(_groups(readings), baseline)
    else:
        main = (p_chart if kind is ChartKind.P else np_chart)(_samples(readings), baseline)
    return Charts(
        main,
        spread,
        signals(main, fitting_rules(main.kind, rules)),
        signals(spread, ("N1",)) if spread is not None else (),
    )


def rules_of_newest(
    kind: ChartKind, readings: Sequence[Reading | None], baseline: Baseline, rules: Collection[str]
) -> list[str]:
    """The run rules whose pattern the last check completes, on either chart; for none, or no check, nothing."""
    drawn = charts_of(kind, readings, baseline, rules)
    last = len(readings)
    return sorted({one.rule for one in (*drawn.signals, *drawn.spread_signals) if one.number == last})


def out_of_limits(
    reading: Reading, *, lsl: Decimal | None, usl: Decimal | None, accept: int
) -> tuple[tuple[Decimal, ...], int]:
    """The values beyond the specification (a value on a limit is inside), and the bad pieces above what is accepted.

    Worked: 9.9, 10.1 and 10.2 in 10.0 to 10.1: (9.9, 10.2). 3 bad pieces with 1 accepted: 2.
    """
    beyond = tuple(
        value for value in reading.values if (lsl is not None and value < lsl) or (usl is not None and value > usl)
    )
    return beyond, max(0, (reading.found or 0) - accept)


def _singles(readings: Sequence[Reading | None]) -> list[Decimal | None]:
    return [one.values[0] if one is not None and one.values else None for one in readings]


def _groups(readings: Sequence[Reading | None]) -> list[tuple[Decimal, ...] | None]:
    return [one.values if one is not None and one.values else None for one in readings]


def _samples(readings: Sequence[Reading | None]) -> list[Sample | None]:
    return [Sample(one.found, one.size) if one is not None and one.found is not None else None for one in readings]
