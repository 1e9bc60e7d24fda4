"""Tags that look like production data but are not, so that whoever sorts tags by behaviour has something to sort."""

from __future__ import annotations

import math
import random

from .tags import TagSpec, VirtualController

PROGRAM = "MainProgram"
BATCH_SIZE, PART_PERIOD_S, DRIFT_PERIOD_S = 500, 1.7, 2400.0

CONTROLLER_TAGS = (
    TagSpec("Ambient_Temp", "REAL", value=21.5),
    TagSpec("Batch_Count", "DINT"),
    TagSpec("Part_Present", "BOOL"),
    TagSpec("Recipe_Name", "STRING", value="R-0815"),
    TagSpec("Alarm_Words", "DINT", (8,)),
    TagSpec("Zone_Setpoints", "REAL", (4,), [165.0, 172.5, 180.0, 171.5]),
    TagSpec("Door_Closed", "BOOL", (32,), [True] * 30),
)
PROGRAM_TAGS = (
    TagSpec("Tank_Level", "REAL", value=63.0),
    TagSpec("Scan_Count", "INT"),
    TagSpec("Step", "DINT", value=10),
)


class Decoys:
    """Adds the tags and moves them; their values depend on seed and simulated seconds alone."""

    def __init__(self, controller: VirtualController, seed: str) -> None:
        self.controller = controller
        self._phase_s = random.Random(f"{seed}:decoys").uniform(0, DRIFT_PERIOD_S)
        for spec in CONTROLLER_TAGS:
            controller.add_tag(spec)
        for spec in PROGRAM_TAGS:
            controller.add_tag(spec, PROGRAM)

    def advance(self, sim_s: float) -> None:
        """Drift, count batches, blink."""
        turn = 2 * math.pi * (sim_s + self._phase_s) / DRIFT_PERIOD_S
        controller = self.controller
        controller["Ambient_Temp"] = 21.5 + 2.5 * math.sin(turn) + 0.2 * math.sin(13 * turn)
        controller["Batch_Count"] = int(sim_s / PART_PERIOD_S) % BATCH_SIZE
        controller["Part_Present"] = sim_s % PART_PERIOD_S < PART_PERIOD_S / 2
        controller["Alarm_Words[2]"] = int(sim_s / 300) % 5
        controller[f"Program:{PROGRAM}.Tank_Level"] = 60 + 35 * math.sin(3 * turn)
        controller[f"Program:{PROGRAM}.Scan_Count"] = int(sim_s * 100) & 0x7FFF
        controller[f"Program:{PROGRAM}.Step"] = 10 * (1 + int(sim_s / 20) % 6)
