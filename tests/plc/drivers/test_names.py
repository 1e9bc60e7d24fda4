"""Tag names: what they mean in a tag list, and in a controller that has none."""

import pytest

from mes.plc.drivers.datatypes import BOOL, DINT, DWORD, REAL, Atomic, Member, Structure, Symbol
from mes.plc.drivers.names import TagProblem, parse_tag, resolve, resolve_unlisted

INNER = Structure("Inner", 2, 8, {"a": Member("A", DINT, 0), "on": Member("On", BOOL, 4, bit=2)})
OUTER = Structure(
    "Outer",
    1,
    40,
    {
        "one": Member("One", INNER, 4),
        "many": Member("Many", INNER, 12, 3),
        "flags": Member("Flags", DWORD, 36, 1),
    },
)
SYMBOLS = {"line": Symbol("Line", OUTER), "lines": Symbol("Lines", OUTER, (2, 3))}


def lookup(name: str) -> Symbol | None:
    return SYMBOLS.get(name.lower())


@pytest.mark.parametrize(
    ("tag", "element", "offset", "bit", "path"),
    [
        ("Line.One.A", 0, 4, None, "Line.One.A"),
        ("Line.One.On", 0, 8, 2, "Line.One.On"),
        ("Line.Many[2].A", 0, 12 + 2 * 8, None, "Line.Many[2].A"),
        ("line.MANY[1].on", 0, 12 + 8 + 4, 2, "Line.Many[1].On"),
        ("Line.One.A.31", 0, 4, 31, "Line.One.A"),
        ("Line.Flags[17]", 0, 36, 17, "Line.Flags[0]"),
        ("Lines[1,2].One.A", 5, 4, None, "Lines[1,2].One.A"),
    ],
)
def test_a_name_leads_to_element_byte_and_bit(tag: str, element: int, offset: int, bit: int | None, path: str) -> None:
    leaf = resolve(tag, lookup)
    assert (leaf.element, leaf.offset, leaf.bit, leaf.path) == (element, offset, bit, path)


@pytest.mark.parametrize(
    "tag",
    [
        "Line.One.On.0",
        "Line.One.On.A",
        "Line.Flags[32]",
        "Line.Flags",
        "Line.Many.A",
        "Line.One[0].A",
        "Lines[2,0].One.A",
    ],
)
def test_a_name_that_leads_nowhere_is_refused(tag: str) -> None:
    with pytest.raises(TagProblem):
        resolve(tag, lookup)


def test_a_program_prefix_belongs_to_the_base() -> None:
    name = parse_tag("Program:Main.Line[2].Good.5")
    assert (name.base.name, name.base.index, [p.name for p in name.parts], name.bit) == (
        "Program:Main.Line",
        (2,),
        ["Good"],
        5,
    )


TYPES: dict[str, Atomic] = {"Good": DINT, "Speed": REAL, "Bits[3]": DWORD, "Arr[3]": DINT}


def test_without_a_tag_list_a_name_is_taken_as_it_is_written() -> None:
    asked: list[str] = []

    def kind_of(path: str) -> Atomic:
        asked.append(path)
        return TYPES[path]

    assert [resolve_unlisted(tag, kind_of).path for tag in ("Good", "Good.3", "Arr[3]")] == ["Good", "Good", "Arr[3]"]
    assert asked == ["Good", "Good", "Arr[3]"]
    assert resolve_unlisted("Good.3", kind_of).bit == 3


@pytest.mark.parametrize("tag", ["Speed.3", "Good.32", "Bits[3]"])
def test_without_a_tag_list_what_cannot_be_known_is_refused(tag: str) -> None:
    # an index into a BOOL array counts words on the wire and bits for people: without the list nobody knows which
    with pytest.raises(TagProblem):
        resolve_unlisted(tag, TYPES.__getitem__)
