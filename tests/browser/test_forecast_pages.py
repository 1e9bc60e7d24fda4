"""Forecasts in Chromium: on the floor, the wall and the shift page, and on pages of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from analytics.models import Champion, Forecast, ForecastOverride, Refit
from mes.people.models import Person, Role
from mes.plant.models import Shift
from mes.tracking.models import MachineCursor, StateInterval
from tests.analytics.forecast_pages.made import (
    HOUR,
    NO_RECORD,
    SHIFT,
    bucket,
    came,
    check,
    forecast,
    readiness,
    snapshot,
)
from tests.browser.test_station_pages import DESK, PHONE, problems
from tests.production.small_plant import SmallPlant, shift_around, small_plant

Open = Callable[..., Any]
MADE = (402, 431, 455, 380, 470, 398, 415, 440, 371, 452, 409, 433, 300, 420, 447, 391, 428, 405, 436, 418, 399)


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """Line 1 forecasts its shifts since a week, line 2 is refused; both run."""
    plant, now = small_plant(), datetime.now(UTC)
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, now.replace(minute=0, second=0, microsecond=0))
    shift_around(plant.line_2, now.replace(minute=0, second=0, microsecond=0))
    for place in (plant.packer, plant.filler, plant.press):
        MachineCursor.objects.create(work_center=place, heard_at=now, silence_s=3600)
        StateInterval.objects.create(work_center=place, starts_at=now - HOUR, state="Run", kind="run")
    begun = plant.shift.starts_at
    line = plant.line_1
    told = {"snapshot": snapshot(line, begun - 9 * HOUR), "readiness": readiness(line, begun - 9 * HOUR)}
    for n, good in enumerate(MADE):
        start = begun - (len(MADE) - n) * SHIFT
        came(line, start, good)
        came(line, start - timedelta(days=7), good + 30)
        if n >= 3:
            forecast(line, start, [bucket(start, 410 + 5 * (n % 4))], **told)
    checks = [check("record", 0.99, 0.98, "record_worse_4", "forecast_record")]
    points = [bucket(begun + n * SHIFT, 412 + 7 * (n % 5)) for n in range(21)]
    forecast(line, begun, points, checks=checks, **told)
    Champion.objects.create(line=line, grain="shift", method="ens2", since=begun, why="first", by="system")
    refused = [
        check("calendar", 0.43, 1.0, "no_calendar", "calendar"),
        check("phase", 1, 2, "phase_too_low", "readiness"),
    ]
    forecast(plant.line_2, begun, [], method="refused", level=0, checks=refused, skill=NO_RECORD)
    return plant


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer) -> Open:
    """A logged-in page; what its policy refuses or a script breaks on fails the test."""

    @contextmanager
    def opened(person: Person, *, size: tuple[int, int] = DESK, js: bool = True) -> Iterator[Page]:
        client = Client()
        client.force_login(person)
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=js, base_url=live_server.url
        )
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        context.set_default_timeout(15_000)
        page = context.new_page()
        broken: list[str] = []
        page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("pageerror", lambda error: broken.append(str(error)))
        yield page
        assert broken == []
        context.close()

    return opened


def test_axe_finds_nothing_and_nothing_overflows(plant: SmallPlant, open_as: Open) -> None:
    then = Forecast.objects.filter(line=plant.line_1).latest("pk")
    pages = [
        "/improve/forecast/", "/improve/forecast/LINE-1/", "/improve/forecast/LINE-2/",
        f"/improve/forecast/LINE-1/{then.pk}/", "/floor/", "/wall/LINE-1/",
    ]  # fmt: skip
    found: list[str] = []
    with open_as(plant.person(Role.SUPERVISOR)) as page:
        for path in pages:
            page.goto(path)
            if path in ("/floor/", "/wall/LINE-1/"):
                page.locator(".forecast-number").first.wait_for()
            for size in (PHONE, DESK):
                page.set_viewport_size({"width": size[0], "height": size[1]})
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    found += [f"{path} {size[0]} {scheme}: {problem}" for problem in problems(page)]
    assert found == []


def test_the_floor_gets_its_forecasts_after_the_first_paint_and_nothing_moves(plant: SmallPlant, open_as: Open) -> None:
    watch = """window.shifts = 0;
        const add = list => list.getEntries().forEach(e => { window.shifts += e.value; });
        new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});"""
    with open_as(plant.person(Role.SUPERVISOR)) as page:
        page.add_init_script(watch)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/improve/forecast/" in request.url else None)
        for size in (DESK, PHONE):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            asked.clear()
            page.goto("/floor/")
            one = page.locator("[data-forecast-of='LINE-1']")
            expect(one).to_contain_text("Now: forecast 412, 351–455")
            expect(one).to_contain_text("last 84 shifts off by 9")
            expect(page.locator("[data-forecast-of='LINE-2']")).to_contain_text("No forecast. Plan the shifts")
            assert len(asked) == 1  # for both lines
            assert page.evaluate("window.shifts") < 0.005
        page.locator("[data-forecast-of='LINE-2'] a").click()
        page.wait_for_url("**/calendar/?line=LINE-2")


def test_a_supervisor_reads_says_and_asks_by_real_clicks(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1, name="mia")) as page:
        page.goto("/improve/forecast/")
        page.get_by_role("link", name="Line one").click()
        expect(page.locator("#main [data-chart='band'] .main-svg").first).to_be_visible()
        expect(page.get_by_text("81 % (68 of 84)")).to_be_visible()
        page.get_by_label("When").select_option(index=2)
        page.get_by_label("Good pieces").fill("350")
        page.get_by_label("Why", exact=True).fill("The mould is worn")
        page.get_by_role("button", name="Say it").click()
        expect(page.get_by_text("It stands beside the forecast.")).to_be_visible()
        assert (ForecastOverride.objects.get().value, ForecastOverride.objects.get().by) == (350, "mia")
        page.get_by_role("button", name="Compute now").click()
        expect(page.locator("#forecast-job")).to_contain_text("Waits for the worker")
        Refit.objects.update(state="running", done_share=0.5, step="fitting", held_until=datetime.now(UTC) + HOUR)
        expect(page.locator("#forecast-job progress")).to_have_attribute("value", "0.500")
        Refit.objects.update(state="done", finished_at=datetime.now(UTC), done_share=1)
        expect(page.locator("#forecast-job")).to_contain_text("Computed on")


def test_without_a_script_every_number_is_there(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.SUPERVISOR), size=PHONE, js=False) as page:
        page.goto("/floor/")
        page.get_by_role("link", name="Forecast Line one").click()
        page.get_by_text("The numbers as a table").click()
        expect(page.get_by_role("row", name="433").first).to_be_visible()
        page.get_by_text("Earlier forecasts, as they were").scroll_into_view_if_needed()
        page.locator("#main table a").first.click()
        expect(page.get_by_role("heading", name="as it was")).to_be_visible()
