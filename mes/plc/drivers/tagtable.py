"""A controller's tag list and structure layouts, uploaded once per program and kept for the process.

Uploading is the expensive part of a connection (hundreds of requests on a large controller), so a table lives on
under (address, serial, program signature) and a reconnect finds it again.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from mes.plc.drivers.datatypes import ATOMIC_BY_CODE, ATOMIC_BY_NAME, Atomic, Member, Structure, Symbol
from mes.plc.drivers.names import TagProblem
from mes.plc.drivers.port import TagInfo
from mes.plc.drivers.pycomm3_link import LogixLink

TableKey = tuple[str, str, str]
_KEPT_TABLES = 512
_REJECTIONS = 2
_tables: OrderedDict[TableKey, "TagTable"] = OrderedDict()
_tables_lock = threading.Lock()
_STRUCTURE_BIT, _SYSTEM_BIT = 0x8000, 0x1000
_HIDDEN_MARKS = ("ZZZZZZZZZZ", "__")  # host bytes of BOOLs and other members nobody sees
_IO_MARKS = (":I", ":O", ":C", ":S")


def table_for(key: TableKey) -> "TagTable":
    """The table kept for this program, or a new empty one."""
    with _tables_lock:
        table = _tables.get(key)
        if table is None:
            table = _tables[key] = TagTable()
        _tables.move_to_end(key)
        while len(_tables) > _KEPT_TABLES:
            _tables.popitem(last=False)
        return table


def forget_table(key: TableKey) -> None:
    """Throw a table away that has been proved wrong."""
    with _tables_lock:
        _tables.pop(key, None)


class TagTable:
    """Tag names and types of one program. Layouts are uploaded only for the structures somebody reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: dict[str, dict[str, dict[str, Any]]] = {}  # program ("" = controller) -> lower name -> raw tag
        self._programs: list[str] = []
        self._structures: dict[int, Structure] = {}
        self._raw_types: dict[str, Any] = {"tag_name:id": {}, "id:struct": {}, "handle:id": {}, "id:udt": {}}
        self.unlisted = False  # the controller gives no tag list: tags are tried out one by one
        self._rejections = 0
        self.uploads = 0  # how often something was asked from the controller

    def rejected(self) -> None:
        """The request for the tag list broke the line. Once may be the line, twice is a server without tag lists."""
        self._rejections += 1
        self.unlisted = self._rejections >= _REJECTIONS

    def lookup(self, name: str, link: LogixLink) -> Symbol | None:
        """The symbol of a base name in any case, asking the controller for what is not known yet."""
        with self._lock:
            program, base = _split_program(name.lower())
            self._load_scope("", link)
            if program:
                program = next((p for p in self._programs if p.lower() == program), "")
                if not program:
                    return None
                self._load_scope(program, link)
            raw = self._scopes[program].get(base)
            return self._symbol(raw, program, link) if raw is not None else None

    def names(self) -> Iterable[str]:
        """All tag names known so far, as the controller spells them (for "did you mean")."""
        for program, tags in self._scopes.items():
            for raw in tags.values():
                yield _full_name(program, raw)

    def browse(self, link: LogixLink) -> list[TagInfo]:
        """Every user tag with its members; uploads all programs and layouts."""
        with self._lock:
            self._load_scope("", link)
            for program in self._programs:
                self._load_scope(program, link)
            return [self._info(raw, program, link) for program, tags in self._scopes.items() for raw in tags.values()]

    def _load_scope(self, program: str, link: LogixLink) -> None:
        if program in self._scopes:
            return
        self.uploads += 1
        raw_tags = link._get_instance_attribute_list_service(program or None)
        if not program:
            self._programs = [
                raw["tag_name"].partition(":")[2] for raw in raw_tags if raw["tag_name"].startswith("Program:")
            ]
        self._scopes[program] = {raw["tag_name"].lower(): raw for raw in raw_tags if _is_user_tag(raw)}

    def _symbol(self, raw: dict[str, Any], program: str, link: LogixLink) -> Symbol:
        count = raw["symbol_type"] >> 13 & 3
        return Symbol(_full_name(program, raw), self._kind(raw, link), tuple(raw["dimensions"][:count]))

    def _kind(self, raw: dict[str, Any], link: LogixLink) -> Atomic | Structure:
        word = raw["symbol_type"]
        if word & _STRUCTURE_BIT:
            return self._structure(word & 0x0FFF, word, link)
        kind = ATOMIC_BY_CODE.get(word & 0xFF)
        if kind is None:
            raise TagProblem(f"'{raw['tag_name']}' has a data type (0x{word & 0xFF:02x}) that cannot be read.")
        return kind

    def _structure(self, template: int, word: int, link: LogixLink) -> Structure:
        if template not in self._structures:
            self.uploads += 1
            link._cache = self._raw_types  # type: ignore[assignment]
            self._structures[template] = _structure_from(link._get_data_type(template, word))
        return self._structures[template]

    def _info(self, raw: dict[str, Any], program: str, link: LogixLink) -> TagInfo:
        name = _full_name(program, raw)
        access = str(raw["external_access"])
        dimensions = tuple(raw["dimensions"][: raw["symbol_type"] >> 13 & 3])
        try:
            kind = self._kind(raw, link)
        except TagProblem:
            return TagInfo(name, "unreadable", dimensions, program or None, access)
        return _info_of(name, kind, dimensions, program or None, access)


def _info_of(
    name: str, kind: Atomic | Structure, dimensions: tuple[int, ...], program: str | None, access: str
) -> TagInfo:
    members: tuple[TagInfo, ...] = ()
    if isinstance(kind, Structure) and kind.string_capacity is None:
        members = tuple(
            _info_of(m.name, m.type, (m.length,) if m.length else (), program, access) for m in kind.members.values()
        )
    type_name = kind.name
    if type_name == "DWORD" and dimensions:
        type_name, dimensions = "BOOL", (dimensions[0] * 32,)
    return TagInfo(name, type_name, dimensions, program, access, members)


def _structure_from(parsed: dict[str, Any]) -> Structure:
    """Our structure from pycomm3's parsed template."""
    members: dict[str, Member] = {}
    for name, info in parsed["internal_tags"].items():
        if name.startswith(_HIDDEN_MARKS):
            continue
        kind: Atomic | Structure | None
        if info["tag_type"] == "struct":
            kind = _structure_from(info["data_type"])
        else:
            kind = ATOMIC_BY_NAME.get(str(info["data_type"]))
        if kind is None:
            continue  # a type we cannot decode: the member stays unknown rather than wrong
        is_bit = "bit" in info
        members[name.lower()] = Member(
            name, kind, info["offset"], 0 if is_bit else info.get("array") or 0, info["bit"] if is_bit else None
        )
    template = parsed["template"]
    return Structure(
        parsed["name"], template["structure_handle"], template["structure_size"], members, parsed.get("string")
    )


def _is_user_tag(raw: dict[str, Any]) -> bool:
    name = raw["tag_name"]
    if raw["symbol_type"] & _SYSTEM_BIT or name.startswith("__") or "Map:" in name or "Cxn:" in name:
        return False
    return ":" not in name or any(mark in name for mark in _IO_MARKS)


def _split_program(name: str) -> tuple[str, str]:
    if not name.startswith("program:"):
        return "", name
    program, _, base = name.partition(":")[2].partition(".")
    return program, base


def _full_name(program: str, raw: dict[str, Any]) -> str:
    return f"Program:{program}.{raw['tag_name']}" if program else str(raw["tag_name"])
