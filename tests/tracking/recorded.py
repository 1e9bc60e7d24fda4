"""Virtual controllers watched every five seconds of their own time: what a recording of their tags would hold."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mes.plc.drivers import Quality, TagValue
from mes.plc.engine import CommState, ExtraRead, Poll
from mes.plc.models import Controller
from mes.plc.simulator.config import loads
from mes.plc.simulator.plant import SimulatedPlant
from mes.tracking.behaviour import Series
from mes.tracking.bindings import controller_plans, readings_of
from mes.tracking.candidates import Candidate, Recorded
from mes.tracking.ingest import MachineContext, ingest
from mes.tracking.models import CandidateTag
from mes.tracking.record import Recorder
from tests.plc.simulator.machines import DICE, START_MS, Clock

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
START = datetime.fromtimestamp(START_MS / 1000, UTC)
KIND = {6: "run", 2: "down", 9: "down", 11: "down", 5: "waiting", 4: "idle", 3: "down"}  # what the state codes count as


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


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


@dataclass
class Recording:
    """A virtual machine, recorded unbound and later polled bound, in its own time."""

    controller: Controller
    seed: int
    recorder: Recorder = field(default_factory=Recorder)
    polls: int = 0

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.plant = loads(DICE.format(seed=self.seed, speed=1), now_ms=self.clock)
        self.memory = self.plant.controllers["PLC-1"].controller
        chosen = [Candidate(f"M1.{name}", kind, "M1") for name, kind in MEMBERS.items()]
        chosen += [Candidate(tag, kind, group) for tag, (kind, group) in DECOYS.items()]
        rows = [
            CandidateTag(controller=self.controller, tag=c.tag, data_type=c.data_type, group=c.group) for c in chosen
        ]
        numbers = {row.tag: row.pk for row in CandidateTag.objects.bulk_create(rows)}
        self.recorded = {"PLC-1": Recorded(self.controller.pk, numbers, (tuple(numbers),))}

    def go(self, second: float) -> None:
        self.clock.ms = START_MS + round(second * 1000)
        self.plant.advance()

    def record(self, begin: float, end: float) -> None:
        """Reads every five seconds, both ends included."""
        second = begin
        while second <= end:
            self.go(second)
            values = {tag: TagValue(self.memory[tag], Quality.GOOD) for tag in self.recorded["PLC-1"].rows}
            self.recorder.store([ExtraRead("PLC-1", at(second), values)], self.recorded)
            second += 5

    def poll(self, begin: float, end: float) -> None:
        """Live polls, one a second."""
        plan = controller_plans(at=at(begin))["PLC-1"]
        contexts = {m.work_center: MachineContext(m.rules, m.bindings) for m in plan.machines}
        for second in range(round(begin), round(end) + 1):
            self.go(second)
            self.polls += 1
            values = {tag: TagValue(self.memory[tag], Quality.GOOD) for tag in plan.spec.tags}
            poll = Poll("PLC-1", 1, self.polls, at(second), 0.01, CommState.ONLINE, values, None, False, "RUN")
            ingest(readings_of(poll, plan), contexts, now=poll.at)

    def made(self, begin: float, end: float) -> tuple[int, int]:
        """What the ledger says was made after a reading at `begin` and up to one at `end`."""
        ledger = self.plant.machine("M1").ledger
        return ledger.parts(round(START_MS + begin * 1000) + 1, round(START_MS + end * 1000) + 1)

    def kind_s(self, begin: float, end: float) -> tuple[dict[str, float], int]:
        """The ledger's seconds per kind, and how often the state changed."""
        ledger = self.plant.machine("M1").ledger
        window = round(START_MS + begin * 1000), round(START_MS + end * 1000)
        seconds: dict[str, float] = {}
        for state, ms in ledger.totals(*window).state_ms.items():
            seconds[KIND[state]] = seconds.get(KIND[state], 0) + ms / 1000
        return seconds, len(ledger.intervals(*window))
