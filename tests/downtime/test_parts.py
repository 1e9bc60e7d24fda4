"""Parts of a stop (pure): a cut and its inverse, trimming, and what people said laid over another telling."""

from datetime import UTC, datetime, timedelta

import pytest

from mes.downtime.parts import NOTHING, Layout, Said, cut, joined, laid, spans, trimmed

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
JAM, MOTOR = Said("JAM", by="mia"), Said("MOTOR", by="otto")


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def told(
    layout: Layout, start: float = 0, end: float | None = 60
) -> list[tuple[float, float | None, str | None, bool]]:
    """Parts in minutes: from, to, reason, trimmed."""
    return [
        ((a - START) / timedelta(minutes=1), b and (b - START) / timedelta(minutes=1), said.reason, said.trimmed)
        for a, b, said in spans(layout, at(start), None if end is None else at(end))
    ]


def test_a_cut_gives_both_parts_what_was_said_and_joining_is_its_exact_inverse() -> None:
    first = Layout((), (JAM,))
    once = cut(first, at(20))
    assert told(once) == [(0, 20, "JAM", False), (20, 60, "JAM", False)]
    assert cut(once, at(20)) == once
    twice = cut(once, at(10))
    assert joined(joined(twice, at(10)), at(20)) == joined(joined(twice, at(20)), at(10)) == first
    assert joined(first, at(20)) == first


def test_of_two_reasons_the_earlier_holds_unless_the_later_is_chosen_and_none_is_lost_to_an_empty_part() -> None:
    both = Layout((at(20),), (JAM, MOTOR))
    assert joined(both, at(20)).said == (JAM,)
    assert joined(both, at(20), keep_later=True).said == (MOTOR,)
    assert joined(Layout((at(20),), (NOTHING, MOTOR)), at(20)).said == (MOTOR,)
    assert joined(Layout((at(20),), (MOTOR, NOTHING)), at(20), keep_later=True).said == (MOTOR,)


def test_a_trimmed_part_is_no_stop_and_comes_back_by_joining() -> None:
    first = Layout((), (JAM,))
    short = trimmed(first, 0, since=at(5), until=at(50))
    assert told(short) == [(0, 5, "JAM", True), (5, 50, "JAM", False), (50, 60, "JAM", True)]
    assert joined(joined(short, at(5)), at(50)) == first
    assert told(trimmed(Layout((at(20),), (JAM, MOTOR)), 1, since=at(30))) == [
        (0, 20, "JAM", False),
        (20, 30, "MOTOR", True),
        (30, 60, "MOTOR", False),
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 60, [(0, 20, "JAM", False), (20, 60, "MOTOR", False)]),
        (-5, 90, [(-5, 20, "JAM", False), (20, 90, "MOTOR", False)]),  # grew: the outermost parts grow with it
        (0, 15, [(0, 15, "JAM", False)]),  # the second part is gone
        (0, 20, [(0, 20, "JAM", False)]),  # half-open: nothing is left of it
        (25, None, [(25, None, "MOTOR", False)]),
    ],
)
def test_what_people_said_follows_a_stop_that_is_told_otherwise(
    start: float, end: float | None, expected: list[object]
) -> None:
    layout = Layout((at(20),), (JAM, MOTOR))
    new = laid([(at(0), at(60), layout)], at(start), None if end is None else at(end))
    assert told(new, start, end) == expected


def test_a_trimmed_off_end_does_not_grow_with_the_stop() -> None:
    layout = trimmed(Layout((), (JAM,)), 0, since=at(5), until=at(50))
    assert told(laid([(at(0), at(60), layout)], at(-5), None), -5, None) == [
        (-5, 0, None, False),
        (0, 5, "JAM", True),
        (5, 50, "JAM", False),
        (50, 60, "JAM", True),
        (60, None, None, False),
    ]


def test_between_two_stops_that_became_one_nothing_was_said() -> None:
    one, other = Layout((at(5),), (JAM, MOTOR)), Layout((at(35),), (MOTOR, JAM))
    new = laid([(at(30), at(40), other), (at(0), at(10), one)], at(0), at(60))
    assert told(new) == [
        (0, 5, "JAM", False),
        (5, 10, "MOTOR", False),
        (10, 30, None, False),
        (30, 35, "MOTOR", False),
        (35, 60, "JAM", False),
    ]
    assert laid([(at(30), at(40), other)], at(0), at(30)) == Layout()
