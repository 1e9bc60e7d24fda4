"""A TCP proxy in front of PostgreSQL that can be cut: lines are reset and new ones refused until it comes back."""

import contextlib
import socket
import struct
import threading


class CutProxy:
    """Forwards 127.0.0.1:`port` to a server until `cut`, and again after `mend`."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def cut(self) -> None:
        """Resets every line and refuses new ones."""
        with self._lock:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            lines, self._lines = self._lines, set()
        for line in lines:
            _reset(line)

    def mend(self) -> None:
        """Listens on the same port again."""
        self._listener = self._listen(self.port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
                up = socket.create_connection(self._upstream, 5)
            except OSError:
                return
            with self._lock:
                self._lines |= {line, up}
            for one, other in ((line, up), (up, line)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
        with self._lock:
            self._lines -= {one, other}
        _reset(one)
        _reset(other)


def _reset(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        line.close()
