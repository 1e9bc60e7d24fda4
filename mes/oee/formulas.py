"""KPIs from elements (pure): ISO 22400-2 names, null with a reason instead of a made-up number, floats last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mes.oee.elements import ZERO, CountSpan, Elements, add_up, elements_from
from mes.oee.policy import Policy
from mes.oee.ratios import Note, ratio, reliability
from mes.oee.targets import Target, TargetSegment, target_so_far

__all__ = [
    "ZERO",
    "CountSpan",
    "Elements",
    "Kpi",
    "Note",
    "Target",
    "TargetSegment",
    "add_up",
    "elements_from",
    "known_ms",
    "kpi",
    "kpi_of_parts",
    "pbt_ms",
    "target_so_far",
]


STANDING_NOTES = (
    Note("no-labour", "worker_efficiency", "Labour is not booked here: who worked how long is not known."),
)


@dataclass(frozen=True)
class Kpi:
    """Ratios as floats, None where they cannot be computed (a note says why). Times in ms of the same policy.

    ISO 22400-2 names; `performance` is its effectiveness, `quality` its quality ratio weighted by ideal time, while
    `quality_ratio`, `scrap_ratio`, `rework_ratio` and `first_pass_yield` weigh every piece alike. TEEP and OOE lie
    outside the standard. `headline` is OEE or NEE, as the policy says. `worker_efficiency` is None
    until labour is booked (`STANDING_NOTES`).
    """

    availability: float | None = None
    performance: float | None = None
    quality: float | None = None
    oee: float | None = None
    nee: float | None = None
    teep: float | None = None
    ooe: float | None = None
    oee_low: float | None = None
    oee_high: float | None = None
    headline: float | None = None
    effectiveness: float | None = None
    quality_ratio: float | None = None
    scrap_ratio: float | None = None
    rework_ratio: float | None = None
    first_pass_yield: float | None = None
    technical_efficiency: float | None = None
    utilization_efficiency: float | None = None
    allocation_efficiency: float | None = None
    allocation_ratio: float | None = None
    production_process_ratio: float | None = None
    setup_rate: float | None = None
    throughput_per_h: float | None = None
    mtbf_s: float | None = None
    mttf_s: float | None = None
    mttr_s: float | None = None
    mean_down_time_s: float | None = None
    worker_efficiency: float | None = None
    coverage: float | None = None
    pbt_ms: int = 0
    known_ms: int = 0
    policy: str = ""
    policy_version: int = 1
    notes: tuple[Note, ...] = ()

    def shown_performance(self, policy: Policy) -> float | None:
        """Performance as a tile shows it: capped at 100 % where the policy wants that; never for roll-ups (R30)."""
        if self.performance is None or not policy.cap_performance:
            return self.performance
        return min(self.performance, 1.0)


def pbt_ms(elements: Elements, policy: Policy) -> int:
    """Planned busy time: scheduled - planned stops (kept by an SMRP-like policy) - no order (if the policy says so)."""
    planned = elements.planned_stop_ms if policy.denominator == "busy" else 0
    return elements.scheduled_ms - planned - (0 if policy.no_order_in_pbt else elements.no_order_ms)


def known_ms(elements: Elements, policy: Policy) -> int:
    """Planned busy time of which is known what the machine did."""
    return pbt_ms(elements, policy) - elements.unknown_ms


def apt_ms(elements: Elements, policy: Policy) -> int:
    """Actual production time: run, with micro-stops where the policy reads them as slow running (R16)."""
    return elements.run_ms + (elements.micro_ms if policy.micro_class == "six-losses" else 0)


def adet_ms(elements: Elements, policy: Policy) -> int:
    """Actual unit delay time: unplanned stops, and micro-stops where the policy reads them as stops (R16)."""
    return elements.unplanned_ms + (0 if policy.micro_class == "six-losses" else elements.micro_ms)


@dataclass(frozen=True, slots=True)
class _Read:
    """Times of elements as policies read them; they add where parts of a window have policies of their own."""

    pbt: int
    known: int
    apt: int
    adet: int

    @classmethod
    def of(cls, parts: Sequence[tuple[Elements, Policy]]) -> "_Read":
        return cls(*(sum(time(*part) for part in parts) for time in (pbt_ms, known_ms, apt_ms, adet_ms)))


def kpi(elements: Elements, policy: Policy, *, where: str = "") -> Kpi:
    """All KPIs of elements (R25, R29-R33, R37, R40). `where` names the machine or line in notes.

    A = APT / known time. P = ideal time of the pieces of known time / APT, may exceed 1. Q = ideal time of good / of
    all pieces. OEE = ideal time of good pieces (gaps included) / planned busy time, always; A x P x Q equals it where
    coverage is 1. Nothing scheduled: OEE None; nothing made in planned time: P, Q None, OEE 0; no data at all: None.
    """
    return kpi_of_parts([(elements, policy)], where=where)


def kpi_of_parts(parts: Sequence[tuple[Elements, Policy]], *, where: str = "", in_turn: bool = False) -> Kpi:
    """KPIs of parts of which each has its own policy (R45): stretches of a machine, or the machines of a line. Every
    part's time is read by its policy, then the sums are divided. The last one names the headline and the conventions.

    A note says so where they divide differently; `in_turn` (one machine, in order of time) where they differ at all.
    Raises IndexError without parts.
    """
    elements, read, policy = add_up(part for part, _ in parts), _Read.of(parts), parts[-1][1]
    blind = read.known <= 0 and not elements.total
    ideal_known = not elements.no_ideal_total
    usable = read.pbt > 0 and ideal_known and not blind
    made_known = elements.ideal_total_known_ms
    performance = ratio(made_known, read.apt) if ideal_known and made_known and read.known > 0 else None
    oee = ratio(elements.ideal_good_ms, read.pbt) if usable else None
    setup_gain = Fraction(read.apt + elements.setup_ms, read.apt) if read.apt else Fraction(1)
    nee = ratio(Fraction(elements.ideal_good_ms) * setup_gain, read.pbt) if usable else None
    low, high = _bounds(elements, read.pbt, made_known, read.apt) if usable else (None, None)
    result = Kpi(
        availability=ratio(read.apt, read.known) if read.known > 0 and read.pbt > 0 else None,
        performance=performance,
        quality=_quality(elements),
        oee=oee,
        nee=nee,
        teep=_teep(elements) if not (blind and read.pbt > 0) else None,
        ooe=ratio(elements.ideal_good_ms, elements.scheduled_ms) if usable else None,
        oee_low=low,
        oee_high=high,
        headline=oee if policy.changeover_loss == "oee" else nee,
        effectiveness=performance,
        coverage=ratio(read.known, read.pbt) if read.pbt > 0 else None,
        pbt_ms=read.pbt,
        known_ms=read.known,
        policy=policy.name,
        policy_version=policy.version,
    )
    result = replace(result, **_iso_ratios(elements, read), **_reliability_of(elements, read, policy))
    return replace(result, notes=_notes(elements, policy, result, where) + _policy_notes(parts, where, in_turn))


def _policy_notes(parts: Sequence[tuple[Elements, Policy]], where: str, in_turn: bool) -> tuple[Note, ...]:
    """A note where more than one policy was at work (R45)."""
    labels = list(dict.fromkeys(policy.label for _, policy in parts))
    if len(labels) < 2 or not (in_turn or len({policy.division for _, policy in parts}) > 1):
        return ()
    at = f" on {where}" if where else ""
    said = f"More than one policy{at} in this time: {'; then '.join(labels)}. Each part is read by its own."
    return (Note("policy-changed", "", said),)


def _quality(elements: Elements) -> float | None:
    """Good of all pieces by their ideal times; by number where one has no ideal time (R29, R31)."""
    if elements.total and not elements.no_ideal_total:
        return ratio(elements.ideal_good_ms, elements.ideal_total_ms)
    return ratio(elements.good, elements.total)


def _teep(elements: Elements) -> float | None:
    """Ideal time of all good pieces, also of those made outside the schedule, of calendar time."""
    if elements.no_ideal_total or elements.no_ideal_unscheduled:
        return None
    return ratio(elements.ideal_good_ms + elements.ideal_unscheduled_good_ms, elements.calendar_ms)


def _bounds(elements: Elements, pbt: int, made_known: Decimal, apt: int) -> tuple[float | None, float | None]:
    """OEE if the machine stood still in all unbridged unknown time, and if it ran through it at full speed (R25).

    Full speed is the ideal, or the speed seen where that was higher.
    """
    speed = max(Fraction(1), Fraction(made_known) / apt if apt else Fraction(1))
    return (
        ratio(elements.ideal_good_ms, pbt),
        ratio(Fraction(elements.ideal_good_ms) + elements.unbridged_ms * speed, pbt),
    )


def _iso_ratios(elements: Elements, read: _Read) -> dict[str, Any]:
    """The ISO 22400-2 ratios of times and of pieces."""
    aupt = read.apt + elements.setup_ms
    aubt = aupt + read.adet
    return {
        "technical_efficiency": ratio(read.apt, read.apt + read.adet),
        "utilization_efficiency": ratio(read.apt, aubt),
        "allocation_efficiency": ratio(aubt, read.pbt),
        "allocation_ratio": ratio(aubt, elements.order_ms),
        "production_process_ratio": ratio(read.apt, elements.order_ms),
        "setup_rate": ratio(elements.setup_ms, aupt),
        "throughput_per_h": ratio(elements.total * 3_600_000, elements.order_ms),
        "quality_ratio": ratio(elements.good, elements.total),
        "first_pass_yield": ratio(elements.good, elements.total),
        "scrap_ratio": ratio(elements.scrap, elements.total),
        "rework_ratio": ratio(elements.rework, elements.total),
    }


def _reliability_of(elements: Elements, read: _Read, policy: Policy) -> dict[str, Any]:
    """Mean times in seconds. Repair runs from acknowledgement to resolution; without both MTTR is None."""
    operating_s, repair_s = Decimal(read.apt) / 1000, Decimal(elements.repair_ms) / 1000
    means = reliability(operating_s, elements.failures, repair_s, elements.repairs, policy.failure_divisor)
    return {
        "mtbf_s": means.mtbf,
        "mttf_s": means.mttf,
        "mttr_s": means.mttr,
        "mean_down_time_s": ratio(Fraction(elements.failure_ms, 1000), elements.failures),
    }


def _notes(elements: Elements, policy: Policy, result: Kpi, where: str) -> tuple[Note, ...]:
    """One note for every null that matters and for every number that needs care, in a fixed order."""
    at = f" on {where}" if where else ""
    notes: list[Note] = []
    if result.pbt_ms <= 0:
        notes.append(Note("not-scheduled", "oee", f"Not scheduled: there was no planned time{at}."))
    elif result.known_ms <= 0 and not elements.total:
        notes.append(Note("no-data", "", f"No data{at} in this time: nothing is known of it."))
    if elements.no_ideal_total:
        items = ", ".join(sorted(elements.no_ideal_items))
        said = f"Ideal cycle missing for product {items}{at}: enter it with the item, and P and OEE appear."
        notes += [Note("no-ideal", name, said) for name in ("performance", "oee")]
    if not elements.total and result.known_ms > 0:
        said = f"No pieces were made{at}: performance and quality have nothing to divide."
        notes += [Note("no-pieces", name, said) for name in ("performance", "quality")]
    elif elements.ideal_total_known_ms and result.performance is None and result.known_ms > 0:
        said = f"Pieces were counted{at} while the machine was never seen running: check its state tag."
        notes.append(Note("no-run-time", "performance", said))
    if result.performance is not None and result.performance > 1:
        said = f"Performance is above 100 %{at}: the ideal cycle or the counts are wrong."
        notes.append(Note("performance-over-100", "performance", said))
    return tuple(notes) + _coverage_notes(elements, policy, result, at)


def _never_all(share: float) -> str:
    """A share below 1 as percent, cut and not rounded: 99.96 % is not 100."""
    return f"{int(share * 1000) / 10:g}"


def _coverage_notes(elements: Elements, policy: Policy, result: Kpi, at: str) -> tuple[Note, ...]:
    notes: list[Note] = []
    if result.coverage is not None and result.coverage < 1 and result.known_ms > 0:
        known = f"{_never_all(result.coverage)} % of the planned time is known{at}"
        said = f"{known}: A and P are those of the known time, OEE of all"
        notes.append(Note("coverage", "oee", f"{said} of it, so A x P x Q is not the OEE."))
    if result.coverage is not None and result.coverage < policy.coverage_floor:
        said = f"Less than {policy.coverage_floor:.0%} of the planned time is known{at}: take these numbers with care."
        notes.append(Note("low-coverage", "", said))
    if elements.unbridged_ms > 0 and result.oee is not None:
        said = (
            f"For {elements.unbridged_ms / 60_000:.1f} min nobody knows what was made{at}: OEE lies within its bounds."
        )
        notes.append(Note("bounds", "oee", said))
    if elements.gap_total:
        said = f"{elements.gap_total} pieces were counted across gaps in the data{at}: true in number, not in time."
        notes.append(Note("gap-counts", "", said))
    return tuple(notes)
