"""Badge and PIN are set on a person's admin page, by an admin alone, and cannot be read there."""

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.people.identity import identity_words
from mes.people.models import Identity, Role
from tests.production.small_plant import SmallPlant, small_plant


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def test_an_admin_sets_badge_and_pin_and_nobody_reads_them_there(plant: SmallPlant, client: Client) -> None:
    ana = plant.person(Role.OPERATOR, name="ana")
    client.force_login(plant.person(Role.ADMIN, name="root"))
    page = f"/admin/people/person/{ana.pk}/change/"
    form = {"username": "ana", "role": "operator", "is_active": "on", "new_badge": "04A1B2C3", "new_pin": "4711"}
    for _ in range(2):
        assert client.post(page, form).status_code == 302
    assert identity_words(ana) == "badge set, PIN set"
    shown = client.get(page).content.decode()
    assert "badge set, PIN set" in shown
    for secret in ("04A1B2C3", "4711", Identity.objects.get().badge_hash):
        assert secret not in shown
    told = JournalEntry.objects.filter(action__in=("badge_set", "pin_set"))
    assert sorted(told.values_list("action", "actor")) == [("badge_set", "root"), ("pin_set", "root")]
    refused = client.post(page, form | {"new_badge": "", "new_pin": "1234"}, follow=True).content.decode()
    assert "too easy to guess" in refused
    client.post("/admin/people/person/", {"action": "remove_badge", "_selected_action": ana.pk})
    assert identity_words(ana) == "no badge, PIN set"


def test_an_engineer_sets_nobodys_badge(plant: SmallPlant, client: Client) -> None:
    ana = plant.person(Role.OPERATOR, name="ana")
    client.force_login(plant.person(Role.ENGINEER, name="eva"))
    form = {"username": "ana", "role": "operator", "is_active": "on", "new_badge": "04A1B2C3"}
    assert client.post(f"/admin/people/person/{ana.pk}/change/", form).status_code == 403
    assert not Identity.objects.exists()
