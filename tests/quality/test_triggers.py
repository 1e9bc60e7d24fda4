"""When checks are due, reckoned by hand: run from 6:00, 60 pieces a minute unless said otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from mes.quality.triggers import Asked, Due, Situation, TriggerKind, due

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
MIN = timedelta(minutes=1)
RUNNING = Situation(run_start=SIX, pieces=[(SIX + n * MIN, 60) for n in range(30)])


def asks(kind: TriggerKind, every: int | None, said: Situation, minutes: float) -> Due | None:
    return due([Asked(kind, every)], said, SIX + minutes * MIN)


def since(kind: TriggerKind, every: int | None, said: Situation, minutes: float) -> float | None:
    found = asks(kind, every, said, minutes)
    return None if found is None else (found.since - SIX) / MIN


def test_every_hundred_pieces_is_reached_in_the_second_minute() -> None:
    # 60 at the end of 6:00, 120 at the end of 6:01
    assert since(TriggerKind.PIECES, 100, RUNNING, 0.5) is None
    assert since(TriggerKind.PIECES, 100, RUNNING, 10) == 1
    assert since(TriggerKind.PIECES, 120, RUNNING, 10) == 1  # exactly reached
    assert since(TriggerKind.PIECES, 121, RUNNING, 10) == 2


def test_pieces_count_from_the_last_check_and_its_own_minute_counts_as_before_it() -> None:
    said = Situation(last_check_at=SIX + 3.5 * MIN, run_start=SIX, pieces=RUNNING.pieces)
    assert since(TriggerKind.PIECES, 100, said, 29) == 5  # 6:04 and 6:05 make 120
    assert since(TriggerKind.PIECES, 100_000, said, 29) is None


def test_every_twenty_minutes_counts_from_the_run_or_the_last_check_whichever_is_later() -> None:
    assert since(TriggerKind.MINUTES, 20, RUNNING, 19) is None
    assert since(TriggerKind.MINUTES, 20, RUNNING, 20) == 20
    before_the_run = Situation(last_check_at=SIX - 5 * MIN, run_start=SIX)
    assert since(TriggerKind.MINUTES, 20, before_the_run, 30) == 20
    within = Situation(last_check_at=SIX + 15 * MIN, run_start=SIX)
    assert since(TriggerKind.MINUTES, 20, within, 34) is None
    assert since(TriggerKind.MINUTES, 20, within, 35) == 35


def test_the_start_of_an_order_asks_until_a_check_follows_it() -> None:
    assert since(TriggerKind.START, None, RUNNING, 1) == 0
    assert since(TriggerKind.START, None, Situation(last_check_at=SIX - MIN, run_start=SIX), 1) == 0
    assert since(TriggerKind.START, None, Situation(last_check_at=SIX, run_start=SIX), 1) is None


def test_a_change_of_item_asks_and_the_next_order_of_the_same_item_does_not() -> None:
    assert since(TriggerKind.CHANGEOVER, None, Situation(run_start=SIX, item_changed=True), 1) == 0
    assert since(TriggerKind.CHANGEOVER, None, RUNNING, 1) is None


def test_only_a_stop_that_lasted_long_enough_asks_from_its_end_on() -> None:
    stops = [(SIX + 5 * MIN, SIX + 9 * MIN), (SIX + 12 * MIN, SIX + 17 * MIN)]  # 4 and 5 minutes
    said = Situation(run_start=SIX, stops=stops)
    assert since(TriggerKind.STOP, 5, said, 30) == 17
    assert since(TriggerKind.STOP, 4, said, 30) == 9
    assert since(TriggerKind.STOP, 6, said, 30) is None
    assert since(TriggerKind.STOP, 4, Situation(last_check_at=SIX + 10 * MIN, run_start=SIX, stops=stops), 30) == 17
    earlier = [(SIX - 9 * MIN, SIX - MIN)]  # over before the order began
    assert since(TriggerKind.STOP, 5, Situation(run_start=SIX, stops=earlier), 30) is None


def test_the_first_piece_asks_when_it_is_made_not_when_the_order_starts() -> None:
    later = Situation(run_start=SIX, pieces=[(SIX, 0), (SIX + 4 * MIN, 3)])
    assert since(TriggerKind.FIRST_PIECE, None, later, 10) == 4
    assert since(TriggerKind.FIRST_PIECE, None, Situation(run_start=SIX), 10) is None
    setup = Situation(last_check_at=SIX + 2 * MIN, run_start=SIX, pieces=later.pieces)
    assert since(TriggerKind.FIRST_PIECE, None, setup, 10) == 4
    checked = Situation(last_check_at=SIX + 5 * MIN, run_start=SIX, pieces=later.pieces)
    assert since(TriggerKind.FIRST_PIECE, None, checked, 10) is None


def test_the_last_piece_asks_when_the_run_ended_until_it_is_checked() -> None:
    over = Situation(ended_at=SIX + 60 * MIN)
    assert since(TriggerKind.LAST_PIECE, None, over, 61) == 60
    assert since(TriggerKind.LAST_PIECE, None, RUNNING, 20) is None
    checked = Situation(ended_at=SIX + 60 * MIN, last_check_at=SIX + 62 * MIN)
    assert since(TriggerKind.LAST_PIECE, None, checked, 63) is None


@pytest.mark.parametrize("kind", [kind for kind in TriggerKind if kind is not TriggerKind.LAST_PIECE])
def test_without_an_order_nothing_else_asks(kind: TriggerKind) -> None:
    idle = Situation(pieces=RUNNING.pieces, item_changed=True, stops=[(SIX, SIX + 9 * MIN)], ended_at=SIX)
    assert asks(kind, 1, idle, 30) is None


def test_of_several_the_one_that_asked_first_is_told() -> None:
    triggers = [Asked(TriggerKind.MINUTES, 20), Asked(TriggerKind.PIECES, 100), Asked(TriggerKind.START)]
    assert due(triggers, RUNNING, SIX + 25 * MIN) == Due(TriggerKind.START, SIX, None)
    assert due(triggers[:2], RUNNING, SIX + 25 * MIN) == Due(TriggerKind.PIECES, SIX + MIN, 100)
    assert due([], RUNNING, SIX + 25 * MIN) is None
