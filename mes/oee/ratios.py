"""Small formulas of counts and times (pure): ratios, mean times between failures, yields, notes that explain a null."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import prod

Number = int | Decimal | Fraction


@dataclass(frozen=True, slots=True)
class Note:
    """Why a KPI is null or needs care: a code for programs, the KPI it concerns ("" all), a sentence for people."""

    code: str
    kpi: str
    text: str


def ratio(part: Number, whole: Number) -> float | None:
    """part / whole as a float, computed exactly before; None where the whole is zero."""
    return float(Fraction(part) / Fraction(whole)) if whole else None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Mean times in the unit given, and inherent availability MTBF / (MTBF + MTTR). `convention` names the divisor."""

    mtbf: float | None
    mttf: float | None
    mttr: float | None
    inherent_availability: float | None
    convention: str


def reliability(
    operating: Number, failures: int, repair: Number, repairs: int | None = None, divisor: str = "failures"
) -> Reliability:
    """MTBF, MTTF and MTTR (shop floor: operating time / failures; ISO 22400 as transcribed: sums / (failures + 1)).

    `repairs` is the number of repairs whose time is known, default all failures. No failure: MTBF and MTTR are None
    and the inherent availability is 1 (by "failures+1" MTBF exists then). Worked: 1000 h, 5 failures, 50 h of repair:
    200 h, 10 h, 0.952. With "failures+1" the time between failures includes the repair.
    """
    mended = failures if repairs is None else repairs
    if divisor == "failures+1":
        count = failures + 1
        mtbf, mttf = ratio(Fraction(operating) + Fraction(repair), count), ratio(operating, count)
        mttr = ratio(repair, mended + 1) if mended else None
    else:
        mtbf = mttf = ratio(operating, failures)
        mttr = ratio(repair, mended)
    if not failures:
        inherent: float | None = 1.0
    elif mttf is None or mttr is None or mttf + mttr == 0:
        inherent = None
    else:
        inherent = mttf / (mttf + mttr)
    return Reliability(mtbf, mttf, mttr, inherent, f"operating time / {divisor}")


def rolled_throughput_yield(step_yields: Sequence[float]) -> tuple[float | None, float | None]:
    """(product of the step yields, its geometric mean per step); (None, None) without steps.

    Worked: 0.99, 0.98, 0.97 give 0.941094 and 0.979966.
    """
    if not step_yields:
        return None, None
    rolled = prod(step_yields)
    return rolled, rolled ** (1 / len(step_yields))


def worker_efficiency(working_ms: int, attendance_ms: int) -> float | None:
    """ISO 22400-2 APWT / APAT, where labour is booked; None without attendance."""
    return ratio(working_ms, attendance_ms)


def corrective_maintenance_ratio(corrective_ms: int, preventive_ms: int) -> float | None:
    """ISO 22400-2 CMT / (CMT + PMT); None without maintenance."""
    return ratio(corrective_ms, corrective_ms + preventive_ms)
