"""The read plan: what becomes one read, what stays apart, and that every packet fits both ways."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from mes.plc.drivers.datatypes import ATOMIC_BY_NAME, BOOL, DINT, DWORD, REAL, Member, Structure, Symbol
from mes.plc.drivers.names import encode_path, resolve
from mes.plc.drivers.plan import Plan, plan_reads

SINT = ATOMIC_BY_NAME["SINT"]
STRING = Structure("STRING", 0x0FCE, 88, {}, 82)
SMALL = Structure(
    "Small",
    0x1111,
    16,
    {
        "good": Member("Good", DINT, 0),
        "scrap": Member("Scrap", DINT, 4),
        "on": Member("On", BOOL, 8, bit=3),
        "speed": Member("Speed", REAL, 12),
    },
)
BIG = Structure("Big", 0x2222, 3000, {f"m{n}": Member(f"M{n}", DINT, 4 * n) for n in range(750)})
SYMBOLS = {
    s.name.lower(): s
    for s in (
        Symbol("Line", SMALL),
        Symbol("Lines", SMALL, (500,)),
        Symbol("Huge", BIG),
        Symbol("Good", DINT),
        Symbol("Arr", DINT, (2000,)),
        Symbol("Grid", DINT, (10, 20)),
        Symbol("Bits", DWORD, (4,)),
        Symbol("Text", STRING),
        Symbol("Program:Main.Count", DINT),
    )
}


def plan(*tags: str, packet: int = 4000, **more: object) -> Plan:
    return plan_reads(
        tags,
        lambda tag: resolve(tag, lambda name: SYMBOLS.get(name.lower())),
        packet,
        **more,  # type: ignore[arg-type]
    )


def reads(made: Plan) -> list[tuple[str, int]]:
    return [(item.path, item.count) for group in made.groups for item in group.items]


def test_members_of_one_structure_become_one_read() -> None:
    assert reads(plan("Line.Good", "Line.On", "Line.Speed")) == [("Line", 1)]


def test_a_single_member_is_read_alone() -> None:
    assert reads(plan("Line.Good")) == [("Line.Good", 1)]


def test_neighbouring_elements_become_one_read_and_distant_ones_do_not() -> None:
    assert reads(plan("Arr[3]", "Arr[7]", "Arr[5]")) == [("Arr[3]", 5)]
    assert reads(plan("Arr[3]", "Arr[1500]")) == [("Arr[3]", 1), ("Arr[1500]", 1)]


def test_structures_in_an_array_become_one_read() -> None:
    assert reads(plan("Lines[2].Good", "Lines[4].Scrap", "Lines[3].On")) == [("Lines[2]", 3)]


def test_a_few_members_of_a_large_structure_are_read_apart() -> None:
    assert reads(plan("Huge.M1", "Huge.M700")) == [("Huge.M1", 1), ("Huge.M700", 1)]


def test_bits_of_one_word_share_its_read() -> None:
    assert reads(plan("Good.1", "Good.5", "Good")) == [("Good", 1)]
    assert reads(plan("Bits[1]", "Bits[31]")) == [("Bits[0]", 1)]
    assert reads(plan("Bits[33]", "Bits[127]")) == [("Bits[1]", 3)]


def test_grid_elements_are_read_in_memory_order() -> None:
    assert reads(plan("Grid[1,19]", "Grid[2,0]")) == [("Grid[1,19]", 2)]


def test_symbols_marked_apart_are_read_scalar_by_scalar() -> None:
    made = plan("Line.Good", "Line.On", "Good", apart=frozenset({"line"}))
    assert reads(made) == [("Line.Good", 1), ("Line.On", 1), ("Good", 1)]
    assert made.groups[0].items[1].head == b"\xc1\x00"


def test_several_items_travel_in_one_multiple_request() -> None:
    made = plan("Good", "Text", "Program:Main.Count", "Line.Good", "Line.Scrap")
    assert len(made.groups) == 1
    message = made.groups[0].message
    assert message[:8] == b"\x0a\x02\x20\x02\x24\x01\x04\x00"
    offsets = struct.unpack_from("<4H", message, 8)
    assert [message[6 + at] for at in offsets] == [0x4C] * 4


def test_without_multiple_every_item_is_a_request_of_its_own() -> None:
    made = plan("Good", "Text", "Line.Good", multiple=False)
    assert [len(group.items) for group in made.groups] == [1, 1, 1]
    assert [group.message[0] for group in made.groups] == [0x4C] * 3


def test_unknown_names_are_problems_and_no_reads() -> None:
    made = plan("Good", "Bad", "Line.Bad")
    assert reads(made) == [("Good", 1)]
    assert set(made.problems) == {"Bad", "Line.Bad"}


def test_a_tag_named_twice_is_read_once() -> None:
    assert [f.tag for g in plan("Good", "Good").groups for i in g.items for f in i.fields] == ["Good"]


def test_a_path_is_encoded_as_symbolic_segments() -> None:
    # 1756-PM020: 91 len name [pad], member index 28 (8 bit) or 29 (16 bit)
    assert encode_path("Program:Main.Arr[300].Ab") == (
        b"\x0e\x91\x0cProgram:Main\x91\x03Arr\x00\x29\x00\x2c\x01\x91\x02Ab"
    )
    assert encode_path("Grid[1,2]") == b"\x05\x91\x04Grid\x28\x01\x28\x02"
    assert encode_path("A[70000]") == b"\x05\x91\x01A\x00\x2a\x00\x70\x11\x01\x00"


tag_names = st.one_of(
    st.integers(0, 1999).map(lambda n: f"Arr[{n}]"),
    st.integers(0, 499).map(lambda n: f"Lines[{n}].Scrap"),
    st.integers(0, 749).map(lambda n: f"Huge.M{n}"),
    st.sampled_from(["Good", "Text", "Line.Good", "Line.On", "Bits[5]", "Grid[9,19]", "Good.3"]),
)


@given(st.lists(tag_names, min_size=1, max_size=120), st.sampled_from([500, 4000]))
def test_every_plan_fetches_each_tag_once_and_fits_the_packet(tags: list[str], packet: int) -> None:
    made = plan(*tags, packet=packet)
    fetched = [f.tag for g in made.groups for i in g.items for f in i.fields]
    assert sorted(fetched) == sorted(set(tags))
    for group in made.groups:
        assert len(group.message) <= packet - 2
        reply = 6 + 2 * len(group.items) + sum(4 + len(i.head) + i.size for i in group.items)
        assert group.fragmented or reply <= packet - 2
        for item in group.items:
            assert all(f.offset >= 0 and f.offset + f.type.size <= item.size for f in item.fields)
