"""The stock pycomm3 and pylogix clients as their makers ship them: to be measured against, never to poll a plant."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

PEERS = ("pycomm3", "pylogix")


class Peer(Protocol):
    """A stock client of one controller. Any error is the library's own, or RuntimeError for a bad tag."""

    def open(self) -> None:
        """Connect, and upload the tag list where the library needs it."""
        ...

    def read(self, tags: Sequence[str]) -> list[Any]:
        """The values of these tags in their order; RuntimeError when the library reports one as bad."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


def installed(name: str) -> bool:
    """Whether this peer can be imported here."""
    return find_spec(name) is not None


def make_peer(name: str, address: str, timeout_s: float) -> Peer:
    """An unopened client for `host:port`. Raises KeyError for a name that is none of PEERS."""
    kinds: dict[str, Callable[[str, float], Peer]] = {"pycomm3": _Pycomm3, "pylogix": _Pylogix}
    return kinds[name](address, timeout_s)


class _Pycomm3:
    def __init__(self, address: str, timeout_s: float) -> None:
        from pycomm3 import LogixDriver

        self._driver = LogixDriver(address)
        self._driver.socket_timeout = timeout_s

    def open(self) -> None:
        if not self._driver.open():
            raise RuntimeError("pycomm3 could not open the session.")

    def read(self, tags: Sequence[str]) -> list[Any]:
        got = self._driver.read(*tags)
        return _checked(got if isinstance(got, list) else [got], "error", None)

    def close(self) -> None:
        self._driver.close()


class _Pylogix:
    def __init__(self, address: str, timeout_s: float) -> None:
        from pylogix import PLC

        host, _, port = address.partition(":")
        self._plc = PLC(host, timeout=timeout_s, port=int(port))

    def open(self) -> None:
        """pylogix connects with its first request."""

    def read(self, tags: Sequence[str]) -> list[Any]:
        got = self._plc.Read(tags[0] if len(tags) == 1 else list(tags))
        return _checked(got if isinstance(got, list) else [got], "Status", "Success", value="Value")

    def close(self) -> None:
        self._plc.Close()


def _checked(answers: list[Any], status: str, good: str | None, *, value: str = "value") -> list[Any]:
    for answer in answers:
        if getattr(answer, status) != good:
            raise RuntimeError(f"The tag could not be read: {getattr(answer, status)}")
    return [getattr(answer, value) for answer in answers]
