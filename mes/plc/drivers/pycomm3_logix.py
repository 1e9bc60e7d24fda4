"""The Logix adapter: ControlLogix, CompactLogix and Micro800 through pycomm3, hardened. Reads only, by name.

Tags are asked for by name, never by instance id: ids are handed out anew at every program download.
"""

import time
from collections.abc import Callable

from mes.plc.drivers.datatypes import ATOMIC_BY_CODE, STRUCTURE_CODE, Atomic
from mes.plc.drivers.identity import SIGNATURE_REQUEST, printable
from mes.plc.drivers.names import Leaf, TagProblem, encode_path, resolve, resolve_unlisted
from mes.plc.drivers.plan import READ_FRAGMENT, READ_TAG, Group, Plan, plan_reads
from mes.plc.drivers.port import (
    ControllerIdentity,
    PlcConfigError,
    PlcTransportError,
    Quality,
    TagInfo,
    TagValue,
)
from mes.plc.drivers.pycomm3_link import LogixLink, Pycomm3Driver, make_link, open_link
from mes.plc.drivers.replies import (
    PARTIAL,
    TypeChanged,
    mark_bad,
    mark_group_bad,
    message_reply,
    split_multiple,
    status_text,
    take_data,
    take_item,
)
from mes.plc.drivers.tagtable import TableKey, TagTable, forget_table, table_for
from mes.plc.drivers.wire import FrameRejected, Wire

_KEPT_PLANS = 16
_ASK_AGAIN_S = 30.0  # how long a name that could not be resolved stays unresolved without being tried again
_REUPLOAD_PAUSE_S = (5.0, 600.0)  # first and longest pause, doubling: a lasting contradiction costs few uploads
_TYPE_CHANGED = "The tag's type or layout was changed in the controller; its tag list is read again."


class Pycomm3LogixDriver(Pycomm3Driver):
    """One connection to one Logix controller. Any exception kills it; make a new one."""

    def __init__(self, address: str, timeout_s: float) -> None:
        super().__init__(Wire(timeout_s))
        self._address = address
        self._link = make_link(LogixLink, address, self.wire)
        self._key: TableKey | None = None
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._apart: frozenset[str] = frozenset()
        self._multiple = True
        self._problems_until_mono = 0.0
        self._reupload_after_mono = 0.0
        self._reupload_pause_s = _REUPLOAD_PAUSE_S[0]

    def _begin(self) -> None:
        open_link(self._link)
        self._multiple = not self._link.is_micro800
        self._refresh_signature()

    def _end(self) -> None:
        self._link.close()

    def _identity(self) -> ControllerIdentity:
        info = self._link.get_plc_info()
        revision = f"{info['revision']['major']}.{info['revision']['minor']:02d}"
        return ControllerIdentity(
            vendor=info["vendor"],
            product_name=info["product_name"],
            revision=revision,
            serial=info["serial"],
            keyswitch=info["keyswitch"],
            name=printable(self._link.name or ""),
        )

    def _refresh_signature(self) -> str:
        signature = self._ask_signature()
        key = (self._address, str(self._link.info.get("serial", "")), signature)
        if key != self._key:
            self._key = key
            self._plans.clear()
            self._apart = frozenset()
            self._reupload_pause_s = _REUPLOAD_PAUSE_S[0]
            self._reupload_after_mono = 0.0
        return signature

    def _ask_signature(self) -> str:
        status, _extended, data = message_reply(self._link.exchange(SIGNATURE_REQUEST), 0x03)
        if status == 0 and len(data) > 2:
            return data.hex()
        info = self._link.get_plc_info()
        self._link.info.update(info)
        name = self._link.name if self._link.is_micro800 else self._link.get_plc_name()
        return f"{info['serial']}/{info['revision']['major']}.{info['revision']['minor']}/{name}"

    def _browse(self) -> list[TagInfo]:
        if self._key is None:
            raise PlcTransportError("The driver is not open.")
        table = table_for(self._key)
        if not table.unlisted:
            try:
                return table.browse(self._link)
            except Exception as error:
                self._note_rejection(table, error)
        raise PlcConfigError("This controller gives no tag list; name its tags by hand.")

    def _read(self, tags: tuple[str, ...]) -> dict[str, TagValue]:
        plan = self._plans.get(tags)
        if plan is not None and plan.problems and time.monotonic() >= self._problems_until_mono:
            self._distrust_table()  # perhaps the tag was made since, and nothing else told us
            plan = None
        if plan is None:
            plan = self._new_plan(tags)
        values: dict[str, TagValue] = {}
        for group in plan.groups:
            self._read_group(group, values)
        for tag, why in plan.problems.items():
            values[tag] = TagValue(None, Quality.BAD, why)
        return values

    def _new_plan(self, tags: tuple[str, ...]) -> Plan:
        if self._key is None:
            raise PlcTransportError("The driver is not open.")
        table = table_for(self._key)
        uploads = table.uploads
        find = self._finder()
        plan = plan_reads(tags, find, self._link.connection_size, apart=self._apart, multiple=self._multiple)
        if table.uploads != uploads and self._ask_signature() != self._key[2]:
            forget_table(self._key)
            raise PlcTransportError("The program was changed while its tag list was read; it is read again.")
        if len(self._plans) >= _KEPT_PLANS:
            self._plans.clear()
        self._plans[tags] = plan
        self._problems_until_mono = time.monotonic() + _ASK_AGAIN_S
        return plan

    def _finder(self) -> Callable[[str], Leaf]:
        """How a name is resolved: by the tag list, or by asking where the controller has none."""
        assert self._key is not None  # noqa: S101 - open() has set it
        table = table_for(self._key)
        if not table.unlisted:
            try:
                table.lookup("", self._link)
            except Exception as error:
                self._note_rejection(table, error)
        if table.unlisted:
            return lambda tag: resolve_unlisted(tag, self._probe)
        return lambda tag: resolve(tag, lambda name: table.lookup(name, self._link), table.names)

    def _note_rejection(self, table: TagTable, error: Exception) -> None:
        """A tag list was refused: remember it, or let the error go on when the line broke over it."""
        if isinstance(self.translate(error, "read the tag list"), FrameRejected):
            table.rejected()
        if self.wire.dead:
            raise error
        table.unlisted = True

    def _probe(self, path: str) -> Atomic:
        """The type of a tag in a controller without a tag list: read it once and look."""
        request = bytes((READ_TAG,)) + encode_path(path) + b"\x01\x00"
        status, extended, data = message_reply(self._link.exchange(request), READ_TAG)
        if status not in (0, PARTIAL):
            raise TagProblem(f"'{path}': {status_text(status, extended)}")
        code = int.from_bytes(data[:2], "little")
        kind = ATOMIC_BY_CODE.get(code)
        if kind is None:
            what = "a structure" if code == STRUCTURE_CODE else f"of data type 0x{code:04x}"
            raise TagProblem(f"'{path}' is {what}, and the controller gives no layouts to read it by.")
        return kind

    def _read_group(self, group: Group, values: dict[str, TagValue]) -> None:
        if group.fragmented:
            self._read_fragments(group, values)
            return
        reply = self._link.exchange(group.message)
        if len(group.items) == 1:
            self._take(group, 0, reply, values)
            return
        parts = split_multiple(reply, len(group.items))
        if isinstance(parts, str):
            mark_group_bad(group, parts, values)
            self._multiple = False
            self._plans.clear()
            return
        for number, part in enumerate(parts):
            self._take(group, number, part, values)

    def _take(self, group: Group, number: int, reply: bytes, values: dict[str, TagValue]) -> None:
        item = group.items[number]
        try:
            status = take_item(item, reply, values)
        except TypeChanged:
            mark_bad(item, _TYPE_CHANGED, values)
            self._distrust_table()
            return
        if status and item.block:
            self._apart |= {item.symbol}  # next time scalar by scalar, so that one forbidden member hides no other
            self._plans.clear()
        elif status in (0x04, 0x05, 0x16):
            self._distrust_table()

    def _read_fragments(self, group: Group, values: dict[str, TagValue]) -> None:
        item = group.items[0]
        whole, data, status = b"", b"", PARTIAL
        while status == PARTIAL:
            offset = max(0, len(whole) - len(item.head))
            status, extended, data = message_reply(self._link.exchange(item.fragment_request(offset)), READ_FRAGMENT)
            if status not in (0, PARTIAL):
                mark_bad(item, status_text(status, extended), values)
                return
            if not data.startswith(item.head) or len(data) == len(item.head) or len(whole) > item.size + 8:
                mark_bad(item, _TYPE_CHANGED, values)
                self._distrust_table()
                return
            whole += data[len(item.head) :] if whole else data
        try:
            take_data(item, whole, values)
        except TypeChanged:
            mark_bad(item, _TYPE_CHANGED, values)
            self._distrust_table()

    def _distrust_table(self) -> None:
        """A reply contradicts the tag list: upload it again at the next read, but not at every poll."""
        now_mono = time.monotonic()
        if now_mono < self._reupload_after_mono or self._key is None:
            return
        self._reupload_after_mono = now_mono + self._reupload_pause_s
        self._reupload_pause_s = min(2 * self._reupload_pause_s, _REUPLOAD_PAUSE_S[1])
        if not table_for(self._key).unlisted:
            forget_table(self._key)
        self._apart = frozenset()
        self._plans.clear()
