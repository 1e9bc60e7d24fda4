"""The losses pages in Chromium: charts under the strict policy, a table twin without JavaScript, a phone, and axe."""

from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page

from mes.downtime.models import Stop
from mes.people.models import Role
from mes.production.models import Run, Target
from mes.tracking.models import StateInterval
from tests.browser.test_station_pages import DESK, PHONE, Open, open_as, problems
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

__all__ = ["open_as"]
MIN = timedelta(minutes=1)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SPAN = "from=2026-03-02T06:00:00Z&to=2026-03-02T14:00:00Z"
PAGES = [
    f"/improve/?line=LINE-1&{SPAN}",
    f"/improve/?work_center=PACK&{SPAN}",
    f"/improve/pareto/?line=LINE-1&{SPAN}",
    f"/improve/stops/?line=LINE-1&{SPAN}&reason=JAM",
    f"/improve/waterfall/?work_center=PACK&{SPAN}&base=calendar",
    f"/improve/trends/?work_center=PACK&{SPAN}&group=hour",
    f"/improve/compare/?work_center=PACK&{SPAN}",
    "/improve/targets/?line=LINE-1",
    "/improve/?line=LINE-1&from=never&to=2026-03-02",
]


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """A shift on the packer with a jam, a stop that nobody explained, and an hour that nobody knows of."""
    plant = small_plant()
    order = plant.order("WO-1", quantity="30000")
    Run.objects.create(
        work_center=plant.packer, order=order, item=plant.cola, started_by="o", starts_at=SIX, ends_at=SIX + 480 * MIN
    )
    spans = [(0, 100, "run"), (100, 140, "down"), (140, 240, "run"), (240, 270, "idle"), (270, 290, "down")]
    for start, end, kind in [*spans, (290, 420, "run")]:
        StateInterval.objects.create(
            work_center=plant.packer, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=kind, kind=kind
        )
    for start, end, reason in ((100, 140, plant.jam), (270, 290, None)):
        Stop.objects.create(
            work_center=plant.packer, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state="Down", reason=reason
        )
    for hour in range(7):
        counted(plant.packer, SIX + (60 * hour + 5) * MIN, good=3000, scrap=60, order=order, shift=plant.shift)
    Target.objects.create(line=plant.line_1, target_oee="0.8", valid_from=SIX - timedelta(days=1))
    return plant


def drawn(page: Page) -> None:
    """Waits until every chart that has something to show is drawn."""
    for chart in page.locator("[data-chart]").all():
        chart.locator(".main-svg").first.wait_for()


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_overflows_light_and_dark_on_a_desk_and_a_phone(
    plant: SmallPlant, open_as: Open, path: str
) -> None:
    """Each page is loaded once and looked at in four ways."""
    found: list[str] = []
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1)) as page:
        page.goto(path)
        for width, height in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way
                drawn(page)
                found += [f"{width} {scheme}: {problem}" for problem in problems(page)]
    assert found == []


def test_a_click_on_a_bar_opens_the_stops_behind_it(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1)) as page:
        page.goto(f"/improve/pareto/?work_center=PACK&{SPAN}")
        drawn(page)
        bar = page.locator(".bars .point path").first.bounding_box()
        assert bar is not None
        page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
        page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
        page.wait_for_url("**/improve/stops/**")
        assert page.locator("#h-stops + span").inner_text() == "Reason: JAM"
        assert page.locator("table.list tbody tr").count() == 1


def test_without_javascript_the_tables_say_everything_and_no_chart_takes_room(
    plant: SmallPlant,
    open_as: Open,
) -> None:
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1), js=False) as page:
        page.goto(f"/improve/?work_center=PACK&{SPAN}")
        assert "Biggest loss on 2026-03-02: Packer: Jam infeed, 40 min, 1 stop." in page.locator("h1").inner_text()
        assert not page.locator("[data-chart]").first.is_visible()
        page.get_by_label("Place", exact=True).select_option("line:LINE-1")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**place=line*")
        assert page.locator("#h-targets").is_visible()


def test_the_chart_takes_the_colours_of_the_chosen_appearance(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1)) as page:
        page.goto(f"/improve/pareto/?work_center=PACK&{SPAN}")
        drawn(page)
        bar = page.locator(".bars .point path").first
        colours = []
        for appearance in ("Light", "Dark"):
            page.locator(".menu summary").click()
            page.get_by_role("button", name=appearance).click()
            page.locator(".menu summary").click()
            page.wait_for_function(
                "(old) => getComputedStyle(document.querySelector('.bars .point path')).fill !== old",
                arg=colours[-1] if colours else "",
            )
            colours.append(bar.evaluate("(node) => getComputedStyle(node).fill"))
        assert colours == ["rgb(157, 0, 1)", "rgb(223, 39, 37)"]
