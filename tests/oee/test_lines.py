"""Lines (R38): serial by bottleneck and exit, parallel by sum, units that cannot be added."""

from decimal import Decimal

import pytest

from mes.oee.line import Station, bottleneck_of, line_oee_serial, line_parallel
from mes.oee.timeline import OrderSpan
from tests.oee.timeline_kit import MIN, NO_MICRO, codes, down, judged, made, minutes, own, run

ORDERS = [OrderSpan(0, minutes(30), "1", "A"), OrderSpan(minutes(30), None, "2", "B")]
IDEAL = {
    ("FILL", "A"): Decimal(6000),
    ("PACK", "A"): Decimal(3000),
    ("FILL", "B"): Decimal(4000),
    ("PACK", "B"): Decimal(10_000),
}


def _line(pack_unit: str = "bottle") -> list[Station]:
    fill = own(60, states=[run(0, 24), down(24, 30), run(30, 60)], orders=ORDERS)
    pack = own(60, states=[run(0, 30), down(30, 45), run(45, 60)], orders=ORDERS)
    return [
        Station("FILL", "bottle", fill, [made(0, 30, 240, "6", 10), made(30, 60, 95, "4", item="B")]),
        Station("PACK", pack_unit, pack, [made(0, 30, 225, "3", 5), made(30, 60, 90, "10", item="B")], is_exit=True),
    ]


def test_r38_a_serial_line_is_its_exits_good_at_the_pace_of_each_items_bottleneck() -> None:
    result = line_oee_serial(_line(), IDEAL, NO_MICRO)
    assert result.bottlenecks == (("A", "FILL"), ("B", "PACK"))
    assert (result.elements.good, result.elements.scrap) == (225 + 90, 10 + 5)
    assert result.kpi.oee == (225 * 6 + 90 * 10) / 3600
    assert result.elements.scheduled_ms == 60 * MIN  # never the sum of the machines
    assert result.elements.run_ms == (24 + 15) * MIN  # FILL while it made A, PACK while it made B
    assert result.kpi.availability == 39 / 60


def test_r38_units_that_differ_make_no_number() -> None:
    result = line_oee_serial(_line("case"), IDEAL, NO_MICRO, where="L1")
    assert (result.kpi.oee, result.kpi.quality, result.kpi.performance) == (None, None, None)
    assert result.kpi.availability == 39 / 60
    assert "mixed-units" in codes(result.kpi)


def test_r38_an_item_without_any_ideal_has_no_bottleneck_and_no_oee() -> None:
    result = line_oee_serial(_line(), {key: ms for key, ms in IDEAL.items() if key[1] == "A"}, NO_MICRO)
    assert (result.bottlenecks, result.kpi.oee) == ((("A", "FILL"),), None)
    assert "no-ideal" in codes(result.kpi)


def test_r38_a_serial_line_needs_exactly_one_exit() -> None:
    stations = _line()
    with pytest.raises(ValueError, match="L1 has 0 exits"):
        line_oee_serial(stations[:1], IDEAL, NO_MICRO, where="L1")


def test_r38_parallel_machines_sum() -> None:
    one = judged(own(60, states=[run(0, 60)]), made(0, 60, 60, "60"))[0]
    other = judged(own(60, states=[run(0, 30), down(30, 60)]), made(0, 30, 30, "60"))[0]
    result = line_parallel([("piece", one), ("piece", other)], NO_MICRO)
    assert (result.elements.good, result.elements.scheduled_ms) == (90, 120 * MIN)
    assert (result.kpi.oee, result.kpi.availability) == (0.75, 0.75)
    mixed = line_parallel([("piece", one), ("kg", other)], NO_MICRO)
    assert (mixed.kpi.oee, mixed.kpi.availability) == (None, 0.75)


def test_the_station_nearest_to_the_exit_is_the_bottleneck_of_equal_ones() -> None:
    ideal = {("X", "A"): Decimal(5), ("Y", "A"): Decimal(5)}
    assert bottleneck_of("A", ideal, ["Y", "X"]) == "X"
    assert bottleneck_of("B", ideal, ["Y", "X"]) is None
