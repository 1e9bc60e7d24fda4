"""What people type for a check is read strictly."""

from decimal import Decimal

import pytest

from mes.quality.judging import Reading, out_of_limits
from mes.quality.typed import Unreadable, pieces_from, reading_from, value_from


@pytest.mark.parametrize(
    ("text", "value"), [("10.2", "10.2"), (" 10,25 ", "10.25"), ("-0.5", "-0.5"), ("7", "7"), ("0010", "10")]
)
def test_a_value_may_have_a_point_or_a_comma(text: str, value: str) -> None:
    assert value_from(text, 2) == Decimal(value)


@pytest.mark.parametrize("text", ["", "ten", "1.2.3", "1,000.5", "10.123", "1e5", "NaN", "٣", "10 g", "9" * 12, "+1"])
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Unreadable, match="'"):
        value_from(text, 2)


def test_bad_pieces_are_a_whole_number_up_to_the_pieces_looked_at() -> None:
    assert pieces_from("50", 50) == 50
    for text in ("51", "-1", "1.5", "x"):
        with pytest.raises(Unreadable):
            pieces_from(text, 50)


def test_empty_fields_are_left_out_and_all_empty_is_a_gap() -> None:
    assert reading_from(["10,2", ""], measured=True, decimals=1, pieces=2) == Reading(values=(Decimal("10.2"),))
    assert reading_from(["3"], measured=False, decimals=0, pieces=50) == Reading(found=3, size=50)
    assert reading_from(["", " "], measured=True, decimals=1, pieces=2).gap


def test_values_beyond_the_specification_are_named() -> None:
    reading = Reading(values=(Decimal("9.9"), Decimal("10.1"), Decimal("10.2")))
    beyond = (Decimal("9.9"), Decimal("10.2"))
    assert out_of_limits(reading, lsl=Decimal(10), usl=Decimal("10.1"), accept=0) == (beyond, 0)
    assert out_of_limits(reading, lsl=None, usl=None, accept=0) == ((), 0)
    assert out_of_limits(Reading(found=3, size=50), lsl=None, usl=None, accept=1) == ((), 2)
