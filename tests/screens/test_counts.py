"""`/counts/`: what waits is listed with why, when and how much; each role does its part; outside is 404."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from mes.people.models import Role
from mes.plant.models import Shift
from mes.production.models import Run
from mes.tracking.models import CountFlag, CountHour, ScrapDecision
from mes.tracking.scrap import scrap_enter
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def plant(db: None, now: datetime) -> SmallPlant:
    plant = small_plant()
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, now, began=6 * HOUR)
    return plant


@pytest.fixture
def held(plant: SmallPlant, now: datetime) -> CountFlag:
    return CountFlag.objects.create(
        work_center=plant.filler,
        kind="quarantine",
        role="good",
        quantity=4900,
        from_at=now - 3 * HOUR - MIN,
        to_at=now - 3 * HOUR,
        detail="jump: counter went from 100 to 5000 in 1.0 s",
    )


def as_a(plant: SmallPlant, role: Role) -> Client:
    client = Client()
    client.force_login(plant.person(role, plant.line_1))
    return client


def test_r23_a_held_back_count_is_told_and_released_into_its_minute(plant: SmallPlant, held: CountFlag) -> None:
    mia = as_a(plant, Role.SUPERVISOR)
    text = mia.get("/counts/").content.decode()
    assert "1 count waits for you" in text
    assert "counter went from 100 to 5000 in 1.0 s" in text
    text = mia.post("/counts/held/", {"flag": held.pk, "verb": "release"}, follow=True).content.decode()
    assert "4900 pieces are counted now." in text
    assert "Held back" not in text
    assert "Counted without an order" in text  # none ran then: that is the next question
    assert CountHour.objects.get().good[held.to_at.minute] == 4900


def test_discarding_without_a_reason_is_refused_in_words(plant: SmallPlant, held: CountFlag) -> None:
    mia = as_a(plant, Role.QUALITY)
    text = mia.post("/counts/held/", {"flag": held.pk, "verb": "discard"}, follow=True).content.decode()
    assert "Say why these pieces are discarded" in text
    mia.post("/counts/held/", {"flag": held.pk, "verb": "discard", "why": "test mode"})
    held.refresh_from_db()
    assert (held.decision, held.decided_by) == ("discarded", "quality")


def test_r26_hours_without_an_order_are_booked_on_one(plant: SmallPlant, now: datetime) -> None:
    order = plant.order("WO-1")
    counted(plant.filler, now - 3 * HOUR, good=40, shift=plant.shift)
    paul = as_a(plant, Role.PLANNER)
    assert "Counted without an order" in paul.get("/counts/").content.decode()
    hour = (now - 3 * HOUR).replace(minute=0, second=0, microsecond=0)
    said = {"work_center": "FILL", "shift": plant.shift.pk, "from": hour.isoformat(), "seen": "40", "order": "WO-1"}
    said["to"] = (hour + HOUR).isoformat()
    assert "40 pieces belong to WO-1 now." in paul.post("/counts/hours/", said, follow=True).content.decode()
    assert CountHour.objects.get().order == order
    assert "0 pieces without an order now" in paul.post("/counts/hours/", said, follow=True).content.decode()


def test_r26_a_gap_over_two_orders_is_split_as_proposed(plant: SmallPlant, now: datetime) -> None:
    orders = [plant.order("WO-1"), plant.order("WO-2")]
    for order, start, end in zip(orders, (now - 5 * HOUR, now - 3 * HOUR), (now - 3 * HOUR, None), strict=True):
        Run.objects.create(
            work_center=plant.filler, order=order, item=order.item, starts_at=start, ends_at=end, started_by="o"
        )
    flag = CountFlag.objects.create(
        work_center=plant.filler,
        kind="gap",
        role="good",
        quantity=100,
        from_at=now - 4 * HOUR,
        to_at=now - 2 * HOUR,
    )
    mia = as_a(plant, Role.SUPERVISOR)
    assert mia.get("/counts/").content.decode().count('name="pieces" value="50"') == 2
    sent = {"flag": flag.pk, "order": ["WO-1", "WO-2"], "pieces": ["60", "30"]}
    assert "must add up to 100" in mia.post("/counts/gap/", sent, follow=True).content.decode()
    mia.post("/counts/gap/", sent | {"pieces": ["60", "40"]})
    rows = CountFlag.objects.filter(kind="gap").order_by("from_at").values_list("order__number", "quantity")
    assert list(rows) == [("WO-1", 60), ("WO-2", 40)]


def test_r28_scrap_reported_twice_is_asked_and_answered(plant: SmallPlant, now: datetime) -> None:
    order = plant.order("WO-1")
    counted(plant.packer, now - 2 * HOUR, good=160, scrap=40, order=order, shift=plant.shift)
    scrap_enter(work_center=plant.packer, quantity=12, order=order, actor="otto", at=now - HOUR, key=uuid4())
    mia = as_a(plant, Role.SUPERVISOR)
    assert "people entered 12: are these the same pieces?" in mia.get("/counts/").content.decode()
    sent = {"work_center": "PACK", "shift": plant.shift.pk, "counted": "40", "entered": "12", "same": "1"}
    assert "No count waits" in mia.post("/counts/scrap/", sent, follow=True).content.decode()
    assert ScrapDecision.objects.get().same is True


def test_roles_and_lines_hold(plant: SmallPlant, held: CountFlag) -> None:
    release = {"flag": held.pk, "verb": "release"}
    operator, planner = as_a(plant, Role.OPERATOR), as_a(plant, Role.PLANNER)
    assert operator.get("/counts/").status_code == 403
    assert planner.get("/counts/").status_code == 200
    assert planner.post("/counts/held/", release).status_code == 403
    outside = Client()
    outside.force_login(plant.person(Role.SUPERVISOR, plant.line_2, name="paul"))
    assert "No count waits" in outside.get("/counts/").content.decode()
    assert outside.get("/counts/?line=LINE-1").status_code == 404
    assert outside.post("/counts/held/", release).status_code == 404
    held.refresh_from_db()
    assert held.decided_at is None


@pytest.mark.parametrize(
    ("address", "sent", "status"),
    [
        ("held/", {"flag": "x", "verb": "release"}, 400),
        ("held/", {"flag": "999999", "verb": "release"}, 404),
        ("hours/", {"work_center": "FILL", "from": "x", "to": "y", "seen": "1"}, 400),
        ("hours/", {"work_center": "\0"}, 404),
        ("gap/", {"flag": "999999", "order": "WO-1"}, 404),
        ("scrap/", {"work_center": "FILL", "shift": "x"}, 400),
    ],
)
def test_odd_requests_are_refused(plant: SmallPlant, address: str, sent: dict[str, str], status: int) -> None:
    assert as_a(plant, Role.MANAGER).post(f"/counts/{address}", sent).status_code == status


def test_a_reason_that_cannot_be_stored_is_said(plant: SmallPlant, held: CountFlag) -> None:
    sent = {"flag": held.pk, "verb": "discard", "why": "a\0b"}
    assert "cannot be stored" in as_a(plant, Role.MANAGER).post("/counts/held/", sent, follow=True).content.decode()
