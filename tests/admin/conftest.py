"""A small plant with one row of everything, and people at the admin's door."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from mes.downtime.models import Reason, Stop
from mes.leases.models import Lease
from mes.people.models import ApiKey, Person
from mes.plant.models import Holiday, Line, Shift, Site, WorkCenter
from mes.plantfile.read import plant_read
from mes.plantfile.store import plant_import
from mes.plc.models import Controller, ControllerHealth, TagHealth
from mes.production.models import Item, Run, WorkOrder
from mes.tracking.models import CountFlag, CountHour, MachineCursor, SignalCursor, StateInterval, StreamCursor

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PLANT = """\
sites: {S: {name: Site, time_zone: Europe/Berlin, shifts: P}}
shift_patterns:
  P:
    shifts:
      - {name: Early, days: mon-fri, from: 06:00, to: 14:00, breaks: [{name: Lunch, from: 10:00, to: 10:30}]}
areas: {A: {site: S}}
lines: {L1: {area: A}, L2: {area: A}}
work_centers: {M-1: {line: L1}, M-2: {line: L1}, M-3: {line: L2}}
controllers: {PLC: {address: 10.0.0.1}}
bindings:
  M-1: {controller: PLC, udt: M_1, state_map: packml-tr88}
  M-2: {controller: PLC, udt: M_2, state_map: packml-tr88}
reasons: {MECH: {class: failure, reasons: {VALVE: {plc_code: 1}, MOTOR: {plc_code: 2}}}}
items: {I-1: {ideal_cycle_s: {M-1: 1, M-2: 1}}, I-2: {ideal_cycle_s: {M-1: 2}}}
people:
  ada: {role: admin, lines: all}
  erik: {role: engineer, lines: all}
  samira: {role: supervisor, lines: all}
  otto: {role: operator, lines: [L1]}
"""


@pytest.fixture
def plant(db: None) -> None:
    """The plant of the file above and events on its machines."""
    plant_import(plant=plant_read(PLANT), source="plant.yaml", actor="system", at=AT)
    Holiday.objects.create(site=Site.objects.get(), date=AT.date(), name="Founder's day")
    _events_add(AT)


def _events_add(at: datetime) -> None:
    """One event of each kind on every machine."""
    item, valve = Item.objects.get(code="I-1"), Reason.objects.get(code="VALVE")
    for line in Line.objects.all():
        order = WorkOrder.objects.create(number=f"WO-{line.code}-{at:%d%H}", item=item, line=line, quantity=Decimal(5))
        shift = Shift.objects.filter(line=line).first()
        for machine in line.work_centers.all():
            span = {"work_center": machine, "starts_at": at, "ends_at": at + timedelta(minutes=5)}
            StateInterval.objects.create(**span, state="Held", kind="down")
            Stop.objects.create(**span, state="Held", reason=valve)
            Run.objects.create(**span, order=order, item=item, started_by="otto")
            CountHour.objects.create(work_center=machine, hour=at, shift=shift, order=order, item=item)
            CountFlag.objects.create(
                work_center=machine, kind="gap", role="good", quantity=1, from_at=at, to_at=at, order=order
            )
            MachineCursor.objects.get_or_create(work_center=machine, defaults={"heard_at": at})
            SignalCursor.objects.get_or_create(work_center=machine, role="good", defaults={"at": at, "changed_at": at})
    controller = Controller.objects.get(code="PLC")
    ControllerHealth.objects.get_or_create(controller=controller)
    TagHealth.objects.create(controller=controller, tag=f"X{at:%d%H}", quality="bad", error="no such tag", since=at)
    StreamCursor.objects.create(stream=f"plc:{at:%d%H}")
    Lease.objects.create(name=f"plc:{at:%d%H}")
    ada = Person.objects.get(username="ada")
    ApiKey.objects.create(name=f"key {at:%d%H}", owner=ada, key_hash=f"{at:%d%H}", scopes=["read"])
    WorkCenter.objects.filter(code="M-3").update(archived=True)


@pytest.fixture
def more_events(plant: None) -> Callable[[], None]:
    """Makes every list three times as long and more."""

    def add() -> None:
        for days in (1, 2, 3):
            _events_add(AT + timedelta(days=days))

    return add


def _logged_in(username: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(username=username))
    return client


@pytest.fixture
def ada(plant: None) -> Client:
    """An admin."""
    return _logged_in("ada")


@pytest.fixture
def erik(plant: None) -> Client:
    """An engineer."""
    return _logged_in("erik")


@pytest.fixture
def samira(plant: None) -> Client:
    """A supervisor."""
    return _logged_in("samira")
