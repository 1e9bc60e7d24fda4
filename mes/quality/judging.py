"""How checks become charts and verdicts (pure): which chart fits, its baseline, its points and what signals."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mes.quality.spc.attributes import (
    Sample,
    c_baseline,
    c_chart,
    np_baseline,
    np_chart,
    p_baseline,
    p_chart,
    u_baseline,
    u_chart,
)
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
from mes.quality.weighted import weighted_baseline, weighted_charts


class Sort(StrEnum):
    """What a check finds: measured values, bad pieces, or defects of which a piece may have several."""

    MEASURED = "measured"
    YES_NO = "yes-no"
    DEFECTS = "defects"


class ChartKind(StrEnum):
    """The chart of a characteristic."""

    INDIVIDUALS = "individuals"
    MEANS_RANGES = "means-ranges"
    MEANS_DEVIATIONS = "means-deviations"
    P = "p"
    NP = "np"
    C = "c"
    U = "u"
    EWMA = "ewma"
    CUSUM = "cusum"

    @property
    def label(self) -> str:
        """As people choose it."""
        return _LABELS[self]

    @property
    def remembers(self) -> bool:
        """Whether a point is made of all checks before it, so that only its limits judge it and not the run rules."""
        return self in _WEIGHTED


_LABELS = {
    ChartKind.INDIVIDUALS: "Individuals and moving ranges (I-MR)",
    ChartKind.MEANS_RANGES: "Means and ranges (X-bar R)",
    ChartKind.MEANS_DEVIATIONS: "Means and standard deviations (X-bar S)",
    ChartKind.P: "Share of bad pieces (p)",
    ChartKind.NP: "Number of bad pieces (np)",
    ChartKind.C: "Number of defects (c)",
    ChartKind.U: "Defects per piece (u)",
    ChartKind.EWMA: "Weighted mean of all checks (EWMA)",
    ChartKind.CUSUM: "Sums of what is above and below (CUSUM)",
}
_WEIGHTED = {ChartKind.EWMA: Kind.EWMA, ChartKind.CUSUM: Kind.CUSUM}
_COUNTED = {
    ChartKind.P: (p_baseline, p_chart),
    ChartKind.NP: (np_baseline, np_chart),
    ChartKind.U: (u_baseline, u_chart),
}
_KINDS = {
    ChartKind.INDIVIDUALS: Kind.INDIVIDUALS,
    ChartKind.MEANS_RANGES: Kind.RANGES,
    ChartKind.MEANS_DEVIATIONS: Kind.DEVIATIONS,
    ChartKind.P: Kind.P,
    ChartKind.NP: Kind.NP,
    ChartKind.C: Kind.C,
    ChartKind.U: Kind.U,
    **_WEIGHTED,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A check as the charts see it: its values, or `found` bad pieces or defects in `size` pieces. Neither: a gap."""

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


def charts_for(sort: Sort, pieces: int) -> tuple[ChartKind, ...]:
    """The charts that fit, the usual one first.

    Measured: I-MR for one piece, X-bar for several (ranges up to 10), EWMA and CUSUM for any. Yes or no: p and np.
    Defects: c and u.
    """
    if sort is Sort.YES_NO:
        return (ChartKind.P, ChartKind.NP)
    if sort is Sort.DEFECTS:
        return (ChartKind.C, ChartKind.U)
    if pieces == 1:
        return (ChartKind.INDIVIDUALS, *_WEIGHTED)
    ranges = (ChartKind.MEANS_RANGES,) if pieces <= 10 else ()
    return (*ranges, ChartKind.MEANS_DEVIATIONS, *_WEIGHTED)


def baseline_of(kind: ChartKind, readings: Sequence[Reading | None]) -> Baseline:
    """What these checks teach; None and gaps are never bridged. Without any value its centre is None."""
    if kind in _WEIGHTED:
        return weighted_baseline(_WEIGHTED[kind], _groups(readings))
    if kind is ChartKind.INDIVIDUALS:
        return individuals_baseline(_singles(readings))
    if kind is ChartKind.MEANS_RANGES:
        return ranges_baseline(_groups(readings))
    if kind is ChartKind.MEANS_DEVIATIONS:
        return deviations_baseline(_groups(readings))
    if kind is ChartKind.C:
        return c_baseline(_counts(readings))
    return _COUNTED[kind][0](_samples(readings))


def frozen(kind: ChartKind, center: float, sigma: float | None, samples: int, *, provisional: bool) -> Baseline:
    """A stored baseline as the charts take it."""
    return Baseline(_KINDS[kind], center, sigma, samples, provisional)


def charts_of(
    kind: ChartKind, readings: Sequence[Reading | None], baseline: Baseline, rules: Collection[str]
) -> Charts:
    """Points, limits and signals of the checks judged by a baseline. Rules that mean nothing on the chart are left out.

    The chart of the spread, EWMA and CUSUM are judged by their limits only. A baseline without a centre: points without
    limits.
    """
    main, spread = _drawn(kind, readings, baseline)
    return Charts(
        main, spread, signals(main, rules_on(kind, rules)), signals(spread, ("N1",)) if spread is not None else ()
    )


def rules_on(kind: ChartKind, rules: Collection[str]) -> tuple[str, ...]:
    """Those of the rules that mean something on this chart; EWMA and CUSUM have their limits and nothing else."""
    if kind.remembers:
        return ("N1",)
    means = kind in (ChartKind.MEANS_RANGES, ChartKind.MEANS_DEVIATIONS)
    return fitting_rules(Kind.MEANS if means else _KINDS[kind], rules)


def _drawn(kind: ChartKind, readings: Sequence[Reading | None], baseline: Baseline) -> tuple[Chart, Chart | None]:
    if kind in _WEIGHTED:
        return weighted_charts(_WEIGHTED[kind], _groups(readings), baseline)
    if kind is ChartKind.INDIVIDUALS:
        values = _singles(readings)
        return individuals_chart(values, baseline), moving_ranges_chart(values, baseline)
    if kind in (ChartKind.MEANS_RANGES, ChartKind.MEANS_DEVIATIONS):
        groups = _groups(readings)
        spread = ranges_chart if kind is ChartKind.MEANS_RANGES else deviations_chart
        return means_chart(groups, baseline), spread(groups, baseline)
    if kind is ChartKind.C:
        return c_chart(_counts(readings), baseline), None
    return _COUNTED[kind][1](_samples(readings), baseline), None


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


def _counts(readings: Sequence[Reading | None]) -> list[int | None]:
    return [one.found if one is not None else None for one in readings]


def _samples(readings: Sequence[Reading | None]) -> list[Sample | None]:
    return [Sample(one.found, one.size) if one is not None and one.found is not None else None for one in readings]
