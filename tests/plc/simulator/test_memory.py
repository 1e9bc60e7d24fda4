"""Access to the controller's memory by path, as tests and behaviour use it."""

import pytest

from mes.plc.simulator.memory import IndexBeyondError, PathError
from mes.plc.simulator.tags import TagSpec, UdtType, VirtualController


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Line_1.Good", 5),
        ("line_1.DRIVE.hours", 6),
        ("Line_1.Drives[1].Amps", 1.5),
        ("Line_1.Alarms[63]", False),
        ("Line_1.OrderId", "WO-2"),
        ("Program:Main.Count", 8),
        ("Program:Main.Line_P.Hourly[4]", 9),
        ("Row[2499]", 10),
        ("Grid[2,3]", 11),
        ("Grid[2][3]", 12),
        ("Bits[95]", True),
        ("Count.31", True),
        ("Flag", False),
        ("test", "Größe"),
    ],
)
def test_what_is_set_is_what_is_got(controller: VirtualController, path: str, value: object) -> None:
    assert controller[path] != value
    controller[path] = value
    assert controller[path] == value


def test_one_bit_leaves_the_others(controller: VirtualController) -> None:
    controller["Count"] = 0
    controller["Count.3"] = True
    controller["Count.0"] = True
    assert controller["Count"] == 9
    controller["Bits[33]"] = False
    assert controller["Bits"] == [n % 3 == 0 and n != 33 for n in range(96)]


def test_a_mapping_sets_the_members_it_names(controller: VirtualController) -> None:
    controller["Line_1"] = {"Good": 999, "Drive": {"Hours": 1}}
    line = controller["Line_1"]
    assert (line["Good"], line["Scrap"], line["OrderId"], line["Drive"]["Hours"]) == (999, 222, "WO-4711", 1)


def test_numbers_wrap_as_in_the_controller(controller: VirtualController) -> None:
    controller["Count"] = 2**31
    assert controller["Count"] == -(2**31)
    controller["Middle"] = 40000
    assert controller["Middle"] == 40000 - 65536


def test_a_string_is_cut_at_82_characters(controller: VirtualController) -> None:
    controller["test"] = "x" * 100
    assert controller["test"] == "x" * 82


def test_own_string_types_have_their_own_size() -> None:
    controller = VirtualController()
    controller.define_string("STRING20", 20)
    controller.add_tag(TagSpec("Short", "STRING20", (), "y" * 30))
    assert controller["Short"] == "y" * 20
    assert len(controller.scopes[""].tags["short"].data) == 24


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("Nope", PathError),
        ("Line_1.Nope", PathError),
        ("Program:Nope.Count", PathError),
        ("Program:Main", PathError),
        ("Count.Good", PathError),
        ("Count.32", PathError),
        ("Flag.x", PathError),
        ("", PathError),
        ("A..B", PathError),
        ("Row[2500]", IndexBeyondError),
        ("Grid[3,0]", IndexBeyondError),
        ("Grid[1,2,3]", IndexBeyondError),
        ("Bits[96]", IndexBeyondError),
        ("Count[0]", IndexBeyondError),
    ],
)
def test_a_path_to_nowhere_is_refused(controller: VirtualController, path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        _ = controller[path]


def test_names_are_unique_and_types_known() -> None:
    controller = VirtualController(tags=[TagSpec("A", "DINT")])
    with pytest.raises(ValueError, match="already there"):
        controller.add_tag(TagSpec("a", "DINT"))
    with pytest.raises(ValueError, match="no data type DNIT"):
        controller.add_tag(TagSpec("B", "DNIT"))
    controller.define_udt(UdtType("U", [("X", "DINT")]))
    with pytest.raises(ValueError, match="already defined"):
        controller.define_udt(UdtType("U", [("X", "DINT")]))
    with pytest.raises(ValueError, match="do not fit"):
        controller.add_tag(TagSpec("C", "DINT", (2,), [1, 2, 3]))
    with pytest.raises(KeyError, match="no member Z"):
        controller.add_tag(TagSpec("D", "U", (), {"Z": 1}))
