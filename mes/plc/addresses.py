"""Which hosts Millwright connects to when a person asks: the plant's own network, in the demo this machine only."""

import ipaddress
import re
import socket

_HOST = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::[0-9]{1,5})?(?:[/\\,].*)?")
_PLANT = [ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]


def refusal(address: str, *, loopback_only: bool) -> str | None:
    """Why the address may not be connected to, as a sentence; None where it may.

    Every IPv4 address the name resolves to must be allowed, so that a name cannot mean another host a moment later
    than it was looked at by having two.
    """
    found = _HOST.fullmatch(address.strip())
    if not found:
        return f"'{address}' is not a controller address: write an IP address, optionally with :port and /slot."
    host = found["host"]
    try:
        answers = socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return f"The name '{host}' is not known to the name server: write the controller's IP address."
    for answer in answers:
        ip = ipaddress.IPv4Address(answer[4][0])
        if loopback_only and not ip.is_loopback:
            return f"{host} is not this machine: the demo talks to virtual controllers on this machine only."
        if not loopback_only and not any(ip in net for net in _PLANT):
            return f"{host} is not in a plant network (10/8, 172.16/12, 192.168/16, 100.64/10): check the address."
    return None
