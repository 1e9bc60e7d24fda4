"""The two buttons of a machine's schedule (R10): who may press them, what they say, and times that clocks skip (R7)."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from mes.people.models import Role
from mes.plant.models import Override, Shift, Site
from tests.production.small_plant import SmallPlant, shift_around, small_plant

HOUR = timedelta(hours=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """The running shift ends in six hours."""
    plant = small_plant()
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, datetime.now(UTC).replace(second=0, microsecond=0))
    return plant


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    """A supervisor of line 1 only."""
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client


def _say(client: Client, code: str = "FILL", **fields: str) -> HttpResponse:
    start = datetime.now(UTC).replace(second=0, microsecond=0)
    sent = {"kind": "overtime", "key": str(uuid4()), "starts": start.isoformat()} | fields
    return client.post(f"/floor/{code}/schedule/", sent, follow=True)  # type: ignore[return-value]


def _text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_overtime_begins_with_the_end_of_the_running_shift(plant: SmallPlant, mia: Client) -> None:
    page = mia.get("/floor/FILL/").content.decode()
    sheet = page.split("Overtime until")[1].split("</details>")[0]
    starts = re.search(r'name="starts" value="([^"]+)"', sheet)
    first = re.search(r'name="until" value="([^"]+)"', sheet)
    assert starts is not None
    assert first is not None
    assert datetime.fromisoformat(starts[1]) == plant.shift.ends_at
    assert HOUR <= datetime.fromisoformat(first[1]) - plant.shift.ends_at < HOUR + timedelta(minutes=5)


def test_a_machine_stops_being_scheduled_and_undo_gives_it_back(plant: SmallPlant, mia: Client) -> None:
    answer = _say(mia, kind="rest", until=plant.shift.ends_at.isoformat())
    assert "Not scheduled" in _text(answer)
    said = Override.objects.get()
    assert (said.work_center, said.line, said.scheduled, said.said_by) == (plant.filler, None, False, "mia")
    answer = mia.post("/floor/FILL/schedule/undo/", {"said": said.pk}, follow=True)
    assert "Taken back" in _text(answer)
    assert Override.objects.get().withdrawn_by == "mia"


def test_the_whole_line_is_one_box(plant: SmallPlant, mia: Client) -> None:
    _say(mia, until=(plant.shift.ends_at + HOUR).isoformat(), starts=plant.shift.ends_at.isoformat(), whole="1")
    assert Override.objects.get().line == plant.line_1
    assert "whole line" in _text(mia.get("/floor/PACK/"))


def test_said_twice_it_happens_once(plant: SmallPlant, mia: Client) -> None:
    key, until = str(uuid4()), plant.shift.ends_at.isoformat()
    _say(mia, kind="rest", key=key, until=until)
    _say(mia, kind="rest", key=key, until=until)
    assert Override.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OPERATOR, 403), (Role.FINANCE, 403), (Role.PLANNER, 200), (Role.MANAGER, 200)]
)
def test_only_some_roles_may_say_it(plant: SmallPlant, client: Client, role: Role, status: int) -> None:
    client.force_login(plant.person(role, plant.line_1))
    assert _say(client, kind="rest", until=plant.shift.ends_at.isoformat()).status_code == status
    assert ("Overtime until" in client.get("/floor/FILL/").content.decode()) == (status == 200)


def test_machines_of_other_lines_do_not_exist(plant: SmallPlant, mia: Client) -> None:
    assert _say(mia, "PRESS", until=plant.shift.ends_at.isoformat()).status_code == 404
    said = Override.objects.create(
        line=plant.line_2, scheduled=True, starts_at=plant.shift.starts_at, ends_at=plant.shift.ends_at,
        said_at=plant.shift.starts_at, said_by="x", key=uuid4(),
    )  # fmt: skip
    for number in (str(said.pk), "x", "9" * 30, ""):
        assert mia.post("/floor/FILL/schedule/undo/", {"said": number}).status_code == 404


def test_r7_a_time_the_clocks_skip_is_refused_and_one_they_show_twice_is_asked(plant: SmallPlant, mia: Client) -> None:
    Site.objects.update(time_zone="America/New_York")
    spring = datetime(2027, 3, 14, 1, tzinfo=UTC)  # 20:00 on the 13th in New York; clocks skip 02:00-03:00 that night
    answer = _say(mia, starts=spring.isoformat(), own="02:30")
    assert "2027-03-14 02:30 does not exist in America/New_York" in _text(answer)
    autumn = datetime(2026, 11, 1, 1, tzinfo=UTC)  # 21:00 on 31 October; 01:30 comes twice that night
    answer = _say(mia, starts=autumn.isoformat(), own="01:30")
    assert "01:30 comes twice in America/New_York: choose 01:30 (-04:00) or 01:30 (-05:00)" in _text(answer)
    assert 'value="2026-11-01T05:30:00+00:00"' in answer.content.decode()
    assert 'value="2026-11-01T06:30:00+00:00"' in answer.content.decode()
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"until": "soon"}, {"own": "25:00"}, {"key": "x", "own": "10:00"}, {"starts": "", "own": "10:00"}, {}]
)
def test_an_incomplete_form_says_so(mia: Client, fields: dict[str, str]) -> None:
    assert "The page was incomplete" in _text(_say(mia, **fields))


def test_a_reason_with_a_nul_is_refused_in_words(plant: SmallPlant, mia: Client) -> None:
    answer = _say(mia, kind="rest", until=plant.shift.ends_at.isoformat(), why="\0" + "x" * 300)
    assert "longer than 200 characters" in _text(answer)
