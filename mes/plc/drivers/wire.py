"""EtherNet/IP frames on a TCP socket: whole replies within one deadline, and only the reply to our own request."""

import contextlib
import socket
import struct
import time
from dataclasses import dataclass

from mes.plc.drivers.port import PlcTransportError
from mes.plc.drivers.readonly import refuse_unless_read

HEADER_BYTES = 24
SEND_RR_DATA = 0x6F
SEND_UNIT_DATA = 0x70
UNREGISTER_SESSION = 0x66
_COMMANDS = frozenset({0x04, 0x63, 0x64, 0x65, SEND_RR_DATA, SEND_UNIT_DATA})
_HEAD = struct.Struct("<HHII8sI")
_START = struct.Struct("<HH")
_SLACK_S = 0.01  # a first wait this little longer than the deadline is not worth a system call
_MAX_BODY_BYTES = 65_511  # a length field above this cannot come from a Logix connection
_UNIT_BODY_BYTES = 22  # interface handle to sequence number of a SendUnitData body


@dataclass(slots=True)
class Expected:
    """What makes a reply ours: command, sender context, and for connected data the connection and the sequence.

    Controllers name the connection by the T->O id we chose; some servers answer with the O->T id we sent. Both are
    ours alone on this line, so both are taken.
    """

    command: int
    context: bytes
    session: int
    connection_ids: tuple[bytes, bytes]
    sequence: bytes


def expected_for(request: bytes, to_id: bytes) -> Expected:
    """Derive from our request what its reply must carry. `to_id` is the T->O connection id we chose."""
    command, _length, session, _status, context, _options = _HEAD.unpack_from(request)
    if command != SEND_UNIT_DATA:
        return Expected(command, context, session, (to_id, to_id), b"")
    return Expected(command, context, session, (to_id, bytes(request[36:40])), bytes(request[44:46]))


def is_ours(frame: bytes, want: Expected) -> bool:
    """True if the frame answers the request described; a frame with an encapsulation error of our command does too.

    Connected replies are not matched by context: real controllers answer 0 there whatever was sent.
    """
    command, length, _session, status, context, _options = _HEAD.unpack_from(frame)
    if command != want.command:
        return False
    if command == SEND_UNIT_DATA:
        if status:
            return True
        return length >= _UNIT_BODY_BYTES and frame[36:40] in want.connection_ids and frame[44:46] == want.sequence
    return context == want.context


def check_frame(frame: bytes, want: Expected) -> None:
    """Raise PlcTransportError unless the frame's inner lengths agree with its outer length."""
    command, length, session, status, _context, _options = _HEAD.unpack_from(frame)
    if command in (SEND_RR_DATA, SEND_UNIT_DATA):
        if status:
            raise FrameRejected(f"The controller rejected the request with encapsulation status 0x{status:02x}.")
        data_at = 40 if command == SEND_RR_DATA else 44
        if length < data_at - HEADER_BYTES + 4:
            raise PlcTransportError("The controller sent a reply that is too short to hold an answer.")
        if int.from_bytes(frame[data_at - 2 : data_at], "little") != len(frame) - data_at:
            raise PlcTransportError("The controller sent a reply whose lengths contradict each other.")
        if session != want.session:
            raise PlcTransportError("The controller sent a reply that belongs to another session.")


class FrameRejected(PlcTransportError):
    """The controller answered our frame with an encapsulation error: it could not even read the request."""


class Wire:
    """One TCP connection. Every call either returns a whole, matching reply or raises PlcTransportError.

    After the first error the wire is dead for good: a late reply can then never be taken for the next one.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.to_id = b""
        self.discarded = 0
        self.dead: str | None = None
        self.last_reply_mono = time.monotonic()
        self._sock: socket.socket | None = None
        self._sock_timeout_s = timeout_s
        self._want: Expected | None = None
        self._deadline_mono = 0.0
        self._buffer = b""

    def connect(self, host: str, port: int) -> None:
        """Connect within the time-out, with TCP_NODELAY and keep-alive on."""
        if self.dead:
            raise PlcTransportError(self.dead)
        try:
            sock = socket.create_connection((host, port), timeout=self.timeout_s)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            raise self._die(f"No connection to {host}:{port}: {_reason(error)}.") from error
        self._sock = sock
        self.last_reply_mono = time.monotonic()

    def adopt(self, sock: socket.socket) -> None:
        """Use a socket another library has connected (it must not be read by anyone else from now on)."""
        sock.settimeout(self.timeout_s)
        self._sock, self._sock_timeout_s, self._buffer = sock, self.timeout_s, b""

    def send(self, request: bytes) -> int:
        """Send one request that only reads; remembers what its reply must look like. Returns the bytes sent."""
        sock = self._alive()
        refuse_unless_read(request)
        self._want = expected_for(request, self.to_id)
        self._deadline_mono = time.monotonic() + self.timeout_s
        try:
            self._wait_at_most(sock, self.timeout_s)
            sock.sendall(request)
        except OSError as error:
            raise self._die(f"The line broke while sending: {_reason(error)}.") from error
        return len(request)

    def receive(self) -> bytes:
        """The whole reply to the request sent last; other frames are thrown away until the deadline."""
        want = self._want
        if want is None:
            raise self._die("A reply was awaited without a request.")
        try:
            frame = self._next_frame()
            while not is_ours(frame, want):
                self.discarded += 1
                frame = self._next_frame()
            check_frame(frame, want)
        except PlcTransportError as error:
            self._die(str(error))
            raise
        self._want = None
        self.last_reply_mono = time.monotonic()
        return frame

    def close(self) -> None:
        """Close the socket; a thread blocked in receive() is woken. Never raises."""
        self.dead = self.dead or "The connection was closed."
        sock, self._sock = self._sock, None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                sock.close()

    def _next_frame(self) -> bytes:
        if len(self._buffer) < HEADER_BYTES:
            self._fill(HEADER_BYTES)
        command, length = _START.unpack_from(self._buffer)
        if command not in _COMMANDS or length > _MAX_BODY_BYTES:
            raise PlcTransportError("The controller sent something that is no EtherNet/IP reply.")
        whole = HEADER_BYTES + length
        if len(self._buffer) < whole:
            self._fill(whole)
        frame, self._buffer = self._buffer[:whole], self._buffer[whole:]
        return frame

    def _fill(self, wanted: int) -> None:
        """Receive until the buffer holds `wanted` bytes; the deadline of the request covers all of it."""
        sock = self._alive()
        while len(self._buffer) < wanted:
            left_s = self._deadline_mono - time.monotonic()
            if left_s <= 0:
                raise PlcTransportError(f"The controller did not answer within {self.timeout_s:g} s.")
            if self._sock_timeout_s - left_s > _SLACK_S:
                self._wait_at_most(sock, left_s)
            try:
                part = sock.recv(max(4096, wanted - len(self._buffer)))
            except TimeoutError as error:
                raise PlcTransportError(f"The controller did not answer within {self.timeout_s:g} s.") from error
            except OSError as error:
                raise PlcTransportError(f"The line broke: {_reason(error)}.") from error
            if not part:
                where = "in the middle of a reply" if self._buffer else "before it answered"
                raise PlcTransportError(f"The controller closed the connection {where}.")
            self._buffer += part

    def _wait_at_most(self, sock: socket.socket, timeout_s: float) -> None:
        if timeout_s != self._sock_timeout_s:  # settimeout() is a system call even when nothing changes
            sock.settimeout(timeout_s)
            self._sock_timeout_s = timeout_s

    def _alive(self) -> socket.socket:
        if self.dead or self._sock is None:
            raise PlcTransportError(self.dead or "The driver is not connected.")
        return self._sock

    def _die(self, why: str) -> PlcTransportError:
        self.dead = self.dead or why
        sock, self._sock = self._sock, None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()
        return PlcTransportError(why)


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or str(error) or type(error).__name__
