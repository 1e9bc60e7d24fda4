"""The ledger: exact windows, stops as a person would list them, lines of JSON."""

import json

from mes.plc.simulator.ledger import Ledger, Stop


def shift() -> Ledger:
    """Run from 1000 at one part per 500 ms, stop at 4000 for two neighbouring reasons, run again from 6000."""
    ledger = Ledger("M")
    ledger.state(1000, 6, 0, "run")
    ledger.made(1500, 500, 4, [1])
    ledger.made(3500, 500, 2, [])
    ledger.state(4000, 9, 12, "breakdown")
    ledger.state(5000, 3, 12, "starting")
    ledger.state(5500, 5, 40, "starved")
    ledger.state(6000, 6, 0, "run")
    ledger.made(6500, 500, 3, [2])
    return ledger


def test_parts_are_counted_in_half_open_windows() -> None:
    ledger = shift()
    assert (ledger.good, ledger.scrap) == (7, 2)
    assert ledger.parts(0, 10_000) == (7, 2)
    assert ledger.parts(1500, 2000) == (1, 0)
    assert ledger.parts(2000, 2001) == (0, 1)
    assert ledger.parts(2001, 2500) == (0, 0)
    assert ledger.parts(3500, 4000) == (1, 0)
    assert ledger.parts(4000, 4001) == (1, 0)
    assert ledger.parts(7500, 7501) == (0, 1)
    assert ledger.parts(4001, 6500) == (0, 0)


def test_neighbouring_stops_with_one_reason_are_one_stop() -> None:
    assert shift().stops(0, 10_000) == [
        Stop(4000, 5500, 9, 12, "breakdown"),
        Stop(5500, 6000, 5, 40, "starved"),
    ]


def test_state_times_add_up_to_the_window() -> None:
    totals = shift().totals(3000, 7000)
    assert totals.state_ms == {6: 2000, 9: 1000, 3: 500, 5: 500}
    assert totals.kind_ms == {"run": 2000, "breakdown": 1000, "starting": 500, "starved": 500}
    assert sum(totals.state_ms.values()) == 4000


def test_an_open_stop_has_no_end() -> None:
    ledger = Ledger("M")
    ledger.state(100, 9, 12, "breakdown")
    assert ledger.stops(0, 500) == [Stop(100, None, 9, 12, "breakdown")]
    ledger.close(700)
    assert ledger.stops(0, 500) == [Stop(100, 700, 9, 12, "breakdown")]


def test_the_same_state_again_is_no_new_interval() -> None:
    ledger = Ledger("M")
    ledger.state(100, 6, 0, "run")
    ledger.state(200, 6, 0, "run")
    assert [(i.start_ms, i.end_ms) for i in ledger.intervals(0, 999)] == [(100, None)]


def test_closed_intervals_are_written_with_their_parts() -> None:
    lines: list[str] = []
    ledger = Ledger("M")
    ledger.write_to(lines.append)
    ledger.state(1000, 6, 0, "run")
    ledger.made(1500, 500, 5, [4])
    ledger.state(3600, 9, 12, "breakdown")
    ledger.close(4000)
    assert [json.loads(line) for line in lines] == [
        {"machine": "M", "start_ms": 1000, "end_ms": 3600, "state": 6, "reason": 0, "kind": "run"}
        | {"good": 4, "scrap": 1},
        {"machine": "M", "start_ms": 3600, "end_ms": 4000, "state": 9, "reason": 12, "kind": "breakdown"}
        | {"good": 0, "scrap": 0},
    ]
