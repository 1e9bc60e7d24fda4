"""The schedule in Chromium: two taps say "overtime until" or "not scheduled until", with and without JavaScript."""

import pytest

from mes.people.models import Role
from mes.plant.models import Override, Shift
from tests.browser.test_station_pages import PHONE, TERMINAL, Open, open_as, plant
from tests.production.small_plant import SmallPlant

__all__ = ["open_as", "plant"]


@pytest.mark.parametrize(("size", "js"), [(TERMINAL, True), (PHONE, False)])
def test_overtime_and_rest_are_two_taps_each_and_undo_is_one(
    plant: SmallPlant,
    open_as: Open,
    size: tuple[int, int],
    js: bool,
) -> None:
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1, name="sue"), size=size, js=js) as page:
        page.goto("/floor/PACK/")
        page.get_by_text("Overtime until …").click()
        page.locator("[open] .answer").nth(1).click()
        page.get_by_text("Said. The figures follow").wait_for()
        overtime = Shift.objects.get(overtime=True)
        assert overtime.starts_at == plant.shift.ends_at
        assert overtime.work_center is None  # the box "whole line" is ticked where orders run on the line
        page.get_by_text("Not scheduled until …").click()
        page.locator("[open] .answer").first.click()
        page.get_by_text("Not scheduled", exact=False).first.wait_for()
        assert Override.objects.filter(scheduled=False, withdrawn_at=None).count() == 1
        page.locator(".said").filter(has_text="Overtime").get_by_role("button").click()
        page.get_by_text("Taken back").wait_for()
    assert not Shift.objects.filter(overtime=True).exists()
