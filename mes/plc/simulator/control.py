"""The control door of a running plant: one JSON object per line over TCP on loopback, opened by a token."""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import socketserver
import threading
from typing import Any

from .interventions import COMMANDS
from .plant import SimulatedPlant

LINE_LIMIT = 1 << 20
TIMEOUT_S = 15.0


class ControlError(RuntimeError):
    """The plant refused a command; the text says why."""


class _Handler(socketserver.StreamRequestHandler):
    """One client. Every line is {"token", "command", ...options}; every answer {"ok", ...} on one line."""

    server: _Server

    def handle(self) -> None:
        """Answer until the client goes."""
        while line := self.rfile.readline(LINE_LIMIT):
            answer = self._answer(line)
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                return {"ok": False, "error": "A command is a JSON object."}
            if not hmac.compare_digest(str(asked.pop("token", "")).encode(), self.server.token.encode()):
                return {"ok": False, "error": "The token is wrong; take it from the ready file."}
            name = str(asked.pop("command", ""))
            if name not in COMMANDS:
                return {"ok": False, "error": f"There is no command '{name}'; choose one of {', '.join(COMMANDS)}."}
            return {"ok": True, **COMMANDS[name](self.server.plant, **asked)}
        except json.JSONDecodeError:
            return {"ok": False, "error": "The line is not JSON."}
        except Exception as error:  # whatever a command meets is its caller's to know, the plant runs on
            return {"ok": False, "error": f"{type(error).__name__}: {error.args[0] if error.args else error}"}


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False  # a client that stays connected must not hold up the end

    def __init__(self, plant: SimulatedPlant, token: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.plant = plant
        self.token = token


class ControlDoor:
    """Serves the control door of a plant on loopback in a thread of its own."""

    def __init__(self, plant: SimulatedPlant, port: int = 0, token: str | None = None) -> None:
        self.token = token or secrets.token_urlsafe(24)
        self._server = _Server(plant, self.token, port)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="control-door", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Close the door."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(TIMEOUT_S)


class ControlClient:
    """Commands to a running plant. Each method raises ControlError with the plant's sentence when it refuses."""

    def __init__(self, port: int, token: str) -> None:
        self._token = token
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self._file = self._socket.makefile("rb")

    @classmethod
    def from_ready_file(cls, path: str) -> ControlClient:
        """A client for the process that wrote this ready file."""
        with open(path, encoding="utf-8") as file:
            control = json.load(file)["control"]
        return cls(control["port"], control["token"])

    def call(self, command: str, **options: Any) -> dict[str, Any]:
        """Send one command with its options and give the answer."""
        line = json.dumps({"token": self._token, "command": command, **options}).encode() + b"\n"
        self._socket.sendall(line)
        answer: dict[str, Any] = json.loads(self._file.readline() or b'{"ok": false, "error": "The plant is gone."}')
        if not answer.pop("ok"):
            raise ControlError(answer["error"])
        return answer

    def controllers(self) -> list[dict[str, Any]]:
        """Code, kind, address, product, keyswitch and machines of every controller."""
        found: list[dict[str, Any]] = self.call("controllers")["controllers"]
        return found

    def ledger(self, machine: str, start_ms: int = 0, end_ms: int | None = None) -> dict[str, Any]:
        """good, scrap, state_ms, kind_ms and stops of a machine in a window of real UTC milliseconds."""
        return self.call("ledger", machine=machine, start_ms=start_ms, end_ms=end_ms)

    def fault(self, controller: str, fault: str, /, **options: Any) -> None:
        """Switch a fault (see interventions.FAULTS) with the options of the function behind it."""
        self.call("fault", controller=controller, fault=fault, options=options)

    def force(self, machine: str, kind: str, *, reason: int = 0, duration_s: float | None = None) -> None:
        """Bring a machine into run, breakdown, ... now."""
        self.call("force", name=machine, kind=kind, reason=reason, duration_s=duration_s)

    def pause(self) -> None:
        """All machines stand still."""
        self.call("pause")

    def resume(self) -> None:
        """All machines go on."""
        self.call("resume")

    def get_tag(self, controller: str, path: str) -> Any:
        """The value of a tag."""
        return self.call("get_tag", controller=controller, path=path)["value"]

    def set_tag(self, controller: str, path: str, value: Any) -> None:
        """Write a tag."""
        self.call("set_tag", code=controller, path=path, value=value)

    def restart(self, controller: str, *, away_s: float = 0.0, serial: int | None = None) -> None:
        """Power cycle of a controller."""
        self.call("restart", code=controller, away_s=away_s, serial=serial)

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
