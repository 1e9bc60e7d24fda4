"""The text that is signed: the same facts give the same hash, whatever they look like in memory."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from mes.signing.content import canonical, differences, hash_of

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
CONTENT = {
    "values": (Decimal("10.20"), Decimal("0.000"), Decimal("1E+2")),
    "none": None,
    "name": "Füllgewicht",
    "at": SIX,
}


def test_the_hash_is_that_of_the_written_out_text() -> None:
    """The digest was made by sha256sum from the text typed by hand."""
    text = '{"at":"2026-03-02T06:00:00+00:00","name":"Füllgewicht","none":null,"values":["10.2","0","100"]}'
    assert canonical(CONTENT) == text
    assert hash_of(CONTENT) == "33ec30e0104880229c23bf763cb80523a8a3ae56c5a522479501c64458c5b67f"


def test_order_of_keys_zone_and_trailing_zeros_make_no_difference() -> None:
    berlin = timezone(timedelta(hours=1))
    same = {
        "at": SIX.astimezone(berlin),
        "none": None,
        "name": "Füllgewicht",
        "values": [Decimal("10.2"), Decimal(0), 100],
    }
    assert canonical({**same, "values": [Decimal("10.2"), Decimal("0E-3"), Decimal(100)]}) == canonical(CONTENT)


@pytest.mark.parametrize("odd", [0.1, datetime(2026, 3, 2, 6), object()])  # noqa: DTZ001
def test_what_has_no_certain_text_is_refused(odd: object) -> None:
    with pytest.raises(TypeError):
        hash_of({"x": odd})


def test_the_changed_parts_are_named() -> None:
    signed = {"values": ["10.2"], "verdict": "good", "day": "2026-03-02"}
    assert differences(signed, {"values": [Decimal("10.20")], "verdict": "good", "day": date(2026, 3, 2)}) == []
    assert differences(signed, {"values": [Decimal("10.3")], "verdict": "good", "note": "x"}) == [
        "day",
        "note",
        "values",
    ]
