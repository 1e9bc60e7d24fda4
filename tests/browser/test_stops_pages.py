"""Stops in Chromium: split, explained, merged and undone by real clicks and keys; bulk, rules, the line; axe."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from mes.downtime.cutting import stop_split, stop_trim
from mes.downtime.models import Stop, StopRule
from mes.downtime.queries import stop_ref
from mes.people.models import Role
from mes.plant.models import Shift
from mes.tracking.models import MachineCursor, StateInterval
from tests.browser.test_station_pages import DESK, PHONE, Open, open_as, problems
from tests.production.small_plant import SmallPlant, shift_around, small_plant

__all__ = ["open_as"]
MIN = timedelta(minutes=1)


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """The filler stood from 60 to 30 minutes ago and made the packer wait; before that it stood twice for 5 minutes."""
    plant, now = small_plant(), datetime.now(UTC).replace(second=0, microsecond=0)
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, now)
    for place, spans in (
        (plant.filler, ((110, 60, "run"), (60, 30, "down"), (30, 0, "run"))),
        (plant.packer, ((110, 57, "run"), (57, 29, "waiting"), (29, 0, "run"))),
    ):
        MachineCursor.objects.create(work_center=place, heard_at=now + 5 * MIN, silence_s=3600)
        for begin, end, kind in spans:
            StateInterval.objects.create(
                work_center=place, starts_at=now - begin * MIN, ends_at=now - end * MIN, state=kind, kind=kind
            )
    for place, begin, end, kind in (
        (plant.filler, 60, 30, "down"),
        (plant.packer, 57, 29, "waiting"),
        (plant.filler, 100, 95, "down"),
        (plant.filler, 90, 85, "down"),
    ):
        Stop.objects.create(
            work_center=place,
            starts_at=now - begin * MIN,
            ends_at=now - end * MIN,
            state="Held",
            kind=kind,
            plc_code=17,
        )
    StopRule.objects.create(code="CODE-17", name="Code 17 is a jam", plc_code=17, reason=plant.jam)
    return plant


def long_stop() -> Stop:
    return Stop.reported.select_related("work_center").filter(kind="down").latest("starts_at")


def reasons() -> list[str | None]:
    whole = long_stop()
    parts = Stop.objects.filter(work_center=whole.work_center, starts_at__gte=whole.starts_at)
    return list(parts.order_by("starts_at").values_list("reason__code", flat=True))


@pytest.mark.parametrize(("js", "size"), [(True, DESK), (False, PHONE)])
def test_a_stop_is_split_explained_merged_and_undone(
    plant: SmallPlant, open_as: Open, js: bool, size: tuple[int, int]
) -> None:
    stop = long_stop()
    with open_as(plant.person(Role.SUPERVISOR, name="mia"), js=js, size=size) as page:
        page.goto("/downtime/?need=reason")
        page.get_by_role("link", name="needs a reason", exact=True).first.click()
        expect(page.get_by_text("It made 1 machine wait for 28:00")).to_be_visible()
        if js:
            page.keyboard.press("s")
            expect(page.get_by_role("slider")).to_be_focused()
            for key in ("Home", "PageUp", "PageUp", "ArrowRight", "Enter"):  # 1 s + 2 min + 1 s
                page.keyboard.press(key)
            cut = stop.starts_at + timedelta(seconds=122)
        else:
            cut = stop.starts_at + 10 * MIN
            page.get_by_label("Split at").fill(f"{cut:%Y-%m-%dT%H:%M:%S}+00:00")
            page.get_by_role("button", name="Split").click()
        expect(page.get_by_text("The stop is split")).to_be_visible()
        assert list(Stop.objects.filter(whole=stop).order_by("starts_at").values_list("starts_at", flat=True)) == [
            stop.starts_at,
            cut,
        ]
        page.get_by_role("button", name="Jam infeed").first.click()
        expect(page.get_by_text("by mia")).to_be_visible()
        assert reasons() == [None, "JAM"]
        page.get_by_role("button", name="Merge").click()
        expect(page.get_by_text("The parts are one again")).to_be_visible()
        assert reasons() == ["JAM"]
        for _ in range(3):
            page.get_by_role("button", name="Undo the last change").click()
            expect(page.get_by_text("Taken back.")).to_be_visible()
        assert page.get_by_role("button", name="Undo the last change").count() == 0
        assert reasons() == [None]
        assert Stop.every.count() == 4


def test_ticked_stops_get_one_reason_and_a_rule_is_switched_on(plant: SmallPlant, open_as: Open) -> None:
    with open_as(plant.person(Role.SUPERVISOR, name="mia")) as page:
        page.goto("/downtime/?need=reason")
        page.get_by_label("Tick all").check()
        expect(page.get_by_text("3 stops are ticked")).to_be_visible()
        page.get_by_label("Reason", exact=True).select_option("MOTOR")
        Stop.objects.filter(pk=long_stop().pk).update(version=2)  # somebody else did something to it
        page.get_by_role("button", name="Give this reason").click()
        expect(page.get_by_text("2 stops are explained: Motor fault.")).to_be_visible()
        expect(page.get_by_text("1 stop was changed by somebody else meanwhile")).to_be_visible()
        assert reasons() == [None]
        page.goto("/downtime/rules/")
        page.get_by_role("button", name="Switch on").click()
        expect(page.get_by_text("explains stops from now on")).to_be_visible()
        assert StopRule.objects.get().enabled_at is not None


@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (DESK, True)])
def test_the_pages_of_stops_are_accessible_and_fit(
    plant: SmallPlant, open_as: Open, size: tuple[int, int], dark: bool
) -> None:
    stop, now = long_stop(), datetime.now(UTC)
    cut = stop.starts_at + 10 * MIN
    stop_split(stop_id=stop.pk, cut_at=cut, actor="mia", at=now, version=1)
    stop_trim(stop_id=stop.pk, starts_at=cut, ends_at=stop.starts_at + 25 * MIN, actor="mia", at=now, version=2)
    Stop.objects.filter(starts_at=cut).update(
        reason=plant.cleaning, explained_by="mia", explained_at=now, note="cap stuck"
    )
    pages = [
        "/downtime/?need=reason",
        "/downtime/?line=LINE-1&least=5&since=24h",
        f"/downtime/{stop_ref(stop)}/",
        f"/downtime/{stop.work_center.code}@{cut:%Y-%m-%dT%H:%M:%S.%f}Z/",
        "/downtime/rules/",
        "/downtime/line/LINE-1/",
    ]
    found = []
    with open_as(plant.person(Role.SUPERVISOR, name="mia"), size=size, dark=dark) as page:
        for address in pages:
            page.goto(address)
            found += [f"{address}: {problem}" for problem in problems(page)]
    assert found == []
