"""One controller's loop on a stage clock: the grid, skipped slots, loss and return, checks, fences."""

import itertools
from dataclasses import replace

import pytest

from mes.plc.drivers import PlcRefused, PlcTransportError, Quality
from mes.plc.engine import CommState, Poll
from tests.plc.engine.stage import START, Stage, lost, spec


def test_polls_lie_on_the_grid_and_are_numbered_without_gaps() -> None:
    stage = Stage(spec(1.0, 0.25))
    stage.run(6)
    # the first try comes within the first second, at its phase; then the slots at x.25
    assert stage.script.read_at == [1000.25, 1001.25, 1002.25, 1003.25, 1004.25, 1005.25]
    assert [p.seq for p in stage.polls] == [1, 2, 3, 4, 5, 6]
    assert {(p.controller, p.fence, p.comm, p.error) for p in stage.polls} == {("FILL", 7, CommState.ONLINE, None)}


def test_a_poll_that_overruns_skips_slots_and_never_makes_up_for_them() -> None:
    stage = Stage(spec(1.0, 0.25))
    stage.script.durations["read"][2] = 2.6  # from 1001.25 to 1003.85: the slots at 1002.25 and 1003.25 are gone
    stage.run(6)
    assert stage.script.read_at == [1000.25, 1001.25, 1004.25, 1005.25]
    assert stage.loop.stats().missed == 2
    assert [p.seq for p in stage.polls] == [1, 2, 3, 4]


def test_the_time_of_a_poll_lies_between_request_and_reply() -> None:
    stage = Stage(spec(1.0, 0.25))
    stage.script.usual_s = 0.1
    stage.run(3)
    poll = stage.polls[1]
    assert poll.rtt_s == pytest.approx(0.1)
    assert (poll.at - START).total_seconds() == pytest.approx(1.25 + 0.05)


def test_one_failure_degrades_and_the_next_slot_reads_with_a_new_driver() -> None:
    stage = Stage()
    stage.script.errors["read"] = lost(2)
    stage.run(5)
    assert [(p.seq, p.comm, p.error is None) for p in stage.polls[:3]] == [
        (1, CommState.ONLINE, True),
        (2, CommState.DEGRADED, False),
        (3, CommState.ONLINE, True),
    ]
    assert stage.polls[1].values == {}
    assert stage.script.ended[0] == "killed"
    assert len(stage.script.opened) == 2
    assert [e.kind for e in stage.events] == ["connected"]


def test_three_failures_lose_the_line_and_it_is_said_once_when_it_goes_and_once_when_it_returns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(random=0.0)
    stage.script.errors["read"] = lost(2, 3, 4, 5, 6)
    with caplog.at_level("WARNING", "mes.plc.engine"):
        stage.run(12)
    assert [e.kind for e in stage.events] == ["connected", "lost", "back"]
    assert [r.levelname for r in caplog.records] == ["WARNING", "WARNING"]
    states = [p.comm for p in stage.polls]
    assert states[:4] == [CommState.ONLINE, CommState.DEGRADED, CommState.DEGRADED, CommState.OFFLINE]
    assert states[-1] is CommState.ONLINE
    # lost at 1003.25; half-open tries 1 s and then 2 s later fail, the one 4 s after that succeeds
    assert stage.script.opened == [1000.25, 1002.25, 1003.25, 1004.25, 1006.25, 1010.25]


def test_a_controller_that_cannot_be_connected_is_lost_at_the_first_try() -> None:
    stage = Stage()
    stage.script.errors["open"] = lambda n: PlcRefused("The controller refused the session.") if n < 3 else None
    stage.run(6)
    assert stage.polls[0].comm is CommState.OFFLINE
    assert stage.polls[0].error == "The controller refused the session."
    assert stage.script.opened == [1000.25, 1001.25, 1003.25]
    assert [e.kind for e in stage.events] == ["lost", "back"]


def test_a_lost_controller_is_reported_every_second_while_nothing_is_tried() -> None:
    stage = Stage(spec(0.25, 0.0))
    stage.script.errors["open"] = lambda _n: PlcTransportError("No connection.")
    stage.run(0.5)
    assert len(stage.polls) == 1
    stage.go_on()
    before = stage.clock.mono
    for quarter in range(1, 13):
        stage.clock.mono = before + quarter * 0.25
        stage.loop.report_if_lost()
    assert len(stage.polls) == 1 + 3
    assert [p.seq for p in stage.polls] == [1, 2, 3, 4]
    assert {(p.comm, p.error) for p in stage.polls} == {(CommState.OFFLINE, "No connection.")}


def test_an_online_controller_is_not_reported_as_lost() -> None:
    stage = Stage()
    stage.run(2)
    stage.go_on()
    stage.clock.mono += 100
    stage.loop.report_if_lost()
    assert all(p.comm is CommState.ONLINE for p in stage.polls)


def test_program_and_keyswitch_are_looked_at_on_connecting_and_within_ten_seconds() -> None:
    stage = Stage()
    stage.run(60)
    looks = stage.script.signatures
    assert looks[0] == 1000.25
    assert max(b - a for a, b in itertools.pairwise(looks)) <= 10.0
    assert stage.script.identities == len(looks)
    assert stage.polls[-1].keyswitch == "RUN"


def test_a_changed_program_holds_that_poll_back_and_is_told() -> None:
    stage = Stage()

    def change(poll: Poll) -> None:
        if poll.seq == 3:
            stage.script.signature = "B"

    stage.on_poll = change
    stage.run(25)
    flagged = [p for p in stage.polls if p.program_changed]
    assert len(flagged) == 1
    assert {v.quality for v in flagged[0].values.values()} == {Quality.UNCERTAIN}
    assert all(v.quality is Quality.GOOD for p in stage.polls if p is not flagged[0] for v in p.values.values())
    assert [e.kind for e in stage.events] == ["connected", "program-changed"]


def test_a_program_changed_while_the_line_was_lost_is_noticed_on_return() -> None:
    stage = Stage()
    stage.script.errors["read"] = lost(2)

    def change(poll: Poll) -> None:
        if poll.error:
            stage.script.signature = "B"

    stage.on_poll = change
    stage.run(5)
    assert [p.program_changed for p in stage.polls[:4]] == [False, False, True, False]


def test_a_keyswitch_that_leaves_run_is_told_and_shown() -> None:
    stage = Stage()

    def turn(poll: Poll) -> None:
        if poll.seq == 2:
            stage.script.keyswitch = "PROG"

    stage.on_poll = turn
    stage.run(15)
    assert (stage.polls[0].keyswitch, stage.polls[-1].keyswitch) == ("RUN", "PROG")
    assert [e.kind for e in stage.events] == ["connected", "keyswitch"]


def test_an_unexpected_fault_in_a_driver_is_a_failed_poll_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.script.errors["read"] = lambda n: ZeroDivisionError("oops") if n in (2, 3) else None
    stage.run(6)
    assert [p.error is None for p in stage.polls[:4]] == [True, False, False, True]
    assert "oops" in (stage.polls[1].error or "")
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1


def test_a_sink_that_fails_stops_nothing_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()

    def fail(poll: Poll) -> None:
        if poll.seq < 5:
            raise OSError("queue full")

    stage.on_poll = fail
    stage.run(8)
    assert [p.seq for p in stage.polls] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1


def test_a_higher_fence_counts_from_one_again_and_a_lower_one_is_ignored() -> None:
    stage = Stage()
    stage.run(3)
    stage.go_on()
    stage.loop.update(spec(), 9)
    stage.loop.update(spec(), 8)
    stage.run(6)
    assert [(p.fence, p.seq) for p in stage.polls] == [(7, 1), (7, 2), (7, 3), (9, 1), (9, 2)]


def test_a_read_that_was_under_way_when_the_loop_was_stopped_is_not_emitted() -> None:
    stage = Stage()

    def stop(number: int) -> None:
        if number == 3:
            stage.loop.stop()

    stage.script.errors["read"] = stop
    stage.run(6)
    assert stage.script.counts["read"] == 3
    assert [p.seq for p in stage.polls] == [1, 2]


def test_a_spec_that_comes_with_an_outdated_fence_changes_nothing() -> None:
    stage = Stage()

    def change(poll: Poll) -> None:
        if poll.seq == 2:
            stage.loop.update(spec(tags=("Other",)), 6)

    stage.on_poll = change
    stage.run(4)
    assert {tag for p in stage.polls for tag in p.values} == {"Good"}


def test_other_tags_keep_the_connection_and_another_address_replaces_it() -> None:
    stage = Stage()

    def change(poll: Poll) -> None:
        if poll.seq == 2:
            stage.loop.update(spec(tags=("Good", "Scrap")), 7)
        if poll.seq == 4:
            stage.loop.update(replace(spec(), address="10.0.0.9"), 7)

    stage.on_poll = change
    stage.run(6)
    assert [set(p.values) for p in stage.polls[:4]] == [{"Good"}, {"Good"}, {"Good", "Scrap"}, {"Good", "Scrap"}]
    assert stage.script.opened == [1000.25, 1004.25]
    assert stage.script.ended == ["closed", "closed"]


def test_another_period_moves_the_grid_at_once() -> None:
    stage = Stage(spec(10.0, 0.0))

    def change(poll: Poll) -> None:
        if poll.seq == 1:
            stage.loop.update(spec(1.0, 0.5), 7)

    stage.on_poll = change
    stage.run(4)
    assert stage.script.read_at == [1000.0, 1000.5, 1001.5, 1002.5, 1003.5]
    assert stage.loop.stats().missed == 0


def test_a_sink_may_stop_its_own_controller() -> None:
    stage = Stage()
    stage.on_poll = lambda _poll: stage.loop.stop()
    stage.run(6)
    assert len(stage.polls) == 1


def test_a_loop_that_should_have_moved_three_time_outs_ago_is_stuck() -> None:
    stage = Stage(spec(10.0, 0.0))
    stage.run(25)
    last = stage.loop.stats().last_progress_mono
    waits_until = 1030.0  # the slot it was waiting for when it was stopped
    assert not stage.loop.is_stuck(last + 1)
    assert not stage.loop.is_stuck(waits_until + 5.9)
    assert stage.loop.is_stuck(waits_until + 6.1)


def test_statistics_count_polls_failures_and_lateness() -> None:
    stage = Stage()
    stage.script.errors["read"] = lost(3)
    stage.run(10)
    stats = stage.loop.stats()
    assert (stats.polls, stats.failures, stats.missed) == (9, 1, 0)
    assert stats.late_p95_s == 0.0
    assert stats.last_good_at is not None
    assert stats.comm is CommState.ONLINE
