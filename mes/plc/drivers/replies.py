"""What a read reply says: type and size checked against the plan before any byte becomes a value."""

import itertools
import struct

from mes.plc.drivers.plan import MULTIPLE, READ_TAG, Group, ReadItem
from mes.plc.drivers.port import PlcTransportError, Quality, TagValue

PARTIAL, EMBEDDED = 0x06, 0x1E
_PAD_BYTES = 3  # replies inside a packet may be padded to whole words
_STATUS_TEXT = {
    0x02: "The controller has no resources left for this request; it will be asked again.",
    0x04: "The controller does not know this name or index; check the spelling, the program and the index.",
    0x05: "The controller does not know this tag; check the name, or whether the program was changed.",
    0x08: "The controller does not support this kind of read.",
    0x0C: "The controller cannot answer this in its present state.",
    0x0F: "The controller does not allow this tag to be read; set its External Access to Read Only or Read/Write.",
    0x10: "The controller cannot answer this in its present state.",
    0x11: "The answer is too large for the connection.",
    0x13: "The controller says the request is too short.",
    0x14: "The controller does not support this attribute.",
    0x26: "The controller rejects the name; check its spelling.",
}


def status_text(status: int, extended: int | None = None) -> str:
    """A sentence for a CIP status; unknown ones keep their number so that they can be looked up."""
    known = _STATUS_TEXT.get(status)
    code = f"0x{status:02x}" + (f"/0x{extended:04x}" if extended is not None else "")
    return f"{known[:-1]} (status {code})." if known else f"The controller answered with CIP status {code}."


class TypeChanged(Exception):
    """A reply has another type or size than the tag list said: the program was changed since it was read."""


def message_reply(reply: bytes, service: int) -> tuple[int, int | None, bytes]:
    """Status, extended status and data of one message reply. Raises PlcTransportError if it answers something else."""
    if len(reply) < 4 or reply[0] != service | 0x80:
        raise PlcTransportError("The controller answered another request than the one that was sent.")
    status, words = reply[2], reply[3]
    if len(reply) < 4 + 2 * words:
        raise PlcTransportError("The controller sent a reply that ends in the middle.")
    extended = int.from_bytes(reply[4:6], "little") if words else None
    return status, extended, reply[4 + 2 * words :]


def split_multiple(reply: bytes, count: int) -> list[bytes] | str:
    """The replies inside a Multiple Service reply, or a sentence when the packet as a whole was refused."""
    status, extended, data = message_reply(reply, MULTIPLE)
    if status not in (0, EMBEDDED):
        return status_text(status, extended)
    try:
        (found,) = struct.unpack_from("<H", data)
        offsets = [*struct.unpack_from(f"<{found}H", data, 2), len(data)]
    except struct.error as error:
        raise PlcTransportError("The controller sent a multiple reply that ends in the middle.") from error
    if found != count or offsets[0] != 2 + 2 * count or any(b - a < 4 for a, b in itertools.pairwise(offsets)):
        raise PlcTransportError("The controller's multiple reply does not match the request.")
    return [data[a:b] for a, b in itertools.pairwise(offsets)]


def take_item(item: ReadItem, reply: bytes, into: dict[str, TagValue], service: int = READ_TAG) -> int:
    """Put an item's values into `into`; returns the CIP status. Raises TypeChanged when the reply does not fit."""
    status, extended, data = message_reply(reply, service)
    if status:
        mark_bad(item, status_text(status, extended), into)
        return status
    take_data(item, data, into)
    return 0


def take_data(item: ReadItem, data: bytes, into: dict[str, TagValue]) -> None:
    """Decode type mark and data of a whole reply. Raises TypeChanged when type or size are not as planned."""
    head = item.head
    surplus = len(data) - len(head) - item.size
    if not data.startswith(head) or not 0 <= surplus <= _PAD_BYTES:
        raise TypeChanged(item.path)
    item.decoder.decode(data[len(head) :], into)


def mark_bad(item: ReadItem, why: str, into: dict[str, TagValue]) -> None:
    """All tags of an item become bad, with the reason."""
    for wanted in item.fields:
        into[wanted.tag] = TagValue(None, Quality.BAD, why)


def mark_group_bad(group: Group, why: str, into: dict[str, TagValue]) -> None:
    """All tags of a group become bad, with the reason."""
    for item in group.items:
        mark_bad(item, why, into)
