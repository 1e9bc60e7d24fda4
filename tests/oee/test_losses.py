"""Losses: Pareto by reason, six big losses, waterfall, against hand arithmetic."""

from dataclasses import replace
from decimal import Decimal

from mes.oee.losses import UNEXPLAINED, losses_by_reason, pareto, six_losses, waterfall
from mes.oee.policy import DEFAULT
from mes.oee.timeline import OrderSpan, Owned
from mes.tracking.states import Kind
from tests.oee.timeline_kit import ISO_CASES, MIN, NO_MICRO, down, judged, made, minutes, own, run, state, stop

# A shift of 480 min: run 361, micro-stop 1, break 29, setup 40, belt failure 30, starved 10, unexplained 9.
STATES = [
    run(0, 359),
    down(359, 360),
    run(360, 361),
    down(361, 460),
    state(460, 470, Kind.WAITING),
    down(470, 479),
    run(479, 480),
]
ORDERS = [OrderSpan(0, None, "1", "A")]
STOPS = [stop(390, 430, "changeover", "Setup"), stop(430, 460, "failure", "Belt")]


BREAK = [(361, 390, "Break")]


def _owned() -> list[Owned]:
    return own(480, states=STATES, stops=STOPS, orders=ORDERS, planned=BREAK, policy=DEFAULT)


COUNTS = (made(0, 20, 10, "60", 4, startup=True), made(20, 480, 300, "60", 6))


def test_the_waterfall_of_a_worked_shift() -> None:
    elements, _ = judged(_owned(), *COUNTS, policy=DEFAULT, window=(0, minutes(600)))
    fall = waterfall(elements, DEFAULT)
    assert [(step.key, step.ms / MIN) for step in fall.steps] == [
        ("calendar", 600),
        ("not_scheduled", 120),
        ("scheduled", 480),
        ("planned_stop", 29),
        ("planned_busy", 451),
        ("no_order", 0),
        ("breakdowns", 39),
        ("waiting", 10),
        ("setup", 40),
        ("unknown", 0),
        ("production", 362),
        ("minor_stops", 1),
        ("reduced_speed", 41),
        ("net", 320),
        ("startup_rejects", 4),
        ("production_rejects", 6),
        ("rework", 0),
        ("valuable", 310),
    ]
    assert (fall.level("valuable"), fall.level("nothing"), fall.loss("nothing")) == (310 * MIN, None, 0)


def test_micro_stops_are_lost_availability_by_iso() -> None:
    iso = replace(DEFAULT, micro_class="iso")
    elements, _ = judged(_owned(), *COUNTS, policy=iso)
    fall = waterfall(elements, iso)
    assert fall.level("production") == 361 * MIN
    assert fall.loss("reduced_speed") == 41 * MIN
    assert six_losses(elements, iso) == six_losses(elements, DEFAULT)


def test_r19_waiting_is_a_machines_own_loss_only_at_the_bottleneck() -> None:
    elements, _ = judged(_owned(), *COUNTS)
    narrow, other = six_losses(elements, DEFAULT), six_losses(elements, DEFAULT, bottleneck=False)
    assert narrow is not None
    assert other is not None
    assert narrow["breakdowns"] - other["breakdowns"] == 10 * MIN
    assert {key: int(ms / MIN) for key, ms in other.items()} == {
        "breakdowns": 39,
        "setup": 40,
        "minor_stops": 1,
        "reduced_speed": 41,
        "startup_rejects": 4,
        "production_rejects": 6,
    }


def test_a_waterfall_without_ideal_cycles_ends_at_production_time() -> None:
    elements, _ = judged(own(60, states=[run(0, 60)]), made(0, 60, 10, None))
    fall = waterfall(elements, NO_MICRO)
    assert (fall.complete, fall.steps[-1].key, six_losses(elements, NO_MICRO)) == (False, "production", None)


def test_a_machine_faster_than_its_ideal_gains_speed() -> None:
    elements, _ = judged(own(60, states=[run(0, 60)]), made(0, 60, 90, "60"))
    assert waterfall(elements, NO_MICRO).loss("reduced_speed") == -30 * MIN


def test_unknown_time_is_a_loss_less_what_was_counted_across_it() -> None:
    elements, _ = judged(own(60, states=[run(0, 30)]), made(0, 30, 30, "60"), made(30, 60, 20, "60", gap=True))
    fall = waterfall(elements, NO_MICRO)
    assert (fall.loss("unknown"), fall.level("production"), fall.level("valuable")) == (10 * MIN, 50 * MIN, 50 * MIN)


def test_planned_stops_are_a_loss_of_busy_time_by_the_scheduled_denominator() -> None:
    elements, _ = judged(own(60, states=[run(0, 50), down(50, 60)], planned=[(50, 60, "Break")]))
    fall = waterfall(elements, replace(ISO_CASES, denominator="scheduled"))
    assert (fall.level("planned_busy"), fall.level("production")) == (60 * MIN, 50 * MIN)


def test_losses_by_reason_count_overlaps_once_and_stops_where_they_begin() -> None:
    stops = [*STOPS, stop(425, 440, "unplanned", "Jam"), stop(430, 460, "failure", "Belt")]
    owned = own(480, states=STATES, stops=stops, start=420)
    begun = losses_by_reason(owned, stops, (minutes(425), minutes(430)))
    assert {row.reason: row.stops for row in begun if row.stops} == {"Jam": 1}
    rows = losses_by_reason(owned, stops, (minutes(420), minutes(480)))
    assert [(row.reason, row.lost_ms // MIN, row.stops) for row in rows] == [
        ("Belt", 30, 1),
        ("Setup", 10, 0),
        (UNEXPLAINED, 9, 0),
        ("Jam", 0, 1),
    ]


def test_a_pareto_is_the_same_whatever_order_its_losses_come_in() -> None:
    one = pareto({"b": 5, "a": 5, "c": Decimal("7.5")})
    assert one == pareto({"a": 5, "c": Decimal("7.5"), "b": 5})
    assert [row.key for row in one] == ["c", "a", "b"]
