"""Decoding: all integers, reals and texts come out exactly as they lie in the controller's memory."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from mes.plc.drivers.datatypes import ATOMIC_BY_NAME, BOOL, DINT, Structure
from mes.plc.drivers.decode import Decoder, Field
from mes.plc.drivers.port import Quality, TagValue

STRING = Structure("STRING", 0x0FCE, 88, {}, 82)


def decoded(data: bytes, *fields: Field) -> dict[str, TagValue]:
    values: dict[str, TagValue] = {}
    Decoder(fields).decode(data, values)
    return values


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 31))
def test_a_word_and_its_bits_agree_with_binary_arithmetic(number: int, bit: int) -> None:
    values = decoded(struct.pack("<i", number), Field("word", 0, DINT, None), Field("bit", 0, DINT, bit))
    assert values["word"].value == number
    assert values["bit"].value is bool((number % 2**32) // 2**bit % 2)


def test_fields_that_overlap_are_all_decoded() -> None:
    data = bytes(range(1, 17))
    values = decoded(
        data,
        Field("a", 0, DINT, None),
        Field("b", 2, ATOMIC_BY_NAME["INT"], None),
        Field("c", 3, BOOL, 2),
        Field("d", 8, ATOMIC_BY_NAME["ULINT"], None),
    )
    assert [values[tag].value for tag in "abcd"] == [0x04030201, 0x0403, True, 0x100F0E0D0C0B0A09]


def test_a_bool_reply_of_ff_or_01_is_true() -> None:
    assert [decoded(bytes((b,)), Field("x", 0, BOOL, None))["x"].value for b in (0, 1, 0xFF)] == [False, True, True]


def test_a_captured_string_of_a_real_controller_is_read() -> None:
    # data of a v35 controller's reply as published by another project: LEN 4, "test"
    data = bytes.fromhex("0400000074657374").ljust(88, b"\0")
    assert decoded(data, Field("s", 0, STRING, None))["s"] == TagValue("test", Quality.GOOD)


def test_text_is_utf8_where_valid_and_latin1_elsewhere() -> None:
    for raw, text in (("Größe".encode(), "Größe"), ("Größe".encode("latin-1"), "Größe"), (b"", "")):
        data = struct.pack("<i", len(raw)) + raw.ljust(84, b"\0")
        assert decoded(data, Field("s", 0, STRING, None))["s"].value == text


def test_a_negative_string_length_is_bad() -> None:
    value = decoded(struct.pack("<i", -1).ljust(88, b"A"), Field("s", 0, STRING, None))["s"]
    assert (value.value, value.quality) == (None, Quality.BAD)
