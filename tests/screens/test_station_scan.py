"""The scan field: order, lot and badge; and people signing on and off at the station. Each sent twice happens once."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.labour.models import Crew, SignOn
from mes.materials.models import Lot
from mes.people.devices import device_create
from mes.people.identity import badge_set
from mes.people.models import Person, Role
from mes.plant.models import Shift
from mes.production.models import Run
from mes.screens.station_device import COOKIE
from tests.production.small_plant import SmallPlant, shift_around, small_plant

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, datetime.now(UTC))
    return plant


@pytest.fixture
def ana(plant: SmallPlant) -> Person:
    person = plant.person(Role.OPERATOR, plant.line_1, name="ana")
    badge_set(person=person, badge="BADGE-ANA", actor="root", at=NOW)
    return person


@pytest.fixture
def terminal(plant: SmallPlant, ana: Person, client: Client) -> Client:
    device_create(work_center=plant.packer, name="Packer 1", token="t", actor="sue", at=NOW)
    client.cookies[COOKIE] = "t"
    return client


def hidden(client: Client, path: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', client.get(path).content.decode())
    assert found, name
    return found[1]


def scan(client: Client, text: str, **more: str) -> str:
    """The page after the scan."""
    data = {"scan": text, "seen": hidden(client, "/station/PACK/", "seen")} | more
    return client.post("/station/PACK/scan/", data, follow=True).content.decode()


def running() -> set[str]:
    return set(Run.objects.filter(ends_at=None).values_list("order__number", flat=True))


def test_an_order_is_started_by_scanning_badge_and_number(plant: SmallPlant, terminal: Client) -> None:
    plant.order("WO-1")
    assert "Hello ana." in scan(terminal, "BADGE-ANA")
    assert "WO-1 is started." in scan(terminal, "WO-1")
    assert running() == {"WO-1"}
    assert "WO-1 runs here." in scan(terminal, "WO-1")
    started = JournalEntry.objects.get(action="order_start")
    assert started.actor == "ana"


def test_an_order_scanned_by_nobody_asks_who_it_is_and_then_starts(plant: SmallPlant, terminal: Client) -> None:
    plant.order("WO-1")
    form = {"scan": "WO-1", "seen": hidden(terminal, "/station/PACK/", "seen")}
    asked = terminal.post("/station/PACK/scan/", form)
    assert asked.status_code == 401
    assert '<input type="hidden" name="scan" value="WO-1">' in asked.content.decode()
    assert running() == set()
    assert terminal.post("/station/PACK/scan/", form | {"who_badge": "BADGE-ANA"}).status_code == 302
    assert running() == {"WO-1"}


def test_an_old_scan_sent_again_after_something_else_ran_starts_nothing(plant: SmallPlant, terminal: Client) -> None:
    plant.order("WO-1")
    plant.order("WO-2")
    scan(terminal, "BADGE-ANA")
    old = hidden(terminal, "/station/PACK/", "seen")
    scan(terminal, "WO-1")
    scan(terminal, "WO-2")
    assert "Meanwhile something else ran here" in scan(terminal, "WO-1", seen=old)
    assert running() == {"WO-2"}


def test_a_scanned_lot_opens_the_page_that_takes_from_it(plant: SmallPlant, terminal: Client) -> None:
    site = plant.line_1.area.site
    Lot.objects.create(
        number="LOT-7", item=plant.cola, quantity=Decimal(100), unit="pc", site=site, at=NOW, key=uuid4()
    )
    scan(terminal, "BADGE-ANA")
    answer = terminal.post("/station/PACK/scan/", {"scan": "LOT-7"})
    assert answer.headers["Location"] == "/station/PACK/material/?lot=LOT-7"


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "x" * 501, "WO-9", "<b>"])
def test_what_nobody_knows_is_said_and_does_nothing(plant: SmallPlant, terminal: Client, text: str) -> None:
    plant.order("WO-9", line=plant.line_2)  # of another line: not even that it exists is told
    page = scan(terminal, text)
    assert 'class="notice bad ' in page
    assert "<b></p>" not in page
    assert running() == set()


def test_a_badge_says_nothing_to_people_who_logged_in_themselves(plant: SmallPlant, ana: Person) -> None:
    client = Client()
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    page = scan(client, "BADGE-ANA")
    assert "Hello" not in page
    assert 'class="notice bad ' in page
    assert client.get("/station/-/identify/").status_code == 404


def test_people_sign_on_and_off_at_the_station_and_each_tap_counts_once(plant: SmallPlant, terminal: Client) -> None:
    plant.order("WO-1")
    scan(terminal, "BADGE-ANA")
    scan(terminal, "WO-1")
    form = {"order": "WO-1", "key": hidden(terminal, "/station/PACK/people/", "key")}
    for _ in range(2):
        assert terminal.post("/station/PACK/people/on/", form).status_code == 302
    row = SignOn.objects.get()
    assert (row.person.username, row.order.number) == ("ana", "WO-1")
    assert "<b>ana</b>" in terminal.get("/station/PACK/").content.decode()
    for _ in range(2):
        assert (
            terminal.post("/station/PACK/people/crew/", {"order": "WO-1", "people": "2", "seen": "0"}).status_code
            == 302
        )
    assert Crew.objects.get().people == 2
    for _ in range(2):
        assert terminal.post("/station/PACK/people/off/", {"sign_on": str(row.pk)}).status_code == 302
    terminal.post("/station/PACK/people/on/", form)  # the old page, sent again
    assert SignOn.objects.get().ends_at is not None
    told = JournalEntry.objects.filter(action__in=("sign_on", "crew_set", "sign_off")).order_by("id")
    assert [entry.action for entry in told] == ["sign_on", "crew_set", "sign_off"]


def test_others_are_signed_off_by_a_supervisor_only_and_not_at_another_machine(
    plant: SmallPlant, terminal: Client, ana: Person
) -> None:
    plant.order("WO-1")
    scan(terminal, "BADGE-ANA")
    scan(terminal, "WO-1")
    terminal.post(
        "/station/PACK/people/on/", {"order": "WO-1", "key": hidden(terminal, "/station/PACK/people/", "key")}
    )
    row = SignOn.objects.get()
    SignOn.objects.update(starts_at=plant.shift.starts_at)
    Shift.objects.update(ends_at=datetime.now(UTC) - timedelta(minutes=5))
    bob = plant.person(Role.OPERATOR, plant.line_1, name="bob")
    client = Client()
    client.force_login(bob)
    page = client.post("/station/PACK/people/off/", {"sign_on": str(row.pk)}, follow=True).content.decode()
    assert "Only ana or a supervisor" in page
    assert client.post("/station/FILL/people/off/", {"sign_on": str(row.pk)}).status_code == 404
    assert client.post("/station/PACK/people/on/", {"order": "WO-1", "key": "no"}).status_code == 302
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="sue"))
    assert "The shift is over" in client.get("/station/PACK/people/").content.decode()
    client.post("/station/PACK/people/off/", {"sign_on": str(row.pk), "as_proposed": "1"})
    row.refresh_from_db()
    assert row.ends_at == Shift.objects.get().ends_at
    assert row.ended_by == "sue"
