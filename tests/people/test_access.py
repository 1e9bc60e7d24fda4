"""Which lines a person sees, and what a role allows."""

import pytest
from django.contrib.auth.models import AnonymousUser

from mes.people.access import ROLES_OF, lines_for, may, work_centers_for
from mes.people.models import Person, Role
from mes.plant.models import Area, Line, Site, WorkCenter

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_lines() -> None:
    site = Site.objects.create(code="S", name="Site", time_zone="Europe/Berlin")
    area = Area.objects.create(code="A", name="Area", site=site)
    for code in ("L1", "L2"):
        line = Line.objects.create(code=code, name=code, area=area)
        WorkCenter.objects.create(code=f"{code}-M", name="Machine", line=line)
        WorkCenter.objects.create(code=f"{code}-OLD", name="Old machine", line=line, archived=True)


def _codes(user: object) -> tuple[list[str], list[str]]:
    return (
        [line.code for line in lines_for(user)],
        [center.code for center in work_centers_for(user)],
    )


def test_a_person_sees_the_lines_listed_at_them_and_no_archived_machine() -> None:
    person = Person.objects.create(username="otto")
    person.lines.add(Line.objects.get(code="L2"))
    assert _codes(person) == (["L2"], ["L2-M"])


def test_a_person_without_lines_sees_none() -> None:
    assert _codes(Person.objects.create(username="otto", role=Role.SUPERVISOR)) == ([], [])


def test_all_lines_and_admins_see_every_line() -> None:
    everywhere = Person.objects.create(username="eva", all_lines=True)
    admin = Person.objects.create(username="ada", role=Role.ADMIN)
    assert _codes(everywhere) == _codes(admin) == (["L1", "L2"], ["L1-M", "L2-M"])


def test_nobody_and_a_person_who_left_see_and_may_nothing() -> None:
    left = Person.objects.create(username="left", role=Role.ADMIN, all_lines=True, is_active=False)
    for user in (AnonymousUser(), None, left):
        assert _codes(user) == ([], [])
        assert not any(may(user, action) for action in ROLES_OF)


@pytest.mark.parametrize(
    ("role", "allowed", "denied"),
    [
        (Role.OPERATOR, {"start_order", "explain_stop", "enter_scrap"}, {"edit_plant", "edit_stop", "see_audit"}),
        (Role.SUPERVISOR, {"start_order", "edit_stop", "see_audit"}, {"edit_plant", "edit_controllers", "edit_people"}),
        (Role.PLANNER, {"edit_orders", "edit_schedule", "edit_items"}, {"explain_stop", "enter_scrap", "edit_plant"}),
        (Role.ENGINEER, {"edit_plant", "edit_controllers", "see_audit"}, {"edit_people", "start_order", "edit_keys"}),
        (Role.MAINTENANCE, {"explain_stop", "see_controllers"}, {"edit_plant", "start_order", "edit_controllers"}),
        (Role.QUALITY, {"enter_scrap", "see_audit"}, {"edit_plant", "start_order"}),
        (Role.FINANCE, {"see_floor", "see_audit"}, {"start_order", "enter_scrap", "see_station", "edit_plant"}),
        (Role.MANAGER, {"see_floor", "see_audit"}, {"start_order", "edit_plant", "edit_people"}),
    ],
)
def test_a_role_allows_its_work_and_no_more(role: Role, allowed: set[str], denied: set[str]) -> None:
    person = Person.objects.create(username="p", role=role)
    assert {action for action in allowed | denied if may(person, action)} == allowed


def test_an_admin_may_everything() -> None:
    admin = Person.objects.create(username="ada", role=Role.ADMIN)
    assert all(may(admin, action) for action in ROLES_OF)


def test_an_action_nobody_defined_is_a_mistake_and_not_a_denial() -> None:
    with pytest.raises(KeyError):
        may(Person.objects.create(username="ada", role=Role.ADMIN), "edit_the_weather")
