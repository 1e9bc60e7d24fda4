"""The virtual controller: its identity, its tags and types, and typed access to them by path."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .datatypes import ATOMIC, DataType, MemberSpec, Structure, find_type, string_type
from .faults import Faults
from .identity import RUNNING, Identity
from .memory import READ_WRITE, PathError, Place, Scope, Tag, follow, parse_path

STRING_TEMPLATE = 0xFCE
FIRST_TEMPLATE, TEMPLATE_SPREAD = 0x2A1, 0x13


@dataclass(frozen=True, slots=True)
class UdtType:
    """A structure as an engineer declares it: members are (name, type) or (name, type, array length)."""

    name: str
    members: tuple[MemberSpec, ...]

    def __init__(self, name: str, members: Iterable[MemberSpec]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "members", tuple(members))


@dataclass(frozen=True, slots=True)
class TagSpec:
    """A tag as an engineer declares it. `dims` counts elements (bits for a BOOL array); `value` fills it at start."""

    name: str
    type: str
    dims: tuple[int, ...] = ()
    value: Any = None
    access: int = READ_WRITE


@dataclass(slots=True)
class Signature:
    """The program-change object (class 0xAC): any difference tells a client to read the tag list again."""

    attributes: dict[int, int] = field(default_factory=lambda: {1: 5, 2: 1, 3: 0x51A7_0001, 4: 0x33C1_0001, 10: 0x77})
    sizes: Mapping[int, int] = field(default_factory=lambda: {1: 2, 2: 2, 3: 4, 4: 4, 10: 4})

    def change(self) -> None:
        """What a download or an online edit does to it."""
        for number, step in ((2, 1), (3, 0x0101), (4, 0x1003), (10, 1)):
            mask = (1 << 8 * self.sizes[number]) - 1
            self.attributes[number] = (self.attributes[number] + step) & mask


class VirtualController:
    """Memory and identity of one Logix controller. Safe to use from several threads: every access takes `lock`.

    `ctl["MES_Line.Good"] = 5`, `ctl["Program:Main.Count"]`, `ctl["Arr[3]"]`; names are not case-sensitive.
    """

    kind = "logix"

    def __init__(
        self,
        identity: Identity | None = None,
        tags: Iterable[TagSpec] = (),
        programs: Mapping[str, Iterable[TagSpec]] | None = None,
        udts: Iterable[UdtType] = (),
        *,
        name: str = "Millwright_Sim",
        utc_s: Callable[[], float] = time.time,
        wide_ids: bool = False,
    ) -> None:
        self.identity = identity or Identity()
        self.name = name
        self.lock = threading.RLock()
        self.faults = Faults()
        self.signature = Signature()
        self.keyswitch = "REMOTE RUN"
        self.clock_offset_s = 0.0
        self.utc_s = utc_s
        self.wide_ids = wide_ids
        self.generation = 0  # counts structural changes; the server drops its resolved paths when it moves
        self.id_round = 0  # another round gives other instance ids: what a download does
        self.scopes: dict[str, Scope] = {"": Scope("")}
        self.udts: dict[str, UdtType] = {}
        self.types: dict[str, DataType] = {}
        self.template_ids: dict[str, int] = {string_type().name: STRING_TEMPLATE}
        for udt in udts:
            self.define_udt(udt)
        for spec in tags:
            self.add_tag(spec)
        for program, specs in (programs or {}).items():
            self.add_program(program)
            for spec in specs:
                self.add_tag(spec, program)

    # -- types and tags ------------------------------------------------------------------------------------------

    def define_udt(self, udt: UdtType) -> Structure:
        """Add a structure type; types it uses must be there already. Naming it twice raises ValueError."""
        with self.lock:
            if udt.name in self.types:
                raise ValueError(f"The type {udt.name} is already defined in controller {self.name}.")
            laid = Structure.of(udt.name, udt.members, self.types)
            self.udts[udt.name] = udt
            self._register(laid)
            self.generation += 1
            return laid

    def define_string(self, name: str, capacity: int) -> Structure:
        """Add a string type of `capacity` characters beside the built-in STRING of 82."""
        with self.lock:
            laid = string_type(name, capacity)
            self._register(laid)
            self.generation += 1
            return laid

    def _register(self, laid: Structure) -> None:
        self.types[laid.name] = laid
        self.template_ids[laid.name] = FIRST_TEMPLATE + TEMPLATE_SPREAD * len(self.types)

    def add_program(self, program: str) -> None:
        """Add a program scope; a name without `Program:` gets it."""
        with self.lock:
            full = program if program.lower().startswith("program:") else f"Program:{program}"
            self.scopes.setdefault(full.lower(), Scope(full))
            self.generation += 1

    def add_tag(self, spec: TagSpec, program: str = "") -> Tag:
        """Add one tag to controller scope or to a program. A name said twice raises ValueError."""
        with self.lock:
            if program and self.scope(program) is None:
                self.add_program(program)
            scope = self.scope(program)
            assert scope is not None  # noqa: S101 - it was made in the line above
            if spec.name.lower() in scope.tags:
                raise ValueError(f"The tag {spec.name} is already there in controller {self.name}.")
            data_type = find_type(spec.type, self.types)
            dims = spec.dims
            if data_type is ATOMIC["BOOL"] and dims:
                data_type, dims = ATOMIC["DWORD"], ((dims[0] + 31) // 32,)
            tag = Tag(spec.name, data_type, dims, spec.access, self._next_id(scope, spec.name), bytearray())
            tag.data = bytearray(data_type.size * tag.elements)
            scope.tags[spec.name.lower()] = tag
            if spec.value is not None:
                follow(tag, []).write(spec.value)
            self.generation += 1
            return tag

    def _next_id(self, scope: Scope, name: str) -> int:
        """Sparse ascending ids that soon pass 255, as in controllers edited online for years.

        With `wide_ids` they pass 65535 as well, which pylogix cannot page through (it keeps 16 bits).
        """
        last = max((t.instance_id for t in scope.tags.values()), default=self.id_round * 7 + 2)
        step = 1 + zlib.crc32(f"{name}|{self.id_round}".encode()) % 61
        jump = {3: 0x100, 6: 0x10000 if self.wide_ids else 0}.get(len(scope.tags), 0)
        return last + step + jump

    def scope(self, program: str = "") -> Scope | None:
        """Controller scope for the empty name, else the scope of that program."""
        key = program.lower()
        if key and not key.startswith("program:"):
            key = f"program:{key}"
        return self.scopes.get(key)

    def renumber(self) -> None:
        """Give every tag a new instance id, as a download does."""
        with self.lock:
            self.id_round += 1
            for scope in self.scopes.values():
                tags = scope.ordered()
                scope.tags = {}
                for tag in tags:
                    tag.instance_id = self._next_id(scope, tag.name)
                    scope.tags[tag.name.lower()] = tag
            self.generation += 1

    def structure_by_template(self, template_id: int) -> Structure | None:
        """The structure that has this template instance."""
        if template_id == STRING_TEMPLATE:
            return string_type()
        for name, number in self.template_ids.items():
            if number == template_id:
                found = self.types[name]
                return found if isinstance(found, Structure) else None
        return None

    # -- values --------------------------------------------------------------------------------------------------

    def place(self, path: str) -> Place:
        """Where a path leads. Raises PathError, with the path in its text, when it leads nowhere."""
        parts = parse_path(path)
        scope = self.scopes[""]
        if str(parts[0]).lower().startswith("program:"):
            found = self.scopes.get(str(parts[0]).lower())
            if found is None or len(parts) < 2:
                raise PathError(f"{path}: there is no such program in controller {self.name}")
            scope, parts = found, parts[1:]
        tag = scope.tags.get(str(parts[0]).lower())
        if tag is None:
            raise PathError(f"{path}: there is no tag {parts[0]} in controller {self.name}")
        return follow(tag, parts[1:], bools=True)

    def __getitem__(self, path: str) -> Any:
        with self.lock:
            return self.place(path).read()

    def __setitem__(self, path: str, value: Any) -> None:
        with self.lock:
            self.place(path).write(value)

    @property
    def running(self) -> bool:
        """False while the keyswitch stands on PROG: then no logic runs."""
        return self.keyswitch in RUNNING

    def clock_us(self) -> int:
        """The controller's wall clock in microseconds since 1970 UTC, with its offset."""
        return int((self.utc_s() + self.clock_offset_s) * 1_000_000)
