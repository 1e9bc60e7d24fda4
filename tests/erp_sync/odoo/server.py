"""The fake Odoo as an HTTP server: JSON-RPC as 17.0 speaks it, JSON-2 as 19's documentation says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.erp_sync.odoo.model import FakeOdoo
from tests.erp_sync.odoo.store import OdooError

DATABASE, USER, PASSWORD = "plant", "mes", "only-for-this-test"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an acknowledgement
    odoo: FakeOdoo
    version: str
    lock: threading.Lock

    def do_GET(self) -> None:
        self._answer(200, {"version": self.version} if self.path == "/web/version" else {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            with self.lock:
                if self.path == "/jsonrpc" and self.version < "19":
                    result = self._jsonrpc(**body["params"])
                    said = {"jsonrpc": "2.0", "id": body["id"]} | ({} if result is None else {"result": result})
                    return self._answer(200, said)
                if self.path.startswith("/json/2/"):
                    return self._answer(200, self._json2(body))
        except OdooError as wrong:
            data = {"name": wrong.name, "message": wrong.message}
            if self.path == "/jsonrpc":
                error = {"code": 200, "message": "Odoo Server Error", "data": data}
                return self._answer(200, {"jsonrpc": "2.0", "id": body["id"], "error": error})
            return self._answer(403 if wrong.name.endswith("AccessDenied") else 422, data)
        self._answer(404, {})

    def _jsonrpc(self, service: str, method: str, args: list[Any]) -> Any:
        if (service, method) == ("common", "version"):
            return {"server_version": self.version}
        if (service, method) == ("common", "authenticate"):
            return 6 if args[:3] == [DATABASE, USER, PASSWORD] else False
        if args[:3] != [DATABASE, 6, PASSWORD]:
            raise OdooError("AccessDenied", "Access Denied")
        return self.odoo.execute(args[3], args[4], args[5], args[6])

    def _json2(self, named: dict[str, Any]) -> Any:
        if self.headers["Authorization"] != f"bearer {PASSWORD}" or self.headers["X-Odoo-Database"] != DATABASE:
            raise OdooError("AccessDenied", "Access Denied")
        model, method = self.path.removeprefix("/json/2/").split("/")
        ids = named.pop("ids", None)
        return self.odoo.execute(model, method, [] if ids is None else [ids], named)

    def _answer(self, status: int, said: Any) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing: a test's output is its own."""


@contextmanager
def served(odoo: FakeOdoo, version: str = "17.0") -> Iterator[str]:
    """The address of a running fake; it ends with the block."""
    own = {"odoo": odoo, "version": version, "lock": threading.Lock()}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), own)) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
