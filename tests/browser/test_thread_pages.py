"""The pages of the digital thread in Chromium: axe finds nothing on any kind of node."""

from datetime import UTC, datetime, timedelta

from mes.people.models import Role
from tests.browser.test_station_pages import DESK, PHONE, Open, open_as, plant, problems
from tests.production.small_plant import SmallPlant

__all__ = ["open_as", "plant"]


def test_axe_finds_nothing_on_any_kind_of_node_in_both_schemes_and_sizes(plant: SmallPlant, open_as: Open) -> None:
    person, found = plant.person(Role.SUPERVISOR, name="mia"), []
    hour = f"{datetime.now(UTC) - timedelta(minutes=30):%Y-%m-%dT%H}"
    for dark, size in ((False, DESK), (True, PHONE)):
        with open_as(person, dark=dark, size=size) as page:
            page.goto("/thread/order/WO-1/")
            links = page.locator("#main a[href^='/thread/']").evaluate_all(
                "all => all.map(a => a.getAttribute('href'))"
            )
            first_of = {link.split("/")[2]: link for link in reversed(links)}
            assert {"run", "stop", "machine-hour"} <= set(first_of), links
            for path in ("/thread/order/WO-1/", f"/thread/machine-hour/PACK@{hour}/", *first_of.values()):
                page.goto(path)
                found += [f"{path} dark={dark}: {told}" for told in problems(page)]
    assert found == []
