"""What is known otherwise now than when a handover was signed (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

AMOUNTS = ("good", "scrap", "target")
SHARES = ("availability", "performance", "quality", "oee", "coverage")
LEAST_SHARE = 0.0005
"""A share that moved less than half a tenth of a percent reads the same."""


class Difference(NamedTuple):
    """A figure as it was signed and as it is known now. `place` is empty for the line; a loss is named by `reason`."""

    place: str
    figure: str
    reason: str
    was: Any
    now: Any


def differences(signed: Mapping[str, Any], known: Mapping[str, Any]) -> list[Difference]:
    """Figures of the line, of its machines, and minutes of its top losses that differ; a figure that is missing in one
    of the two differs too. What is open (stops, holds, orders) changes by its nature and is not compared."""
    found = list(_figures("", signed.get("figures") or {}, known.get("figures") or {}))
    machines = {row["code"]: row for row in known.get("machines", ())}
    for row in signed.get("machines", ()):
        found += _figures(row["name"], row, machines.get(row["code"], {}))
    was = {row["reason"]: row["lost_s"] for row in signed.get("losses", ())}
    now = {row["reason"]: row["lost_s"] for row in known.get("losses", ())}
    for reason in [*was, *(reason for reason in now if reason not in was)]:
        if was.get(reason) != now.get(reason):
            found.append(Difference("", "loss", reason, was.get(reason), now.get(reason)))
    return found


def _figures(place: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for name in AMOUNTS:
        if was.get(name) != now.get(name):
            yield Difference(place, name, "", was.get(name), now.get(name))
    for name in SHARES:
        a, b = was.get(name), now.get(name)
        if (a is None) != (b is None) or (a is not None and b is not None and abs(a - b) >= LEAST_SHARE):
            yield Difference(place, name, "", a, b)
