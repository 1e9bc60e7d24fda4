"""The points of a characteristic's control chart, each judged by the limits of its time; also on another chart."""

from collections.abc import Callable
from dataclasses import dataclass, field

from mes.quality.checks import memory_of
from mes.quality.judging import ChartKind, baseline_of, charts_of, frozen
from mes.quality.models import Characteristic, Check, ControlLimits
from mes.quality.queries import baseline_in, checks_of, limits_at, readings_of, with_gaps
from mes.quality.spc.chart import Baseline, Point
from mes.screens.quality_words import found_words, rule_words

SHOWN = 100


@dataclass(slots=True)
class Row:
    """A point of the charts: the check (None: a gap between items), its place, limits and signals."""

    number: int
    kind: ChartKind
    check: Check | None
    main: Point
    spread: Point | None
    limits: ControlLimits | None
    signals: list[str] = field(default_factory=list)
    spread_out: bool = False

    @property
    def found(self) -> str:
        """What was found, as text."""
        return found_words(self.check) if self.check else ""

    @property
    def rules(self) -> list[str]:
        """What each rule saw."""
        return rule_words(self.signals, self.kind)

    @property
    def plotted(self) -> str:
        """The plotted value."""
        return self._text(self.main.value)

    @property
    def limits_text(self) -> str:
        """The control limits that hold for it."""
        return limits_text(self.main, self._text)

    @property
    def spread_text(self) -> str:
        """The spread and its upper limit."""
        if self.spread is None or self.spread.value is None:
            return "–"
        upper = "" if self.spread.ucl is None else f" (≤ {self._text(self.spread.ucl)})"
        return self._text(self.spread.value) + upper

    def _text(self, value: float | None) -> str:
        return "–" if self.check is None else figure_text(self.check.characteristic, value)

    @property
    def out(self) -> bool:
        """Beyond specification when it was made, and not taken back."""
        return self.check is not None and self.check.verdict == Check.Verdict.OUT and self.check.withdrawn_at is None


def figure_text(plan: Characteristic, value: float | None) -> str:
    """A plotted figure: two decimals more than the gauge shows, for counts four digits; a dash for none."""
    if value is None:
        return "–"
    return f"{value:.{plan.decimals + 2}f}" if plan.kind == Characteristic.Kind.MEASURED else f"{value:.4g}"


def limits_text(point: Point, text: Callable[[float | None], str]) -> str:
    """From lower to upper limit, or the one there is."""
    if point.ucl is None:
        return "–"
    return f"≤ {text(point.ucl)}" if point.lcl is None else f"{text(point.lcl)} … {text(point.ucl)}"


def points_of(
    plan: Characteristic, versions: list[ControlLimits], kind: ChartKind | None = None
) -> tuple[list[Row], Baseline]:
    """The newest points, each judged by the limits of its time, and the baseline in force now.

    Without frozen limits (`versions`) all points are judged by trial limits that the shown points themselves teach; so
    they are on a chart of another `kind` than the plan's. Checks before the shown ones only give patterns their past.
    """
    kind = kind or ChartKind(plan.chart)
    newest = checks_of(plan).select_related("order", "characteristic").order_by("-at", "-id")
    found = list(reversed(newest[: SHOWN + memory_of(kind)]))
    sequence, shown = with_gaps(found), with_gaps(found[-SHOWN:])
    trial = baseline_of(kind, readings_of(shown))
    none = frozen(kind, 0.0, None, 0, provisional=True)
    rows: list[Row] = []
    for limits, part in _stretches(sequence, versions):
        baseline = baseline_in(limits) if limits else none if versions else trial
        drawn = charts_of(kind, readings_of(part), baseline, plan.rules)
        signals = [[one.rule for one in drawn.signals if one.number == at] for at in range(1, len(part) + 1)]
        wide = {one.number for one in drawn.spread_signals}
        for at, check in enumerate(part):
            spread = drawn.spread.points[at] if drawn.spread else None
            main = drawn.main.points[at]
            if baseline is none:
                main = Point(main.number, main.value)
            rows.append(Row(0, kind, check, main, spread, limits, signals[at], at + 1 in wide))
    rows = rows[len(rows) - len(shown) :]
    for number, row in enumerate(rows, start=1):
        row.number = number
    return rows, baseline_in(versions[-1]) if versions else trial


def point_of(check: Check) -> tuple[Point, Point | None] | None:
    """The point a check is on its plan's chart, and that of the spread; None without the limits that judged it."""
    if check.limits is None:
        return None
    plan, limits = check.characteristic, check.limits
    kind = ChartKind(limits.chart)
    before = checks_of(plan).filter(at__lte=check.at, at__gte=limits.since).order_by("-at", "-id")[: memory_of(kind)]
    drawn = charts_of(kind, readings_of(with_gaps(list(reversed(before)))), baseline_in(limits), plan.rules)
    return drawn.main.points[-1], drawn.spread.points[-1] if drawn.spread else None


def _stretches(
    sequence: list[Check | None], versions: list[ControlLimits]
) -> list[tuple[ControlLimits | None, list[Check | None]]]:
    """The sequence cut where other limits come into force: no run is followed across such a cut."""
    found: list[tuple[ControlLimits | None, list[Check | None]]] = []
    for check in sequence:
        limits = limits_at(versions, check.at) if check is not None else (found[-1][0] if found else None)
        if not found or found[-1][0] != limits:
            found.append((limits, []))
        found[-1][1].append(check)
    return found
