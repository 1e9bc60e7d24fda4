"""Downloads, re-laid structures and re-typed tags: the wire shows new ids, handles and types; values move along."""

import struct

import pytest

from mes.plc.simulator.program_changes import (
    download_with_exchanged_ids,
    download_with_new_ids,
    relayout_udt,
    retype_tag,
)
from mes.plc.simulator.tags import VirtualController
from tests.plc.simulator.wire import Wire, read_tag


def by_instance(wire: Wire, number: int) -> bytes:
    return wire.connected(b"\x4c\x03\x20\x6b\x25\x00" + struct.pack("<H", number) + b"\x01\x00")


def test_a_download_gives_every_tag_another_id(connected: Wire, controller: VirtualController) -> None:
    old = {name: tag.instance_id for name, tag in controller.scopes[""].tags.items()}
    signature = dict(controller.signature.attributes)
    assert by_instance(connected, old["count"])[6:] == struct.pack("<i", 1001)
    download_with_new_ids(controller)
    new = {name: tag.instance_id for name, tag in controller.scopes[""].tags.items()}
    assert not {number for name, number in old.items() if new[name] == number}
    assert by_instance(connected, new["count"])[6:] == struct.pack("<i", 1001)
    assert connected.connected(read_tag("Count"))[6:] == struct.pack("<i", 1001)
    assert controller.signature.attributes != signature


def test_a_download_can_exchange_two_ids(connected: Wire, controller: VirtualController) -> None:
    count = controller.scopes[""].tags["count"].instance_id
    fixed = controller.scopes[""].tags["fixed"].instance_id
    assert by_instance(connected, count)[6:] == struct.pack("<i", 1001)
    signature = dict(controller.signature.attributes)
    download_with_exchanged_ids(controller, "Count", "Fixed")
    assert by_instance(connected, count)[6:] == struct.pack("<i", 55)
    assert by_instance(connected, fixed)[6:] == struct.pack("<i", 1001)
    assert connected.connected(read_tag("Count"))[6:] == struct.pack("<i", 1001)
    assert controller.signature.attributes != signature


def test_a_structure_laid_out_anew_keeps_values_and_changes_handle(
    connected: Wire, controller: VirtualController
) -> None:
    before = controller["Line_1"]
    old = connected.connected(read_tag("Line_1"))
    relayout_udt(controller, "Line", ["Scrap", "Good"])
    new = connected.connected(read_tag("Line_1"))
    assert old[4:6] == new[4:6] == b"\xa0\x02"
    assert old[6:8] != new[6:8]
    assert (old[8:16], new[8:16]) == (struct.pack("<ii", 111, 222), struct.pack("<ii", 222, 111))
    assert controller["Line_1"] == before
    assert controller["Lines[2].Good"] == 73
    assert controller["Program:Main.Line_P.Good"] == 78


def test_a_nested_structure_laid_out_anew_moves_those_that_contain_it(controller: VirtualController) -> None:
    before, handle = controller["Line_1"], controller.scopes[""].tags["line_1"].type
    relayout_udt(controller, "Motor")
    assert controller["Line_1"] == before
    assert controller.scopes[""].tags["line_1"].type is not handle
    assert list(controller["Line_1.Drive"]) == ["Amps", "Tripped", "On", "Hours"]


def test_a_retyped_tag_answers_with_the_bits_of_the_new_type(connected: Wire, controller: VirtualController) -> None:
    controller["Count"] = 111
    retype_tag(controller, "Count", "REAL")
    reply = connected.connected(read_tag("Count"))
    assert reply[4:6] == b"\xca\x00"
    assert struct.unpack("<i", reply[6:]) == (1121845248,)  # what a client with the old table would take it for
    assert controller["Count"] == 111.0
    retype_tag(controller, "Count", "STRING")
    assert controller["Count"] == ""


def test_retyping_what_is_not_there_is_refused(controller: VirtualController) -> None:
    with pytest.raises(KeyError, match="no tag Nope"):
        retype_tag(controller, "Nope", "REAL")
