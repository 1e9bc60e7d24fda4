"""pycomm3's Logix and SLC drivers on our own wire: session, connection, tag list and templates, nothing else.

pycomm3 1.2.16 is at its end of life and returns wrong values without an error when a reply comes late, when two
threads share a driver, or when a program is downloaded. So every byte goes through `Wire` (which matches replies and
dies at the first error), reads are built and checked by us, and everything that writes is refused twice: here and,
whatever calls it, frame by frame in `readonly`.
"""

import itertools
import logging
from typing import Any, NoReturn, TypeVar

from pycomm3 import LogixDriver, SLCDriver
from pycomm3.cip_driver import with_forward_open
from pycomm3.exceptions import CommError, PycommError

from mes.plc.drivers.port import PlcConfigError, PlcRefused
from mes.plc.drivers.readonly import WriteRefused
from mes.plc.drivers.wire import Wire
from mes.plc.drivers.wired import WiredDriver

logging.getLogger("pycomm3").setLevel(logging.CRITICAL + 1)  # it logs a stack trace per unknown tag and poll

_SENDER = b"mw"


class _LinkMixin:
    """Replaces a pycomm3 driver's transport by a Wire and blocks its writing methods."""

    _sock: Any
    _cfg: dict[str, Any]
    _target_cid: bytes | None
    _session: int
    _sequence: Any

    def attach(self, wire: Wire) -> None:
        """Use this wire from now on. Must be called before open()."""
        self.wire = wire
        self._sock = wire
        self._contexts = itertools.count(1)

    def send(self, request: Any) -> Any:
        """Send a pycomm3 packet with a sender context of its own, so that its reply cannot be mistaken."""
        self._cfg["context"] = _SENDER + next(self._contexts).to_bytes(6, "little")
        return super().send(request)  # type: ignore[misc]

    def _send(self, message: bytes) -> None:
        self.wire.to_id = self._cfg["cid"]
        self.wire.send(message)

    def _receive(self) -> bytes:
        return self.wire.receive()

    def exchange(self, message: bytes) -> bytes:
        """Send one connected request and return the message reply, from its service byte on."""
        sequence = next(self._sequence)
        body = b"\x02\x00\xa1\x00\x04\x00" + (self._target_cid or b"") + b"\xb1\x00"
        frame = b"".join(
            (
                b"\x70\x00",
                (22 + len(message)).to_bytes(2, "little"),
                self._session.to_bytes(4, "little"),
                bytes(4),
                _SENDER,
                next(self._contexts).to_bytes(6, "little"),
                bytes(4),
                bytes(4),
                b"\x0a\x00",
                body,
                (2 + len(message)).to_bytes(2, "little"),
                sequence.to_bytes(2, "little"),
                message,
            )
        )
        self.wire.to_id = self._cfg["cid"]
        self.wire.send(frame)
        return self.wire.receive()[46:]

    def write(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: Millwright only reads."""
        raise WriteRefused("Millwright does not write to controllers.")

    set_plc_time = write


class LogixLink(_LinkMixin, LogixDriver):
    """A pycomm3 LogixDriver on our wire."""

    def ensure_connection(self) -> None:
        """Forward Open if that has not happened yet (Micro800 skips it while opening)."""
        with_forward_open(lambda _self: None)(self)

    @property
    def is_micro800(self) -> bool:
        """Micro800 knows neither Multiple Service packets nor a backplane route."""
        return bool(self._micro800)


class SlcLink(_LinkMixin, SLCDriver):
    """A pycomm3 SLCDriver on our wire."""

    def ensure_connection(self) -> None:
        """Forward Open if that has not happened yet."""
        with_forward_open(lambda _self: None)(self)


LinkT = TypeVar("LinkT", LogixLink, SlcLink)


def make_link(kind: type[LinkT], address: str, wire: Wire) -> LinkT:
    """A link for an address like `10.0.0.5`, `10.0.0.5:44818`, `10.0.0.5/1` or a full route."""
    try:
        link = kind(address, init_tags=False) if kind is LogixLink else kind(address)
    except PycommError as error:
        raise PlcConfigError(
            f"'{address}' is not a controller address; write an IP address, optionally with :port and /slot."
        ) from error
    link.attach(wire)
    return link


def open_link(link: LogixLink | SlcLink) -> None:
    """Connect, register, open the CIP connection. Raises PlcRefused, or whatever pycomm3 makes of a broken line."""
    if not link.open():
        raise PlcRefused("The controller refused the session; it may have no free connections.")
    link.ensure_connection()


class Pycomm3Driver(WiredDriver):
    """A WiredDriver whose library is pycomm3."""

    refusals = (PycommError,)
    losses = (CommError, OSError)
