"""E10: whose certificate does not fit is not spoken to, and nothing turns that off."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from erp_sync.connector import Settings
from erp_sync.errors import AddressError
from erp_sync.transport.client import HttpDoor


class Hello(BaseHTTPRequestHandler):
    """Answers with the Host it was asked as."""

    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class Quiet(HTTPServer):
    """A refused handshake is what is tried here."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing."""


@pytest.fixture(params=[30, -1], ids=["valid", "expired"])
def days(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def port(days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server whose certificate, for erp.plant, this machine trusts."""
    file = certificate(tmp_path / "erp.pem", days)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    server = Quiet(("127.0.0.1", 0), Hello)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def certificate(path: Path, days: int) -> Path:
    """A certificate that vouches for itself, valid until so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "erp.plant")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=9), now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("erp.plant")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def asked(host: str, port: int) -> str:
    """What the server at 127.0.0.1 says to somebody who looks for `host`."""
    settings = Settings("X", f"https://{host}:{port}/", {}, demo=True)
    return HttpDoor(settings, resolve=lambda host, port: ["127.0.0.1"]).get("/").text()


def test_the_certificate_must_be_for_the_name_that_was_entered_and_must_be_valid(port: int, days: int) -> None:
    if days > 0:
        assert asked("erp.plant", port) == f"erp.plant:{port}"  # pinned to the IP, and still asked by its name
    else:
        with pytest.raises(AddressError, match="expired"):
            asked("erp.plant", port)
    with pytest.raises(AddressError, match="certificate"):
        asked("other.plant", port)


def test_a_certificate_nobody_vouches_for_is_refused(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(AddressError, match="certificate"):
        asked("erp.plant", port)
