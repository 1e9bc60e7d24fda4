"""Quality by real clicks: a check out of limits, its report decided, done, verified and closed; every chart; axe."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from mes.people.models import Person, Role
from mes.quality.checks import check_record
from mes.quality.judging import Reading
from mes.quality.limits import limits_set
from mes.quality.models import Characteristic, Check, Nonconformance
from mes.signing.models import Signature
from tests.browser.test_station_pages import DESK, PHONE, Open, open_as, plant, problems
from tests.production.small_plant import SmallPlant

__all__ = ["open_as", "plant"]
MIN = timedelta(minutes=1)
SECRET = "only-for-this-test"


def plan(plant: SmallPlant, **more: object) -> Characteristic:
    fields: dict[str, object] = {
        "code": "FILL-W", "name": "Fill weight", "work_center": plant.packer, "unit": "g", "decimals": 1,
        "lsl": Decimal("10.0"), "usl": Decimal("10.4"), "chart": "individuals", "reaction": "Stop and call quality.",
    }  # fmt: skip
    return Characteristic.objects.create(**(fields | more))


def weighed(char: Characteristic, *values: str) -> None:
    now = datetime.now(UTC)
    for number, value in enumerate(values):
        at = now - timedelta(minutes=len(values) - number)
        reading = Reading(values=(Decimal(value),))
        check_record(characteristic=char, reading=reading, taken_at=at, actor="quinn", at=now, key=uuid4())


def person(plant: SmallPlant, role: Role, name: str) -> Person:
    made = plant.person(role, plant.line_1, name=name)
    made.set_password(SECRET)
    made.save()
    return made


@pytest.mark.parametrize(("size", "js"), [(DESK, True), (PHONE, False)])
def test_a_report_is_decided_done_verified_and_closed_by_two_people(
    plant: SmallPlant, open_as: Open, size: tuple[int, int], js: bool
) -> None:
    char = plan(plant, release_signed=True)
    weighed(char, "10.2", "10.3", "10.2", "10.1")
    limits_set(characteristic=char, newest=4, why="start", actor="quinn", at=datetime.now(UTC), seen_version=0)
    quinn, sara = person(plant, Role.QUALITY, "quinn"), person(plant, Role.SUPERVISOR, "sara")
    with open_as(quinn, size=size, js=js) as page:
        page.goto("/station/PACK/checks/FILL-W/")
        page.get_by_label("Value").fill("10.9")
        page.get_by_role("button", name="Enter the check").click()
        page.get_by_role("heading", name="Fill weight: Out of limits").wait_for()
        page.get_by_text("Stop and call quality.").wait_for()  # the reaction plan, with all limits, at once
        assert "10.0 to 10.4" in page.locator(".facts").inner_text()
        assert "control limits" in page.locator(".facts").inner_text()
    report = Nonconformance.objects.get()
    with open_as(sara, size=size, js=js) as page:
        page.goto("/quality/")
        page.get_by_role("link", name=f"Decide {report}").click()
        page.get_by_label("Scrap", exact=True).check()
        page.get_by_label("How many are concerned").fill("3")
        page.get_by_label("If scrap: enter as scrap now").fill("3")
        page.get_by_label("Why", exact=True).fill("Too heavy")
        page.get_by_label("Your password or PIN").fill("wrong")
        page.get_by_role("button", name="Decide and release the hold").click()
        page.get_by_text("This is neither your password").wait_for()
        assert page.get_by_label("Why", exact=True).input_value() == "Too heavy"  # nothing typed is lost
        page.get_by_label("Your password or PIN").fill(SECRET)
        page.get_by_role("button", name="Decide and release the hold").dblclick(no_wait_after=True)
        page.get_by_text("3 pieces are entered as scrap for it.").wait_for()
        page.get_by_text("Add a corrective action").click()
        page.get_by_label("What is to be done").fill("Weigh twice")
        page.get_by_label("Who").select_option("quinn")
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_text("Weigh twice").wait_for()
    with open_as(quinn, size=size, js=js) as page:
        page.goto(f"/quality/-/ncr/{report.pk}/")
        page.get_by_label("What was done").fill("We do")
        page.get_by_role("button", name="It is done").click()
        page.get_by_text("Somebody else verifies").wait_for()
    with open_as(sara, size=size, js=js) as page:
        page.goto(f"/quality/-/ncr/{report.pk}/")
        page.get_by_role("button", name="It worked").click()
        page.get_by_label("Your password or PIN").fill(SECRET)
        page.get_by_role("button", name="Close", exact=True).click()
        page.get_by_text("Closed by sara").wait_for()
        assert page.locator(".signatures li").count() == 2
        assert page.get_by_text("no longer valid").count() == 0
    assert list(Signature.objects.values_list("person__username", "meaning")) == [("sara", "approved")] * 2


def test_every_chart_that_fits_is_drawn_and_the_plan_is_changed_once(plant: SmallPlant, open_as: Open) -> None:
    weighed(plan(plant), "10.2", "10.3", "10.2", "10.1", "10.3")
    with open_as(plant.person(Role.QUALITY, plant.line_1)) as page:
        page.goto("/quality/FILL-W/")
        for name, figures in (("EWMA", 1), ("CUSUM", 2), ("I-MR", 2)):
            page.get_by_role("link", name=name, exact=True).click()
            page.locator("figure.chart .main-svg").first.wait_for()
            assert page.locator("figure.chart:visible").count() == figures
        page.get_by_label("Chart", exact=True).select_option("ewma")
        page.get_by_label("Eight points in a row on one side").check()
        page.locator("#why-rules").fill("Small shifts matter")
        page.get_by_role("button", name="Judge so from now on").click()
        page.get_by_text("Checks are judged by these rules from now on.").wait_for()
    stored = Characteristic.objects.get()
    assert (stored.chart, stored.rules) == ("ewma", ["N1", "N2", "N5", "W4"])


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESK, False)], ids=["360-dark", "1280-light"])
def test_axe_finds_nothing_on_quality_pages(
    plant: SmallPlant, open_as: Open, size: tuple[int, int], dark: bool
) -> None:
    weighed(plan(plant, signatures=["reviewed"], release_signed=True), "10.2", "10.3", "10.5")
    plan(plant, code="SCRATCH", name="Scratches", kind="defects", unit="", chart="c", signatures=["performed"])
    number, key = Nonconformance.objects.get().pk, Check.objects.filter(verdict="out").get().key
    pages = [
        *(
            "/quality/",
            "/quality/-/ncr/",
            "/quality/-/ncr/new/",
            f"/quality/-/ncr/{number}/",
            f"/quality/-/checks/{key}/",
        ),
        *("/quality/FILL-W/?chart=cusum", "/quality/SCRATCH/", "/station/PACK/checks/SCRATCH/"),
    ]
    found: list[str] = []
    with open_as(plant.person(Role.ADMIN), size=size, dark=dark) as page:
        for path in pages:
            page.goto(path)
            found += [f"{path}: {problem}" for problem in problems(page)]
        page.goto(f"/quality/-/ncr/{number}/")
        page.get_by_label("Use as is").check()
        page.get_by_label("Why", exact=True).fill("x")
        page.get_by_label("Your password or PIN").fill("wrong")
        page.get_by_role("button", name="Decide and release the hold").click()
        page.get_by_text("Nothing was saved").wait_for()
        found += [f"a form with errors: {problem}" for problem in problems(page)]
    assert found == []
