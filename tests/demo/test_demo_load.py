"""Loading the demo: people who can log in, a key that works, addresses of controllers; twice, nothing doubles."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password

from mes.demo.causes import LINES
from mes.demo.load import CONTROLLERS, PLANT_FILE, DemoInfo, controllers_point_to, demo_load, plant_load
from mes.journal.models import JournalEntry
from mes.people.identity import identity_words
from mes.people.keys import key_owner
from mes.people.models import ApiKey, Identity, Person, Role
from mes.plant.models import Site
from mes.plantfile.read import plant_read
from mes.plc.models import Controller, TagBinding
from mes.production.models import IdealCycle, WorkOrder
from mes.tracking.models import CountHour, StateInterval

NOW = datetime(2026, 3, 17, 16, 37, 12, 345000, tzinfo=UTC)
PLANT = plant_read(PLANT_FILE.read_text())


def test_the_plant_file_has_every_role_and_the_promised_size() -> None:
    sizes = [len(PLANT.sites), len(PLANT.areas), len(PLANT.lines), len(PLANT.work_centers), len(PLANT.controllers)]
    assert sizes == [1, 2, 3, 12, 5]
    assert {person.role for person in PLANT.people} == set(Role.values)
    assert [row.code for row in PLANT.controllers] == list(CONTROLLERS)


def test_the_story_speaks_of_machines_items_and_reasons_of_the_plant_file() -> None:
    codes = {row.code: row.plc_code for row in PLANT.reasons}
    lines = {line.code: [m.code for m in PLANT.work_centers if m.at_line.code == line.code] for line in PLANT.lines}
    assert {story.code: list(story.machines) for story in LINES} == lines
    for story in LINES:
        causes = [*story.causes, *story.appointments]
        assert all(codes[cause.reason] == cause.plc_code for cause in causes)
        assert {cause.machine for cause in story.causes} <= set(story.machines)
        for item in PLANT.items:
            if item.code in story.items:
                assert {cycle.work_center.code for cycle in item.cycles} == set(story.machines)


@pytest.mark.django_db
def test_people_log_in_with_their_passwords_and_the_key_works(demo: DemoInfo) -> None:
    assert authenticate(username="olga", password="olga-secret-1")
    assert not authenticate(username="olga", password="ada-secret-12")
    key = key_owner(demo.api_key, NOW)
    assert key is not None
    assert set(key.scopes) == {"read", "observations", "orders"}
    assert JournalEntry.objects.filter(action="demo_load").count() == 1
    assert "secret" not in str(list(JournalEntry.objects.values_list("data", flat=True)))


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_bindings_and_cycles_hold_since_before_the_story() -> None:
    first = NOW - timedelta(days=28, hours=1)
    assert TagBinding.objects.filter(valid_from__lt=first, valid_to=None).count() == 108
    assert not IdealCycle.objects.filter(valid_from__gte=first).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_the_controllers_are_pointed_to_where_the_virtual_ones_listen() -> None:
    assert Controller.objects.get(code="PLC-G1").address == "127.0.0.1:42002"
    told = controllers_point_to(port_base=43_000)
    assert [one.address for one in told][:2] == ["127.0.0.1:43000", "127.0.0.1:43001"]
    assert Controller.objects.get(code="PLC-P1").address == "127.0.0.1:43004"


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_said_again_it_doubles_nothing_and_gives_a_new_key() -> None:
    sizes = [model.objects.count() for model in (Site, WorkOrder, CountHour, StateInterval, TagBinding)]
    again = plant_load(plant=PLANT, now=NOW + timedelta(hours=1), passwords={"olga": "another-1"}, port_base=42_000)
    assert [model.objects.count() for model in (Site, WorkOrder, CountHour, StateInterval, TagBinding)] == sizes
    assert authenticate(username="olga", password="another-1")
    assert key_owner(again.api_key, NOW + timedelta(hours=2)) is not None
    assert ApiKey.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_everybody_gets_a_password_of_their_own_and_the_answer_fits_the_ready_file() -> None:
    told = demo_load(port_base=42_100)
    assert {user["role"] for user in told["users"]} == set(Role.values)
    assert len({user["password"] for user in told["users"]}) == len(told["users"]) == 11
    assert len({user["badge"] for user in told["users"]}) == 11
    olga = next(user for user in told["users"] if user["name"] == "olga")
    assert identity_words(Person.objects.get(username="olga")) == "badge set, PIN set"
    assert check_password(olga["pin"], Identity.objects.get(person__username="olga").pin_hash)
    assert told["controllers"][0] == {"code": "PLC-B1", "address": "127.0.0.1:42100"}
    assert told["api_key"].startswith("mw_")
