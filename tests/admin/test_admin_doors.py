"""Every page of the admin x every role: admins all, engineers the plant and its records, others not even the index."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from mes.journal.admin import ReadOnlyAdmin
from mes.people.models import Person, Role

OURS = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
# Of people, keys and terminals, and of what things cost, an engineer sees nothing here; of all other rooms every page.
NOT_AN_ENGINEERS = {"people", "losses"}


def _client(role: Role) -> Client:
    client = Client()
    client.force_login(Person.objects.create_user(f"a-{role.value}", password=None, role=role, all_lines=True))
    return client


def _page(label: str, kind: str) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{kind}")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.ENGINEER)])
def test_who_works_on_the_floor_opens_no_page_of_the_admin(plant: None, role: Role) -> None:
    client, odd = _client(role), []
    pages = [reverse("admin:index"), *(reverse("admin:app_list", args=[label.split(".")[0]]) for label in OURS)]
    pages += [_page(label, kind) for label in OURS for kind in ("changelist", "add")]
    for path in pages:
        answer = client.get(path)
        if answer.status_code != 302 or not answer.headers["Location"].startswith("/admin/login/"):
            odd.append(f"{path}: {answer.status_code}")
    assert odd == []


def test_an_engineer_opens_what_is_theirs_and_of_people_nothing(plant: None) -> None:
    client, odd = _client(Role.ENGINEER), []
    for label, page in OURS.items():
        theirs = label.split(".")[0] not in NOT_AN_ENGINEERS
        first = page.model._default_manager.first()
        change = [reverse(f"admin:{label.replace('.', '_')}_change", args=[first.pk])] if first else []
        for path in (_page(label, "changelist"), *change):
            status = client.get(path).status_code
            if status != (200 if theirs else 403):
                odd.append(f"{path}: {status}")
        status = client.get(_page(label, "add")).status_code
        if (isinstance(page, ReadOnlyAdmin) and status != 403) or (not theirs and status != 403):
            odd.append(f"{label} can be added to: {status}")
    assert odd == []
