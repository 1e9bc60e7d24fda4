"""The SLC 500 and MicroLogix adapter: PCCC reads over a pycomm3 connection, each answer checked.

pycomm3 opens session and connection; the reads are our own, because its parser takes bits such as B3/37 wrongly and
cannot batch. Guaranteed: no late, foreign or half reply is taken (transaction number and length are checked too), one
thread at a time, reads only. Not guaranteed: data files carry no type mark in a reply and the processors have no
program-change counter, so a file that was re-created with the same size of elements under the same number is not
noticed; and values of one poll may stem from different scans.
"""

import itertools

from mes.plc.drivers.decode import Decoder, text_value
from mes.plc.drivers.identity import printable
from mes.plc.drivers.port import (
    ControllerIdentity,
    PlcConfigError,
    PlcTransportError,
    Quality,
    TagInfo,
    TagValue,
)
from mes.plc.drivers.pycomm3_link import Pycomm3Driver, SlcLink, make_link, open_link
from mes.plc.drivers.replies import message_reply, status_text
from mes.plc.drivers.slc_address import STRING_CHARACTERS, SlcRead, plan_slc, slc_text
from mes.plc.drivers.wire import Wire

_EXECUTE_PCCC = 0x4B
_PCCC_OBJECT = b"\x02\x20\x67\x24\x01"
_TYPED_READ, _DIAGNOSTIC = 0x0F, 0x06
_DIAGNOSTIC_STATUS = b"\x03"
_REPLY_BIT, _EXTENDED = 0x40, 0xF0
_SMALL_CONNECTION_BYTES = 500  # these processors know no large connections
_ILLEGAL = 0x10
_MODE_BITS = 0x1F
_MODE = {0x06: "REMOTE RUN", 0x1E: "RUN", 0x01: "REMOTE PROG", 0x11: "PROG"}  # as in the status file, S:1/0 to 4
_STATUS_TEXT = {
    0x10: "The processor does not know this address; check file, element and the size of the file.",
    0x30: "The processor is missing, disconnected or shut down.",
    0x40: "The processor reports a hardware fault.",
    0x50: "The address is beyond the file, or the memory is protected.",
    0x60: "The processor does not allow this read.",
    0x70: "The processor is in program mode.",
}


class Pycomm3SlcDriver(Pycomm3Driver):
    """One connection to one SLC or MicroLogix. Any exception kills it; make a new one."""

    def __init__(self, address: str, timeout_s: float) -> None:
        super().__init__(Wire(timeout_s))
        self._link = make_link(SlcLink, address, self.wire)
        self._link._cfg["extended forward open"] = False
        self._link._cfg["connection_size"] = _SMALL_CONNECTION_BYTES
        self._transactions = itertools.cycle(range(1, 0x10000))
        self._plans: dict[tuple[str, ...], list[tuple[SlcRead, Decoder | None]]] = {}
        self._problems: dict[tuple[str, ...], dict[str, str]] = {}
        self._apart: frozenset[str] = frozenset()
        self._signature: str | None = None

    def _begin(self) -> None:
        open_link(self._link)
        self._refresh_signature()

    def _end(self) -> None:
        self._link.close()

    def _identity(self) -> ControllerIdentity:
        found = self._link._list_identity()
        if not found:
            raise PlcTransportError("The processor did not say who it is.")
        name, keyswitch = self._processor()
        return ControllerIdentity(
            vendor=str(found["vendor"]),
            product_name=printable(found["product_name"]),
            revision=f"{found['revision']['major']}.{found['revision']['minor']:02d}",
            serial=str(found["serial"]),
            keyswitch=keyswitch,
            name=name,
        )

    def _processor(self) -> tuple[str, str]:
        """Bulletin name and mode out of the diagnostic status; empty and UNKNOWN where the processor gives none."""
        status, data = self._pccc(_DIAGNOSTIC, _DIAGNOSTIC_STATUS)
        if status or len(data) < 16:
            return "", "UNKNOWN"
        return printable(data[5:16].decode("latin-1")), _MODE.get(data[0] & _MODE_BITS, "UNKNOWN")

    def _refresh_signature(self) -> str:
        who = self._identity()
        signature = f"{who.serial}/{who.revision}/{who.name}"
        if signature != self._signature:
            self._signature = signature
            self._apart = frozenset()
            self._plans.clear()
        return signature

    def _browse(self) -> list[TagInfo]:
        raise PlcConfigError("An SLC or MicroLogix has no tag names; write data file addresses such as N7:0 by hand.")

    def _read(self, tags: tuple[str, ...]) -> dict[str, TagValue]:
        if tags not in self._plans:
            reads, self._problems[tags] = plan_slc(tags, self._apart)
            self._plans[tags] = [(read, Decoder(read.fields) if read.fields else None) for read in reads]
        values = {tag: TagValue(None, Quality.BAD, why) for tag, why in self._problems[tags].items()}
        for read, decoder in self._plans[tags].copy():
            status, data = self._pccc(_TYPED_READ, read.command)
            if status:
                self._refused(read, _sentence(status), values)
                if len(read.tags) > 1 and status & _EXTENDED in (_ILLEGAL, 0x50):
                    self._apart |= set(read.tags)  # next time one by one, so that one wrong address hides no other
                    self._plans.clear()
            elif len(data) != read.size:
                self._refused(read, "The data file has another kind of elements than its letter says.", values)
            else:
                self._take(read, decoder, data, values)
        return values

    def _take(self, read: SlcRead, decoder: Decoder | None, data: bytes, values: dict[str, TagValue]) -> None:
        if decoder is not None:
            decoder.decode(data, values)
        for tag, offset in read.texts:
            length, raw = slc_text(data[offset : offset + read.type.size])
            if length > STRING_CHARACTERS:
                why = f"The string's length field says {length}, but it can hold only {STRING_CHARACTERS}."
                values[tag] = TagValue(None, Quality.BAD, why)
            else:
                values[tag] = text_value(raw)

    def _refused(self, read: SlcRead, why: str, values: dict[str, TagValue]) -> None:
        for tag in read.tags:
            values[tag] = TagValue(None, Quality.BAD, why)

    def _pccc(self, command: int, function: bytes) -> tuple[int, bytes]:
        """One PCCC command: its status and data. Raises PlcTransportError when the reply is not to this command."""
        requestor = b"\x07" + self._link._cfg["vid"] + self._link._cfg["vsn"]
        transaction = next(self._transactions).to_bytes(2, "little")
        head = bytes((_EXECUTE_PCCC,)) + _PCCC_OBJECT + requestor + bytes((command, 0)) + transaction
        status, extended, data = message_reply(self._link.exchange(head + function), _EXECUTE_PCCC)
        if status:
            raise PlcTransportError(status_text(status, extended))
        answer = data[len(requestor) :]
        if not data.startswith(requestor) or len(answer) < 4:
            raise PlcTransportError("The processor's reply is not addressed to us.")
        if answer[0] != command | _REPLY_BIT or answer[2:4] != transaction:
            raise PlcTransportError("The processor answered another command than the one that was sent.")
        return answer[1], answer[4:]


def _sentence(status: int) -> str:
    known = _STATUS_TEXT.get(status & _EXTENDED)
    if known is None or status == _EXTENDED:
        return f"The processor answered with status 0x{status:02x}."
    return f"{known[:-1]} (status 0x{status:02x})."
