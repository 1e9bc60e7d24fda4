"""Totals against totals, by lot: hand arithmetic, no Tryton."""

from decimal import Decimal
from typing import Any, cast

from erp_sync.connectors.tryton.catalog import Product
from erp_sync.connectors.tryton.press import Push
from erp_sync.connectors.tryton.values import converted, moment, number, said_moment, unit_of
from erp_sync.connectors.tryton.wanted import Wanted, lacking

D = Decimal
UNIT = {"id": 1, "symbol": "u", "name": "Unit", "category": 1, "factor": 1.0, "rate": 1.0, "digits": 0}
PACK = {"id": 2, "symbol": "pk24", "name": "Pack", "category": 1, "factor": 24.0, "rate": 0.041666666667, "digits": 0}
GRAM = {"id": 3, "symbol": "g", "name": "Gram", "category": 2, "factor": 0.001, "rate": 1000.0, "digits": 2}
KILO = {"id": 4, "symbol": "kg", "name": "Kilogram", "category": 2, "factor": 1.0, "rate": 1.0, "digits": 2}


def test_what_is_booked_already_is_not_lacking() -> None:
    assert lacking({"A": D(100), "B": D(20)}, {"A": D(100), "B": D(20)}) == {}


def test_each_named_lot_is_compared_by_itself() -> None:
    assert lacking({"A": D(100), "B": D(20)}, {"A": D(90)}) == {"A": D(10), "B": D(20)}


def test_lots_nobody_named_count_for_what_has_no_lot() -> None:
    """Tryton numbered a lot itself: 70 without a lot are wanted, 40 stand on a lot of Tryton's."""
    assert lacking({"A": D(30), "": D(70)}, {"A": D(30), "L00001": D(40)}) == {"": D(30)}


def test_pieces_that_get_their_lot_later_move_to_it() -> None:
    assert lacking({"A": D(100)}, {"L00001": D(100)}) == {"A": D(100), "": D(-100)}


def test_too_much_is_less_than_nothing() -> None:
    assert lacking({"": D(5)}, {"": D(8)}) == {"": D(-3)}


def test_what_the_unit_of_the_message_cannot_say_is_not_lacking() -> None:
    """Kilograms keep two decimals here: 3 g booked by hand in grams are no difference, 10 g are."""
    syrup = Product(7, "SYRUP", unit_of(KILO), frozenset(), False)
    nothing = cast(Any, None)
    push = Push(nothing, nothing, nothing, Wanted({}, {}, {}, {"SYRUP": unit_of(KILO)}))
    assert push.lacking(syrup, {"": D("0.13")}, {"": D("0.127")}) == {}
    assert push.lacking(syrup, {"": D("0.13")}, {"": D("0.12")}) == {"": D("0.01")}


def test_of_factor_and_rate_the_exact_one_is_taken() -> None:
    """400 packs of 24 are 9600 pieces, and back; the rate alone would give 9599.99999."""
    unit, pack = unit_of(UNIT), unit_of(PACK)
    assert converted(D(400), pack, unit) == 9600
    assert converted(D(9600), unit, pack) == 400
    assert converted(D(2500), unit_of(GRAM), unit_of(KILO)) == D("2.5")


def test_floats_of_the_erp_become_what_they_show() -> None:
    assert number(1020.01) == D("1020.01")
    assert number({"__class__": "Decimal", "decimal": "0.60"}) == D("0.60")
    assert number(None) == 0


def test_times_keep_their_microseconds() -> None:
    said = {"year": 2026, "month": 11, "day": 23, "hour": 2, "minute": 36, "second": 29, "microsecond": 312142}
    at = moment(said)
    assert at is not None
    assert at.isoformat() == "2026-11-23T02:36:29.312142+00:00"
    assert said_moment(at) == said | {"__class__": "datetime"}
