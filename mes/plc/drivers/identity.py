"""The Identity object (class 1) as it comes off the wire, for adapters whose library does not read it."""

import struct

from mes.plc.drivers.port import ControllerIdentity, PlcTransportError

IDENTITY_REQUEST = b"\x01\x02\x20\x01\x24\x01"
SIGNATURE_REQUEST = b"\x03\x02\x20\xac\x24\x01" + struct.pack("<6H", 5, 1, 2, 3, 4, 10)
MICRO800_PREFIX = "2080"
_HEAD = struct.Struct("<HHHBB2sIB")
_VENDORS = {1: "Rockwell Automation/Allen-Bradley"}
# status bytes of a controller by keyswitch position, the last bit of the second byte varies
_KEYSWITCH = {
    (0x60, 0x10): "RUN",
    (0x60, 0x11): "RUN",
    (0x60, 0x30): "REMOTE RUN",
    (0x60, 0x31): "REMOTE RUN",
    (0x70, 0x20): "PROG",
    (0x70, 0x21): "PROG",
    (0x70, 0x30): "REMOTE PROG",
    (0x70, 0x31): "REMOTE PROG",
}


def parse_identity(data: bytes, name: str = "") -> ControllerIdentity:
    """From the data of Get Attributes All. Raises PlcTransportError when it is too short."""
    try:
        vendor, _type, _code, major, minor, status, serial, length = _HEAD.unpack_from(data)
    except struct.error as error:
        raise PlcTransportError("The controller's identity ends in the middle.") from error
    product = data[_HEAD.size : _HEAD.size + length].decode("latin-1")
    return ControllerIdentity(
        vendor=_VENDORS.get(vendor, f"vendor {vendor}"),
        product_name=printable(product),
        revision=f"{major}.{minor:02d}",
        serial=f"{serial:08x}",
        keyswitch=_KEYSWITCH.get((status[0], status[1]), "UNKNOWN"),
        name=printable(name),
    )


def printable(text: str) -> str:
    """Without control characters, which no database or page can hold."""
    return "".join(character for character in text if character.isprintable()).strip()
