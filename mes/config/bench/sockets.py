"""Many live sockets in one process: a WebSocket client that only reads, so that it costs little beside the server.

    python -m mes.config.bench.sockets    (asked in JSON lines)

Frames of a few sockets, spread evenly, are kept with the instant of their arrival; of the others bytes are counted.
"""

import asyncio
import base64
import json
import os
import threading
import time
from typing import Any

from mes.config.bench.child import answer_lines

OPEN_AT_ONCE = 8
TRIES = 20


class _Reader(asyncio.Protocol):
    """One socket: shakes hands, cuts the stream into frames, answers pings."""

    def __init__(self, host: str, key: str, kept: list[tuple[float, bytes]] | None) -> None:
        self.shaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bytes = self.frames = 0
        self._host, self._key, self._kept = host, key, kept
        self._buffer = bytearray()
        self._parts = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (a TCP line)
        self._transport = transport
        nonce = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET /ws/live/ HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Token {self._key}\r\n\r\n"
        )
        transport.write(lines.encode())

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        self._buffer += data
        if not self.shaken.done():
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.shaken.set_exception(ConnectionError(head.split(b"\r\n", 1)[0].decode()))
                return
            self.shaken.set_result(None)
            self._buffer = bytearray(rest)
        while self._frame():
            pass

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.shaken.done():
            self.shaken.set_exception(problem or ConnectionError("closed"))

    def _frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        size, begin = buffer[1] & 0x7F, 2
        if size > 125:
            begin = 4 if size == 126 else 10
            if len(buffer) < begin:
                return False
            size = int.from_bytes(buffer[2:begin], "big")
        if len(buffer) < begin + size:
            return False
        first, body = buffer[0], bytes(buffer[begin : begin + size])
        del buffer[: begin + size]
        self._took(first & 0x0F, bool(first & 0x80), body)
        return True

    def _took(self, kind: int, final: bool, body: bytes) -> None:
        if kind == 9:  # a ping; its answer must be masked, and a mask of zeros is one
            self._transport.write(bytes((0x8A, 0x80 | len(body))) + bytes(4) + body)
        elif kind in (0, 1):
            self._parts += body
            if final:
                self.frames += 1
                if self._kept is not None:
                    self._kept.append((time.monotonic(), bytes(self._parts)))
                self._parts = bytearray()

    def close(self) -> None:
        """Hangs up."""
        self._transport.abort()


class Sockets:
    """All sockets of this process, on a loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._readers: list[_Reader] = []
        self._kept: dict[int, list[tuple[float, bytes]]] = {}
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def open(self, port: int, key: str, count: int, watched: int) -> dict[str, Any]:
        """Opens `count` sockets, `watched` of them kept; seconds until the last was open."""
        began = time.monotonic()
        asyncio.run_coroutine_threadsafe(self._open(port, key, count, watched), self._loop).result(120)
        return {"seconds": time.monotonic() - began}

    async def _open(self, port: int, key: str, count: int, watched: int) -> None:
        gate = asyncio.Semaphore(OPEN_AT_ONCE)
        every = max(count // max(watched, 1), 1)

        async def one(number: int) -> None:
            kept = self._kept.setdefault(number, []) if number % every == 0 else None
            async with gate:
                for left in reversed(range(TRIES)):
                    try:
                        _, reader = await self._loop.create_connection(
                            lambda: _Reader(f"127.0.0.1:{port}", key, kept), "127.0.0.1", port
                        )
                        await asyncio.wait_for(reader.shaken, 60)
                        break
                    except OSError:  # a server that is too busy drops a handshake; a browser comes again as well
                        if not left:
                            raise
                        await asyncio.sleep(1)
                self._readers.append(reader)

        await asyncio.gather(*(one(number) for number in range(count)))

    def count(self) -> dict[str, Any]:
        """Sockets, and bytes and frames received so far."""
        totals = {name: sum(getattr(each, name) for each in self._readers) for name in ("bytes", "frames")}
        return {"sockets": len(self._readers), "at": time.monotonic(), **totals}

    def seen(self) -> dict[str, Any]:
        """Per watched socket [instant, machine, good or state, value] of every tile field it got since last asked."""
        return {"seen": [_fields(kept) for kept in self._kept.values()]}

    def close(self) -> dict[str, Any]:
        """Hangs up on all."""
        for reader in self._readers:
            self._loop.call_soon_threadsafe(reader.close)
        self._readers = []
        return {}


def _fields(kept: list[tuple[float, bytes]]) -> list[tuple[float, str, str, Any]]:
    frames, kept[:] = list(kept), []
    fields: list[tuple[float, str, str, Any]] = []
    for at, text in frames:
        message = json.loads(text)
        for code, tile in (message.get("d") or message.get("tiles") or {}).items():
            fields += [(at, code, name, tile[name]) for name in ("good", "state") if name in tile]
    return fields


if __name__ == "__main__":
    sockets = Sockets()
    answer_lines({each.__name__: each for each in (sockets.open, sockets.count, sockets.seen, sockets.close)})
