"""The PCCC side: Execute PCCC (service 0x4B on class 0x67) with typed logical reads and writes of data files."""

from __future__ import annotations

import struct

from .attributes import GET_ALL
from .cip import PATH_UNKNOWN, SERVICE_UNSUPPORTED, SUCCESS, CipError, Request, parse_request, reply
from .slc import DataFile, SlcController

EXECUTE = 0x4B
PCCC_PATH, IDENTITY_CLASS = b"\x20\x67\x24\x01", b"\x20\x01"
EXTENDED_COMMAND, DIAGNOSTIC_COMMAND, REPLY_BIT = 0x0F, 0x06, 0x40
READ_3_FIELDS, WRITE_3_FIELDS, MASKED_WRITE_3_FIELDS, DIAGNOSTIC_STATUS = 0xA2, 0xAA, 0xAB, 0x03
ILLEGAL = 0x10  # illegal command or format: the address does not exist, or is too short
MOST_BYTES = 236


class PcccRouter:
    """Answers message-router requests for one SLC or MicroLogix."""

    def __init__(self, controller: SlcController) -> None:
        self.controller = controller

    def handle(self, message: bytes, limit: int) -> bytes:
        """The reply to one request; a bad one is answered with its status, never raised."""
        try:
            request = parse_request(message)
            with self.controller.lock:
                return self._dispatch(request)
        except CipError as error:
            return reply(message[0] if message else 0, error.status, b"", error.extended)

    def _dispatch(self, request: Request) -> bytes:
        if request.path == PCCC_PATH and request.service == EXECUTE:
            return self._execute(request)
        if request.path.startswith(IDENTITY_CLASS) and request.service == GET_ALL:
            data = self.controller.identity.all_attributes(self.controller.keyswitch)
            return reply(request.service, SUCCESS, data)
        raise CipError(SERVICE_UNSUPPORTED if request.path == PCCC_PATH else PATH_UNKNOWN)

    def _execute(self, request: Request) -> bytes:
        """Requestor id (its length first) comes back as it was; then CMD with reply bit, STS, TNS, data."""
        data = request.data
        size = data[0] if data else 0
        requestor, command = data[:size], data[size:]
        if size < 1 or len(command) < 5:
            raise CipError(SERVICE_UNSUPPORTED)
        status, content = self._command(command[0], command[4], command[5:])
        head = requestor + bytes((command[0] | REPLY_BIT, status)) + command[2:4]
        return reply(request.service, SUCCESS, head + content)

    def _command(self, command: int, function: int, data: bytes) -> tuple[int, bytes]:
        if command == DIAGNOSTIC_COMMAND and function == DIAGNOSTIC_STATUS:
            return 0, self._diagnostic_status()
        if command != EXTENDED_COMMAND:
            return ILLEGAL, b""
        if function == READ_3_FIELDS:
            return self._read(data)
        if function in (WRITE_3_FIELDS, MASKED_WRITE_3_FIELDS):
            return self._write(data, masked=function == MASKED_WRITE_3_FIELDS)
        return ILLEGAL, b""

    def _diagnostic_status(self) -> bytes:
        """Mode, type, interface, processor, series, then the bulletin name in 11 characters and the rest."""
        name = self.controller.processor.encode("latin-1")[:11].ljust(11)
        mode = 0x06 if self.controller.running else 0x01
        return bytes((mode, 0xEE, 0x34, 0x5B, 0x2B)) + name + struct.pack("<HH", 0x0100, 0) + b"\x2c\xfc"

    def _read(self, data: bytes) -> tuple[int, bytes]:
        found = self._place(data)
        if found is None:
            return ILLEGAL, b""
        file, offset, size, _ = found
        if offset + size > len(file.data) or not 0 < size <= MOST_BYTES:
            return ILLEGAL, b""
        return 0, bytes(file.data[offset : offset + size])

    def _write(self, data: bytes, *, masked: bool) -> tuple[int, bytes]:
        found = self._place(data)
        if found is None:
            return ILLEGAL, b""
        file, offset, size, rest = found
        mask = b"\xff\xff"
        if masked:
            mask, rest = rest[:2], rest[2:]
        content = rest[:size]
        if len(mask) < 2 or not content or offset + len(content) > len(file.data):
            return ILLEGAL, b""
        for position, byte in enumerate(content):
            keep = ~mask[position % 2] & 0xFF
            at = offset + position
            file.data[at] = (file.data[at] & keep) | (byte & mask[position % 2])
        return 0, b""

    def _place(self, data: bytes) -> tuple[DataFile, int, int, bytes] | None:
        """(file, offset, byte size, what follows) of a three-field address; a field of FF is followed by 16 bits."""
        if len(data) < 5:
            return None
        size, at = data[0], 1
        number, at = _field(data, at)
        kind, at = data[at] if at < len(data) else 0, at + 1
        element, at = _field(data, at)
        word, at = _field(data, at)
        file = self.controller.files.get(number)
        if file is None or file.type_code != kind:
            return None
        return file, element * file.step + word * 2, size, data[at:]


def _field(data: bytes, at: int) -> tuple[int, int]:
    if at < len(data) and data[at] == 0xFF:
        return int.from_bytes(data[at + 1 : at + 3], "little"), at + 3
    return (data[at] if at < len(data) else 0), at + 1
