"""The calendar page: who reads and who writes it, what forms refuse (R7), and a restatement with its preview (R8)."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plant.models import OtherDay, PlannedMaintenance, Shift, ShiftPattern, ShiftRule
from mes.plant.tasks import lines_materialise
from tests.production.small_plant import SmallPlant, small_plant

DAY = timedelta(days=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Line 1 works two shifts every day, made from a week ago."""
    plant = small_plant()
    Shift.objects.all().delete()
    pattern = ShiftPattern.objects.create(code="TWO", name="Two shifts")
    for name, starts, ends in (("Early", time(6), time(14)), ("Late", time(14), time(22))):
        ShiftRule.objects.create(pattern=pattern, name=name, days=list(range(7)), starts=starts, ends=ends)
    plant.line_1.shift_pattern = pattern
    plant.line_1.save()
    lines_materialise(at=datetime.now(UTC), days_back=7)
    return plant


@pytest.fixture
def petra(plant: SmallPlant, client: Client) -> Client:
    """A planner of all lines."""
    client.force_login(plant.person(Role.PLANNER, name="petra"))
    return client


def _text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def _later(days: int) -> date:
    return datetime.now(UTC).date() + days * DAY


def test_two_weeks_stand_as_bars_and_as_a_table(petra: Client) -> None:
    page = petra.get("/calendar/?line=LINE-1").content.decode()
    assert page.count('class="day-bars"') == 14
    assert page.count('class="bar-shift"') == 14 * 2 + 2  # two a day, and two in the legend
    assert page.count("<td>Early</td>") == 14
    assert f"shifts are made until {_later(60)}" in page


@pytest.mark.parametrize(
    ("role", "sees", "writes"),
    [
        (Role.OPERATOR, 403, 403), (Role.SUPERVISOR, 200, 403), (Role.PLANNER, 200, 302),
        (Role.MANAGER, 200, 302), (Role.ADMIN, 200, 302),
    ],
)  # fmt: skip
def test_who_reads_and_who_writes(plant: SmallPlant, client: Client, role: Role, sees: int, writes: int) -> None:
    client.force_login(plant.person(role, plant.line_1))
    answer = client.get("/calendar/?line=LINE-1")
    assert answer.status_code == sees
    assert (b"Store the exception" in answer.content) == (writes == 302)
    sent = {"date": str(_later(3)), "name": "Outing", "place": "line", "shifts": ""}
    assert client.post("/calendar/LINE-1/exception/", sent).status_code == writes
    assert client.get("/calendar/?line=LINE-2").status_code == (404 if role != Role.ADMIN and sees == 200 else sees)


def test_an_exception_changes_the_shifts_of_that_day_at_once_and_can_be_taken_away(
    plant: SmallPlant, petra: Client
) -> None:
    day = _later(3)
    sent = {"date": str(day), "name": "Only early", "place": "line", "shifts": "TWO/Early"}
    petra.post("/calendar/LINE-1/exception/", sent)
    shifts = Shift.objects.filter(line=plant.line_1, production_date=day)
    assert list(shifts.values_list("name", flat=True)) == ["Early"]
    petra.post("/calendar/LINE-1/exception/", sent | {"shifts": "", "name": "Nobody"})
    assert not shifts.exists()
    assert JournalEntry.objects.filter(action="other_day_put").count() == 2
    assert "Nobody" in _text(petra.get(f"/calendar/?line=LINE-1&from={day}"))
    petra.post(f"/calendar/LINE-1/exception/{OtherDay.objects.get().pk}/remove/")
    assert shifts.count() == 2


def test_a_place_that_reaches_lines_of_others_is_not_offered(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.PLANNER, plant.line_1))
    page = client.get("/calendar/?line=LINE-1").content.decode()
    assert 'value="line"' in page
    assert 'value="site"' not in page
    for path, sent in (
        ("exception", {"date": str(_later(3)), "name": "x", "shifts": ""}),
        ("maintenance", {"name": "x", "starts": "2027-01-01T10:00", "ends": "2027-01-01T11:00"}),
    ):
        for place in ("site", "area", "PRESS", "", "\0"):
            assert client.post(f"/calendar/LINE-1/{path}/", sent | {"place": place}).status_code == 404
    row = OtherDay.objects.create(site=plant.line_1.area.site, date=_later(4), name="Everybody")
    assert client.post(f"/calendar/LINE-1/exception/{row.pk}/remove/").status_code == 404


def test_r7_maintenance_in_the_gap_is_refused_and_a_time_that_comes_twice_is_asked(petra: Client) -> None:
    sent = {"name": "Overhaul", "place": "line", "starts": "2027-03-28T02:30", "ends": "2027-03-28T12:00"}
    answer = petra.post("/calendar/LINE-1/maintenance/", sent)
    assert "2027-03-28 02:30 does not exist in Europe/Berlin" in _text(answer)
    assert 'value="Overhaul"' in answer.content.decode()  # what was typed is still there
    sent |= {"starts": "2026-10-25T02:30", "ends": "2026-10-25T12:00"}
    answer = petra.post("/calendar/LINE-1/maintenance/", sent)
    assert "comes twice in Europe/Berlin: choose 02:30 (+02:00) or 02:30 (+01:00)" in _text(answer)
    assert not PlannedMaintenance.objects.exists()
    for _twice in range(2):
        petra.post("/calendar/LINE-1/maintenance/", sent | {"starts_which": "second"})
    stored = PlannedMaintenance.objects.get()
    assert stored.starts_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    petra.post(f"/calendar/LINE-1/maintenance/{stored.pk}/remove/")
    assert not PlannedMaintenance.objects.exists()


def test_r8_maintenance_does_not_rewrite_a_closed_shift(plant: SmallPlant, petra: Client) -> None:
    shift = Shift.objects.filter(ends_at__lt=datetime.now(UTC)).order_by("starts_at")[2]
    Shift.objects.filter(pk=shift.pk).update(closed_at=datetime.now(UTC))
    start = (shift.starts_at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    end = (shift.starts_at + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    answer = petra.post(
        "/calendar/LINE-1/maintenance/", {"name": "Late", "place": "line", "starts": start, "ends": end}
    )
    assert f"Shift {shift.name} of {shift.production_date} on LINE-1 is closed" in _text(answer)


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("exception", {"date": "soon", "name": "x"}, "Choose the date"),
        ("exception", {"date": "9999-12-31", "name": "x"}, "too far away"),
        ("exception", {"date": "2027-01-05", "name": ""}, "Give it a name"),
        ("exception", {"date": "2027-01-05", "name": "\0"}, "Give it a name"),
        ("exception", {"date": "2027-01-05", "name": "x" * 61}, "Give it a name"),
        ("exception", {"date": "2027-01-05", "name": "x", "shifts": "THREE/"}, "does not exist"),
        ("exception", {"date": "2027-01-05", "name": "x", "shifts": "TWO/Night"}, "has no shift Night"),
        ("maintenance", {"name": "x", "starts": "", "ends": ""}, "Choose day and time"),
        ("maintenance", {"name": "x", "starts": "2027-01-05T10:00", "ends": "2027-01-05T09:00"}, "after the beginning"),
        ("restate", {"first": "x", "last": "y"}, "Choose the date"),
        ("restate", {"first": "2026-03-05", "last": "2026-03-01"}, "in this order"),
        ("restate", {"first": "2026-03-01", "last": "2026-03-01", "machine": "FILL"}, "no calendar of its own"),
    ],
)
def test_a_refused_form_says_what_and_how_to_mend_it(
    petra: Client, path: str, fields: dict[str, str], sentence: str
) -> None:
    answer = petra.post(f"/calendar/LINE-1/{path}/", {"place": "line"} | fields)
    assert answer.status_code == 400
    assert sentence in _text(answer)


def test_r8_a_restatement_is_looked_at_first(plant: SmallPlant, petra: Client) -> None:
    ShiftRule.objects.filter(name="Late").update(ends=time(21))
    day = _later(-3)
    sent = {"first": str(day), "last": str(day)}
    answer = petra.post("/calendar/LINE-1/restate/", sent)
    assert "Late 14:00 – 22:00" in _text(answer)
    assert "Late 14:00 – 21:00" in _text(answer)
    late = Shift.objects.filter(line=plant.line_1, production_date=day, name="Late")
    assert late.get().ends_at - late.get().starts_at == timedelta(hours=8)
    answer = petra.post("/calendar/LINE-1/restate/", sent | {"apply": "1", "why": ""})
    assert "why the past is restated" in _text(answer)
    petra.post("/calendar/LINE-1/restate/", sent | {"apply": "1", "why": "Agreed with the crew"})
    assert late.get().ends_at - late.get().starts_at == timedelta(hours=7)
    assert "Nothing would change" in _text(petra.post("/calendar/LINE-1/restate/", sent))


@pytest.mark.parametrize("query", ["line=NONE", "machine=NONE", "from=x", "line=LINE-1&from=1800-01-01", "line=%00"])
def test_addresses_of_nothing_are_404(petra: Client, query: str) -> None:
    assert petra.get(f"/calendar/?{query}").status_code == 404
