"""R21, R23: counters through the stored cursor, each reading in a transaction of its own, as after a restart."""

from dataclasses import replace
from decimal import Decimal

import pytest

from mes.plc.models import Controller, TagBinding
from mes.tracking.bindings import controller_plans
from mes.tracking.models import SignalCursor
from mes.tracking.rules import CounterRule
from tests.production.small_plant import SmallPlant
from tests.tracking.ingest_kit import NINE, Told, rules


def counting(told: Told, modulus: int | None, floor: int = 0) -> None:
    """The good counter wraps at `modulus`."""
    plain = rules()
    counter = replace(plain.counters["good"], counter=CounterRule(modulus, NINE, floor))
    told.rules = replace(plain, counters={"good": counter})


@pytest.mark.parametrize("modulus", [2**15, 2**16, 2**31, 2**32, 10_000], ids=["15", "16", "31", "32", "9999"])
def test_r21_r23_a_counter_of_any_width_rolls_over_between_two_transactions(told: Told, modulus: int) -> None:
    counting(told, modulus)
    made = 0
    for second, pieces in enumerate([0, 4, 5, 3, 6]):
        made += pieces
        told.store(told.reading(second, good=(modulus - 6 + made) % modulus))
    assert (told.good(), told.flags()) == (18, [])
    assert SignalCursor.objects.get(role="good").raw == 12


def test_r23_a_signed_sixteen_bit_counter_goes_on_below_zero(told: Told) -> None:
    counting(told, 2**16, -(2**15))
    for second, raw in enumerate([32_765, 32_767, -32_768, -32_764]):
        told.store(told.reading(second, good=raw))
    assert told.good() == 7


def test_r21_r23_a_reset_between_two_transactions_counts_what_was_made_since(told: Told) -> None:
    counting(told, 2**31)
    for second, raw in enumerate([5000, 5004, 3, 5]):
        told.store(told.reading(second, good=raw))
    assert (told.good(), told.flags()) == (9, [])


def test_r21_r25_a_restart_of_the_poller_loses_no_piece(told: Told) -> None:
    """Ten minutes later the counter is 600 on: plausible for that time, so made in the gap."""
    counting(told, 10_000)
    told.store(told.reading(0, good=9_900), told.reading(1, good=9_905))
    told.fence, told.stream = 2, "plc:PLC-1"
    told.store(told.reading(601, good=505))
    assert (told.good(), told.flags()) == (5, [("gap", "good", 600)])


def test_r27_pieces_per_count_hold_from_the_date_of_their_binding(plant: SmallPlant, told: Told) -> None:
    plc = Controller.objects.create(code="PLC-1", name="P", site=plant.line_1.area.site, address="h")
    common = {"controller": plc, "work_center": plant.filler, "role": "good", "tag": "F.Good"}
    TagBinding.objects.create(**common, valid_from=told.at(-60), valid_to=told.at(60))
    TagBinding.objects.create(**common, factor=Decimal(4), valid_from=told.at(60))
    factors = [
        controller_plans(at=told.at(second))["PLC-1"].machines[0].rules.counters["good"].factor
        for second in (-60, 59, 60, 3600)
    ]
    assert factors == [1, 1, 4, 4]
