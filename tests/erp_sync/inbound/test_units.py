"""Units: Decimal at the border, one factor, rounded once, and what rounding leaves over is carried."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from erp_sync.inbound.units import Measure

PACK = Measure("pk24", "pcs", Decimal(24), 3)


def test_400_packs_of_24_are_9600_pieces() -> None:
    assert PACK.to_mes(Decimal(400)) == Decimal(9600)
    assert PACK.to_erp(Decimal(9600)) == Decimal(400)


def test_a_part_of_a_pack_is_rounded_to_what_the_erp_keeps() -> None:
    assert PACK.to_erp(Decimal(1)) == Decimal("0.042")  # 1 / 24 = 0.041666...
    assert Measure("pk24", "pcs", Decimal(24), 0).to_erp(Decimal(35)) == Decimal(1)  # 1.458
    assert Measure("pk24", "pcs", Decimal(24), 0).to_erp(Decimal(36)) == Decimal(2)  # 1.5 counts as the next


@given(parts=st.lists(st.integers(0, 500), min_size=1, max_size=60), digits=st.integers(0, 4))
def test_increments_between_rounded_totals_add_up_to_the_last_total(parts: list[int], digits: int) -> None:
    measure = Measure("pk24", "pcs", Decimal(24), digits)
    totals = [Decimal(sum(parts[:n])) for n in range(len(parts) + 1)]
    steps = [measure.to_erp(new) - measure.to_erp(old) for old, new in pairwise(totals)]
    assert sum(steps) == measure.to_erp(totals[-1])
    assert min(steps) >= 0
    assert abs(sum(steps) * 24 - totals[-1]) <= Decimal(24) / 2 / 10**digits
