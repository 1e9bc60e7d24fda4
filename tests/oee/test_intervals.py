"""Interval algebra against brute force on single instants (hypothesis)."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mes.oee.intervals import covers, overlap_ms, overlaps, sweep, union

# Other work on the machine must not fail a property for being slow.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)
named = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.sampled_from("abc")), max_size=8)


@calm
@given(named)
def test_covers_says_at_every_instant_what_covers_it(given_spans: list[tuple[int, int, str]]) -> None:
    pieces = covers(given_spans)
    for at in range(31):
        expected = sorted(name for start, end, name in set(given_spans) if start <= at < end)
        here = [sorted(names) for start, end, names in pieces if start <= at < end]
        assert here == ([expected] if expected else [])


@calm
@given(spans)
def test_union_is_the_same_time_in_fewest_pieces(given_spans: list[tuple[int, int]]) -> None:
    joined = union(given_spans)
    for at in range(31):
        assert any(start <= at < end for start, end in joined) == any(start <= at < end for start, end in given_spans)
    assert all(one[1] < other[0] for one, other in pairwise(joined))


@calm
@given(spans, spans)
def test_overlap_is_the_instants_in_both(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    first, second = union(one), union(other)
    both = sum(
        any(start <= at < end for start, end in first) and any(start <= at < end for start, end in second)
        for at in range(31)
    )
    assert overlap_ms(first, second) == both
    assert sum(end - start for start, end in overlaps(5, 20, first)) == overlap_ms(first, [(5, 20)])


def test_a_sweep_over_no_time_says_nothing() -> None:
    assert list(sweep(5, 5, [[]])) == []
    assert list(sweep(5, 3, [[]])) == []
    assert list(sweep(0, 2, [[], [(1, 3, ("a",))]])) == [(0, 1, [(), ()]), (1, 2, [(), ("a",)])]
