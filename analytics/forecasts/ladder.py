"""The ladder of forecasts (pure): how far up a line may go, and how far up its own record carries it.

0 refused; 1 plan: ideal rate x planned hours, no forecast and without a band; 2 rate: that of the last 28 days, with an
empirical band; 3 GLM; 4 ensemble. Gates allow a rung; only a record that beats the simpler one lets it be shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

REFUSED, PLAN, RATE, MODEL, ENSEMBLE = 0, 1, 2, 3, 4
BETTER = 0.02  # of the pinball loss of the simpler rung, over the last 28 planned days
MOST_GAP = 0.25  # of the planned time of the last 24 hours
WEEKS = {"hour": 4.0, "shift": 4.0, "day": 6.0}
WEEKS_WIDE = {"hour": 12.0, "shift": 12.0, "day": 12.0}
PHASE_OF = {PLAN: 2, RATE: 3, MODEL: 4, ENSEMBLE: 4}


@dataclass(frozen=True, slots=True)
class Check:
    """A value that keeps a forecast from being shown or from a higher rung.

    `sentence`: key of the sentence that says it; `link`: key of the page that mends it. `value` None: not measured.
    """

    key: str
    value: float | None
    needs: float
    sentence: str
    link: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a line when it forecasts.

    `calendar_share`: share of the days ahead with a known calendar. `phase`: of readiness, 0 to 5. `has_ideal`: an item
    on the line or in its queue has an ideal rate. `weeks`: usable weeks of history. `queue`: an archived queue of
    orders is there. `erp`: an ERP is connected. `gap`: share of the planned time of the last 24 h that nobody saw; None
    where nothing was planned. `drift`: name of the shift since which a drift alarm is open, "" for none.
    """

    grain: str
    calendar_share: float
    phase: int
    has_ideal: bool
    weeks: float
    queue: bool
    erp: bool
    gap: float | None
    drift: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The rung to show. `frozen`: the level is held and the band widened. `checks`: what keeps it from more."""

    level: int
    checks: tuple[Check, ...]
    frozen: bool
    drift: str
    band_80: bool
    band_95: bool


def choose(standing: Standing, losses: Mapping[int, float]) -> Choice:
    """The rung to show; `losses`: rung to mean pinball loss on the same buckets of the last 28 planned days.

    The climb starts at the lowest rung that is allowed and goes up only past one that is beaten by 2 %, so no rung is
    shown that loses to any simpler one that would have been. A rung without a record is not climbed.
    """
    most, checks = allowed(standing)
    level = min(most, PLAN)
    for rung in range(RATE, most + 1):
        below, mine = losses.get(level), losses.get(rung)
        if mine is None or below is None:
            checks.append(Check("record", None, 1 - BETTER, f"record_missing_{rung}", "forecast_record"))
        elif mine <= below * (1 - BETTER):
            level = rung
        else:
            ratio = mine / below if below else None
            checks.append(Check("record", ratio, 1 - BETTER, f"record_worse_{rung}", "forecast_record"))
    frozen = standing.gap is not None and standing.gap > MOST_GAP
    if frozen and level:
        checks.append(Check("gap", standing.gap, MOST_GAP, "gap", "data_health"))
    return Choice(
        level=level,
        checks=tuple(checks),
        frozen=bool(frozen and level),
        drift=standing.drift if level >= RATE else "",
        band_80=level >= RATE,
        band_95=level >= RATE and standing.weeks >= WEEKS_WIDE[standing.grain],
    )


def allowed(standing: Standing) -> tuple[int, list[Check]]:
    """The highest rung the gates allow, and the checks that shut the next one.

    A line without an ERP has no phase 3 to reach: from phase 2 on it forecasts by its own rate, without a plan.
    """
    if standing.calendar_share < 1:
        return REFUSED, [Check("calendar", standing.calendar_share, 1.0, "no_calendar", "calendar")]
    if standing.phase < PHASE_OF[PLAN]:
        return REFUSED, [Check("phase", standing.phase, PHASE_OF[PLAN], "phase_too_low", "readiness")]
    checks: list[Check] = []
    if not standing.has_ideal:
        return REFUSED, [Check("ideal", 0.0, 1.0, "no_ideal_rate", "ideal_cycles")]
    rate_from = PHASE_OF[RATE] if standing.erp else PHASE_OF[PLAN]
    if standing.phase < rate_from:
        return PLAN, [Check("phase", standing.phase, rate_from, "phase_too_low", "readiness")]
    if standing.erp and standing.phase < PHASE_OF[MODEL]:
        checks.append(Check("phase", standing.phase, PHASE_OF[MODEL], "phase_too_low", "readiness"))
    if standing.weeks < WEEKS[standing.grain]:
        checks.append(Check("weeks", standing.weeks, WEEKS[standing.grain], "weeks_too_few", "history_import"))
    if checks:
        return RATE, checks
    if not standing.queue:
        return MODEL, [Check("queue", 0.0, 1.0, "no_queue", "orders")]
    return ENSEMBLE, []
