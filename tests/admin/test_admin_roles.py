"""Who may what in the admin: admins all, engineers the plant and its controllers, others nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from mes.journal.models import JournalEntry
from mes.people.models import Person
from mes.plant.models import Area, Line, Site
from mes.plc.models import Controller


def _page(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def test_a_supervisor_and_an_operator_are_sent_to_the_log_in(samira: Client) -> None:
    answer = samira.get(_page("index"))
    assert (answer.status_code, answer.headers["Location"][:13]) == (302, "/admin/login/")
    site = Site.objects.get()
    samira.post(_page("plant_site_change", site.pk), {"code": "S", "name": "Mine", "time_zone": "UTC"})
    assert Site.objects.get().name == "Site"


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("plant_site_changelist", 200),
        ("plant_line_add", 200),
        ("plc_controller_changelist", 200),
        ("plc_tagbinding_add", 200),
        ("downtime_reason_add", 200),
        ("production_idealcycle_add", 200),
        ("journal_journalentry_changelist", 200),
        ("tracking_stateinterval_changelist", 200),
        ("people_person_changelist", 403),
        ("people_person_add", 403),
        ("people_apikey_changelist", 403),
    ],
)
def test_an_engineer_edits_plant_and_controllers_but_not_people(erik: Client, page: str, status: int) -> None:
    assert erik.get(_page(page)).status_code == status


def test_an_engineer_cannot_make_themself_an_admin(erik: Client) -> None:
    person = Person.objects.get(username="erik")
    data = {"username": "erik", "role": "admin", "is_active": "on"}
    assert erik.post(_page("people_person_change", person.pk), data).status_code == 403
    person.refresh_from_db()
    assert person.role == "engineer"


@pytest.mark.parametrize(
    "name",
    [
        *("downtime_stop", "journal_journalentry", "tracking_stateinterval", "tracking_counthour"),
        *("production_run", "production_workorder", "plant_shift", "leases_lease"),
    ],
)
def test_events_can_be_neither_added_nor_changed_nor_deleted_by_anybody(ada: Client, name: str) -> None:
    from django.apps import apps

    model = apps.get_model(name.replace("_", "."))
    row = model._default_manager.first()
    assert row is not None
    before = model._default_manager.count()
    assert ada.get(_page(f"{name}_change", row.pk)).status_code == 200
    assert ada.post(_page(f"{name}_change", row.pk), {}).status_code == 403
    assert ada.get(_page(f"{name}_add")).status_code == 403
    assert ada.post(_page(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.count() == before


def test_what_others_use_is_kept_and_the_page_says_why_in_words(ada: Client) -> None:
    line = Line.objects.get(code="L1")
    text = ada.get(_page("plant_line_delete", line.pk)).content.decode()
    assert "The line L1 is kept because it is used by 2 work centers, " in text
    assert "1 work order. Delete or move those first, or leave it." in text
    ada.post(_page("plant_line_delete", line.pk), {"post": "yes"})
    assert Line.objects.filter(code="L1").exists()


def test_a_machine_with_history_is_to_be_archived(ada: Client) -> None:
    machine = Line.objects.get(code="L1").work_centers.get(code="M-1")
    assert "Archive it instead." in ada.get(_page("plant_workcenter_delete", machine.pk)).content.decode()


def test_selected_records_that_are_used_are_kept_too(ada: Client) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [Area.objects.get().pk], "post": "yes"}
    answer = ada.post(_page("plant_area_changelist"), chosen)
    assert "The area A is kept because it is used by 2 lines." in answer.content.decode()
    assert Area.objects.exists()


def test_what_nobody_uses_is_deleted_and_told_to_the_journal(ada: Client) -> None:
    spare = Controller.objects.create(code="SPARE", name="Spare", site=Site.objects.get(), address="10.0.0.9")
    ada.post(_page("plc_controller_delete", spare.pk), {"post": "yes"})
    assert not Controller.objects.filter(code="SPARE").exists()
    entry = JournalEntry.objects.get(action="controller_delete")
    assert (entry.actor, entry.code, entry.data["before"]["address"]) == ("ada", "SPARE", "10.0.0.9")
