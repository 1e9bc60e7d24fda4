"""Two figures of an order beside each other, the ERP's and ours: equal, on its way, or a difference. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

DISCARDED = "discarded"
"""The resolution of a difference that a person keeps as it is, with a reason: it opens anew when a value changes."""


class Found(StrEnum):
    """What a comparison found; the words are those of the stored differences."""

    IN_FLIGHT = "in-flight"
    ERP_AHEAD = "erp-ahead"
    MES_AHEAD = "mes-ahead"


@dataclass(frozen=True, slots=True)
class Sides:
    """One figure as each side has it, in the ERP's unit.

    `confirmed` is what the ERP acknowledged last (0: nothing yet), `written` the newest total in a message that is on
    its way (None: none is). `more_comes` says that a message will be written by itself, as for an order that runs.
    """

    erp: Decimal
    mes: Decimal
    confirmed: Decimal
    written: Decimal | None
    more_comes: bool


def compare(sides: Sides, *, stuck: bool) -> Found | None:
    """None where both are equal. In flight: what the ERP lacks is explained by what was not sent or confirmed yet.

    Only where the ERP has exactly what it acknowledged, or already what is being sent: anything else was booked
    there by somebody else. `stuck` says that a message waits for a planner: then nothing is on its way.
    """
    if sides.erp == sides.mes:
        return None
    moving = sides.written is not None or sides.more_comes
    if moving and not stuck and sides.erp in (sides.confirmed, sides.written):
        return Found.IN_FLIGHT
    return Found.ERP_AHEAD if sides.erp > sides.mes else Found.MES_AHEAD


@dataclass(frozen=True, slots=True)
class LotSides:
    """The lots that each side has of an order's product; `confirmed` and `written` as for `Sides`."""

    erp: frozenset[str]
    mes: frozenset[str]
    confirmed: frozenset[str]
    written: frozenset[str] | None
    more_comes: bool


def compare_lots(sides: LotSides, *, stuck: bool) -> Found | None:
    """As `compare`, for names: ahead is who has a lot that the other lacks, the ERP first.

    None where we have no lots: then the ERP numbers them by itself.
    """
    if sides.erp == sides.mes or not sides.mes:
        return None
    moving = sides.written is not None or sides.more_comes
    if moving and not stuck and sides.erp in (sides.confirmed, sides.written):
        return Found.IN_FLIGHT
    return Found.ERP_AHEAD if sides.erp - sides.mes else Found.MES_AHEAD
