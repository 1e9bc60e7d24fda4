"""Signed webhooks: one POST of JSON to a checked address, without redirects, within five seconds."""

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from mes.andon.models import Webhook

TIMEOUT_S = 5.0
SIGNATURE, TIMESTAMP, EVENT = "X-Millwright-Signature", "X-Millwright-Timestamp", "X-Millwright-Event"
METADATA = frozenset({"fd00:ec2::254", "100.100.100.200", "192.0.0.192"})
"""Addresses at which clouds hand credentials to machines and which are not link-local."""


class HookError(Exception):
    """The message did not arrive; the text says why. It holds no secret."""


def secret_of(hook: Webhook) -> str:
    """The shared secret, derived from the server's key and the hook's seed: it is stored nowhere."""
    text = f"webhook:{hook.seed}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of `timestamp.body` in hex (RFC 2104), keyed with the secret's text."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def refused_address(address: str, *, loopback: bool) -> bool:
    """Whether this server must not talk to an IP address: itself, link-local, metadata, multicast, no address at all.

    Addresses of the plant's own network are allowed. `loopback`: this server itself is allowed (demo, tests).
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    ip = inner or ip
    if ip.is_loopback:
        return not loopback
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved or str(ip) in METADATA


def hook_send(hook: Webhook, document: dict[str, Any], *, event: str, at: datetime) -> None:
    """Posts the document. Raises HookError for a refused address, no answer in 5 s, and any answer but 2xx.

    `event` is the same for every attempt, so that the receiver can tell a repeat.
    """
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    stamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Millwright",
        TIMESTAMP: stamp,
        SIGNATURE: f"sha256={signature(secret_of(hook), stamp, body)}",
        EVENT: event,
    }
    status = _post(hook.url, body, headers)
    if not 200 <= status < 300:
        raise HookError(f"Webhook {hook.code} answered {status}; redirects are not followed.")


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise HookError("The webhook's address cannot be read: write it as https://host/path.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HookError("The webhook's address cannot be read: write it as https://host/path.")
    address = _address(parts.hostname, port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT_S)
    watchdog = threading.Timer(TIMEOUT_S, _hang_up, [connection])
    watchdog.start()  # the time-out of a socket begins anew with every byte
    try:
        # Connected by the checked IP, not by name: a name could answer with another address the second time.
        sock: socket.socket = socket.create_connection((address, port), timeout=TIMEOUT_S)
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        connection.sock = sock
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise HookError(f"The webhook could not be reached ({type(error).__name__}).") from error
    finally:
        watchdog.cancel()
        connection.close()


def _address(host: str, port: int) -> str:
    """The first address of the name, if every one of them is allowed."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise HookError(f"The name {host[:100]} is not known.") from error
    for address in found:
        if refused_address(address, loopback=not settings.PRODUCTION):
            raise HookError(f"{host[:100]} is {address}: that is this server itself or link-local.")
    return found[0]


def _hang_up(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            sock.close()
