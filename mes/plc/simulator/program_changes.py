"""What engineers and power cuts do to a running controller: downloads, re-typed tags, restarts, counters, the clock."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from .datatypes import ATOMIC, DataType, Structure, find_type
from .identity import KEYSWITCH_STATUS
from .memory import Tag
from .tags import UdtType, VirtualController


def download_with_new_ids(controller: VirtualController) -> None:
    """A program download: the same tags under other instance ids, and another program signature."""
    with controller.lock:
        controller.renumber()
        controller.signature.change()


def download_with_exchanged_ids(controller: VirtualController, first: str, second: str) -> None:
    """A download after which two controller tags carry each other's instance id. KeyError when one is not there."""
    with controller.lock:
        tags = controller.scopes[""].tags
        one, other = tags[first.lower()], tags[second.lower()]
        one.instance_id, other.instance_id = other.instance_id, one.instance_id
        controller.generation += 1
        controller.signature.change()


def change_signature(controller: VirtualController) -> None:
    """An online edit that touches no tag: only the program-change object says so."""
    with controller.lock:
        controller.signature.change()


def relayout_udt(controller: VirtualController, name: str, order: Iterable[str] | None = None) -> None:
    """Re-create a structure with its members in another order (reversed when not told); values move along.

    The handle changes, the template instance stays. KeyError when there is no such structure or member.
    """
    with controller.lock:
        udt = controller.udts[name]
        by_name = {spec[0]: spec for spec in udt.members}
        wanted = list(order) if order is not None else list(reversed(by_name))
        members = [by_name.pop(member) for member in wanted] + list(by_name.values())
        kept = {id(tag): _values(tag) for scope in controller.scopes.values() for tag in scope.tags.values()}
        old_types = dict(controller.types)
        controller.udts[name] = UdtType(name, members)
        for each in controller.udts.values():  # those that contain it are laid out anew as well
            controller.types[each.name] = Structure.of(each.name, each.members, controller.types)
        renewed = {id(old): controller.types[key] for key, old in old_types.items()}
        for scope in controller.scopes.values():
            for tag in scope.tags.values():
                tag.type = renewed.get(id(tag.type), tag.type)
                _fill(tag, kept[id(tag)])
        controller.generation += 1
        controller.signature.change()


def retype_tag(controller: VirtualController, name: str, type_name: str, program: str = "") -> None:
    """Delete a tag and create it again with another type under the same name and id; a number keeps its value."""
    with controller.lock:
        scope = controller.scope(program)
        if scope is None or name.lower() not in scope.tags:
            raise KeyError(f"There is no tag {name} in controller {controller.name}.")
        tag = scope.tags[name.lower()]
        old = _values(tag)
        tag.type = find_type(type_name, controller.types)
        fits = not isinstance(tag.type, Structure) and all(isinstance(v, int | float) for v in old)
        _fill(tag, old if fits else [])
        controller.generation += 1
        controller.signature.change()


def turn_keyswitch(controller: VirtualController, position: str) -> None:
    """RUN, REMOTE RUN, PROG or REMOTE PROG; in the last two no logic runs. ValueError for anything else."""
    if position not in KEYSWITCH_STATUS:
        raise ValueError(f"There is no keyswitch position '{position}'; choose {', '.join(KEYSWITCH_STATUS)}.")
    with controller.lock:
        controller.keyswitch = position


def shift_clock(controller: VirtualController, offset_s: float) -> None:
    """Let the wall clock of the controller stand off by so many seconds."""
    with controller.lock:
        controller.clock_offset_s = offset_s


def new_serial(controller: VirtualController, serial: int) -> None:
    """The processor was replaced by another one of the same type."""
    with controller.lock:
        controller.identity.serial = serial


def _values(tag: Tag) -> list[Any]:
    """The elements as Python values; DWORDs as whole numbers."""
    step = tag.type.size
    return [tag.type.decode(bytes(tag.data[i * step : (i + 1) * step])) for i in range(tag.elements)]


def _fill(tag: Tag, values: list[Any]) -> None:
    encoded = b"".join(_encode(tag.type, value) for value in values)
    tag.data = bytearray(encoded.ljust(tag.type.size * tag.elements, b"\0"))


def _encode(data_type: DataType, value: Any) -> bytes:
    try:
        return data_type.encode(value)
    except (struct.error, OverflowError):
        return ATOMIC["LINT"].encode(0)[: data_type.size]
