"""Whatever dies, parts counted equal parts made, exactly."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from mes.config.bench.proxy import AWAY, PASS
from mes.plc.simulator.plant import SimulatedPlant, utc_now_ms
from tests.acceptance.stack import ROOT, Stack, until

pytestmark = pytest.mark.timeout(400)

MACHINE, CONTROLLER = "FILL-1", "PLC-1"
SIMULATED = """
seed: 11
controllers:
  PLC-1:
    machines:
      FILL_1:
        script:
          - {run: 20, cycle_s: 0.25, scrap_every: 7, item: A, order: WO-1}
          - {breakdown: 3, reason: 12}
        repeat: true
"""
PLANT = """
sites:
  TEST: {{name: Test, time_zone: Europe/Berlin, shifts: ALWAYS}}
shift_patterns:
  ALWAYS:
    name: Always
    shifts:
      - {{name: Day, days: all, from: 06:00, to: 18:00}}
      - {{name: Night, days: all, from: 18:00, to: 06:00}}
areas:
  HALL: {{name: Hall}}
lines:
  LINE-1: {{name: Line 1, area: HALL}}
work_centers:
  FILL-1: {{name: Filler, line: LINE-1, exit: true, micro_stop_s: 0}}
controllers:
  PLC-1: {{name: Filler, address: "{address}", period_s: 0.5}}
bindings:
  FILL-1: {{controller: PLC-1, udt: FILL_1, state_map: packml-tr88}}
reasons:
  MECH:
    name: Machine
    class: failure
    reasons:
      VALVE: {{name: Filler valve, plc_code: 12}}
items:
  A: {{name: Item A, ideal_cycle_s: {{FILL-1: 0.25}}}}
"""


@pytest.fixture(scope="module")
def plant(stack: Stack) -> Iterator[SimulatedPlant]:
    """One machine that makes four pieces a second, polled twice a second."""
    simulated = stack.simulate(SIMULATED)
    stack.import_plant(PLANT.format(address=simulated.controller(CONTROLLER).address))
    until("the machine is heard", lambda: stack.heard(CONTROLLER), 60)
    stack.three_more_polls(CONTROLLER)
    yield simulated
    simulated.pause()


@pytest.fixture
def from_here(stack: Stack, plant: SimulatedPlant) -> Iterator[None]:
    """The promise, around a test: paused and polled three more times, counted equals made, before and after."""
    before = settled(stack, plant)
    plant.resume()
    yield
    after = settled(stack, plant)
    plant.resume()
    made = (after[0][0] - before[0][0], after[0][1] - before[0][1])
    counted = (after[1][0] - before[1][0], after[1][1] - before[1][1])
    assert counted == made
    assert made[0] > 0


def settled(stack: Stack, plant: SimulatedPlant) -> tuple[tuple[int, int], tuple[int, int]]:
    """((good, scrap) made, (good, scrap) counted) while the plant stands still."""
    plant.pause()
    stack.three_more_polls(CONTROLLER)
    ledger = plant.ledger("FILL_1")
    return ledger.parts(0, utc_now_ms()), stack.counted(MACHINE)


@pytest.mark.usefixtures("from_here")
def test_the_poller_killed_at_any_moment(stack: Stack) -> None:
    dice = random.Random(5)
    for _ in range(3):
        time.sleep(dice.uniform(0.2, 1.5))  # the moment is the point
        stack.kill("poller")
        stack.three_more_polls(CONTROLLER)


@pytest.mark.usefixtures("from_here")
def test_two_pollers_want_one_controller(stack: Stack) -> None:
    command = [sys.executable, "-m", "celery", "-A", "mes.config.celery:app", "worker", "-Q", "poll", "-P", "threads"]
    command += ["-c", "2", "-n", "second@%h", "--without-gossip", "--without-mingle"]
    with (stack.folder / "second.log").open("wb") as log:
        second = subprocess.Popen(command, env=stack.env, stdout=log, stderr=log, cwd=ROOT)
        try:
            pollers = "SELECT count(*) FROM leases_lease WHERE name LIKE 'poller:%%' AND until > now()"
            until("two pollers are there", lambda: stack.rows(pollers)[0][0] >= 2, 40)
            stack.three_more_polls(CONTROLLER)
            fence = (stack.heard(CONTROLLER) or (0, 0))[0]
            stack.kill("poller")
            until("the other poller has it", lambda: (stack.heard(CONTROLLER) or (0, 0))[0] > fence, 30)
            stack.three_more_polls(CONTROLLER)
        finally:
            second.terminate()
            second.wait(20)
    stack.three_more_polls(CONTROLLER)


@pytest.mark.usefixtures("from_here")
def test_the_database_away_for_twenty_seconds(stack: Stack) -> None:
    stack.postgres.set(AWAY)
    try:
        time.sleep(20)  # the promise is about twenty seconds
    finally:
        stack.postgres.set(PASS)
    stack.three_more_polls(CONTROLLER)
    gaps = stack.rows(
        "SELECT count(*) FROM tracking_stateinterval WHERE kind = 'unknown' AND ends_at > now() - interval '19 s'"
    )
    assert gaps == [(0,)], "what was spooled is replayed: no unknown time for an outage of the database"


@pytest.mark.usefixtures("from_here")
def test_redis_restarted(stack: Stack) -> None:
    stack.redis.set(AWAY)
    try:
        stack.three_more_polls(CONTROLLER)
    finally:
        stack.redis.set(PASS)
    stack.three_more_polls(CONTROLLER)


@pytest.mark.usefixtures("from_here")
def test_the_controller_unreachable_for_a_while(stack: Stack, plant: SimulatedPlant) -> None:
    plant.close_port(CONTROLLER)
    lost = "SELECT comm FROM plc_controllerhealth h JOIN plc_controller c ON c.id = h.controller_id WHERE c.code = %s"
    until("its loss is known", lambda: stack.rows(lost, CONTROLLER) == [("offline",)], 20)
    time.sleep(4)  # longer than the three seconds that may be bridged
    plant.open_port(CONTROLLER)
    stack.three_more_polls(CONTROLLER, 60)
    unknown = "SELECT count(*) FROM tracking_stateinterval WHERE kind = 'unknown' AND ends_at > now() - interval '60 s'"
    assert stack.rows(unknown)[0][0] >= 1
