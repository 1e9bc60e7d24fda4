"""Plants for tests whose clock is a number that the test moves."""

from dataclasses import dataclass

from mes.plc.simulator.config import loads
from mes.plc.simulator.machine import Machine
from mes.plc.simulator.plant import SimulatedPlant

START_MS = 1_800_000_000_000

SCRIPT = """
speed: {speed}
controllers:
  PLC-1:
    decoys: false
    machines:
      M1:
        epoch: 4
        counters: {{good: 50, scrap: 5, modulus: {modulus}}}
        script:
          - {{run: 120, cycle_s: 1.0, scrap_every: 10, item: A, order: WO-1}}
          - {{breakdown: 45, reason: 12, order: WO-1}}
          - {{run: 30, cycle_s: 2.0, order: WO-2}}
"""
DICE = """
seed: {seed}
speed: {speed}
controllers:
  PLC-1:
    machines:
      M1:
        jobs:
          - {{item: A, order: WO-1, quantity: 300, cycle_s: 0.7, scrap: 0.05}}
          - {{item: B, order: WO-2, quantity: 200, cycle_s: 1.3, scrap: 0.02}}
        causes:
          - {{kind: micro, reason: 201, every_s: 40, lasts_s: 6}}
          - {{kind: breakdown, reason: 102, every_s: 300, lasts_s: 60}}
          - {{kind: starved, reason: 401, every_s: 200, lasts_s: 15, spread: 0}}
        changeover: {{lasts_s: 90, reason: 502}}
        starting_s: 3
        slower_up_to: 0.1
"""


@dataclass
class Clock:
    """Milliseconds that stand where the test puts them."""

    ms: int = START_MS

    def __call__(self) -> int:
        return self.ms


def script_plant(speed: float = 1, modulus: int = 1 << 31) -> tuple[SimulatedPlant, Clock]:
    """One machine M1 with the script, its plant and its clock."""
    clock = Clock()
    return loads(SCRIPT.format(speed=speed, modulus=modulus), now_ms=clock), clock


def dice_plant(seed: int, speed: float = 1) -> tuple[SimulatedPlant, Clock]:
    """One machine M1 with the dice, its plant and its clock."""
    clock = Clock()
    return loads(DICE.format(seed=seed, speed=speed), now_ms=clock), clock


def go(plant: SimulatedPlant, clock: Clock, until_s: float) -> Machine:
    """Move the clock to so many real seconds after the start, and the plant with it."""
    clock.ms = START_MS + round(until_s * 1000)
    plant.advance()
    return plant.machine("M1")
