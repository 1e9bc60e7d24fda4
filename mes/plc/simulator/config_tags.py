"""The parts of a plant file that declare structures and tags."""

from __future__ import annotations

import struct
from typing import Any

from .datatypes import MemberSpec
from .memory import NO_ACCESS, READ_ONLY, READ_WRITE, PathError
from .slc import DEFAULT_FILES, SlcController
from .tags import TagSpec, UdtType, VirtualController
from .yaml_reader import Block

TAG_KEYS = ("type", "dims", "value", "access")
ACCESS = {"rw": READ_WRITE, "ro": READ_ONLY, "none": NO_ACCESS}


def read_udts(block: Block, controller: VirtualController) -> None:
    """Define the structures in file order."""
    for name, members in block.entries():
        specs: list[MemberSpec] = []
        for member in members.data:
            value = members.plain(member)
            if isinstance(value, list) and len(value) == 2 and isinstance(value[1], int):
                specs.append((str(member), str(value[0]), value[1]))
            elif isinstance(value, str):
                specs.append((str(member), value))
            else:
                members.complain(member, f"member {member} of {name} must be a type or [type, length].")
        try:
            controller.define_udt(UdtType(name, specs))
        except ValueError as error:
            block.complain(name, str(error))


def read_tags(block: Block, controller: VirtualController, program: str = "") -> None:
    """Add the tags of one scope."""
    for name, tag in block.entries():
        tag.only(TAG_KEYS)
        if not tag.has("type"):
            block.complain(name, f"tag {name} has no type; say for example {{type: DINT}}.")
            continue
        spec = TagSpec(name, tag.text("type", "DINT"), _dims(tag), tag.plain("value"), ACCESS[_access(tag)])
        try:
            controller.add_tag(spec, program)
        except (ValueError, KeyError, TypeError, AttributeError, struct.error, PathError) as error:
            block.complain(name, f"tag {name} cannot be made: {error}")


def _access(tag: Block) -> str:
    return tag.text("access", "rw", ACCESS)


def _dims(tag: Block) -> tuple[int, ...]:
    value: Any = tag.plain("dims")
    if value is None:
        return ()
    numbers = value if isinstance(value, list) else [value]
    if not 1 <= len(numbers) <= 3 or any(not isinstance(n, int) or isinstance(n, bool) or n < 1 for n in numbers):
        tag.complain("dims", f"'dims' of {tag.name} must be one to three whole numbers above 0, like [10] or [3, 4].")
        return ()
    return tuple(numbers)


def read_files(block: Block, controller: SlcController) -> None:
    """Make and fill the data files of an SLC: {N7: [0, 5], F8: [1.5], ST9: [text]}."""
    for file in block.data:
        values = block.plain(file)
        try:
            if not isinstance(values, list):
                raise TypeError("its value must be a list, one entry per element.")
            controller.add_file(str(file), max(len(values), DEFAULT_FILES.get(str(file).upper(), 0)))
            for position, value in enumerate(values):
                controller[f"{file}:{position}"] = value
        except (ValueError, TypeError, LookupError, struct.error) as error:
            block.complain(file, f"data file {file} cannot be made: {error}")
