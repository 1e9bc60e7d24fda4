"""Explaining a number and comparing policies in Chromium: light and dark, on a phone and a desk, without a finding."""

from datetime import UTC, datetime, timedelta

import pytest

from mes.downtime.actions import stop_explain
from mes.downtime.models import Stop
from mes.oee.policies import policies_in_force
from mes.people.models import Role
from mes.plant.models import Shift
from tests.browser.test_station_pages import DESK, PHONE, Open, open_as, problems
from tests.oee.explain_kit import shift_story
from tests.production.small_plant import SmallPlant, small_plant

__all__ = ["open_as"]
HOUR = timedelta(hours=1)


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """The shift reckoned by hand, ended an hour or two ago; somebody corrected a reason meanwhile."""
    plant, now = small_plant(), datetime.now(UTC)
    begin = now.replace(minute=0, second=0, microsecond=0) - 9 * HOUR
    Shift.objects.update(starts_at=begin, ends_at=begin + 8 * HOUR, production_date=begin.date())
    plant.shift = Shift.objects.get()
    plant.shift.breaks.update(starts_at=begin + 4 * HOUR, ends_at=begin + 4.5 * HOUR)
    shift_story(plant, begin)
    stop = Stop.objects.get()
    stop_explain(stop_id=stop.pk, reason=plant.motor, note="belt", actor="mia", at=now, version=stop.version)
    return plant


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
def test_axe_finds_nothing_and_nothing_overflows(
    plant: SmallPlant, open_as: Open, size: tuple[int, int], dark: bool
) -> None:
    span = f"from={plant.shift.starts_at:%Y-%m-%dT%H:%MZ}&to={plant.shift.ends_at:%Y-%m-%dT%H:%MZ}"
    week = f"from={plant.shift.starts_at - 168 * HOUR:%Y-%m-%dT%H:%MZ}&to={plant.shift.ends_at:%Y-%m-%dT%H:%MZ}"
    pages = [
        "/explain/",
        "/explain/?line=LINE-1",
        f"/explain/?work_center=PACK&{span}",
        f"/explain/?line=LINE-1&kpi=mtbf_s&policy=iso-22400&{span}",
        f"/explain/?work_center=PACK&{week}",
        f"/shift/LINE-1/{plant.shift.production_date}/Early/",
        "/improve/policies/",
        "/improve/policies/?work_center=PACK&draft=1&name=own",
    ]
    found: list[str] = []
    with open_as(plant.person(Role.MANAGER), size=size, dark=dark) as page:
        for path in pages:
            page.goto(path)
            found += [f"{path}: {problem}" for problem in problems(page)]
    assert found == []


@pytest.mark.parametrize("js", [True, False])
def test_from_the_shifts_number_to_the_stretch_that_made_it(plant: SmallPlant, open_as: Open, js: bool) -> None:
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1), js=js) as page:
        page.goto(f"/shift/LINE-1/{plant.shift.production_date}/Early/")
        page.get_by_role("link", name="Why? How Availability of LINE-1 comes about").click()
        page.get_by_role("heading", name="Availability of Line one: 77.0 %").wait_for()
        page.get_by_role("link", name="PACK", exact=True).click()
        page.get_by_role("heading", name="Availability of Packer: 77.0 %").wait_for()
        page.get_by_text("480.0 of 480.0 min explained").wait_for()
        page.get_by_text("A person called it a failure: Motor fault.").wait_for()
        page.get_by_role("cell", name="reason: JAM → MOTOR").wait_for()


def test_a_manager_compares_a_draft_and_puts_it_in_force(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.MANAGER), js=False) as page:
        page.goto("/improve/policies/?work_center=PACK")
        page.get_by_label("Micro-stops are shorter than").fill("5400")  # the 59 min are one standstill of 89 with lunch
        page.get_by_role("button", name="Compare this draft too").click()
        page.get_by_role("cell", name="90.7 (+13.7)").wait_for()
        page.get_by_label("Why (the journal keeps it)").fill("Agreed with the works council")
        page.get_by_role("button", name="Put it in force").click()
        page.get_by_text("PACK follows own from").wait_for()
    soon = datetime.now(UTC) + 2 * HOUR
    [(_, policy)] = policies_in_force([plant.packer], soon, soon)[plant.packer.pk]
    assert policy.label == "own v1, stops under 5400 s are lost speed"
