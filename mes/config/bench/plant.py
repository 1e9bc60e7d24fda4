"""A plant of equal machines for benchmarks: one controller, one UDT, one running order each; a shift around now."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

from mes.people.keys import api_key_create
from mes.people.models import Person
from mes.plant.models import Area, Line, Shift, Site, WorkCenter
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.production.models import IdealCycle, Item, Run, WorkOrder
from mes.tracking.retention import partitions_turn

PER_LINE = 10
IDEAL_S = Decimal("0.5")
MEMBER_OF = {
    "good": "Good",
    "scrap": "Scrap",
    "state": "State",
    "reason": "ReasonCode",
    "heartbeat": "Heartbeat",
    "epoch": "Epoch",
    "speed": "Speed",
    "order": "OrderId",
}
STATES = {6: ("Execute", "run"), 11: ("Held", "down")}


def plant_make(*, ports: list[int], period_s: float, now: datetime) -> str:
    """Machine number N is `M{N:03}`, fed by controller `C{N:03}` on 127.0.0.1 at its port; an API key that sees all."""
    began = now - timedelta(days=1)
    site = Site.objects.create(code="BENCH", name="Bench", time_zone="Europe/Berlin")
    area = Area.objects.create(code="HALL", name="Hall", site=site)
    item = Item.objects.create(code="ITEM", name="Item")
    machines = _machines(area, len(ports), now)
    IdealCycle.objects.bulk_create(
        IdealCycle(item=item, work_center=each, ideal_cycle_s=IDEAL_S, valid_from=began) for each in machines
    )
    _orders(machines, item, now)
    _controllers(machines, site, ports, period_s, began)
    partitions_turn(today=now.date(), keep=timedelta(days=90))
    owner = Person.objects.create_user("bench", role="manager", all_lines=True)
    return api_key_create(owner=owner, name="bench", scopes=["read"], actor="bench", at=datetime.now(UTC))


def _machines(area: Area, count: int, now: datetime) -> list[WorkCenter]:
    lines = Line.objects.bulk_create(
        Line(code=f"L{number:02}", name=f"Line {number}", area=area, position=number)
        for number in range((count + PER_LINE - 1) // PER_LINE)
    )
    start, end = now - timedelta(hours=4), now + timedelta(hours=6)
    Shift.objects.bulk_create(
        Shift(line=line, name="Bench", production_date=now.date(), starts_at=start, ends_at=end) for line in lines
    )
    return WorkCenter.objects.bulk_create(
        WorkCenter(code=f"M{number:03}", name=f"Machine {number}", line=lines[number // PER_LINE], position=number)
        for number in range(count)
    )


def _orders(machines: list[WorkCenter], item: Item, now: datetime) -> None:
    start = now - timedelta(hours=4)
    orders = WorkOrder.objects.bulk_create(
        WorkOrder(
            number=f"WO-{each.code}", item=item, line=each.line, quantity=100_000, status="running", started_at=start
        )
        for each in machines
    )
    Run.objects.bulk_create(
        Run(work_center=each, order=order, item=item, starts_at=start, started_by="bench")
        for each, order in zip(machines, orders, strict=True)
    )


def _controllers(
    machines: list[WorkCenter], site: Site, ports: list[int], period_s: float, valid_from: datetime
) -> None:
    states = StateMap.objects.create(code="BENCH", name="Bench")
    StateMapEntry.objects.bulk_create(
        StateMapEntry(state_map=states, raw_code=code, state=state, kind=kind) for code, (state, kind) in STATES.items()
    )
    controllers = Controller.objects.bulk_create(
        Controller(code=f"C{number:03}", name="Bench", site=site, address=f"127.0.0.1:{port}", period_s=period_s)
        for number, port in enumerate(ports)
    )
    TagBinding.objects.bulk_create(
        TagBinding(
            controller=controller,
            work_center=machine,
            role=role,
            tag=f"Line.{member}",
            state_map=states if role == "state" else None,
            valid_from=valid_from,
        )
        for (controller, machine), (role, member) in product(zip(controllers, machines, strict=True), MEMBER_OF.items())
    )
