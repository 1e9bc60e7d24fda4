"""How pieces of a gap are probably shared by the orders that ran in it (pure, R26): a proposal for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Share:
    """An order's part of a gap: for how long it ran in it, and the ideal cycle of its item, None where unknown."""

    order: str
    ran_ms: int
    ideal_cycle_s: Decimal | None


def proposed_split(quantity: int, shares: Sequence[Share]) -> list[int]:
    """Pieces per share, in their order, by time x ideal rate; by time alone where an ideal cycle is not known.

    The parts add up to `quantity` exactly. No time at all: everything to the first. Worked: 100 pieces over 60 s at
    1 s a piece and 60 s at 2 s a piece are expected as 60 and 30, so 66 and 34.
    """
    if not shares:
        return []
    known = all(share.ideal_cycle_s for share in shares)
    weights = [Fraction(share.ran_ms) / (Fraction(share.ideal_cycle_s or 1) if known else 1) for share in shares]
    whole = sum(weights)
    if not whole:
        return [quantity, *[0] * (len(shares) - 1)]
    parts, passed, given = [], Fraction(0), 0
    for weight in weights:
        passed += weight
        upto = int(quantity * passed / whole)
        parts.append(upto - given)
        given = upto
    return parts
