"""SLC addresses: what each spelling means, and which reads fetch many of them."""

import pytest

from mes.plc.drivers.names import TagProblem
from mes.plc.drivers.slc_address import parse_address, plan_slc, slc_text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("N7:0", ("N", 7, 0, 0, None)),
        ("n7:12/3", ("N", 7, 12, 0, 3)),
        ("B3:1/5", ("B", 3, 1, 0, 5)),
        ("B3/37", ("B", 3, 2, 0, 5)),  # 37 = 2 x 16 + 5
        ("F8:2", ("F", 8, 2, 0, None)),
        ("L10:1/31", ("L", 10, 1, 0, 31)),
        ("T4:2.ACC", ("T", 4, 2, 2, None)),
        ("T4:2/DN", ("T", 4, 2, 0, 13)),
        ("C5:0.PRE", ("C", 5, 0, 1, None)),
        ("C5:0.CU", ("C", 5, 0, 0, 15)),
        ("R6:1.POS", ("R", 6, 1, 2, None)),
        ("S:4", ("S", 2, 4, 0, None)),
        ("S2:1/15", ("S", 2, 1, 0, 15)),
        ("ST9:3", ("ST", 9, 3, 0, None)),
        ("I:1.2/3", ("I", 1, 1, 2, 3)),
        ("O:0/4", ("O", 0, 0, 0, 4)),
        ("N7:300", ("N", 7, 300, 0, None)),
    ],
)
def test_an_address_means_file_element_word_and_bit(text: str, meaning: tuple[object, ...]) -> None:
    address = parse_address(text)
    assert (address.type.letter, address.file, address.element, address.word, address.bit) == meaning


@pytest.mark.parametrize(
    "text",
    ["", "Good", "N7", "N:0", "N7:0/16", "F8:0/1", "ST9:0/1", "T4:0.XYZ", "N7:0.ACC", "N300:0", "N7:1.5", "Q7:0", "B3"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(TagProblem, match=r"N7:0|no (bit|word)"):
        parse_address(text)


def commands(*tags: str, apart: frozenset[str] = frozenset()) -> list[bytes]:
    return [read.command for read in plan_slc(tags, apart)[0]]


def test_neighbours_in_one_file_are_read_together() -> None:
    # function A2: size, file, type, element, sub-element (1770-6.5.16)
    assert commands("N7:2", "N7:0", "N7:5/3") == [b"\xa2\x0c\x07\x89\x00\x00"]
    assert commands("T4:0.ACC", "T4:1/DN") == [b"\xa2\x0c\x04\x86\x00\x00"]


def test_distant_elements_other_files_and_input_words_are_read_apart() -> None:
    assert len(commands("N7:0", "N7:200")) == 2
    assert len(commands("N7:0", "N10:0", "F8:0")) == 3
    assert commands("I:1.2/3") == [b"\xa2\x02\x01\x83\x01\x02"]


def test_addresses_marked_apart_are_read_alone() -> None:
    assert len(commands("N7:0", "N7:1", "N7:2", apart=frozenset({"N7:1"}))) == 2


def test_numbers_above_254_take_three_bytes() -> None:
    assert commands("N7:300") == [b"\xa2\x02\x07\x89\xff\x2c\x01\x00"]


def test_no_read_is_larger_than_a_processor_answers() -> None:
    reads, _ = plan_slc([f"N7:{n}" for n in range(256)])
    assert all(read.size <= 200 for read in reads)
    assert sorted(tag for read in reads for tag in read.tags) == sorted(f"N7:{n}" for n in range(256))
    reads, _ = plan_slc([f"ST9:{n}" for n in range(5)])
    assert [read.count for read in reads] == [2, 2, 1]


def test_text_lies_in_words_with_swapped_bytes() -> None:
    assert slc_text(b"\x05\x00eHll\x00o".ljust(84, b"\x00")) == (5, b"Hello")
