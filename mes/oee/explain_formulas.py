"""The formula behind each KPI (pure): in words, in the symbols of ISO 22400-2, and with the values put in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from mes.oee.elements import Elements, add_up
from mes.oee.formulas import Kpi, adet_ms, apt_ms, kpi_of_parts
from mes.oee.policy import Policy

Number = int | Decimal | Fraction
Kind = Literal["time", "pieces", "number"]
Parts = Sequence[tuple[Elements, Policy]]
MadeOf = tuple[tuple[str, str, Number], ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One quantity of a formula: times in ms. `made_of`: what it was added up from, as (sign, word, amount)."""

    symbol: str
    word: str
    amount: Number
    kind: Kind = "time"
    made_of: MadeOf = ()

    @property
    def text(self) -> str:
        """The amount as people write it: 6 h 40 min, 1,200 pieces, 3."""
        return lasting(self.amount) if self.kind == "time" else _count(self.amount, self.kind)


@dataclass(frozen=True, slots=True)
class Formula:
    """A KPI as a division. `unit`: "%" of a share, "s" of a mean time, "1/h" of a rate. `value` as the KPI has it."""

    kpi: str
    title: str
    source: str
    unit: Literal["%", "s", "1/h"]
    over: tuple[Term, ...]
    under: tuple[Term, ...]
    value: float | None

    @property
    def symbols(self) -> str:
        """E.g. "A = APT / known PBT"."""
        return f"{self.title} = {_joined(self.over, 'symbol')} / {_joined(self.under, 'symbol')}"

    @property
    def words(self) -> str:
        """E.g. "Availability = production time / known planned busy time"."""
        return f"{self.title} = {_joined(self.over, 'word')} / {_joined(self.under, 'word')}"

    @property
    def filled(self) -> str:
        """The same with the values put in, and the result: "... = 5 h 12 min / 6 h 40 min = 78.0 %"."""
        over, under = (" × ".join(f"{term.word} {term.text}" for term in terms) for terms in (self.over, self.under))
        return f"{self.title} = {over} / {under} = {self.shown}"

    @property
    def shown(self) -> str:
        """The value with its unit; "not known" where it cannot be computed."""
        if self.value is None:
            return "not known"
        if self.unit == "%":
            return f"{self.value * 100:.1f} %"
        return lasting(round(self.value * 1000)) if self.unit == "s" else f"{self.value:.1f} per hour"


def _joined(terms: Sequence[Term], field: str) -> str:
    return " × ".join(str(getattr(term, field)) for term in terms)


def _count(amount: Number, kind: Kind) -> str:
    text = f"{int(amount):,}" if amount == int(amount) else f"{float(amount):,.3f}".rstrip("0")
    return f"{text} pieces" if kind == "pieces" else text


def lasting(ms: Number) -> str:
    """A duration in words: 6 h 40 min, 12 min 30 s, 0.8 s; rounded to the tenth of a second only to print (R6)."""
    tenths = round(abs(Fraction(ms)) / 100)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    seconds = f"{rest / 10:g} s" if rest else ""
    said = [f"{hours} h" if hours else "", f"{minutes} min" if minutes or hours else "", seconds]
    return ("−" if ms < 0 and tenths else "") + (" ".join(part for part in said if part) or "0 s")


class _Terms:
    """The quantities of all formulas, from parts that each have a policy."""

    def __init__(self, parts: Parts, said: Kpi) -> None:
        self.all = add_up(part for part, _ in parts)
        self.policy = parts[-1][1]
        self.said = said
        self._apt = sum(apt_ms(*part) for part in parts)
        self._adet = sum(adet_ms(*part) for part in parts)
        self._slow = self._apt - self.all.run_ms
        self._planned = sum(part.planned_stop_ms for part, policy in parts if policy.denominator == "busy")
        self._idle = sum(part.no_order_ms for part, policy in parts if not policy.no_order_in_pbt)

    def pbt(self) -> Term:
        """Planned busy time; what the policies take out of the scheduled time stands in its parts."""
        parts = [("", "scheduled time", self.all.scheduled_ms), ("−", "planned stops", self._planned)]
        parts += [("−", "time without an order", self._idle)] if self._idle else []
        return Term("PBT", "planned busy time", self.said.pbt_ms, made_of=tuple(parts))

    def known(self) -> Term:
        parts = (("", "planned busy time", self.said.pbt_ms), ("−", "unknown time", self.all.unknown_ms))
        return Term("known PBT", "known planned busy time", self.said.known_ms, made_of=parts)

    def apt(self) -> Term:
        slow = (("+", "micro-stops (lost speed by this policy)", self._slow),) if self._slow else ()
        return Term("APT", "production time", self._apt, made_of=(("", "running", self.all.run_ms), *slow))

    def setup(self) -> Term:
        return Term("ASUT", "setup time", self.all.setup_ms)

    def aupt(self) -> Term:
        parts = (("", "production time", self._apt), ("+", "setup time", self.all.setup_ms))
        return Term("AUPT", "processing time", self._apt + self.all.setup_ms, made_of=parts)

    def apt_adet(self) -> Term:
        parts = (("", "production time", self._apt), ("+", "stops", self._adet))
        return Term("(APT + ADET)", "production time and stops", self._apt + self._adet, made_of=parts)

    def aubt(self) -> Term:
        parts = (
            ("", "production time", self._apt),
            ("+", "setup time", self.all.setup_ms),
            ("+", "stops", self._adet),
        )
        return Term("AUBT", "busy time", self._apt + self.all.setup_ms + self._adet, made_of=parts)

    def aoet(self) -> Term:
        return Term("AOET", "scheduled time with an order", self.all.order_ms)

    def scheduled(self) -> Term:
        return Term("scheduled", "scheduled time", self.all.scheduled_ms)

    def calendar(self) -> Term:
        return Term("calendar", "calendar time", self.all.calendar_ms)

    def ideal_good(self) -> Term:
        return Term("PRU × GQ", "ideal time of the good pieces", self.all.ideal_good_ms)

    def ideal_total(self) -> Term:
        return Term("PRU × PQ", "ideal time of all pieces", self.all.ideal_total_ms)

    def ideal_known(self) -> Term:
        return Term("PRU × PQ", "ideal time of the pieces made in known time", self.all.ideal_total_known_ms)

    def ideal_always(self) -> Term:
        outside = self.all.ideal_unscheduled_good_ms
        parts = (("", "made inside the schedule", self.all.ideal_good_ms), ("+", "made outside it", outside))
        return Term("PRU × GQ", "ideal time of all good pieces", self.all.ideal_good_ms + outside, made_of=parts)

    def ideal_high(self) -> Term:
        high = Fraction(self.said.oee_high or 0) * self.said.pbt_ms
        more = ("+", "unknown time, as if it had run at full speed", high - Fraction(self.all.ideal_good_ms))
        parts: MadeOf = (("", "good pieces", self.all.ideal_good_ms), more)
        return Term("PRU × GQ + unknown", "ideal time with all unknown time running", high, made_of=parts)

    def good(self) -> Term:
        return Term("GQ", "good", self.all.good, "pieces")

    def total(self) -> Term:
        parts = (("", "good", self.all.good), ("+", "scrap", self.all.scrap), ("+", "rework", self.all.rework))
        return Term("PQ", "all pieces", self.all.total, "pieces", made_of=parts)

    def scrap(self) -> Term:
        return Term("SQ", "scrap", self.all.scrap, "pieces")

    def rework(self) -> Term:
        return Term("RQ", "rework", self.all.rework, "pieces")

    def failures(self) -> Term:
        more = 1 if self.policy.failure_divisor == "failures+1" else 0
        symbol = "(FE + 1)" if more else "FE"
        return Term(symbol, "failures + 1" if more else "failures", self.all.failures + more, "number")

    def repairs(self) -> Term:
        more = 1 if self.policy.failure_divisor == "failures+1" else 0
        return Term("repairs", "repairs + 1" if more else "repairs", self.all.repairs + more, "number")

    def fell(self) -> Term:
        return Term("failures", "failures", self.all.failures, "number")

    def between(self) -> Term:
        if self.policy.failure_divisor != "failures+1":
            return self.apt()
        parts = (("", "production time", self._apt), ("+", "repair time", self.all.repair_ms))
        return Term("sum TBF", "time between failures", self._apt + self.all.repair_ms, made_of=parts)

    def repair(self) -> Term:
        return Term("sum TTR", "time from acknowledgement to resolution", self.all.repair_ms)

    def failed(self) -> Term:
        return Term("down", "time of the stops called failures", self.all.failure_ms)

    def quality(self) -> tuple[Term, Term]:
        """By ideal time; by number where a piece has no ideal cycle (R29, R31)."""
        by_time = self.all.total and not self.all.no_ideal_total
        return (self.ideal_good(), self.ideal_total()) if by_time else (self.good(), self.total())


ISO_22400 = "ISO 22400-2"
OUTSIDE = "outside ISO 22400-2"
_Of = Callable[[_Terms], tuple[tuple[Term, ...], tuple[Term, ...]]]


def _div(over: str, under: str) -> _Of:
    def build(terms: _Terms) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
        found = [tuple(getattr(terms, name)() for name in names.split()) for names in (over, under)]
        return found[0], found[1]

    return build


def _by_quality(terms: _Terms) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    over, under = terms.quality()
    return (over,), (under,)


_ALL: dict[str, tuple[str, str, Literal["%", "s", "1/h"], _Of]] = {
    # name: title, source, unit, over / under
    "oee": ("OEE", ISO_22400, "%", _div("ideal_good", "pbt")),
    "availability": ("Availability", ISO_22400, "%", _div("apt", "known")),
    "performance": ("Performance", ISO_22400 + " (effectiveness)", "%", _div("ideal_known", "apt")),
    "quality": ("Quality", ISO_22400 + " (quality ratio, weighted by ideal time)", "%", _by_quality),
    "nee": ("NEE", ISO_22400, "%", _div("ideal_good aupt", "apt pbt")),
    "teep": ("TEEP", OUTSIDE, "%", _div("ideal_always", "calendar")),
    "ooe": ("OOE", OUTSIDE, "%", _div("ideal_good", "scheduled")),
    "oee_low": ("OEE at least", OUTSIDE, "%", _div("ideal_good", "pbt")),
    "oee_high": ("OEE at most", OUTSIDE, "%", _div("ideal_high", "pbt")),
    "effectiveness": ("Effectiveness", ISO_22400, "%", _div("ideal_known", "apt")),
    "quality_ratio": ("Quality ratio", ISO_22400, "%", _div("good", "total")),
    "scrap_ratio": ("Scrap ratio", ISO_22400, "%", _div("scrap", "total")),
    "rework_ratio": ("Rework ratio", ISO_22400, "%", _div("rework", "total")),
    "first_pass_yield": ("First pass yield", ISO_22400, "%", _div("good", "total")),
    "technical_efficiency": ("Technical efficiency", ISO_22400, "%", _div("apt", "apt_adet")),
    "utilization_efficiency": ("Utilization efficiency", ISO_22400, "%", _div("apt", "aubt")),
    "allocation_efficiency": ("Allocation efficiency", ISO_22400, "%", _div("aubt", "pbt")),
    "allocation_ratio": ("Allocation ratio", ISO_22400, "%", _div("aubt", "aoet")),
    "production_process_ratio": ("Production process ratio", ISO_22400, "%", _div("apt", "aoet")),
    "setup_rate": ("Setup rate", ISO_22400, "%", _div("setup", "aupt")),
    "throughput_per_h": ("Throughput rate", ISO_22400, "1/h", _div("total", "aoet")),
    "mtbf_s": ("MTBF", ISO_22400, "s", _div("between", "failures")),
    "mttf_s": ("MTTF", ISO_22400, "s", _div("apt", "failures")),
    "mttr_s": ("MTTR", ISO_22400, "s", _div("repair", "repairs")),
    "mean_down_time_s": ("Mean down time", OUTSIDE, "s", _div("failed", "fell")),
    "coverage": ("Coverage", OUTSIDE, "%", _div("known", "pbt")),
}
KPIS: tuple[str, ...] = tuple(_ALL)


def title_of(name: str) -> str:
    """What a KPI of `KPIS` is called; raises KeyError for another name."""
    return _ALL[name][0]


def formula_of(name: str, parts: Parts, *, where: str = "") -> Formula:
    """The formula of a KPI of `KPIS` with the values of `parts`; its value is that of `kpi_of_parts`, never another.

    Raises KeyError for another name and IndexError without parts.
    """
    title, source, unit, build = _ALL[name]
    said = kpi_of_parts(parts, where=where)
    if name in ("mtbf_s", "mttf_s"):
        source = f"{ISO_22400}; convention: {parts[-1][1].mtbf_convention}"
    over, under = build(_Terms(parts, said))
    return Formula(name, title, source, unit, over, under, getattr(said, name))
