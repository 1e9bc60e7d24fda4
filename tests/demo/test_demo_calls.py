"""The demo can be called in: categories, rules, answered calls of the last days, a checklist and a picture."""

import pytest

from mes.andon.models import Call, CallCategory, EscalationRule
from mes.andon.queries import buttons
from mes.guidance.instructions import in_force
from mes.guidance.models import Checklist
from mes.plant.models import WorkCenter
from tests.demo.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


def test_people_can_call_and_controllers_too_and_a_supervisor_hears_of_it() -> None:
    assert [one.code for one in buttons()] == ["MAINTENANCE", "MATERIAL", "QUALITY", "LEADER"]
    assert CallCategory.objects.get(automatic=True).code == "CONTROLLER"
    heard = [person.username for rule in EscalationRule.objects.all() for person in rule.people.all()]
    assert heard == ["samira", "samira"]


def test_the_calls_of_the_past_were_answered_and_none_is_open() -> None:
    assert {call.state for call in Call.objects.all()} == {"resolved"}
    assert Call.objects.count() == 5


def test_the_filler_has_a_checklist_and_a_picture() -> None:
    place = WorkCenter.objects.get(code="FILL-1")
    assert Checklist.objects.get().work_center == place
    (shown,) = in_force(place, NOW)
    assert (shown.title, shown.file.media_type) == ("Fill level: between the two lines", "image/png")
