"""When a line rises and falls, what it has then, and which counts by hand back a word: worked by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from analytics.phases.rules import backs, step, unlocked
from analytics.readiness.earned import LEVELS, Said, days_of, drift, held_share, judged, pinball, skill

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
SHIFT = timedelta(hours=8)
GATES = [
    {"phase": 1, "checks": [{"key": "fresh", "open": False}, {"key": "plausible", "open": True}]},
    {"phase": 2, "checks": [{"key": "coded", "open": False}]},
]


def said(shift: int, level: int, *quantiles: float, ahead: int = 1) -> Said:
    told = quantiles if len(quantiles) == len(LEVELS) else quantiles * len(LEVELS)
    return Said(SIX + shift * SHIFT, SIX + (shift - ahead) * SHIFT, level, told)


def test_a_line_that_stays_changes_nothing_and_the_first_phase_is_no_fall() -> None:
    assert step(2, None, 2, GATES) is None
    first = step(None, None, 0, GATES)
    assert first is not None
    assert (first.fell, first.fell_from, first.why) == (False, None, ())


def test_a_fall_says_which_checks_shut_the_gate_behind_which_it_lies() -> None:
    fall = step(4, None, 0, GATES)
    assert fall is not None
    assert (fall.fell, fall.fell_from, [one["key"] for one in fall.why]) == (True, 4, ["fresh"])


def test_a_part_regained_still_tells_from_where_it_fell_and_what_lacks_now() -> None:
    part = step(0, 4, 1, GATES)
    assert part is not None
    assert (part.fell, part.fell_from, [one["key"] for one in part.why]) == (False, 4, ["coded"])
    whole = step(1, 4, 4, GATES)
    assert whole is not None
    assert (whole.fell_from, whole.why) == (None, ())


def test_a_line_without_an_erp_has_the_forecast_without_a_plan_from_phase_two() -> None:
    assert unlocked(1, erp=False) == ()
    assert "no_plan_forecast" in unlocked(2, erp=False)
    assert unlocked(2, erp=True) == ("plan_outlook",)
    assert "order_eta" in unlocked(3, erp=True)
    assert "order_eta" in unlocked(3, erp=False)  # its orders are typed
    assert "band_80" not in unlocked(3, erp=True)


@pytest.mark.parametrize(
    ("pieces", "low", "high", "fits"),
    [
        (1000, "995", "1005", True),
        (1000, "994.9", "1000", False),
        (1000, "1000", "1005.1", False),
        (1000, None, "1000", False),
        (0, "0", "0", False),
    ],
)
def test_a_count_by_hand_backs_within_half_a_percent(pieces: int, low: str | None, high: str, fits: bool) -> None:
    assert backs(pieces, Decimal(low) if low else None, Decimal(high)) is fits


def test_pinball_of_a_flat_forecast_is_its_error() -> None:
    # the levels are symmetric about .5, so 2 x 10 x .5 on either side
    assert pinball((100.0,) * 11, 110) == pytest.approx(10)
    assert pinball((100.0,) * 11, 90) == pytest.approx(10)
    assert pinball((100.0,) * 11, 100) == 0


def test_a_shift_is_judged_by_the_last_forecast_before_it_and_beside_the_simpler_one() -> None:
    band = tuple(float(q) for q in (80, 90, 92, 94, 96, 100, 104, 106, 108, 110, 120))
    rows = [
        said(1, 3, 0.0, ahead=3),  # older: does not count
        said(1, 4, *band),
        said(1, 2, 120.0),
        said(2, 3, 100.0),  # no width: 101 lies outside
        said(3, 3, 100.0),  # never seen
        said(4, 2, 100.0),  # only the simpler level
        said(5, 3, 100.0, ahead=-1),  # told after the shift had begun
    ]
    actual = {SIX + n * SHIFT: good for n, good in ((1, 110.0), (2, 101.0), (4, 100.0), (5, 100.0))}
    found = judged(rows, actual)
    assert [(one.starts_at, one.held) for one in found] == [(SIX + SHIFT, True), (SIX + 2 * SHIFT, False)]
    assert held_share(found) == 0.5
    # against 110, of the first shift alone: the band's loss by hand is 4.4818, the flat 120 loses 10
    by_hand = 2 * (30 * 0.025 + 20 * 0.1 + 18 * 0.2 + 16 * 0.3 + 14 * 0.4 + 10 * 0.5 + 6 * 0.6 + 4 * 0.7 + 2 * 0.8
                   + 0 + 10 * 0.025) / 11  # fmt: skip
    assert skill(found) == pytest.approx(1 - by_hand / 10)
    assert days_of(found, SIX + timedelta(days=2)) == 2
    assert (held_share([]), skill([]), days_of([], SIX)) == (None, None, 0)


def test_an_alarm_of_drift_is_open_for_three_weeks_of_shifts() -> None:
    """F11's rule: CUSUM k .5, h 8. Errors of -10, 0 and 10 % in turn scatter by 14.826 % (1.4826 x the median 10 %)."""
    calm = [90.0, 100.0, 110.0] * 20
    # -30 % is 2.02 sigma below: 1.52 a shift, so the sum passes 8 at the sixth of them, shift 66 of 0 to 65
    fallen = calm + [70.0] * 6

    def told(goods: list[float]) -> tuple[int | None, bool | None]:
        shifts = [said(n, 3, 100.0) for n in range(len(goods))]
        return drift(judged(shifts, {SIX + n * SHIFT: good for n, good in enumerate(goods)}))

    assert told(calm) == (0, False)
    assert told(fallen[:-1]) == (0, False)
    assert told(fallen) == (1, True)
    # nine more days of three shifts: the alarm was open during 21 shifts, which touch eight days, and is closed now
    assert told(fallen + calm[:27]) == (8, False)
    assert told(calm[:19]) == (None, None)
