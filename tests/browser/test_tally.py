"""Counting by hand in Chromium: start, stop, the number; with and without JavaScript, on a phone and on a terminal."""

from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page

from mes.people.models import Role
from mes.witness.models import Tally
from tests.browser.test_station_pages import PHONE, TERMINAL, Open, open_as, plant  # noqa: F401  (fixtures)
from tests.production.small_plant import SmallPlant


def begun_earlier(page: Page, minutes: int) -> None:
    """As if the start had been tapped so many minutes ago."""
    [cookie] = [one for one in page.context.cookies() if one["name"] == "sessionid"]
    session = SessionStore(session_key=cookie["value"])
    kept = session["counting by hand"]["PACK"]
    kept["start"] = (datetime.fromisoformat(kept["start"]) - timedelta(minutes=minutes)).isoformat()
    session["counting by hand"] = {"PACK": kept}
    session.save()


@pytest.mark.parametrize(("size", "js"), [(TERMINAL, True), (PHONE, False)])
def test_a_count_by_hand_by_real_taps(plant: SmallPlant, open_as: Open, size: tuple[int, int], js: bool) -> None:  # noqa: F811
    with open_as(plant.person(Role.OPERATOR, plant.line_1, name="otto"), size=size, js=js) as page:
        page.goto("/station/PACK/")
        page.get_by_role("link", name="Check the counter: count by hand").click()
        page.get_by_role("button", name="Start counting now").click()
        page.get_by_text("Counting since").wait_for()
        begun_earlier(page, 10)
        page.get_by_role("button", name="Stop: that was the last piece").click()
        page.get_by_text("How many good pieces did you count?").wait_for()
        if js:
            for key in "123":
                page.locator(f'#numpad [data-key="{key}"]').click()
        else:
            page.get_by_label("Good pieces").fill("123")
        page.get_by_role("button", name="Enter my count").click()
        page.get_by_role("status").filter(has_text="PACK counted 0, a count by hand 123").wait_for()
        assert Tally.objects.get().pieces == 123
        page.get_by_role("button", name="Take back").click()
        page.get_by_text("The count is taken back.").wait_for()
    assert Tally.objects.get().withdrawn_at is not None
