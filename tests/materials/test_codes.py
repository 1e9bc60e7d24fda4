"""GS1 numbers and texts, what scanners send, ZPL, and bars drawn as a path. Examples: GS1's own, and worked by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.materials.barcodes import code128, gs1_128, qr
from mes.materials.gs1 import (
    SEPARATOR,
    Element,
    NotGs1,
    check_digit,
    element_string,
    elements_of,
    gtin_is_good,
    lot_elements,
    readable,
    sscc,
)
from mes.materials.scanned import Scanned, read
from mes.materials.zpl import gs1_field, label, plain_field

GTIN = "04006381333931"


def test_check_digits_of_known_numbers() -> None:
    """GTIN 6291041500213 and SSCC 1 0614141 123456789 7 are examples of GS1; 4006381333931 is on a well-known pen."""
    assert check_digit("629104150021") == "3"
    assert gtin_is_good(GTIN)
    assert not gtin_is_good("04006381333932")
    assert not gtin_is_good("4006381333931")
    assert sscc(1, "0614141", 123_456_789) == "106141411234567897"
    with pytest.raises(NotGs1, match="more than the 9 digits"):
        sscc(1, "0614141", 1_234_567_890)


def test_a_lot_of_variable_length_stands_last_and_needs_no_separator() -> None:
    elements = lot_elements(gtin=GTIN, lot="A-7", is_serial=False, expires_on=date(2026, 12, 31))

    assert element_string(elements) == f"01{GTIN}1726123110A-7"
    assert readable(elements) == f"(01){GTIN}(17)261231(10)A-7"
    serial = lot_elements(gtin=GTIN, lot="S1", is_serial=True, expires_on=None)
    assert element_string(serial) == f"01{GTIN}21S1"
    for wrong in ("x" * 21, "", "ä"):
        with pytest.raises(NotGs1):
            lot_elements(gtin=GTIN, lot=wrong, is_serial=False, expires_on=None)


def test_a_value_of_variable_length_before_another_ends_with_a_separator() -> None:
    assert element_string([Element("10", "A"), Element("30", "24")]) == f"10A{SEPARATOR}3024"
    assert elements_of(f"]C110A{SEPARATOR}3024") == {"10": "A", "30": "24"}


@given(
    lot=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}", fullmatch=True),
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
)
def test_what_a_label_says_is_read_back(lot: str, day: date) -> None:
    elements = lot_elements(gtin=GTIN, lot=lot, is_serial=False, expires_on=day)

    assert elements_of(element_string(elements)) == dict(elements)
    assert read(element_string(elements))[0] == Scanned(number=lot, gtin=GTIN)


@pytest.mark.parametrize("text", ["", "hello", "01123", "0112345678901ABC", "10", "99X", "]C1"])
def test_other_texts_are_no_element_strings(text: str) -> None:
    with pytest.raises(NotGs1):
        elements_of(text)


def test_a_scan_may_mean_more_than_one_thing() -> None:
    assert read(" WO-17-001 ") == [Scanned(number="WO-17-001")]
    assert read("1012") == [Scanned(number="12"), Scanned(number="1012")]
    assert read("00106141411234567897")[0] == Scanned(sscc="106141411234567897")
    assert read("https://mes.local/materials/lots/A%2D7/?item=C%26A") == [Scanned(number="A-7", item="C&A")]


def test_zpl_begins_with_fnc1_and_no_text_can_be_a_command() -> None:
    """>; starts subset C, >8 is FNC1, >6 goes on in subset B (ZPL II manual, ^BC)."""
    elements = lot_elements(gtin=GTIN, lot="A-7", is_serial=False, expires_on=None)

    text = label(lines=["^XA~JR", "Süß"], qr="http://a/?b=c", bars=[(gs1_field(elements), readable(elements))])

    assert gs1_field(elements) == f">;>801{GTIN}10>6A-7"
    assert gs1_field([Element("10", "123A")]) == ">;>81012>63A"
    assert plain_field("WO-17") == ">:WO-17"
    assert "^FD_5EXA_7EJR^FS" in text
    assert "^FDS_C3_BC_C3_9F^FS" in text
    assert text.count("^XA") == text.count("^XZ") == 1


def test_bars_have_the_width_the_standard_gives_them() -> None:
    """Code 128: start, symbols and check of 11 modules, stop of 13; ten of white on both sides.

    "AB": start B, A, B, check, stop: 4 x 11 + 13 + 20 = 77. GS1 "1012": start C, FNC1, 10, 12, check: 88.
    """
    assert code128("AB").width == 77
    assert gs1_128("1012").width == 5 * 11 + 13 + 20
    assert qr("x").width == 21 + 8  # version 1 with four modules of white around it
    assert code128("AB").d.startswith("M10 0h2v1h-2zM")
    with pytest.raises(ValueError, match="plain letters"):
        code128("ä")
