"""The KPIs that the losses pages show: their names, units and how a stored figure becomes a number in that unit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from mes.oee.figures import Figure
from mes.screens.improve.tables import Column

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Measure:
    """A KPI: the field of `Kpi`, its name, its unit, what the field is multiplied by, and the digits a person needs."""

    field: str
    name: "StrOrPromise"
    unit: str = "%"
    factor: float = 100.0
    digits: int = 1

    def value(self, figure: Figure) -> float | None:
        """The KPI in its unit; None where it cannot be computed."""
        return scaled(getattr(figure.kpi, self.field), self.factor)

    @property
    def column(self) -> Column:
        """The KPI as a column of a table."""
        return Column(self.field, self.name, self.unit, self.digits)


def scaled(value: float | None, factor: float) -> float | None:
    """A number times a factor; None stays None."""
    return None if value is None else value * factor


PER_MIN = 1 / 60

MEASURES = [
    Measure("oee", _("OEE")),
    Measure("availability", _("Availability")),
    Measure("performance", _("Performance")),
    Measure("quality", _("Quality")),
    Measure("nee", _("NEE, changeovers are no loss")),
    Measure("teep", _("TEEP, of all calendar time (outside ISO 22400)")),
    Measure("ooe", _("OOE, of scheduled time (outside ISO 22400)")),
    Measure("technical_efficiency", _("Technical efficiency")),
    Measure("utilization_efficiency", _("Utilisation efficiency")),
    Measure("allocation_efficiency", _("Allocation efficiency")),
    Measure("setup_rate", _("Setup rate")),
    Measure("scrap_ratio", _("Scrap ratio"), digits=2),
    Measure("rework_ratio", _("Rework ratio"), digits=2),
    Measure("first_pass_yield", _("First pass yield"), digits=2),
    Measure("throughput_per_h", _("Throughput"), "1/h", 1.0),
    Measure("mtbf_s", _("MTBF"), "min", PER_MIN),
    Measure("mttf_s", _("MTTF"), "min", PER_MIN),
    Measure("mttr_s", _("MTTR"), "min", PER_MIN),
    Measure("mean_down_time_s", _("Mean down time of failures"), "min", PER_MIN),
    Measure("coverage", _("Time with data")),
]
BY_FIELD = {measure.field: measure for measure in MEASURES}
FOUR = [BY_FIELD[name] for name in ("oee", "availability", "performance", "quality")]
RELIABILITY = [BY_FIELD[name] for name in ("mtbf_s", "mttf_s", "mttr_s", "mean_down_time_s")]


def faint(figure: Figure) -> bool:
    """Whether so little of the planned time is known that the number is greyed (R40)."""
    coverage = figure.kpi.coverage
    return coverage is not None and coverage < figure.policy.coverage_floor
