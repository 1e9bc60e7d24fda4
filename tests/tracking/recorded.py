"""Virtual controllers watched every five seconds of their own time: what a recording of their tags would hold."""

from mes.plc.simulator.config import loads
from mes.plc.simulator.plant import SimulatedPlant
from mes.tracking.behaviour import Series
from tests.plc.simulator.machines import START_MS, Clock

MEMBERS = {
    "Heartbeat": "DINT",
    "Epoch": "DINT",
    "Good": "DINT",
    "Scrap": "DINT",
    "Total": "DINT",
    "State": "INT",
    "ReasonCode": "INT",
    "Speed": "REAL",
    "AuditValue": "LINT",
}
DECOYS = {
    "Ambient_Temp": ("REAL", ""),
    "Batch_Count": ("DINT", ""),
    "Part_Present": ("BOOL", ""),
    "Alarm_Words[2]": ("DINT", ""),
    "Program:MainProgram.Tank_Level": ("REAL", "Program:MainProgram"),
    "Program:MainProgram.Scan_Count": ("INT", "Program:MainProgram"),
    "Program:MainProgram.Step": ("DINT", "Program:MainProgram"),
}
STEP_S = 5


def tags_of(machines: list[str], *, flat: bool) -> dict[str, tuple[str, str]]:
    """Tag to (type, group); `flat` hides which structure a tag is in."""
    tags = {f"{name}.{member}": (kind, name) for name in machines for member, kind in MEMBERS.items()} | DECOYS
    return {tag: (kind, "" if flat else group) for tag, (kind, group) in tags.items()}


def watched(text: str, *, hours: float, flat: bool = False) -> tuple[list[Series], list[float]]:
    """The changes of every tag of the plant's first controller, and when it was read."""
    clock = Clock()
    plant: SimulatedPlant = loads(text, now_ms=clock)
    tags = tags_of(list(plant.machines), flat=flat)
    points: dict[str, list[tuple[float, int | float]]] = {tag: [] for tag in tags}
    controller = next(iter(plant.controllers.values())).controller
    ticks = [float(second) for second in range(0, int(hours * 3600), STEP_S)]
    for tick in ticks:
        clock.ms = START_MS + round(tick * 1000)
        plant.advance()
        for tag, seen in points.items():
            value = controller[tag]
            value = int(value) if isinstance(value, bool) else value
            if not seen or seen[-1][1] != value:
                seen.append((tick, value))
    return [Series(tag, kind, group, tuple(points[tag])) for tag, (kind, group) in tags.items()], ticks
