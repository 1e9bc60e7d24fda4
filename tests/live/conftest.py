"""A small floor: two lines with one machine each, a running shift and order, and people who see one line."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mes.people.models import Person
from mes.plant.models import Area, Line, Shift, Site, WorkCenter
from mes.plc.models import Controller, StateMap, TagBinding
from mes.production.models import IdealCycle, Item, Run, WorkOrder
from mes.tracking.ingest import MachineContext, ingest
from mes.tracking.reading import MachineRules, Reading, SignalRule, Value
from mes.tracking.rules import CounterRule

Seen = tuple[str, str]
RUNNING: Seen = ("Execute", "run")
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
RULES = MachineRules(
    counters={
        role: SignalRule(CounterRule(modulus=None, max_rate_per_s=Decimal(10)), least_dt_s=1)
        for role in ("good", "scrap")
    },
    silence_s=3.0,
)


@dataclass
class Floor:
    """What the tests of the live room need to make a machine do things."""

    filler: WorkCenter
    packer: WorkCenter
    order: WorkOrder
    supervisor: Person
    outsider: Person
    seq: int = 0

    def hear(self, at: datetime, *, good: int, scrap: int = 0, state: Seen = RUNNING, **more: int) -> None:
        """One stored reading of the filler."""
        self._store([self._reading(at, good, scrap, state, more)])

    def run_steadily(self, start: datetime, seconds: int, *, good: int = 0) -> int:
        """Heard every second, one piece every two seconds; returns the last good count."""
        seconds_heard = range(seconds + 1)
        self._store([self._reading(start + timedelta(seconds=s), good + s // 2, 0, RUNNING, {}) for s in seconds_heard])
        return good + seconds // 2

    def _reading(self, at: datetime, good: int, scrap: int, state: Seen, more: dict[str, int]) -> Reading:
        self.seq += 1
        values = {"good": Value(good), "scrap": Value(scrap)} | {role: Value(raw) for role, raw in more.items()}
        return Reading("plc:PLC-1", 1, self.seq, at, self.filler.pk, values, state)

    def _store(self, readings: list[Reading]) -> None:
        ingest(readings, {self.filler.pk: MachineContext(RULES)}, now=readings[-1].at)


def make_floor(now: datetime) -> Floor:
    """Lines L1 (filler, order WO-1, ideal cycle 2 s) and L2 (packer); a shift from 2 h before to 6 h after `now`."""
    site = Site.objects.create(code="SITE", name="Site", time_zone="Europe/Berlin")
    area = Area.objects.create(code="AREA", name="Area", site=site)
    machines = {}
    for line_code, code in (("L1", "FILL-1"), ("L2", "PACK-2")):
        line = Line.objects.create(code=line_code, name=line_code, area=area)
        machines[code] = WorkCenter.objects.create(
            code=code, name=code, line=line, is_exit=True, target_oee=Decimal("0.5")
        )
        start, end = now - timedelta(hours=2), now + timedelta(hours=6)
        Shift.objects.create(line=line, name="Early", production_date=date(2026, 3, 4), starts_at=start, ends_at=end)
    filler, item = machines["FILL-1"], Item.objects.create(code="COLA", name="Cola")
    IdealCycle.objects.create(item=item, work_center=filler, ideal_cycle_s=2, valid_from=now - timedelta(days=9))
    order = WorkOrder.objects.create(number="WO-1", item=item, line=filler.line, quantity=1000, status="running")
    Run.objects.create(work_center=filler, order=order, item=item, starts_at=now - timedelta(hours=2), started_by="x")
    controller = Controller.objects.create(code="PLC-1", name="PLC", site=site, address="127.0.0.1:1")
    states = StateMap.objects.create(code="packml", name="PackML")
    TagBinding.objects.create(
        controller=controller, work_center=filler, role="state", tag="F.State", state_map=states, valid_from=now
    )
    supervisor = Person.objects.create_user("sue", password="only-for-this-test", role="supervisor")
    supervisor.lines.add(filler.line)
    outsider = Person.objects.create_user("olaf", password="only-for-this-test", role="supervisor")
    outsider.lines.add(machines["PACK-2"].line)
    return Floor(filler, machines["PACK-2"], order, supervisor, outsider)


@pytest.fixture
def floor(db: None) -> Floor:
    """The small floor at 4 March 2026, 10:00 UTC."""
    return make_floor(NOW)
