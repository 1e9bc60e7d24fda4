"""A simulated line, read as the poller reads it: the one counter bound to a wrong tag is found by its neighbours."""

from datetime import timedelta

import pytest

from mes.plc.simulator.config import loads
from mes.witness.queries import verdicts
from mes.witness.tasks import weigh_all
from tests.tracking.ingest_kit import Told, rules
from tests.witness.conftest import HOUR, SIX, Chain

EVERY_S = 20
HABITS = "{jobs: [{quantity: 90000, cycle_s: 2}], causes: [{kind: micro, every_s: 300, lasts_s: 30}]"
LINE = f"""
seed: 11
controllers:
  PLC:
    machines:
      M1: {HABITS}}}
      M2: {HABITS}, runs_with: M1}}
      M3: {HABITS}, runs_with: M1}}
      M4: {HABITS}, runs_with: M1}}
"""


def recorded(chain: Chain, hours: int, wrong: int | None) -> None:
    """The line's good counters, read every 20 s; the wrong one shows every second piece, plausible at any instant."""
    start_ms = int(SIX.timestamp() * 1000)
    plant = loads(LINE, now_ms=lambda: start_ms)
    told = {n: Told(chain.machines[n - 1], SIX, rules(silence_s=70.0), stream=f"plc:PLC-{n}") for n in range(1, 5)}
    readings: dict[int, list] = {n: [] for n in told}
    for second in range(0, hours * 3600 + EVERY_S, EVERY_S):
        plant.advance(start_ms + second * 1000)
        for n, machine in told.items():
            good = plant.machine(f"M{n}").ledger.good
            readings[n].append(machine.reading(second, good=good // 2 if n == wrong else good))
    for n, machine in told.items():
        machine.store(*readings[n])


@pytest.mark.parametrize("wrong", [2, 4])
def test_a_counter_that_counts_every_second_piece_is_found(chain: Chain, wrong: int) -> None:
    for first in (1, 2, 3):
        chain.link(first, buffer=15)
    recorded(chain, 3, wrong)
    now = SIX + 3 * HOUR + timedelta(minutes=16)
    weigh_all(now=now)
    said = {code: judged.verdict for code, judged in verdicts(chain.machines, SIX, now).items()}
    assert [code for code, verdict in said.items() if verdict.status == "contradicted"] == [f"M-{wrong}"]
    high = said[f"M-{wrong}"].high_share
    assert high is not None
    assert 1.98 < high < 2.06  # twice as many went past, and what may lie between


def test_a_line_whose_counters_are_right_is_witnessed_throughout(chain: Chain) -> None:
    for first in (1, 2, 3):
        chain.link(first, buffer=15)
    recorded(chain, 3, None)
    now = SIX + 3 * HOUR + timedelta(minutes=16)
    weigh_all(now=now)
    found = verdicts(chain.machines[:4], SIX, now)
    assert {judged.verdict.status for judged in found.values()} == {"witnessed"}
