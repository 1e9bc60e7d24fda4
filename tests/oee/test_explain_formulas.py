"""Formulas in words, symbols and values: worked by hand, and never another value than the KPI's own."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from mes.oee.elements import Elements
from mes.oee.explain_formulas import KPIS, formula_of, lasting
from mes.oee.explain_words import policy_words, why_owned
from mes.oee.formulas import kpi_of_parts
from mes.oee.policy import DEFAULT, ISO, SMRP
from mes.oee.timeline import Owned, Owner
from mes.tracking.states import Kind

MIN = 60_000
# A shift of 480 min: 30 break, 20 setup, 40 stops (25 of them a failure), 10 micro, 20 unknown, 360 run.
SHIFT = Elements(
    calendar_ms=480 * MIN,
    scheduled_ms=480 * MIN,
    run_ms=360 * MIN,
    setup_ms=20 * MIN,
    planned_stop_ms=30 * MIN,
    unplanned_ms=40 * MIN,
    micro_ms=10 * MIN,
    unknown_ms=20 * MIN,
    failure_ms=25 * MIN,
    order_ms=400 * MIN,
    failures=2,
    repairs=2,
    repair_ms=16 * MIN,
    good=3000,
    scrap=100,
    rework=20,
    total=3120,
    ideal_good_ms=Decimal(300 * MIN),
    ideal_total_ms=Decimal(312 * MIN),
    ideal_total_known_ms=Decimal(312 * MIN),
)
BY_HAND = {
    "availability": (
        370 / 430,
        "Availability = production time 6 h 10 min / known planned busy time 7 h 10 min = 86.0 %",
    ),
    "performance": (312 / 370, None),
    "quality": (300 / 312, None),
    "oee": (300 / 450, "OEE = ideal time of the good pieces 5 h 0 min / planned busy time 7 h 30 min = 66.7 %"),
    "nee": (300 / 450 * 390 / 370, None),
    "teep": (300 / 480, None),
    "ooe": (300 / 480, None),
    "oee_low": (300 / 450, None),
    "oee_high": (320 / 450, None),
    "effectiveness": (312 / 370, None),
    "quality_ratio": (3000 / 3120, "Quality ratio = good 3,000 pieces / all pieces 3,120 pieces = 96.2 %"),
    "scrap_ratio": (100 / 3120, None),
    "rework_ratio": (20 / 3120, None),
    "first_pass_yield": (3000 / 3120, None),
    "technical_efficiency": (370 / 410, None),
    "utilization_efficiency": (370 / 430, None),
    "allocation_efficiency": (430 / 450, None),
    "allocation_ratio": (430 / 400, None),
    "production_process_ratio": (370 / 400, None),
    "setup_rate": (20 / 390, None),
    "throughput_per_h": (3120 / (400 / 60), None),
    "mtbf_s": (370 * 60 / 2, "MTBF = production time 6 h 10 min / failures 2 = 3 h 5 min"),
    "mttf_s": (370 * 60 / 2, None),
    "mttr_s": (16 * 60 / 2, None),
    "mean_down_time_s": (25 * 60 / 2, None),
    "coverage": (430 / 450, None),
}


def test_every_kpi_that_is_explained_is_worked_by_hand_here() -> None:
    assert set(BY_HAND) == set(KPIS)


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_the_formula_gives_what_the_hand_reckons_and_its_terms_divide_to_it(name: str) -> None:
    value, filled = BY_HAND[name]
    formula = formula_of(name, [(SHIFT, DEFAULT)])
    assert formula.value == pytest.approx(value)
    over = under = 1.0
    for term in formula.over:
        over *= float(term.amount)
    for term in formula.under:
        under *= float(term.amount)
    scale = {"%": 1, "s": 1 / 1000, "1/h": 3_600_000}[formula.unit]
    assert over / under * scale == pytest.approx(value)
    if filled is not None:
        assert formula.filled == filled


def test_what_a_term_is_made_of_adds_up_to_it() -> None:
    for policy in (DEFAULT, ISO, SMRP, replace(DEFAULT, no_order_in_pbt=False), replace(SMRP, no_order_in_pbt=False)):
        for name in KPIS:
            formula = formula_of(name, [(replace(SHIFT, no_order_ms=15 * MIN), policy)])
            for term in (*formula.over, *formula.under):
                made = sum((-1 if sign == "−" else 1) * Fraction(amount) for sign, _word, amount in term.made_of)
                assert not term.made_of or float(made) == pytest.approx(float(term.amount)), (name, term)


def test_r16_iso_reads_micro_stops_as_stops() -> None:
    formula = formula_of("availability", [(SHIFT, ISO)])
    assert formula.value == pytest.approx(360 / 430)
    assert formula.over[0].made_of == (("", "running", 360 * MIN),)


def test_mtbf_names_its_convention_and_iso_divides_by_failures_and_one() -> None:
    assert formula_of("mtbf_s", [(SHIFT, DEFAULT)]).source == "ISO 22400-2; convention: operating time / failures"
    iso = formula_of("mtbf_s", [(SHIFT, ISO)])
    assert iso.value == pytest.approx((360 + 16) * 60 / 3)
    assert iso.source.endswith("operating time / failures+1")


def test_teep_and_ooe_are_named_as_outside_the_standard() -> None:
    for name in ("teep", "ooe"):
        assert formula_of(name, [(SHIFT, DEFAULT)]).source == "outside ISO 22400-2"


def test_what_cannot_be_computed_is_not_known() -> None:
    formula = formula_of("oee", [(Elements(), DEFAULT)])
    assert formula.value is None
    assert formula.filled.endswith("= not known")


def test_smrp_keeps_planned_stops_in_the_busy_time() -> None:
    assert formula_of("oee", [(SHIFT, SMRP)]).value == pytest.approx(300 / 480)


def test_r45_parts_under_two_policies_have_the_value_of_their_kpi() -> None:
    parts = [(SHIFT, ISO), (SHIFT, SMRP)]
    assert formula_of("availability", parts).value == kpi_of_parts(parts).availability == pytest.approx(720 / 890)


def test_r6_durations_are_rounded_only_to_print() -> None:
    assert [lasting(ms) for ms in (0, 49, 50, 90_000, 24_012_345, -60_000)] == [
        "0 s",
        "0 s",
        "0 s",
        "1 min 30 s",
        "6 h 40 min 12.3 s",
        "−1 min",
    ]


def test_a_policy_is_told_in_plain_sentences() -> None:
    said = policy_words(replace(SMRP, min_run_ms=5000, cap_performance=True, micro_threshold_ms=90_000))
    assert "Standstills shorter than 90 s count as stops (availability)." in said
    assert "Runs shorter than 5 s inside a stop belong to the stop." in said
    assert "Planned stops are a loss of availability, as SMRP reads them." in said


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (Owned(0, 1, Owner.RUN, "Execute", kind=Kind.RUN), "Seen in Execute."),
        (Owned(0, 1, Owner.RUN, "Execute", kind=Kind.RUN, planned=True), "given back|planned busy time (R15)"),
        (Owned(0, 1, Owner.UNPLANNED_STOP, "Held", kind=Kind.DOWN), "nobody has given a reason yet"),
        (Owned(0, 1, Owner.UNPLANNED_STOP, "Suspended", kind=Kind.WAITING), "Waited in Suspended for its neighbours"),
        (Owned(0, 1, Owner.UNPLANNED_STOP, "Held", "Motor", klass="failure"), "A person called it a failure: Motor."),
        (Owned(0, 1, Owner.UNPLANNED_STOP, "Held", klass="overrun"), "longer than its reason allows (R14)"),
        (Owned(0, 1, Owner.PLANNED_STOP, None, "Lunch", klass="break"), "The calendar has Lunch here."),
        (Owned(0, 1, Owner.PLANNED_STOP, "Execute", "trial", klass="trial"), "(R36)"),
        (Owned(0, 1, Owner.SETUP, "Setup", klass="changeover"), "Changeover"),
        (Owned(0, 1, Owner.MICRO_STOP, "Held"), "shorter than 120 s (R16)"),
        (Owned(0, 1, Owner.NO_ORDER, "Idle"), "Stood in Idle without an order."),
        (Owned(0, 1, Owner.UNKNOWN), "Nothing is known"),
        (Owned(0, 1, Owner.UNSCHEDULED_RUN, "Execute"), "outside the schedule"),
    ],
)
def test_every_owner_says_why(piece: Owned, words: str) -> None:
    assert any(word in why_owned(piece, DEFAULT) for word in words.split("|"))
