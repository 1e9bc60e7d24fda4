"""What holds for any stream of events (hypothesis): sums, order of arrival, repeats, lateness, partitions."""

import itertools
import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.oee.formulas import CountSpan, Elements, add_up, elements_from, kpi
from mes.oee.losses import waterfall
from mes.oee.policy import DEFAULT, ISO, SMRP, Policy
from mes.oee.timeline import (
    Change,
    OrderSpan,
    Owned,
    Owner,
    StateSpan,
    StopSpan,
    owners,
    states_from_changes,
)
from mes.tracking.states import PACKML, Kind

# Other work on the machine must not fail a property for being slow.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

END = 10_000
POLICIES = st.sampled_from(
    [
        replace(DEFAULT, micro_threshold_ms=0),
        replace(DEFAULT, micro_threshold_ms=900, min_run_ms=300),
        replace(ISO, micro_threshold_ms=1500, no_order_in_pbt=False),
        replace(SMRP, precedence=tuple(reversed(DEFAULT.precedence))),
    ]
)
instants = st.integers(-500, END + 500)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(instants)
    return start, start + draw(st.integers(0, 4000))


def maybe_open(span: tuple[int, int], is_open: bool) -> tuple[int, int | None]:
    return (span[0], None) if is_open else span


states = st.builds(
    lambda span, is_open, kind: StateSpan(*maybe_open(span, is_open), kind, kind.value),
    pairs(),
    st.booleans(),
    st.sampled_from(Kind),
)
stops = st.builds(
    lambda span, is_open, klass, reason, limit, manual: StopSpan(
        *maybe_open(span, is_open), klass, reason, limit, manual
    ),
    pairs(),
    st.booleans(),
    st.sampled_from([None, "planned", "unplanned", "changeover", "failure"]),
    st.sampled_from([None, "Jam", "Belt"]),
    st.one_of(st.none(), st.integers(0, 3000)),
    st.booleans(),
)
orders = st.builds(
    lambda span, is_open, number, phase, trial: OrderSpan(*maybe_open(span, is_open), number, "A", phase, trial),
    pairs(),
    st.booleans(),
    st.sampled_from(["1", "2"]),
    st.sampled_from(["run", "setup"]),
    st.booleans(),
)
counts = st.builds(
    lambda span, item, good, scrap, rework, ideal, gap, startup: CountSpan(
        *span, item, good, scrap, rework, ideal, gap, startup
    ),
    pairs(),
    st.sampled_from(["A", "B"]),
    st.integers(0, 500),
    st.integers(0, 50),
    st.integers(0, 5),
    st.one_of(st.none(), st.decimals("0.001", "99999", places=3)),
    st.booleans(),
    st.booleans(),
)
streams = st.fixed_dictionaries(
    {
        "scheduled": st.lists(pairs(), max_size=3),
        "planned": st.lists(st.builds(lambda span, name: (*span, name), pairs(), st.sampled_from("xy")), max_size=3),
        "states": st.lists(states, max_size=12),
        "stops": st.lists(stops, max_size=6),
        "orders": st.lists(orders, max_size=3),
    }
)


def covered(spans: list[tuple[int, int]], start: int, end: int) -> int:
    """Length of the union within [start, end), counted the slow and obvious way on a coarse set of cuts."""
    cuts = sorted({start, end, *(edge for span in spans for edge in span if start < edge < end)})
    return sum(
        until - since
        for since, until in itertools.pairwise(cuts)
        if any(low <= since and until <= high for low, high in spans)
    )


@calm
@given(streams, POLICIES, st.integers(0, END + 200))
def test_r9_owners_sum_exactly_to_the_scheduled_time(stream: dict, policy: Policy, now_ms: int) -> None:
    owned = owners((0, END), **stream, policy=policy, now_ms=now_ms)
    inside = [piece for piece in owned if piece.owner is not Owner.UNSCHEDULED_RUN]
    assert sum(piece.duration_ms for piece in inside) == covered(stream["scheduled"], 0, max(0, min(END, now_ms)))
    assert all(piece.start_ms < piece.end_ms for piece in owned)
    assert all(one.end_ms <= other.start_ms for one, other in itertools.pairwise(owned))


@calm
@given(streams, st.lists(counts, max_size=6), POLICIES, st.randoms(use_true_random=False))
def test_r24_r48_shuffled_and_repeated_input_gives_the_same(
    stream: dict, made: list[CountSpan], policy: Policy, dice: random.Random
) -> None:
    mixed = {
        key: dice.sample(spans, len(spans)) + spans[: dice.randint(0, len(spans))] for key, spans in stream.items()
    }
    straight = owners((0, END), **stream, policy=policy, now_ms=END)
    assert owners((0, END), **mixed, policy=policy, now_ms=END) == straight
    shuffled = dice.sample(made, len(made))
    assert elements_from(straight, shuffled, window=(0, END)) == elements_from(straight, made, window=(0, END))


@calm
@given(
    streams,
    st.lists(counts, max_size=6),
    POLICIES,
    st.lists(st.integers(1, END - 1), max_size=5, unique=True),
    st.integers(1, END),
)
def test_r37_elements_of_any_partition_add_up_to_the_whole(
    stream: dict, made: list[CountSpan], policy: Policy, cuts: list[int], now_ms: int
) -> None:
    def of(start: int, end: int) -> Elements:
        owned = owners((start, end), **stream, policy=policy, now_ms=now_ms)
        return elements_from(owned, made, window=(start, min(end, now_ms)), stops=stream["stops"])

    edges = [0, *sorted(cut for cut in cuts if cut < now_ms), now_ms]
    whole = of(0, now_ms)
    parts = [of(start, end) for start, end in itertools.pairwise(edges)]
    assert add_up(parts) == whole
    assert add_up(reversed(parts)) == whole


@calm
@given(streams, st.lists(counts, max_size=6), POLICIES)
def test_elements_keep_their_bounds(stream: dict, made: list[CountSpan], policy: Policy) -> None:
    owned = owners((0, END), **stream, policy=policy, now_ms=END)
    part = elements_from(owned, made, window=(0, END))
    seven = part.run_ms + part.setup_ms + part.planned_stop_ms + part.unplanned_ms
    assert seven + part.micro_ms + part.no_order_ms + part.unknown_ms == part.scheduled_ms <= part.calendar_ms
    assert 0 <= part.bridged_ms <= part.unknown_ms
    assert part.waiting_ms + part.failure_ms <= part.unplanned_ms
    assert part.good + part.scrap + part.rework == part.total
    assert 0 <= part.ideal_total_known_ms <= part.ideal_total_ms
    assert part.ideal_good_ms <= part.ideal_total_ms
    result = kpi(part, policy)
    for name in ("availability", "quality", "coverage"):
        value = getattr(result, name)
        assert value is None or 0 <= value <= 1
    if result.oee is not None:
        assert result.oee_low is not None
        assert result.oee_high is not None
        assert result.oee_low == result.oee <= result.oee_high


@calm
@given(streams, st.lists(counts, max_size=6), POLICIES)
def test_r29_factors_multiply_to_oee_where_all_is_known(stream: dict, made: list[CountSpan], policy: Policy) -> None:
    owned = owners((0, END), **stream, policy=policy, now_ms=END)
    result = kpi(elements_from(owned, made, window=(0, END)), policy)
    factors = (result.availability, result.performance, result.quality)
    if result.coverage == 1 and result.oee is not None and None not in factors:
        product = factors[0] * factors[1] * factors[2]  # type: ignore[operator]
        assert product == pytest.approx(result.oee, rel=1e-12)


@calm
@given(streams, st.lists(counts, max_size=6), POLICIES)
def test_the_waterfall_always_adds_up(stream: dict, made: list[CountSpan], policy: Policy) -> None:
    owned = owners((0, END), **stream, policy=policy, now_ms=END)
    fall = waterfall(elements_from(owned, made, window=(0, END)), policy)
    left = Decimal(0)
    for step in fall.steps:
        if step.kind == "loss":
            left -= step.ms
        else:
            assert step.key == "calendar" or left == step.ms, step
            left = step.ms


changes = st.lists(
    st.builds(
        lambda at, order, name: Change(at, order, name, PACKML[name]),  # type: ignore[arg-type]
        st.integers(0, END),
        st.integers(0, 3),
        st.sampled_from(sorted(PACKML)),
    ),
    max_size=25,
)


@calm
@given(changes, st.randoms(use_true_random=False))
def test_r24_changes_in_any_order_of_arrival_give_the_same_states(seen: list[Change], dice: random.Random) -> None:
    late = dice.sample(seen, len(seen)) + seen[:3]
    spans = states_from_changes(late)
    assert spans == states_from_changes(sorted(seen, key=lambda change: change.at_ms))
    assert all(one.end_ms == other.start_ms for one, other in itertools.pairwise(spans))
    assert all(span.end_ms is None for span in spans[-1:])


@calm
@given(st.lists(st.tuples(st.sampled_from(Kind), st.integers(1, 900)), min_size=1, max_size=30))
def test_r16_r17_filters_never_change_the_sum(pattern: list[tuple[Kind, int]]) -> None:
    spans, at = [], 0
    for kind, length in pattern:
        spans.append(StateSpan(at, at + length, kind, kind.value))
        at += length

    def total(policy: Policy) -> tuple[int, int]:
        owned: list[Owned] = owners((0, at), scheduled=[(0, at)], states=spans, policy=policy, now_ms=at)
        unknown = sum(piece.duration_ms for piece in owned if piece.owner is Owner.UNKNOWN)
        return sum(piece.duration_ms for piece in owned), unknown

    blind = sum(length for kind, length in pattern if kind is Kind.UNKNOWN)
    for policy in (replace(DEFAULT, micro_threshold_ms=0), replace(DEFAULT, micro_threshold_ms=700, min_run_ms=400)):
        assert total(policy) == (at, blind)
