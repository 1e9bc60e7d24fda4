"""The second Logix adapter: pylogix behind the same port, on the same hardened wire.

Guaranteed as for the first adapter: no late, foreign or half reply is ever taken, one thread at a time, reads only.
Types are pinned at the first read and checked at every later one. Not guaranteed: pylogix has no structure layouts, so
members are read one by one (several times dearer), values of one poll may stem from different scans, a string is not
checked against the capacity of its type, and external access is not known when browsing. Structures other than STRING
cannot be read. Micro800 is left to the first adapter.
"""

import time
from typing import Any

from pylogix.lgx_response import cip_error_codes
from pylogix.utils import parse_tag_name

from mes.plc.drivers.decode import real_value, text_value
from mes.plc.drivers.identity import IDENTITY_REQUEST, MICRO800_PREFIX, SIGNATURE_REQUEST, parse_identity
from mes.plc.drivers.names import TagProblem, parse_tag
from mes.plc.drivers.port import (
    ControllerIdentity,
    PlcConfigError,
    PlcTransportError,
    Quality,
    TagInfo,
    TagValue,
)
from mes.plc.drivers.pylogix_link import MOST_REQUESTS_PER_CALL, make_plc
from mes.plc.drivers.replies import status_text
from mes.plc.drivers.wire import Wire
from mes.plc.drivers.wired import WiredDriver

_ASK_AGAIN_S = 10.0
_CODE_BY_TEXT = {text: code for code, text in cip_error_codes.items()}
_TYPE_CHANGED = "The tag's type was changed in the controller; it is looked up again."


class PylogixDriver(WiredDriver):
    """One connection to one Logix controller through pylogix. Any exception kills it; make a new one.

    pylogix has no exceptions of its own; a malformed reply shows as any error and counts as a broken line.
    """

    def __init__(self, address: str, timeout_s: float) -> None:
        super().__init__(Wire(timeout_s))
        self._plc, self._connection, self._place = make_plc(address, self.wire)
        self._signature: str | None = None
        self._refused: dict[str, tuple[str, float]] = {}  # tag -> why, and until when it is not asked for again
        self._types: dict[str, int] = {}  # base name as pylogix keys it -> type code seen first

    def _begin(self) -> None:
        self._connection.begin(*self._place)
        if self._identity().product_name.startswith(MICRO800_PREFIX):
            raise PlcConfigError("A Micro800 cannot be read with pylogix here; choose the driver pycomm3-logix.")
        self._refresh_signature()

    def _end(self) -> None:
        self._connection.end()

    def _identity(self) -> ControllerIdentity:
        return parse_identity(self._attributes(IDENTITY_REQUEST))

    def _attributes(self, request: bytes) -> bytes:
        self._connection.requests_left = MOST_REQUESTS_PER_CALL
        status, reply = self._connection.send(request)
        return bytes(reply[50:]) if status == 0 else b""

    def _refresh_signature(self) -> str:
        signature = self._attributes(SIGNATURE_REQUEST).hex()
        if not signature:
            who = self._identity()
            signature = f"{who.serial}/{who.revision}"
        if signature != self._signature:
            self._signature = signature
            self._forget_types()
        return signature

    def _forget_types(self) -> None:
        self._types.clear()
        self._refused.clear()
        self._plc.KnownTags.clear()

    def _read(self, tags: tuple[str, ...]) -> dict[str, TagValue]:
        self._connection.requests_left = MOST_REQUESTS_PER_CALL
        values: dict[str, TagValue] = {}
        wanted: list[str] = []
        for tag in dict.fromkeys(tags):
            why = self._unreadable(tag)
            if why:
                values[tag] = TagValue(None, Quality.BAD, why)
            else:
                wanted.append(tag)
        if not wanted:
            return values
        # always as a packet: only there pylogix takes the type from the reply; a lone tag would be read by memory
        asked = wanted if len(wanted) > 1 else wanted * 2
        for tag, answer in zip(asked, self._plc.Read(asked), strict=True):
            values[tag] = self._value(tag, answer)
        changed = [tag for tag in wanted if self._plc.KnownTags[_base(tag)][0] != self._types[_base(tag)]]
        for tag in changed:
            values[tag] = TagValue(None, Quality.BAD, _TYPE_CHANGED)
        if changed:
            self._forget_types()
        return values

    def _unreadable(self, tag: str) -> str | None:
        """Pin the type of a tag at its first read; the reason when it cannot be read.

        pylogix itself goes on after a failed look-up and then reads element 0 of whatever was named.
        """
        base = _base(tag)
        if base in self._types and base in self._plc.KnownTags:
            return self._unsuitable(tag, self._types[base])
        try:
            parse_tag(tag)
        except TagProblem as problem:
            return str(problem)
        why, until_mono = self._refused.get(tag, ("", 0.0))
        if time.monotonic() < until_mono:
            return why
        status = self._plc._initial_read(tag, base, None)[2]
        if status not in (0, 6) or base not in self._plc.KnownTags:
            self._refused[tag] = (status_text(status), time.monotonic() + _ASK_AGAIN_S)
            return status_text(status)
        code = self._plc.KnownTags[base][0]
        if self._is_array(tag, code):
            del self._plc.KnownTags[base]
            return f"'{tag}' is an array; name one element, for example {tag}[0]."
        self._types[base] = code
        return self._unsuitable(tag, code)

    def _is_array(self, tag: str, code: int) -> bool:
        """Whether a name without an index names an array: only then two elements can be read from it.

        Left to itself pylogix would give element 0 as the value of the tag.
        """
        if tag.endswith("]") or parse_tag(tag).bit is not None:
            return False
        request = self._plc._add_read_service(self._plc._build_ioi(tag, code), 2)
        return self._connection.send(request)[0] in (0, 6)

    def _unsuitable(self, tag: str, code: int) -> str | None:
        bit = parse_tag(tag).bit
        if code not in self._plc.CIPTypes:
            return f"'{tag}' has a data type (0x{code:02x}) that cannot be read."
        size, name, _letter = self._plc.CIPTypes[code]
        if bit is not None and (name in ("REAL", "LREAL", "BOOL", "STRUCT") or bit >= 8 * size):
            return f"'{tag}': this {name} has no bit {bit}."
        return None

    def _value(self, tag: str, answer: Any) -> TagValue:
        if answer.Status != "Success":
            return TagValue(None, Quality.BAD, _sentence(str(answer.Status)))
        value = answer.Value
        if isinstance(value, float):
            return real_value(value)
        if isinstance(value, str):
            return text_value(value.encode("latin-1"))
        if isinstance(value, bool | int):
            return TagValue(value, Quality.GOOD)
        return TagValue(None, Quality.BAD, f"'{tag}' is a structure; name one of its members.")

    def _browse(self) -> list[TagInfo]:
        self._connection.requests_left = MOST_REQUESTS_PER_CALL
        answer = self._plc.GetTagList()
        if answer.Value is None:
            raise PlcTransportError(f"The tag list could not be read: {answer.Status}.")
        return [
            self._info(tag)
            for tag in answer.Value
            if ":" not in tag.TagName.removeprefix("Program:") and (tag.DataType or tag.Struct)
        ]

    def _info(self, tag: Any) -> TagInfo:
        program = tag.TagName.split(".")[0].removeprefix("Program:") if tag.TagName.startswith("Program:") else None
        layout = self._plc.UDT.get(tag.DataTypeValue) if tag.Struct else None
        members = tuple(
            self._info(field)
            for field in (layout.Fields if layout is not None and not layout.Name.startswith("ASCIISTRING") else ())
            if not field.TagName.startswith(("ZZZZZZZZZZ", "__"))
        )
        kind = "STRING" if tag.DataType == "ASCIISTRING82" else tag.DataType
        dimensions = (tag.Size,) if tag.Array else ()
        if kind == "DWORD" and dimensions:
            kind, dimensions = "BOOL", (32 * tag.Size,)
        return TagInfo(tag.TagName, kind, dimensions, program, "", members)


def _sentence(status: str) -> str:
    """Our sentence for a status that pylogix has put into words."""
    code = _CODE_BY_TEXT.get(status)
    if code is None and status.rpartition(" ")[2].isdecimal():
        code = int(status.rpartition(" ")[2])
    return status_text(code) if code is not None else f"The controller answered: {status}."


def _base(tag: str) -> str:
    """The key under which pylogix keeps a tag's type: without a final index or bit."""
    return str(parse_tag_name(tag)[1])
