"""The pages of the hour-by-hour board: what they show, who may do what, and that odd requests change nothing."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from mes.hourly.models import HourNote, HourPlan, HoursSigned
from mes.people.models import Role
from mes.plant.models import Shift
from mes.production.models import Run
from tests.production.small_plant import SIX, SmallPlant, counted, shift_around, small_plant

HOUR, MIN = timedelta(hours=1), timedelta(minutes=1)
EARLY = "2026-03-02/Early"
BOARD = f"/floor/PACK/hours/?shift={EARLY}"
DO = "/floor/PACK/hours/"
FIRST = str(int(SIX.timestamp()) * 1_000_000)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def as_a(plant: SmallPlant, role: Role) -> Client:
    client = Client()
    client.force_login(plant.person(role, plant.line_1))
    return client


def text_of(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def story(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    for place in (plant.filler, plant.packer):
        Run.objects.create(
            work_center=place, order=order, item=plant.cola, starts_at=SIX, ends_at=SIX + 8 * HOUR, started_by="otto"
        )
    counted(plant.packer, SIX + 5 * MIN, good=3800, scrap=7, order=order, shift=plant.shift)
    counted(plant.packer, SIX + 65 * MIN, good=4000, order=order, shift=plant.shift)


def test_only_what_is_behind_is_marked(plant: SmallPlant, story: None) -> None:
    """3,825 are due in a full hour: 25 behind in the first, 175 ahead in the second, 150 ahead in sum."""
    answer = as_a(plant, Role.SUPERVISOR).get(BOARD)
    page = answer.content.decode()
    marked = re.findall(r'<td class="num( is-behind)?" role="cell" data-label="(?:To plan|Sum)">([^<]+)</td>', page)
    assert marked[:4] == [(" is-behind", "−25"), (" is-behind", "−25"), ("", "+175"), ("", "+150")]
    assert [row.label for row in answer.context["rows"]][:2] == ["07:00–08:00", "08:00–09:00"]
    assert "No plan was fixed for this shift" in page


def test_the_board_of_the_line_counts_at_its_exit(plant: SmallPlant, story: None) -> None:
    page = as_a(plant, Role.SUPERVISOR).get(f"/hours/LINE-1/?shift={EARLY}")
    made = page.context["rows"][0].hour.figures.made
    assert (made.good, made.scrap) == (3800, 7)


def test_a_day_shows_its_24_hours_and_the_neighbouring_days(plant: SmallPlant, story: None) -> None:
    answer = as_a(plant, Role.SUPERVISOR).get("/floor/PACK/hours/?day=2026-03-02")
    assert len(answer.context["rows"]) == 24
    assert "no shift" in answer.content.decode()
    assert "?day=2026-03-03" in answer.content.decode()


def test_an_operator_says_why_and_ticks_off_and_twice_is_once(plant: SmallPlant, story: None) -> None:
    otto = as_a(plant, Role.OPERATOR)
    said = {"shift": EARLY, "hour": FIRST, "version": "0", "comment": "caps <b>stuck", "countermeasure": "clean"}
    for _twice in range(2):
        otto.post(DO + "comment/", said | {"owner": "ben", "due": "2026-03-05"})
    page = text_of(otto, BOARD)
    assert "caps &lt;b&gt;stuck" in page
    assert "by 2026-03-05" in page
    assert HourNote.objects.get().said_by == "operator"
    for _twice in range(2):
        otto.post(DO + "done/", {"shift": EARLY, "hour": FIRST})
    assert "done, operator" in text_of(otto, BOARD)


def test_a_supervisor_re_plans_and_the_original_stands_beside_it(plant: SmallPlant) -> None:
    from mes.hourly.places import machine_board
    from mes.hourly.plans import hours_plan
    from mes.plant.models import WorkCenter

    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    Shift.objects.all().delete()
    shift = shift_around(plant.line_1, now, began=HOUR)
    order = plant.order("WO-1", quantity="90000")
    Run.objects.create(
        work_center=plant.packer, order=order, item=plant.cola, starts_at=shift.starts_at, started_by="otto"
    )
    place = machine_board(WorkCenter.objects.select_related("line__area__site").get(code="PACK"))
    hours_plan(place=place, shift=shift, actor="system", at=shift.starts_at)
    last = str(int((shift.ends_at - HOUR).timestamp()) * 1_000_000)
    mia = as_a(plant, Role.SUPERVISOR)
    said = {"shift": f"{shift.production_date}/Now", "version": "1", f"plan-{last}": "100", "why": "cleaning"}
    for _twice in range(2):
        mia.post(DO + "replan/", said)
    page = text_of(mia, DO)
    assert "originally 3,825" in page
    assert "cleaning" in page
    assert HourPlan.objects.count() == 2
    for number in ("1.5", "many", "-3", "९"):
        refused = mia.post(DO + "replan/", said | {f"plan-{last}": number, "version": "2"}, follow=True)
        assert "whole number of pieces" in refused.content.decode()


def test_a_supervisor_signs_off_and_later_changes_are_told(plant: SmallPlant, story: None) -> None:
    mia = as_a(plant, Role.SUPERVISOR)
    for _twice in range(2):
        mia.post(DO + "sign/", {"shift": EARLY, "note": "calm"})
    assert HoursSigned.objects.count() == 1
    assert "Signed off by supervisor" in text_of(mia, BOARD)
    counted(plant.packer, SIX + 125 * MIN, good=9, shift=plant.shift)
    assert "09:00: 0 good when signed, 9 now" in text_of(mia, BOARD)


@pytest.mark.parametrize(
    ("role", "verb", "status"),
    [
        (Role.OPERATOR, "replan", 403),
        (Role.OPERATOR, "sign", 403),
        (Role.FINANCE, "comment", 403),
        (Role.FINANCE, "done", 403),
        (Role.SUPERVISOR, "melt", 404),
        (Role.SUPERVISOR, "done", 404),
    ],
)
def test_who_may_not_is_refused(plant: SmallPlant, role: Role, verb: str, status: int) -> None:
    answer = as_a(plant, role).post(DO + f"{verb}/", {"shift": EARLY, "hour": FIRST})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 400),
        ({"shift": "2026-03-02"}, 404),
        ({"shift": "x/Early"}, 404),
        ({"shift": "2026-03-02/\0"}, 404),
        ({"shift": "9999-12-31/Early"}, 404),
        ({"shift": EARLY, "hour": "x"}, 400),
        ({"shift": EARLY, "hour": "9" * 40}, 400),
        ({"shift": EARLY, "hour": FIRST, "version": "9" * 40}, 400),
    ],
)
def test_odd_requests_change_nothing(plant: SmallPlant, data: dict[str, str], status: int) -> None:
    assert as_a(plant, Role.SUPERVISOR).post(DO + "comment/", data).status_code == status
    assert not HourNote.objects.exists()


@pytest.mark.parametrize("due", ["tomorrow", "2026-02-30", "\0"])
def test_a_due_day_that_is_no_date_is_refused_in_words(plant: SmallPlant, due: str) -> None:
    said = {"shift": EARLY, "hour": FIRST, "countermeasure": "clean", "due": due}
    answer = as_a(plant, Role.SUPERVISOR).post(DO + "comment/", said, follow=True)
    assert "The due day is no date" in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/floor/PRESS/hours/",
        "/hours/LINE-2/",
        "/floor/NONE/hours/",
        "/floor/PACK/hours/?day=2026-13-01",
        "/floor/PACK/hours/?day=0001-01-01",
        "/floor/PACK/hours/?shift=2026-03-02/Late",
        "/floor/PACK/hours/?shift=%00",
    ],
)
def test_other_lines_and_times_that_never_were_do_not_exist(plant: SmallPlant, address: str) -> None:
    assert as_a(plant, Role.SUPERVISOR).get(address).status_code == 404


def test_a_place_without_a_shift_says_who_can_help(plant: SmallPlant) -> None:
    client = Client()
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_2, name="paul"))
    assert "No shift has begun here" in text_of(client, "/floor/PRESS/hours/")
