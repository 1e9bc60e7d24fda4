"""Strict reading of quantities, numbers and due times."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mes.production.typed import Unreadable, code_from, due_from, priority_from, quantity_from

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1200", "1200"),
        (" 12.5 ", "12.5"),
        ("12,5", "12.5"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("1.2340", "1.234"),
        ("007", "7"),
        ("99999999999.999", "99999999999.999"),
    ],
)
def test_a_quantity_is_read_exactly(text: str, value: str) -> None:
    assert quantity_from(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.000",
        "-5",
        "+5",
        "1_000",
        "1e3",
        "1e400",
        "nan",
        "NaN",
        "inf",
        "Infinity",
        "١٢٣",
        "１２",
        "1 000",
        "1'000",
        "1,234",
        "1.000,5",
        "1,000.5",
        "12.",
        ".5",
        "12.0004",
        "100000000000",
        "0x10",
        "twelve",
        "5\n6",
        "9" * 5000,
    ],
)
def test_what_is_no_clear_quantity_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(Unreadable, match=r"write|use at most|round"):
        quantity_from(text)


def test_a_dot_before_three_digits_is_refused_where_dots_may_group_thousands() -> None:
    assert quantity_from("1.234") == Decimal("1.234")
    with pytest.raises(Unreadable, match=r"write 1234 or 1\.2340"):
        quantity_from("1.234", dot_is_decimal=False)


@pytest.mark.parametrize("text", ["WO-17", "4711", "a.b_c-D"])
def test_a_number_of_plain_characters_is_taken(text: str) -> None:
    assert code_from(f" {text} ") == text


@pytest.mark.parametrize("text", ["", "-1", "WO 17", "WO/17", "WÖ-1", "WO-1\n", "W" * 61, "=1+1", "<b>"])
def test_a_number_of_other_characters_is_refused(text: str) -> None:
    if text.strip() != text:
        assert code_from(text) == text.strip()
        return
    with pytest.raises(Unreadable):
        code_from(text)


def test_a_date_alone_is_due_at_the_end_of_its_day_at_the_site() -> None:
    # 30 November ends in Berlin (UTC+1) at 23:00 UTC
    assert due_from("2026-11-30", BERLIN) == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_a_wall_time_is_placed_in_the_zone_of_the_site() -> None:
    assert due_from("2026-07-01 14:00", BERLIN) == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert due_from("2026-07-01T14:00:00+05:30", BERLIN) == datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert due_from("2026-07-01T14:00Z", BERLIN) == datetime(2026, 7, 1, 14, tzinfo=UTC)
    assert due_from("  ", BERLIN) is None


def test_a_time_the_clock_change_skips_or_repeats_is_refused_with_an_explanation() -> None:
    with pytest.raises(Unreadable, match="clocks go forward"):
        due_from("2026-03-29 02:30", BERLIN)
    with pytest.raises(Unreadable, match=r"\+02:00 or \+01:00"):
        due_from("2026-10-25 02:30", BERLIN)
    assert due_from("2026-10-25T02:30+01:00", BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "30.11.2026",
        "11/30/2026",
        "20261130",
        "2026-W48-1",
        "2026-02-30",
        "tomorrow",
        "2026-11-30 25:00",
        "9999-12-31",
        "٢٠٢٦-١١-٣٠",
        "2026-11-30 14:00+99:00",
        "0001-01-01 00:00+14:00",
    ],
)
def test_a_due_time_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="is not a due time"):
        due_from(text, BERLIN)


@pytest.mark.parametrize("text", ["-1", "1.5", "32768", "high", "٣", "1_0"])
def test_a_priority_is_a_small_whole_number(text: str) -> None:
    assert priority_from("0") == 0
    with pytest.raises(Unreadable):
        priority_from(text)
