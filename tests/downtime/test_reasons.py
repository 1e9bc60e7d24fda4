"""The reason tree stays eight by eight, and a reason put in another class mends the figures of what it explains."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from mes.downtime.models import Reason, Stop, StopRule
from mes.downtime.reclass import reason_reclassed
from mes.people.models import Role
from mes.plant.models import ChangedStretch
from mes.tracking.corrections import state_correct
from tests.production.small_plant import SIX, SmallPlant

HOUR = timedelta(hours=1)


def test_a_ninth_reason_and_a_ninth_category_are_refused_in_words(plant: SmallPlant) -> None:
    """There are two categories, one of them with two reasons."""
    machine = Reason.objects.get(code="MACHINE")
    for n in range(6):
        for parent in (machine, None):
            row = Reason(code=f"R{n}{parent is None}", name="x", parent=parent)
            row.full_clean()
            row.save()
    with pytest.raises(ValidationError, match="8 reasons below Machine already: archive one"):
        Reason(code="NINTH", name="x", parent=machine).full_clean()
    with pytest.raises(ValidationError, match="8 reasons on the first page already"):
        Reason(code="NINTH", name="x").full_clean()
    Reason(code="OLD", name="x", parent=machine, archived=True).full_clean()
    plant.jam.full_clean()  # one of the eight may still be edited


def test_the_tree_has_two_levels(plant: SmallPlant) -> None:
    with pytest.raises(ValidationError, match="a category below nothing"):
        Reason(code="DEEP", name="x", parent=plant.jam).full_clean()
    machine = Reason.objects.get(code="MACHINE")
    machine.parent = plant.cleaning
    with pytest.raises(ValidationError, match="it stays a category"):
        machine.full_clean()


def test_a_rule_without_a_condition_or_with_half_a_time_is_refused(plant: SmallPlant) -> None:
    with pytest.raises(ValidationError, match="a rule for all explains nothing"):
        StopRule(code="ALL", name="x", reason=plant.jam).full_clean()
    with pytest.raises(ValidationError, match="Give both times"):
        StopRule(code="HALF", name="x", reason=plant.jam, from_time="06:00").full_clean()
    with pytest.raises(ValidationError, match="Write each day once"):
        StopRule(code="DAYS", name="x", reason=plant.jam, weekdays="115").full_clean()
    StopRule(code="FINE", name="x", reason=plant.jam, weekdays="15").full_clean()


def _explained(plant: SmallPlant) -> None:
    """A jam from six to seven, and a corrected state from eight to nine with the same reason."""
    Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + HOUR, state="Held", reason=plant.jam)
    state_correct(
        work_center=plant.filler, start=SIX + 2 * HOUR, end=SIX + 3 * HOUR, kind="down", reason=plant.jam, why="seen",
        actor="mia", at=SIX + 9 * HOUR, key=uuid4(),
    )  # fmt: skip
    ChangedStretch.objects.all().delete()


def test_r43_another_class_queues_what_the_reason_explains_and_another_name_does_not(plant: SmallPlant) -> None:
    _explained(plant)
    was = {"klass": plant.jam.klass}
    plant.jam.name = "Jam"
    assert reason_reclassed(reason=plant.jam, was=was, at=SIX + 9 * HOUR) == 0
    plant.jam.klass = "planned"
    assert reason_reclassed(reason=plant.jam, was=was, at=SIX + 9 * HOUR) == 2
    assert sorted(ChangedStretch.objects.values_list("starts_at", "ends_at", "why")) == [
        (SIX, SIX + HOUR, "class of JAM"),
        (SIX + 2 * HOUR, SIX + 3 * HOUR, "class of JAM"),
    ]


def test_the_admin_says_so_when_a_class_changes(plant: SmallPlant, client: Client) -> None:
    _explained(plant)
    client.force_login(plant.person(Role.ADMIN, name="ada"))
    address = f"/admin/downtime/reason/{plant.jam.pk}/change/"
    fields = {"code": "JAM", "name": "Jam infeed", "parent": plant.jam.parent_id, "klass": "planned"}
    fields |= {"semi_e10": "unscheduled-down", "plc_code": 17, "position": 1}
    for told in (True, False):  # saved once more it is the same class
        page = client.post(address, fields, follow=True).content.decode()
        assert ("2 stretches with this reason count otherwise now" in page) is told
    assert ChangedStretch.objects.count() == 2
