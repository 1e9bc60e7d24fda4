"""On which day the ERP books what was made."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from erp_sync.messages import Actuals, MaterialActual, MaterialUse, Quantity
from erp_sync.outbound.backoff import due_after
from erp_sync.outbound.posting import day_of, posting_day
from erp_sync.outbound.totals import difference

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "production_day", "day"),
    [
        # A night shift of Monday 2 March 22:00 to 06:00 at the site (UTC+1): 01:30 there is still Monday's.
        (datetime(2026, 3, 3, 0, 30, tzinfo=UTC), date(2026, 3, 2), date(2026, 3, 2)),
        (datetime(2026, 3, 3, 0, 30, tzinfo=UTC), None, date(2026, 3, 3)),
        # 23:30 UTC is past midnight at the site.
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), None, date(2026, 3, 3)),
        # Clocks go forward on 29 March at 01:00 UTC and back on 25 October: midnight is 22:00 UTC from then until then.
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), None, date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), None, date(2026, 3, 30)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), None, date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), None, date(2026, 10, 26)),
    ],
)
def test_the_day_is_that_of_the_shift_or_the_sites_calendar(
    at: datetime, production_day: date | None, day: date
) -> None:
    assert day_of(at, BERLIN, production_day) == day


@pytest.mark.parametrize(
    ("closed_until", "hold", "expected"),
    [
        (None, False, date(2026, 3, 31)),
        (date(2026, 3, 30), True, date(2026, 3, 31)),
        (date(2026, 3, 31), False, date(2026, 4, 1)),
        (date(2026, 4, 2), False, date(2026, 4, 3)),
        (date(2026, 3, 31), True, None),
    ],
)
def test_a_closed_period_moves_to_the_first_open_day_or_waits(
    closed_until: date | None, hold: bool, expected: date | None
) -> None:
    assert posting_day(date(2026, 3, 31), closed_until, hold=hold) == expected


def test_pauses_grow_from_five_seconds_to_an_hour_and_an_erps_wish_only_makes_them_longer() -> None:
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    waits = [(due_after(n, now) - now).total_seconds() for n in (1, 2, 3, 4, 5, 6, 7, 50)]
    assert waits == [5, 30, 120, 600, 1800, 3600, 3600, 3600]
    assert (due_after(1, now, 90.0) - now).total_seconds() == 90
    assert (due_after(3, now, 1.0) - now).total_seconds() == 120


def totals(good: str, *lots: tuple[str, str]) -> Actuals:
    rows = [MaterialActual(MaterialUse.CONSUMED, "SYRUP", Quantity(Decimal(n), "l"), lot) for lot, n in lots]
    zero = Quantity(Decimal(0), "pk24")
    return Actuals(Quantity(Decimal(good), "pk24"), zero, zero, tuple(rows), labor_s=600)


def test_the_difference_of_totals_names_only_what_changed_and_takes_back_what_is_gone() -> None:
    one, two = totals("200", ("A", "10"), ("B", "5")), totals("190.5", ("A", "12"), ("C", "1"))
    delta = difference(two, one)
    assert (delta.good.value, delta.labor_s) == (Decimal("-9.5"), 0)
    assert {(row.lot, row.quantity.value) for row in delta.materials} == {("A", 2), ("B", -5), ("C", 1)}
    assert difference(one, None) == one
