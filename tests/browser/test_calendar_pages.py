"""The schedule in Chromium: two taps say "overtime until" or "not scheduled until", with and without JavaScript."""

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest

from mes.people.models import Role
from mes.plant.models import (
    BreakRule,
    CycleRule,
    Line,
    OtherDay,
    Override,
    PlannedMaintenance,
    Shift,
    ShiftPattern,
    ShiftRule,
)
from mes.plant.tasks import lines_materialise
from tests.browser.test_station_pages import DESK, PHONE, TERMINAL, Open, open_as, plant, problems
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


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
def test_axe_finds_nothing_on_the_calendar(plant: SmallPlant, open_as: Open, size: tuple[int, int], dark: bool) -> None:
    pattern = ShiftPattern.objects.create(code="TWO", name="Two shifts")
    rule = ShiftRule.objects.create(pattern=pattern, name="Day", days=list(range(7)), starts=time(6), ends=time(18))
    BreakRule.objects.create(rule=rule, name="Lunch", starts=time(12), ends=time(12, 30))
    CycleRule.objects.create(rule=rule, crew="A", anchor=plant.shift.production_date, cycle="5-2")
    Line.objects.filter(pk=plant.line_1.pk).update(shift_pattern=pattern)
    now = datetime.now(UTC)
    lines_materialise(at=now)
    tomorrow = now.date() + timedelta(days=1)
    OtherDay.objects.create(line=plant.line_1, date=tomorrow, name="Works outing")
    PlannedMaintenance.objects.create(
        line=plant.line_1, name="Overhaul", starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=2, hours=3)
    )
    hour = now.replace(minute=0, second=0, microsecond=0)
    for scheduled, start, end in ((True, 6, 9), (False, 1, 3)):
        Override.objects.create(
            line=plant.line_1, scheduled=scheduled, starts_at=hour + timedelta(hours=start),
            ends_at=hour + timedelta(hours=end), said_at=now, said_by="sue", key=uuid4(),
        )  # fmt: skip
    found: list[str] = []
    with open_as(plant.person(Role.PLANNER, name="petra"), size=size, dark=dark) as page:
        page.goto("/calendar/?line=LINE-1")
        for summary in page.locator("main summary").all():
            summary.click()
        found += problems(page)
        page.locator("#r-first").fill(str(now.date()))
        page.locator("#r-last").fill(str(now.date()))
        page.get_by_role("button", name="Look at it first").click()
        page.get_by_text("what would change").wait_for()
        found += [f"preview: {problem}" for problem in problems(page)]
        page.goto("/floor/PACK/")
        page.get_by_text("Overtime until …").click()
        found += [f"machine: {problem}" for problem in problems(page)]
    assert found == []
