"""The pages that mend and settle facts in Chromium: light and dark, on a phone and a desk, without a finding of axe."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from mes.people.models import Role
from mes.plant.changes import changed
from mes.plant.models import Shift
from mes.production.models import Run
from mes.tracking.models import CountFlag, StateInterval
from mes.tracking.scrap import scrap_enter
from tests.browser.test_station_pages import DESK, PHONE, Open, open_as, problems
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

__all__ = ["open_as"]
MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """A shift that ended and is locked while something waits; held-back, unassigned and doubly reported counts."""
    plant, now = small_plant(), datetime.now(UTC)
    Shift.objects.all().delete()
    plant.shift = shift = shift_around(plant.line_1, now, began=12 * HOUR)
    shift_around(plant.line_2, now)
    orders = [plant.order("WO-1"), plant.order("WO-2")]
    for order, start, end in zip(orders, (11 * HOUR, 8 * HOUR), (8 * HOUR, 5 * HOUR), strict=True):
        Run.objects.create(
            work_center=plant.filler,
            order=order,
            item=order.item,
            starts_at=now - start,
            ends_at=now - end,
            started_by="o",
        )
    for kind, begin, end in (("run", 12, 10), ("down", 10, 9), ("run", 9, 4)):
        StateInterval.objects.create(
            work_center=plant.packer,
            starts_at=now - begin * HOUR,
            ends_at=now - end * HOUR,
            state=kind.title(),
            kind=kind,
        )
    common = {"work_center": plant.filler, "role": "good"}
    CountFlag.objects.create(
        kind="quarantine",
        quantity=4900,
        from_at=now - 9 * HOUR,
        to_at=now - 9 * HOUR + MIN,
        detail="jump: counter went from 100 to 5000 in 1.0 s",
        **common,
    )
    CountFlag.objects.create(kind="gap", quantity=90, from_at=now - 9 * HOUR, to_at=now - 7 * HOUR, **common)
    counted(plant.packer, now - 10 * HOUR, good=160, scrap=40, order=orders[0], shift=shift)
    counted(plant.packer, now - 7 * HOUR, good=55, shift=shift)
    scrap_enter(work_center=plant.packer, quantity=12, order=orders[0], actor="otto", at=now - 6 * HOUR, key=uuid4())
    closed_at = now - 3 * HOUR
    Shift.objects.filter(pk=shift.pk).update(closed_at=closed_at, closed_by="mia", locked_at=closed_at)
    changed([(plant.packer.pk, now - 10 * HOUR, now - 9 * HOUR)], why="ingest")
    return plant


PAGES = ["/counts/", "/shift/LINE-1/DAY/Now/", "/downtime/", "/shift/", "/corrections/PACK/", "/corrections/PRESS/"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
def test_axe_finds_nothing_and_nothing_overflows(
    plant: SmallPlant, open_as: Open, size: tuple[int, int], dark: bool
) -> None:
    found: list[str] = []
    with open_as(plant.person(Role.MANAGER), size=size, dark=dark) as page:
        for path in PAGES:
            page.goto(path.replace("DAY", str(plant.shift.production_date)))
            for folded in page.locator("main details:not([open]) > summary").all():
                folded.click()
            found += [f"{path}: {problem}" for problem in problems(page)]
    assert found == []


@pytest.mark.parametrize("js", [True, False], ids=["with js", "without js"])
def test_r23_two_taps_settle_a_held_back_count(plant: SmallPlant, open_as: Open, js: bool) -> None:
    Shift.objects.update(locked_at=None)
    with open_as(plant.person(Role.SUPERVISOR, plant.line_1), js=js) as page:
        page.goto("/downtime/")
        page.get_by_role("link", name="1 count held back").click()
        page.get_by_role("button", name="Release: they were made").click()
        page.get_by_text("4900 pieces are counted now.").wait_for()
    assert CountFlag.objects.get(kind="quarantine").decision == "released"
