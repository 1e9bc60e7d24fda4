"""A TCP proxy that can break the line between two real parts: pass, away (refused and cut), silent (swallowed)."""

import contextlib
import socket
import struct
import threading

PASS, AWAY, SILENT = "pass", "away", "silent"


class FaultProxy:
    """Forwards 127.0.0.1:`port` to a server. `mode` may be changed at any time."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._mode = PASS
        self._lock = threading.Lock()
        self._lines: set[socket.socket] = set()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    @property
    def mode(self) -> str:
        """How the line behaves now."""
        return self._mode

    def set(self, mode: str) -> None:
        """Changes how the line behaves; going away cuts what is open and refuses what comes."""
        with self._lock:
            before, self._mode = self._mode, mode
            if mode == AWAY and before != AWAY:
                self._listener.shutdown(socket.SHUT_RDWR)  # else a waiting accept() still takes the next one
                self._listener.close()
                self._cut()
            elif mode == PASS and before == SILENT:
                self._cut()  # what was swallowed is missing on these lines for ever
            elif mode != AWAY and before == AWAY:
                self._listener = self._listen(self.port)

    def close(self) -> None:
        """Ends everything."""
        self._mode = AWAY
        self._listener.close()
        self._cut()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            if self._mode == AWAY:
                _reset(line)
                continue
            self._lines.add(line)
            try:
                up = socket.create_connection(self._upstream, 5)
            except OSError:
                _reset(line)
                continue
            up.settimeout(None)  # the time-out was for connecting: a quiet line is not a broken one
            self._lines.add(up)
            for end in (line, up):
                with contextlib.suppress(OSError):  # it may be gone already: no reason to accept nobody any more
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for one, other in ((line, up), (up, line)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if self._mode == PASS:
                    other.sendall(data)
        for end in (one, other):
            self._lines.discard(end)
            _reset(end)

    def _cut(self) -> None:
        for line in list(self._lines):
            _reset(line)
        self._lines.clear()


def _reset(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        line.close()
