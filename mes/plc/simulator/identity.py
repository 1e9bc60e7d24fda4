"""Who a virtual controller says it is, and where its keyswitch stands."""

from __future__ import annotations

import struct
from dataclasses import dataclass

# Status words of the Identity object as controllers send them, by keyswitch position.
KEYSWITCH_STATUS: dict[str, bytes] = {
    "RUN": b"\x60\x10",
    "REMOTE RUN": b"\x60\x31",
    "PROG": b"\x70\x20",
    "REMOTE PROG": b"\x70\x31",
}
RUNNING = ("RUN", "REMOTE RUN")


@dataclass(slots=True)
class Identity:
    """Identity object (class 1) of a controller; a product name that begins with 2080 makes it a Micro800."""

    product_name: str = "1756-L83E/B"
    serial: int = 0x00C0FFEE
    major: int = 33
    minor: int = 11
    vendor: int = 1
    device_type: int = 14
    product_code: int = 166

    def attribute(self, number: int, keyswitch: str) -> bytes | None:
        """One attribute, or None when the object has no such attribute."""
        name = self.product_name.encode("latin-1")[:32]
        return {
            1: struct.pack("<H", self.vendor),
            2: struct.pack("<H", self.device_type),
            3: struct.pack("<H", self.product_code),
            4: bytes((self.major, self.minor)),
            5: KEYSWITCH_STATUS[keyswitch],
            6: struct.pack("<I", self.serial),
            7: bytes((len(name),)) + name,
        }.get(number)

    def all_attributes(self, keyswitch: str) -> bytes:
        """Attributes 1 to 7 in order, as Get Attributes All answers."""
        return b"".join(self.attribute(number, keyswitch) or b"" for number in range(1, 8))
