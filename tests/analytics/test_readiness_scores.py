"""Scores, dimensions and R, worked by hand; no outside source has these figures, the definitions are this product's."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.readiness.dimensions import Dimension, Measure, dimensions, readiness_of
from analytics.readiness.drift import psi, psi_of_shares
from analytics.readiness.scale import readiness, score
from analytics.readiness.tallies import DayTally, Earned, Inputs, share_of

# A busy machine is no mistake of the code.
STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MONDAY = date(2026, 3, 2)
HOUR = 3_600_000


def whole_day(number: int, **other: object) -> DayTally:
    """A day on which everything is as it should be: ten planned hours, nine of them run."""
    good = {
        "planned_ms": 10 * HOUR,
        "heard_ms": 10 * HOUR,
        "looks": 100,
        "prompt": 100,
        "read_minutes": 600,
        "down_ms": HOUR,
        "coded_ms": HOUR,
        "run_ms": 9 * HOUR,
        "linked_ms": 9 * HOUR,
        "archived": True,
        "queued": True,
    }
    return DayTally(MONDAY + timedelta(days=number), **(good | other))  # type: ignore[arg-type]


EARNED = Earned(
    84, skill=0.2, held=0.81, held_long=0.81, record_days=84, drift_days=0, drift_open=False, approver="Mia"
)


def whole(**other: object) -> Inputs:
    """Inputs of a line that is green in everything and has its forecasts' record, without a witness."""
    good = {
        "days": tuple(whole_day(n) for n in range(28)),
        "calendar_days": 28.0,
        "usable_weeks": 12.0,
        "psi": 0.05,
        "earned": EARNED,
    }
    return Inputs(**(good | other))  # type: ignore[arg-type]


def by_key(inputs: Inputs) -> dict[str, float | None]:
    return {part.key: part.score for part in dimensions(inputs)}


def test_a_score_is_linear_between_red_and_green() -> None:
    assert score(0.89, 0.80, 0.98) == pytest.approx(0.5)
    assert score(0.70, 0.80, 0.98) == 0
    assert score(1.00, 0.80, 0.98) == 1
    assert score(0.175, 0.25, 0.10) == pytest.approx(0.5)  # smaller is better
    with pytest.raises(ValueError, match="must differ"):
        score(1, 2, 2)


def test_r_is_the_weighted_geometric_mean() -> None:
    # .25 ** .25 = .70711
    assert readiness([(1, 0.5), (0.25, 0.25), (1, 0.25)]) == pytest.approx(70.7107, abs=1e-4)
    # weights are scaled: without the rest, .25 ** (.25 / .5) = .5
    assert readiness([(0.25, 0.25), (1, 0.25)]) == pytest.approx(50)
    assert readiness([]) == 0


def test_a_line_that_is_green_in_everything_has_100() -> None:
    assert readiness_of(dimensions(whole())) == pytest.approx(100)


def test_one_dead_dimension_cannot_be_averaged_away() -> None:
    assert readiness_of(dimensions(whole(usable_weeks=4.0))) == 0
    assert readiness_of(dimensions(whole(calendar_days=None))) == 0


def test_each_dimension_by_hand() -> None:
    half = whole_day(28, heard_ms=4 * HOUR, gap_ms=5 * HOUR, prompt=79, failing_minutes=6, linked_ms=0)
    inputs = Inputs(days=(whole_day(27), half), calendar_days=14.0, usable_weeks=8.0, psi=0.175)
    found = by_key(inputs)
    # heard 14 of 20 h = .70, under red .80
    assert found["completeness"] == 0
    # 179 of 200 = .895: (.895 - .80) / .19
    assert found["timeliness"] == pytest.approx(0.5)
    # 1194 of 1200 = .995: (.995 - .98) / .018
    assert found["validity"] == pytest.approx(0.8333, abs=1e-4)
    assert found["consistency"] is None
    # linked 9 of 18 h = .5, under red .70
    assert found["structure"] == 0
    assert found["quantity"] == pytest.approx(0.5)
    assert found["stability"] == pytest.approx(0.5)


def test_a_dimension_is_as_good_as_its_weakest_measure() -> None:
    # long silences of 1 h in 10 h: .90, (.90 - .80) / .18; time heard is whole
    days = (whole_day(0, gap_ms=HOUR),)
    assert by_key(whole(days=days))["completeness"] == pytest.approx(0.5556, abs=1e-4)


def test_vague_reasons_explain_at_most_a_tenth_of_the_down_time() -> None:
    day = whole_day(0, down_ms=100, coded_ms=90, vague_ms=30)
    assert share_of("coded", [day]) == pytest.approx(0.70)  # 60 precise + 10 of the 30 vague ones
    day = whole_day(0, down_ms=100, coded_ms=90, vague_ms=5)
    assert share_of("coded", [day]) == pytest.approx(0.90)


def test_shares_are_sums_first_then_one_division() -> None:
    days = [whole_day(0, planned_ms=100, heard_ms=100), whole_day(1, planned_ms=900, heard_ms=0)]
    assert share_of("heard", days) == pytest.approx(0.1)
    assert share_of("heard", []) is None
    with pytest.raises(KeyError):
        share_of("no such share", days)


def test_what_nobody_measured_is_never_green() -> None:
    found = by_key(Inputs())
    assert found == dict.fromkeys(
        ("completeness", "timeliness", "validity", "structure", "quantity", "stability"), 0
    ) | {"consistency": None}
    assert readiness_of(dimensions(Inputs())) == 0


def test_a_line_three_hours_old_gets_partial_values_and_no_score() -> None:
    day = whole_day(0, planned_ms=3 * HOUR, heard_ms=3 * HOUR, down_ms=0, coded_ms=0)
    inputs = Inputs(days=(day,), calendar_days=28.0, usable_weeks=3 / 168)
    found = by_key(inputs)
    assert found["completeness"] == 1
    assert found["structure"] == 0  # no stop yet, so nobody knows whether stops get reasons
    assert found["quantity"] == 0
    assert readiness_of(dimensions(inputs)) == 0


def test_without_a_witness_the_weight_is_shared_and_the_label_stays() -> None:
    witness = next(part for part in dimensions(whole()) if part.key == "consistency").measures[0]
    assert (witness.status, witness.value, witness.score) == ("left_out", None, None)
    # quantity at 8 weeks scores .5 with .10 of a weight of .85
    assert readiness_of(dimensions(whole(usable_weeks=8.0))) == pytest.approx(100 * 0.5 ** (0.10 / 0.85))


def test_a_witness_counts_with_its_own_weight() -> None:
    inputs = whole(witness="witnessed", consistency=0.94)
    assert by_key(inputs)["consistency"] == pytest.approx(0.5)
    assert readiness_of(dimensions(inputs)) == pytest.approx(100 * 0.5**0.15)
    contradicted = whole(witness="contradicted", consistency=0.5)
    assert next(p for p in dimensions(contradicted) if p.key == "consistency").measures[0].status == "contradicted"
    assert readiness_of(dimensions(contradicted)) == 0


def test_days_with_an_open_alarm_of_drift_lower_stability() -> None:
    # 7 of 28 days: 1 - .25
    drifted = whole(earned=replace(EARNED, drift_days=7))
    assert by_key(drifted)["stability"] == pytest.approx(0.75)
    assert by_key(whole(earned=replace(EARNED, drift_days=40)))["stability"] == 0
    # nobody forecasts, so nobody watches: the weight stays with the index of rates
    assert by_key(whole(earned=Earned()))["stability"] == 1


def test_delays_that_cannot_be_seen_are_left_out() -> None:
    assert by_key(whole(timed=False))["timeliness"] is None


def test_the_stability_index_by_hand() -> None:
    # (.6 - .5) ln(.6/.5) + (.4 - .5) ln(.4/.5) = .018232 + .022314
    assert psi_of_shares([0.6, 0.4], [0.5, 0.5]) == pytest.approx(0.040547, abs=1e-6)
    assert psi_of_shares([0.5, 0.5], [0.5, 0.5]) == 0
    assert psi([1.0] * 99, [1.0] * 500) is None
    assert psi([1.0] * 100, [1.0] * 100) == pytest.approx(0, abs=1e-9)
    before = [float(n % 100) for n in range(400)]
    assert psi(before, before) == pytest.approx(0, abs=1e-9)
    # all .5 before, all 1 now: two bins swap, (1 - .0001) ln(1 / .0001) twice
    assert psi([1.0] * 100, [0.5] * 100) == pytest.approx(2 * 0.9999 * 9.21034, abs=1e-3)
    moved = psi([value + 50 for value in before], before)
    assert moved is not None
    assert moved > 0.25


values = st.floats(0, 1)
measured = st.builds(Measure, st.just("m"), values, st.just(0.2), st.just(0.8), st.just("measured"))
parts = st.lists(
    st.builds(Dimension, st.just("d"), st.floats(0.01, 1), st.tuples(measured, measured)), min_size=1, max_size=7
)


@STEADY
@given(parts)
def test_r_lies_between_0_and_100_and_a_dead_part_makes_it_0(found: list[Dimension]) -> None:
    r = readiness_of(tuple(found))
    assert 0 <= r <= 100 + 1e-9
    if any(part.score == 0 for part in found):
        assert r == 0


@STEADY
@given(values, values, values)
def test_more_of_a_good_thing_never_lowers_r(one: float, other: float, rest: float) -> None:
    def r(value: float) -> float:
        return readiness([(score(value, 0.2, 0.8), 0.3), (rest, 0.7)])

    assert r(min(one, other)) <= r(max(one, other)) + 1e-9


@STEADY
@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)), min_size=1, max_size=12))
def test_the_stability_index_is_never_negative(pairs: list[tuple[float, float]]) -> None:
    recent, before = zip(*pairs, strict=True)
    assert psi_of_shares([r / sum(recent) for r in recent], [b / sum(before) for b in before]) >= -1e-12
