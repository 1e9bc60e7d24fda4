"""Extra reads of unbound tags: on their slow grid, behind the poll of their slot, and never at its cost."""

from dataclasses import replace

import pytest

from mes.plc.drivers import PlcTransportError
from mes.plc.engine import CommState, ExtraRead
from tests.plc.engine.stage import START, Stage, spec

TWO_GROUPS = (("A", "B"), ("C",))


def staged(groups: tuple[tuple[str, ...], ...] = TWO_GROUPS) -> tuple[Stage, list[ExtraRead]]:
    stage, seen = Stage(replace(spec(1.0, 0.25), extra=groups, extra_period_s=5.0)), []
    stage.loop._extra_sink = seen.append
    return stage, seen


def seconds(seen: list[ExtraRead], tag: str) -> list[float]:
    return [(read.at - START).total_seconds() for read in seen if tag in read.values]


def test_each_group_is_read_every_five_seconds_behind_the_poll_of_its_slot() -> None:
    stage, seen = staged()
    stage.run(13)
    assert seconds(seen, "A") == seconds(seen, "B") == [0.25, 5.25, 10.25]
    assert seconds(seen, "C") == [0.25, 5.25, 10.25]
    assert [p.seq for p in stage.polls] == list(range(1, 14))
    assert set(stage.polls[0].values) == {"Good"}
    assert stage.loop.stats().missed == 0


def test_a_group_that_does_not_fit_into_half_a_period_waits_for_another_slot() -> None:
    stage, seen = staged()
    # read 1 is the poll, 2 the first group: it takes 0.6 s, so the second has no room left in this slot
    stage.script.durations["read"][2] = 0.6
    stage.run(8)
    # remembered as too dear, the first is left out when it is due again at 5.25, until that memory has faded
    assert seconds(seen, "A") == [pytest.approx(0.25 + 0.6 / 2), 6.25]
    assert seconds(seen, "C") == [1.25, 5.25]
    assert stage.script.read_at[:4] == [1000.25, 1000.25, 1001.25, 1001.25]
    assert stage.loop.stats().missed == 0


def test_a_failing_extra_read_is_no_failure_of_the_poll_and_is_paused_when_it_repeats() -> None:
    stage, seen = staged((("A",),))

    def broken(number: int) -> Exception | None:
        # every second read is the extra one until it is paused: 2 and 4
        return PlcTransportError("The line broke.") if number in (2, 4) else None

    stage.script.errors["read"] = broken
    stage.run(30)
    assert seen == []
    assert all(poll.error is None and poll.comm is CommState.ONLINE for poll in stage.polls)
    assert len(stage.polls) == 30
    assert [e.kind for e in stage.events] == ["connected"]
    assert len(stage.script.opened) == 3  # the line was made anew after each of the two


def test_the_pause_ends_after_ten_minutes() -> None:
    stage, seen = staged((("A",),))
    stage.script.errors["read"] = lambda number: PlcTransportError("No.") if number in (2, 4) else None
    stage.run(640)
    assert 601 <= seconds(seen, "A")[0] <= 603
