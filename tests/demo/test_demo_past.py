"""The demo's past can be made up at any moment somebody starts it: in the nights of the clock changes, on a Monday."""

from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from mes.demo.causes import LINES, LineStory
from mes.demo.past import HOUR_MS, MINUTE_MS, line_past, local
from mes.demo.rows import story_start

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.code)
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 3, 29, 1, 30, 0, 1000, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 16, 5, 21, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    ],
    ids=str,
)
def test_orders_and_standstills_never_overlap_and_end_before_now(line: LineStory, now: datetime) -> None:
    now_ms = int(now.timestamp() * 1000)
    start_ms = story_start(now_ms, 28)
    past = line_past(line, start_ms, now_ms, BERLIN, Random(1))
    assert (past.campaigns[0].start_ms, past.campaigns[-1].end_ms) == (start_ms, now_ms)
    for before, after in pairwise(past.campaigns):
        assert before.end_ms == after.start_ms
        assert after.start_ms % MINUTE_MS == 0
        assert before.item != after.item
        assert after.end_ms - after.start_ms > 2 * HOUR_MS
    for standstills in past.standstills.values():
        assert standstills[0].start_ms >= start_ms
        assert standstills[-1].end_ms < now_ms
        assert all(stand.start_ms < stand.end_ms for stand in standstills)
        assert all(before.end_ms <= after.start_ms for before, after in pairwise(standstills))
        assert all(local(s.start_ms, BERLIN).weekday() == 0 for s in standstills if s.reason == "FORMAT")


def test_the_same_dice_make_the_same_past() -> None:
    now_ms = int(datetime(2026, 3, 16, 5, 21, tzinfo=UTC).timestamp() * 1000)
    once, twice = (line_past(LINES[0], story_start(now_ms, 3), now_ms, BERLIN, Random(5)) for _ in range(2))
    assert once == twice
