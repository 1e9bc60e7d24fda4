"""A station's terminal: it may look; who acts says who they are, and then acts under their own name and role."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.people.devices import device_create, device_revoke
from mes.people.identity import badge_set, pin_set
from mes.people.models import Person, Role, StationDevice
from mes.plant.models import Shift
from mes.production.models import Run
from mes.screens.station_device import COOKIE
from mes.tracking.models import CountFlag
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

TOKEN = "token-of-the-terminal"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, datetime.now(UTC))
    return plant


@pytest.fixture
def device(plant: SmallPlant) -> StationDevice:
    return device_create(work_center=plant.packer, name="Packer 1", token=TOKEN, actor="sue", at=NOW)


@pytest.fixture
def terminal(device: StationDevice, client: Client) -> Client:
    client.cookies[COOKIE] = TOKEN
    return client


@pytest.fixture
def ana(plant: SmallPlant) -> Person:
    person = plant.person(Role.OPERATOR, plant.line_1, name="ana")
    Person.objects.filter(pk=person.pk).update(first_name="Ana")
    badge_set(person=person, badge="BADGE-ANA", actor="root", at=NOW)
    pin_set(person=person, pin="4711", actor="root", at=NOW)
    return person


def scrap_form(plant: SmallPlant) -> dict[str, str]:
    counted(plant.packer, datetime.now(UTC) - timedelta(minutes=10), good=100, shift=plant.shift)
    return {"quick": "3", "key": str(uuid4()), "order": "", "quantity": ""}


def expire(terminal: Client) -> None:
    session = terminal.session
    session["station person"] |= {"until": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}
    session.save()


def test_a_terminal_shows_its_machine_without_any_log_in_and_nothing_of_other_lines(
    plant: SmallPlant, terminal: Client
) -> None:
    page = terminal.get("/station/PACK/").content.decode()
    assert "Nobody is recognised here" in page
    assert terminal.get("/station/PRESS/").status_code == 404
    assert terminal.get("/station/").headers["Location"] == "/station/PACK/"


def test_an_action_asks_who_it_is_once_and_goes_on_with_the_same_form(
    plant: SmallPlant, terminal: Client, ana: Person
) -> None:
    form = scrap_form(plant)
    asked = terminal.post("/station/PACK/scrap/", form)
    assert asked.status_code == 401
    page = asked.content.decode()
    assert f'<input type="hidden" name="key" value="{form["key"]}">' in page
    assert '<input type="hidden" name="quick" value="3">' in page
    assert 'action="/station/PACK/scrap/"' in page
    assert not CountFlag.objects.exists()
    assert terminal.post("/station/PACK/scrap/", form | {"who_badge": "BADGE-ANA"}).status_code == 302
    assert CountFlag.objects.get(role="scrap").actor == "ana"
    assert JournalEntry.objects.get(action="scrap_enter").actor == "ana"
    assert "<b>Ana</b>, " in terminal.get("/station/PACK/").content.decode()
    again = form | {"key": str(uuid4())}  # known now: the next one asks nothing
    assert terminal.post("/station/PACK/scrap/", again).status_code == 302
    assert CountFlag.objects.filter(role="scrap").count() == 2


def test_name_and_pin_say_who_it_is_where_a_badge_is_at_home(plant: SmallPlant, terminal: Client, ana: Person) -> None:
    form = scrap_form(plant)
    assert 'value="ana"' in terminal.post("/station/PACK/scrap/", form).content.decode()
    wrong = terminal.post("/station/PACK/scrap/", form | {"who_person": "ana", "who_pin": "4712"})
    assert "do not belong together" in wrong.content.decode()
    assert terminal.post("/station/PACK/scrap/", form | {"who_person": "ana", "who_pin": "4711"}).status_code == 302
    assert CountFlag.objects.get(role="scrap").actor == "ana"


def test_after_a_minute_without_action_and_after_not_me_nobody_is_known(
    plant: SmallPlant, terminal: Client, ana: Person
) -> None:
    terminal.post("/station/-/identify/", {"who_badge": "BADGE-ANA", "next": "/station/PACK/"})
    page = terminal.get("/station/PACK/").content.decode()
    left = re.search(r'data-left="(\d+)"', page)
    assert left
    assert 50 <= int(left[1]) <= 60
    expire(terminal)
    assert terminal.post("/station/PACK/scrap/", scrap_form(plant)).status_code == 401
    terminal.post("/station/-/identify/", {"who_badge": "BADGE-ANA"})
    for _ in range(2):  # and a second tap of it harms nothing
        assert terminal.post("/station/-/leave/").status_code == 302
    assert "Nobody is recognised here" in terminal.get("/station/PACK/").content.decode()


def test_permissions_are_those_of_the_person_not_of_the_terminal(plant: SmallPlant, terminal: Client) -> None:
    manager = plant.person(Role.MANAGER, name="mia")
    badge_set(person=manager, badge="BADGE-MIA", actor="root", at=NOW)
    form = scrap_form(plant) | {"who_badge": "BADGE-MIA"}
    assert terminal.post("/station/PACK/scrap/", form).status_code == 403
    assert not CountFlag.objects.exists()


def test_a_page_for_another_role_asks_who_it_is_instead_of_refusing(plant: SmallPlant, terminal: Client) -> None:
    assert terminal.get("/calendar/").status_code == 401
    sue = plant.person(Role.SUPERVISOR, plant.line_1, name="sue")
    badge_set(person=sue, badge="BADGE-SUE", actor="root", at=NOW)
    answer = terminal.post("/station/-/identify/", {"who_badge": "BADGE-SUE", "next": "/calendar/"})
    assert answer.headers["Location"] == "/calendar/"
    assert terminal.get("/calendar/").status_code == 200


def test_after_identifying_nobody_is_sent_to_another_site(plant: SmallPlant, terminal: Client, ana: Person) -> None:
    data = {"who_badge": "BADGE-ANA", "next": "https://elsewhere.example/"}
    assert terminal.post("/station/-/identify/", data).headers["Location"] == "/station/PACK/"


def test_a_badge_for_another_line_and_one_of_somebody_who_left_open_nothing(
    plant: SmallPlant, terminal: Client, ana: Person
) -> None:
    paul = plant.person(Role.OPERATOR, plant.line_2, name="paul")
    badge_set(person=paul, badge="BADGE-PAUL", actor="root", at=NOW)
    page = terminal.post("/station/-/identify/", {"who_badge": "BADGE-PAUL"})
    assert page.status_code == 401
    assert "not for this line" in page.content.decode()
    Person.objects.filter(pk=ana.pk).update(is_active=False)
    assert terminal.post("/station/-/identify/", {"who_badge": "BADGE-ANA"}).status_code == 401


def test_guessing_badges_and_pins_is_braked_like_passwords(plant: SmallPlant, terminal: Client, ana: Person) -> None:
    for n in range(10):
        terminal.post("/station/-/identify/", {"who_badge": f"GUESS-{n}"})
    assert "Too many wrong tries" in terminal.post("/station/-/identify/", {"who_badge": "BADGE-ANA"}).content.decode()
    for n in range(10):
        terminal.post("/station/-/identify/", {"who_person": "ana", "who_pin": f"80{n}1"})
    page = terminal.post("/station/-/identify/", {"who_person": "ana", "who_pin": "4711"}).content.decode()
    assert "Too many wrong tries" in page


def test_nobody_acts_through_the_api_or_the_admin_with_a_badge(plant: SmallPlant, terminal: Client) -> None:
    root = plant.person(Role.ADMIN, name="root")
    badge_set(person=root, badge="BADGE-ROOT", actor="root", at=NOW)
    terminal.post("/station/-/identify/", {"who_badge": "BADGE-ROOT"})
    assert terminal.get("/admin/people/person/").status_code == 302
    assert terminal.post("/api/v1/orders/", {}).status_code == 403


def test_a_revoked_terminal_is_no_station_from_its_next_request_on(
    plant: SmallPlant, terminal: Client, device: StationDevice
) -> None:
    assert terminal.get("/station/PACK/").status_code == 200
    assert device_revoke(device=device, actor="sue", at=NOW)
    assert not device_revoke(device=device, actor="sue", at=NOW)
    assert terminal.get("/station/PACK/").headers["Location"].startswith("/login/")
    assert JournalEntry.objects.filter(action="device_revoke").count() == 1


def test_a_supervisor_makes_the_terminal_in_front_of_them_the_station_and_is_logged_out(
    plant: SmallPlant, client: Client
) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="sue"))
    assert client.get("/station/PACK/device/").status_code == 200
    assert client.post("/station/PACK/device/", {"name": " "}).status_code == 422
    assert client.post("/station/PACK/device/", {"name": "a\0b"}).status_code == 422
    assert client.post("/station/PACK/device/", {"name": "Packer, left"}).status_code == 302
    assert "Nobody is recognised here" in client.get("/station/PACK/").content.decode()
    made = StationDevice.objects.get()
    assert (made.name, made.work_center, made.account.has_usable_password()) == ("Packer, left", plant.packer, False)
    assert client.post("/station/PACK/device/", {"name": "Packer, left"}).status_code == 401  # sent again: who are you?
    assert StationDevice.objects.count() == 1


def test_an_operator_may_not_set_up_terminals_and_a_name_is_taken_once(
    plant: SmallPlant, device: StationDevice, client: Client
) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="sue"))
    client.get("/station/PACK/device/")
    assert client.post("/station/PACK/device/", {"name": "Packer 1"}).status_code == 422
    for _ in range(2):
        assert client.post("/station/PACK/device/revoke/", {"device": device.pk}).status_code == 302
    assert JournalEntry.objects.filter(action="device_revoke").count() == 1
    assert client.post("/station/FILL/device/revoke/", {"device": device.pk}).status_code == 404
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    assert client.get("/station/PACK/device/").status_code == 403


def test_who_logs_in_at_a_terminal_is_that_person_and_after_the_log_out_it_is_the_station_again(
    plant: SmallPlant, terminal: Client
) -> None:
    sue = Person.objects.create_user("sue", password="a-long-word-of-sue", role=Role.SUPERVISOR, all_lines=True)
    assert terminal.get("/login/").status_code == 200
    terminal.post("/login/", {"username": "sue", "password": "a-long-word-of-sue"})
    assert "Nobody is recognised here" not in terminal.get("/station/PACK/").content.decode()
    order = plant.order("WO-1")
    terminal.post("/station/PACK/start/", {"order": "WO-1", "version": order.version, "running": ""})
    assert Run.objects.filter(order=order).exists()
    assert JournalEntry.objects.get(action="order_start").actor == sue.username
    terminal.post("/logout/")
    assert "Nobody is recognised here" in terminal.get("/station/PACK/").content.decode()


def test_the_form_of_a_terminal_whose_session_ended_is_not_lost(plant: SmallPlant, ana: Person) -> None:
    device_create(work_center=plant.packer, name="Packer 1", token=TOKEN, actor="sue", at=NOW)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies[COOKIE] = TOKEN
    strict.get("/station/PACK/")
    secret = strict.cookies["csrftoken"].value
    del strict.cookies["sessionid"]
    form = scrap_form(plant) | {"csrfmiddlewaretoken": secret, "who_badge": "BADGE-ANA"}
    assert strict.post("/station/PACK/scrap/", form).status_code == 302
    assert CountFlag.objects.get(role="scrap").actor == "ana"
    assert strict.post("/station/PACK/scrap/", form | {"csrfmiddlewaretoken": "x" * 32}).status_code == 403


def test_an_entry_kept_by_one_person_is_not_sent_under_the_name_of_the_next(
    plant: SmallPlant, terminal: Client, ana: Person
) -> None:
    bob = plant.person(Role.OPERATOR, plant.line_1, name="bob")
    badge_set(person=bob, badge="BADGE-BOB", actor="root", at=NOW)
    terminal.post("/station/-/identify/", {"who_badge": "BADGE-BOB"})
    form = scrap_form(plant) | {"entered_by": "ana"}
    assert terminal.post("/station/PACK/scrap/", form).status_code == 401
    assert terminal.post("/station/PACK/scrap/", form | {"who_badge": "BADGE-ANA"}).status_code == 302
    assert CountFlag.objects.get(role="scrap").actor == "ana"


def test_an_entry_that_comes_late_says_in_the_journal_when_it_was_made(
    plant: SmallPlant, terminal: Client, ana: Person
) -> None:
    made = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=7)
    form = scrap_form(plant) | {"entered_at": str(int(made.timestamp() * 1000)), "who_badge": "BADGE-ANA"}
    answer = terminal.post("/station/PACK/scrap/", form, headers={"X-Entry": "later"})
    assert answer.json() == {"to": "/station/PACK/", "said": ["3 pieces of scrap entered."], "refused": False}
    entry = JournalEntry.objects.get(action="scrap_enter")
    assert datetime.fromisoformat(entry.data["entered_at"]) == made
    assert entry.at > made + timedelta(minutes=6)
    for odd in ("", "soon", "9" * 14, "-5", "٣"):
        terminal.post("/station/PACK/scrap/", form | {"key": str(uuid4()), "entered_at": odd})
    told = JournalEntry.objects.filter(action="scrap_enter").values_list("data", flat=True)
    assert sum("entered_at" in data for data in told) == 1
