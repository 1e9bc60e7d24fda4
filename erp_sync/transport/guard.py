"""Which addresses of ERPs may be reached: parsed strictly, resolved once, refused where no ERP can stand."""

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from erp_sync.errors import AddressError, TransientError

Ip = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

LOOPBACK = ("127.0.0.0/8", "::1/128")
# Nothing a plant's ERP could be, and much that would hand out keys of the machine to whoever may type an address.
FORBIDDEN = (
    *("0.0.0.0/8", "::/128"),  # this host
    *("169.254.0.0/16", "fe80::/10"),  # link-local, with the metadata services of most clouds
    *("fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"),  # and those of the others
    *("224.0.0.0/4", "ff00::/8"),  # multicast
    *("240.0.0.0/4", "255.255.255.255/32"),  # reserved, broadcast
)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)
_NAT64 = ("64:ff9b::/96", "64:ff9b:1::/48")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an ERP is. `path` has no slash at its end."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """What stands in a Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"


def address_of(text: str) -> Address:
    """The parts of a connection's address. AddressError with the remedy where it is none, or spelt to deceive."""
    if not text or text != text.strip() or not text.isascii() or re.search(r"[\x00-\x20\x7f\\]", text):
        raise AddressError("The ERP's address is empty or has characters that no address has: enter http(s)://host/.")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise AddressError("The ERP's address cannot be read: enter http(s)://host:port/.") from None
    if parts.scheme not in ("http", "https"):
        raise AddressError("The ERP's address must begin with http:// or https://.")
    if "@" in parts.netloc:
        raise AddressError("The ERP's address must not name a person: keep name and password as secrets.")
    if "[" in parts.netloc and ":" not in host:
        raise AddressError("The ERP's address has brackets without an IPv6 address in them.")
    if parts.query or parts.fragment:
        raise AddressError("The ERP's address must end before '?' and '#'.")
    if port == 0:
        raise AddressError("The ERP's address names port 0, which does not exist.")
    _plainly_spelt(host)
    return Address(parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], parts.path.rstrip("/"))


def checked_ips(host: str, port: int, *, demo: bool, resolve: Resolve | None = None) -> list[str]:
    """The IPs to connect to, best first. Whoever connects must use exactly these: a second answer moves nothing.

    AddressError if any of the host's addresses is one where no ERP may be; TransientError if the name is not known now.
    """
    found = [ip_address(text.partition("%")[0]) for text in (resolve or _resolve)(host, port)]
    if not found:
        raise TransientError(f"The name {host} has no address now.")
    for ip in found:
        why = forbidden(ip, demo=demo)
        if why:
            raise AddressError(f"The ERP's address {host} leads to {ip}, {why}: enter the address of the ERP itself.")
    return list(dict.fromkeys(map(str, found)))


def forbidden(ip: Ip, *, demo: bool) -> str:
    """Why no ERP may be looked for at an address; empty where one may. The demo's own ERP stands on this machine."""
    if any(inner != ip and forbidden(inner, demo=False) for inner in _carried(ip)):
        return "which hides another one that is not allowed"
    if _within(ip, LOOPBACK):
        return "" if demo else "which is this machine itself"
    return "where no ERP can stand" if _within(ip, FORBIDDEN) else ""


def _carried(ip: Ip) -> list[Ip]:
    """IPv4 addresses that an IPv6 one stands for (mapped, compatible, 6to4, Teredo, NAT64)."""
    if isinstance(ip, IPv4Address):
        return []
    found: list[Ip] = [inner for inner in (ip.ipv4_mapped, ip.sixtofour) if inner is not None]
    found += [] if ip.teredo is None else list(ip.teredo)
    low = int(ip) & 0xFFFFFFFF
    if _within(ip, _NAT64) or (int(ip) >> 32 == 0 and low > 1):
        found.append(IPv4Address(low))
    return found


def _within(ip: Ip, networks: Sequence[str]) -> bool:
    return any(ip in network for network in map(_network, networks) if network.version == ip.version)


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def _plainly_spelt(host: str) -> None:
    """127.1, 0x7f000001 and 2130706433 are read by the system's resolver as addresses: only the usual form is taken."""
    try:
        ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        if _NUMBER.fullmatch(last):
            raise AddressError("Write the ERP's IP address as four numbers, like 10.1.2.3, or its name.") from None
        if len(host) > 253 or not _NAME.fullmatch(host):
            raise AddressError("The ERP's address names no host: enter http(s)://host/.") from None
    else:
        if "%" in host:
            raise AddressError("The ERP's address must not name a network interface.")


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise TransientError(f"The name {host} is not known now: check its spelling and the name server.") from None
    return [str(row[4][0]) for row in found]
