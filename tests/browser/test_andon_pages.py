"""Calls and guidance in Chromium: two taps call, a tap answers, without JavaScript too; axe finds nothing."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from mes.andon.calls import call_raise
from mes.andon.models import Call, CallCategory, EscalationRule
from mes.andon.notices import calls_escalate
from mes.guidance.models import Checklist, ChecklistEntry
from mes.people.models import Role
from tests.browser.test_station_pages import DESK, PHONE, Open, open_as, plant, problems
from tests.production.small_plant import SmallPlant

__all__ = ["open_as", "plant"]


@pytest.fixture
def fix(plant: SmallPlant) -> CallCategory:
    CallCategory.objects.create(code="MAT", name="Material", position=2)
    return CallCategory.objects.create(code="FIX", name="Maintenance", position=1)


@pytest.mark.parametrize(("js", "size"), [(True, DESK), (False, PHONE)])
def test_two_taps_call_and_the_floor_and_the_list_show_it_until_it_is_resolved(
    plant: SmallPlant,
    fix: CallCategory,
    open_as: Open,
    js: bool,
    size: tuple[int, int],
) -> None:
    with open_as(plant.person(Role.OPERATOR, name="otto"), js=js, size=size) as page:
        page.goto("/station/PACK/")
        page.locator(".six").get_by_role("link", name="Call").click()
        page.get_by_role("button", name="Maintenance").click()
        expect(page.get_by_text("Maintenance is called.")).to_be_visible()
        expect(page.get_by_role("button", name="Maintenance")).to_be_disabled()
        page.goto("/floor/")
        expect(page.locator("[data-tile=PACK] .call")).to_contain_text("Call: Maintenance · 00:")
        page.goto("/wall/LINE-1/")
        expect(page.locator("[data-tile=PACK] .call")).to_contain_text("Call: Maintenance")
        page.goto("/andon/")
        page.get_by_role("button", name="I come").click()
        expect(page.get_by_text("otto comes")).to_be_visible()
        page.get_by_label("What was done").fill("new belt")
        page.get_by_role("button", name="Resolved").click()
        expect(page.get_by_role("heading", name="Nobody calls")).to_be_visible()
    call = Call.objects.get()
    assert (call.state, call.raised_by, call.taken_by, call.outcome) == ("resolved", "otto", "otto", "new belt")


def test_a_checklist_is_answered_without_javascript(plant: SmallPlant, open_as: Open) -> None:
    Checklist.objects.create(
        code="START", name="Start", kind="startup", work_center=plant.packer, points=["Guards closed", "Film loaded"]
    )
    with open_as(plant.person(Role.OPERATOR, name="otto"), js=False, size=PHONE) as page:
        page.goto("/station/PACK/")
        page.get_by_role("link", name="Checklists").click()
        page.get_by_role("link", name="due now").click()
        page.get_by_label("Done").first.check()
        page.get_by_role("button", name="Keep the answers").click()
        expect(page.get_by_role("alert")).to_contain_text("Tick “Film loaded”, or say why it is skipped.")
        page.get_by_label("or skipped, because").last.fill("no film")
        page.get_by_role("button", name="Keep the answers").click()
        expect(page.get_by_text("Start is answered.")).to_be_visible()
    assert [row["why"] for row in ChecklistEntry.objects.get().answers] == ["", "no film"]


def test_axe_finds_nothing_on_these_pages_in_both_schemes_and_sizes(
    plant: SmallPlant,
    fix: CallCategory,
    open_as: Open,
) -> None:
    Checklist.objects.create(code="START", name="Start", kind="startup", work_center=plant.packer, points=["Guards"])
    EscalationRule.objects.create(code="A", level=2, address="boss@plant.example")
    now = datetime.now(UTC)
    given = {"work_center": plant.packer, "category": fix, "actor": "otto", "at": now, "key": uuid4(), "note": "belt"}
    call = call_raise(**given)[0]  # type: ignore[arg-type]
    calls_escalate(at=now)
    person, found = plant.person(Role.SUPERVISOR, name="mia"), []
    pages = ["/andon/", f"/andon/{call.pk}/", "/floor/"]
    pages += [f"/station/PACK/{name}/" for name in ("call", "checklists", "checklists/START", "instructions")]
    for dark, size in ((False, DESK), (True, PHONE)):
        with open_as(person, dark=dark, size=size) as page:
            for path in pages:
                page.goto(path)
                found += [f"{path} dark={dark}: {told}" for told in problems(page)]
    assert found == []
