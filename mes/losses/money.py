"""What lost time and pieces cost (pure): exact sums of decimals; what has no rate is unknown, never free."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mes.oee.elements import Elements

HOUR_MS = 3_600_000
KINDS = ("breakdowns", "waiting", "setup", "minor_stops", "reduced_speed")
"""Losses of time, as the waterfall of a machine names them. Planned stops and time without an order are no losses."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Something lost: `amount` in milliseconds (time) or pieces (scrap); `cost` None where nobody set what one costs.

    `kind` is one of KINDS or "scrap"; `of` says more: a reason, an item.
    """

    machine: str
    kind: str
    of: str
    amount: Decimal
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Bill:
    """Losses with their sum. `missing` names what has no rate: with any, `total` is None and `known` a part."""

    losses: tuple[Lost, ...]
    missing: tuple[str, ...]

    @property
    def known(self) -> Decimal:
        """What is known of the cost; 0 where nothing was lost."""
        return sum((lost.cost for lost in self.losses if lost.cost is not None), Decimal(0))

    @property
    def total(self) -> Decimal | None:
        """The whole cost, None where a part of it is unknown."""
        return None if self.missing else self.known


def time_cost(lost_ms: Decimal | int, per_hour: Decimal | None) -> Decimal | None:
    """Hours times the rate: 30 minutes at 120 an hour are 60. None without a rate; 0 ms cost 0 even then."""
    if lost_ms == 0:
        return Decimal(0)
    return None if per_hour is None else Decimal(lost_ms) * per_hour / HOUR_MS


def machine_losses(
    machine: str,
    by_item: Mapping[str | None, Elements],
    *,
    per_hour: Decimal | None,
    per_piece: Mapping[str, Decimal],
) -> Iterable[Lost]:
    """What one machine lost in a stretch of time with one rate, by kind, and its scrap by item.

    The kinds are those of the waterfall and never overlap; every item's elements are its own, so they add up. Running
    faster than the ideal cycle is a negative loss of speed. An item without an ideal cycle: its speed is unknown, cost
    None. Start-up scrap is scrap like any other.
    """
    lost = dict.fromkeys(KINDS, Decimal(0))
    for elements in by_item.values():
        lost["breakdowns"] += elements.unplanned_ms - elements.waiting_ms
        lost["waiting"] += elements.waiting_ms
        lost["setup"] += elements.setup_ms
        lost["minor_stops"] += elements.micro_ms
        if not elements.no_ideal_total:
            lost["reduced_speed"] += elements.run_ms - elements.ideal_total_known_ms
    for kind, ms in lost.items():
        if ms:
            yield Lost(machine, kind, "", ms, time_cost(ms, per_hour))
    for item, elements in by_item.items():
        if elements.no_ideal_total:
            yield Lost(machine, "reduced_speed", item or "", Decimal(0), None)
        if elements.scrap:
            each = per_piece.get(item or "")
            pieces = Decimal(elements.scrap)
            yield Lost(machine, "scrap", item or "", pieces, None if each is None else pieces * each)
