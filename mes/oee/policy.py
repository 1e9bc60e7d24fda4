"""Policies: how a plant reads its time. A figure is only comparable with figures of the same policy and version."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Claim(StrEnum):
    """Who may claim an instant; the first claim of a policy's precedence that is raised owns it (R10)."""

    RUN = "run"
    PLANNED_STOP = "planned_stop"
    FAILURE = "failure"
    SETUP = "setup"
    UNPLANNED_STOP = "unplanned"
    MICRO_STOP = "micro"
    NO_ORDER = "no_order"


DEFAULT_PRECEDENCE = (
    Claim.RUN,
    Claim.PLANNED_STOP,
    Claim.FAILURE,
    Claim.SETUP,
    Claim.UNPLANNED_STOP,
    Claim.MICRO_STOP,
    Claim.NO_ORDER,
)


@dataclass(frozen=True)
class Policy:
    """A named, versioned reading of time.

    `micro_threshold_ms`: events shorter are micro-stops, 0 turns that off. `micro_class`: "six-losses" counts them as
    lost performance, "iso" (ISO 22400) as lost availability. `min_run_ms`: shorter runs inside a stop merge into it, 0
    turns that off. `changeover_loss`: "oee" shows OEE, "nee" shows NEE (setup is no loss) as the plant's headline.
    `no_order_in_pbt`: time without an order is planned busy time and so a loss. `denominator`: availability over
    "busy" time (scheduled less planned stops: ISO 22400, Vorne) or over all "scheduled" time (SMRP: planned stops are
    losses too). `coverage_floor`: below this share of known time a number is greyed. `cap_performance`: show at most
    100 % (never stored). `failure_divisor`: MTBF over "failures" (shop floor) or "failures+1" (ISO 22400).
    """

    name: str
    version: int = 1
    micro_threshold_ms: int = 120_000
    micro_class: Literal["six-losses", "iso"] = "six-losses"
    min_run_ms: int = 0
    changeover_loss: Literal["oee", "nee"] = "oee"
    no_order_in_pbt: bool = True
    denominator: Literal["busy", "scheduled"] = "busy"
    coverage_floor: Decimal = Decimal("0.9")
    cap_performance: bool = False
    failure_divisor: Literal["failures", "failures+1"] = "failures"
    precedence: tuple[Claim, ...] = DEFAULT_PRECEDENCE

    @property
    def label(self) -> str:
        """Name, version and what is printed beside a number, e.g. "six-losses v1, stops under 120 s are lost speed"."""
        lost = "lost speed" if self.micro_class == "six-losses" else "stops"
        micro = f"stops under {self.micro_threshold_ms / 1000:g} s are {lost}" if self.micro_threshold_ms else ""
        return f"{self.name} v{self.version}, {micro or 'no micro-stops'}"

    @property
    def division(self) -> tuple[object, ...]:
        """All by which sums are divided; `ownership` is the rest."""
        return (
            self.micro_class,
            self.changeover_loss,
            self.no_order_in_pbt,
            self.denominator,
            self.coverage_floor,
            self.failure_divisor,
        )

    @property
    def ownership(self) -> tuple[object, ...]:
        """All that decides who owns an instant; `division` is the rest."""
        return self.micro_threshold_ms, self.min_run_ms, self.precedence

    @property
    def mtbf_convention(self) -> str:
        """What MTBF and MTTF divide by, printed beside them."""
        return f"operating time / {self.failure_divisor}"

    def __post_init__(self) -> None:
        if sorted(self.precedence) != sorted(Claim):
            raise ValueError(f"Policy {self.name}: the precedence must name each of {', '.join(Claim)} exactly once.")


DEFAULT = Policy("six-losses")
ISO = Policy("iso-22400", micro_class="iso", failure_divisor="failures+1")
SMRP = Policy("smrp", micro_class="iso", denominator="scheduled")
