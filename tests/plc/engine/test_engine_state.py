"""The grid and the loss of a line, by hand arithmetic."""

import zlib

import pytest

from mes.plc.engine import CommState, ControllerSpec
from mes.plc.engine_state import CommMachine, next_slot, phase_of
from tests.plc.engine.stage import spec


def test_the_next_slot_lies_after_now_on_a_fixed_grid() -> None:
    # slots of period 0.5 and phase 0.25 lie at 0.25, 0.75, 1.25, ...
    assert [next_slot(t, 0.5, 0.25) for t in (0.0, 0.25, 0.3, 0.75, 1.24)] == [0, 1, 1, 2, 2]


def test_the_phase_spreads_controllers_over_the_period_by_their_code() -> None:
    phases = [phase_of(ControllerSpec(f"C{n}", "pycomm3-logix", "x", 2.0, 1.0, ())) for n in range(200)]
    assert all(0 <= phase < 2.0 for phase in phases)
    assert all(any(low <= p < low + 0.5 for p in phases) for low in (0.0, 0.5, 1.0, 1.5))
    code = "FILL"
    assert phase_of(spec(4.0, None)) == pytest.approx(zlib.crc32(code.encode()) / 4294967296 * 4.0)


def test_a_line_degrades_at_one_failure_and_is_lost_at_three() -> None:
    line = CommMachine(lambda: 0.0)
    assert line.state is CommState.CONNECTING
    assert line.succeeded()
    steps = [(line.failed(50.0, connecting=False), line.state) for _ in range(3)]
    assert steps == [(False, CommState.DEGRADED), (False, CommState.DEGRADED), (True, CommState.OFFLINE)]


def test_a_success_forgets_earlier_failures() -> None:
    line = CommMachine(lambda: 0.0)
    line.succeeded()
    for _ in range(5):
        line.failed(0.0, connecting=False)
        line.failed(0.0, connecting=False)
        assert not line.succeeded()
    assert line.state is CommState.ONLINE


def test_a_failed_connection_is_a_lost_line_at_once() -> None:
    line = CommMachine(lambda: 0.0)
    assert line.failed(10.0, connecting=True)
    assert (line.state, line.retry_at_mono) == (CommState.OFFLINE, 11.0)


def test_tries_come_1_2_4_to_60_seconds_apart() -> None:
    line = CommMachine(lambda: 0.0)
    gaps = []
    for _ in range(9):
        line.failed(0.0, connecting=True)
        gaps.append(line.retry_at_mono)
    assert gaps == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    line.succeeded()
    line.failed(0.0, connecting=True)
    assert line.retry_at_mono == 1


def test_chance_shortens_a_try_by_up_to_half() -> None:
    for chance, gap in ((0.0, 4.0), (0.5, 3.0), (1.0, 2.0)):
        line = CommMachine(lambda chance=chance: chance)  # type: ignore[misc]
        for _ in range(3):
            line.failed(0.0, connecting=True)
        assert line.retry_at_mono == gap


@pytest.mark.parametrize(("period_s", "timeout_s"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0)])
def test_a_period_or_time_out_of_nothing_is_refused(period_s: float, timeout_s: float) -> None:
    with pytest.raises(ValueError, match="FILL"):
        ControllerSpec("FILL", "pycomm3-logix", "x", period_s, timeout_s, ())
