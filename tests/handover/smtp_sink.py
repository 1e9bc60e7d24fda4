"""A mail server on loopback that keeps what it is sent; it can refuse an address or hang up in the middle."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any


class Sink(socketserver.ThreadingTCPServer):
    """Mails by address. `refused`: addresses answered with 550; `hangs_up_after`: mails taken before it goes away."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[tuple[str, Message]] = []
        self.refused: set[str] = set()
        self.hangs_up_after = 1_000

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        to = ""
        self._say("220 sink")
        for raw in self.rfile:
            line = raw.decode().strip()
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                self._say("250 sink")
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                self._say("550 no such mailbox" if to in self.server.refused else "250 fine")
            elif verb == "DATA":
                if len(self.server.mails) >= self.server.hangs_up_after:
                    return
                self._say("354 go on")
                self.server.mails.append((to, self._message()))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _message(self) -> Message:
        kept = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            kept.append(raw[1:] if raw.startswith(b"..") else raw)
        return message_from_bytes(b"".join(kept))

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def smtp_sink() -> Iterator[Sink]:
    """A running sink; it is gone when the block ends."""
    with Sink() as sink:
        thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
