"""The list of stops and the page of one: filters in the address, a reason in two taps, two people at once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from mes.downtime.models import Stop
from mes.downtime.queries import stop_ref
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plant.models import Shift, WorkCenter
from tests.production.small_plant import SmallPlant, shift_around, small_plant

MIN = timedelta(minutes=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    Shift.objects.all().delete()
    for line in (plant.line_1, plant.line_2):
        plant.shift = shift_around(line, datetime.now(UTC))
    return plant


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, name="mia"))
    return client


def stop(place: WorkCenter, ago: int, minutes: int | None = 5, **fields: object) -> Stop:
    start = datetime.now(UTC) - ago * MIN
    return Stop.objects.create(
        work_center=place, starts_at=start, ends_at=start + minutes * MIN if minutes else None, state="Held", **fields
    )


def shown(client: Client, query: str = "") -> list[str]:
    return [row.stop.work_center.code for row in client.get(f"/downtime/{query}").context["rows"]]


def test_filters_are_in_the_address(plant: SmallPlant, mia: Client) -> None:
    stop(plant.filler, 60, reason=plant.jam)
    stop(plant.packer, 50)
    stop(plant.press, 40)
    stop(plant.press, 30, minutes=1)
    assert shown(mia) == ["PRESS", "PRESS", "PACK", "FILL"]
    assert shown(mia, "?need=reason") == ["PRESS", "PACK"]
    assert shown(mia, "?line=LINE-1") == ["PACK", "FILL"]
    assert shown(mia, "?work-center=FILL") == ["FILL"]
    assert shown(mia, "?need=reason&line=LINE-1") == ["PACK"]
    today = plant.shift.production_date
    assert shown(mia, f"?line=LINE-2&shift={today}/Now") == ["PRESS", "PRESS"]


def test_the_share_of_stop_time_with_a_reason_is_told(plant: SmallPlant, mia: Client) -> None:
    stop(plant.filler, 60, minutes=15, reason=plant.jam)
    stop(plant.packer, 50, minutes=5)
    stop(plant.press, 30, minutes=1)  # a micro-stop needs none and does not lower the share
    for query in ("", "?need=reason"):
        page = mia.get(f"/downtime/{query}").content.decode()
        assert "1 stop needs a reason." in page
        assert "75 % of the stop minutes" in page


@pytest.mark.parametrize(
    "query",
    [
        "?line=NONE",
        "?work-center=NONE",
        "?line=LINE-1&shift=x",
        "?line=LINE-1&shift=2026-99-99/Now",
        "?line=%00",
        "?work-center=a%00",
        "?line=LINE-1&shift=2001-01-01/Now",
    ],
)
def test_an_address_that_names_nothing_is_not_found(plant: SmallPlant, mia: Client, query: str) -> None:
    assert mia.get(f"/downtime/{query}").status_code == 404


def test_stops_of_other_lines_do_not_exist(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    theirs = stop(plant.press, 40)
    assert shown(client) == []
    for address in ("?line=LINE-2", "?work-center=PRESS"):
        assert client.get(f"/downtime/{address}").status_code == 404
    ref = stop_ref(theirs)
    assert client.get(f"/downtime/{ref}/").status_code == 404
    assert client.post(f"/downtime/{ref}/reason/", {"reason": "JAM", "version": 1}).status_code == 404
    assert client.get("/downtime/nonsense/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.reason is None


def test_a_role_that_may_not_explain_is_refused_and_changes_nothing(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.FINANCE))
    ours = stop(plant.press, 40)
    ref = stop_ref(ours)
    assert "Jam infeed" not in client.get(f"/downtime/{ref}/").content.decode()
    assert client.post(f"/downtime/{ref}/reason/", {"reason": "JAM", "version": 1}).status_code == 403
    ours.refresh_from_db()
    assert ours.reason is None
    assert not JournalEntry.objects.exists()


def test_the_page_of_a_stop_leads_through_the_filtered_list(plant: SmallPlant, mia: Client) -> None:
    first, explained, last = stop(plant.filler, 60), stop(plant.filler, 50, reason=plant.jam), stop(plant.press, 40)
    page = mia.get(f"/downtime/{stop_ref(first)}/?need=reason")
    assert page.context["later"] == f"/downtime/{stop_ref(last)}/?need=reason".replace("@", "@")
    assert page.context["earlier"] == ""
    page = mia.get(f"/downtime/{stop_ref(first)}/")
    assert page.context["later"] == f"/downtime/{stop_ref(explained)}/"


def test_the_second_of_two_people_is_told_what_the_first_did(plant: SmallPlant, mia: Client) -> None:
    ours = stop(plant.filler, 60)
    ref = stop_ref(ours)
    mia.post(f"/downtime/{ref}/reason/", {"reason": "JAM", "version": 1, "note": "cap stuck"})
    otto = Client()
    otto.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    answer = otto.post(f"/downtime/{ref}/reason/", {"reason": "MOTOR", "version": 1}, follow=True)
    assert "mia set the reason to &#x27;Jam infeed&#x27; with the note &#x27;cap stuck&#x27;" in answer.content.decode()
    ours.refresh_from_db()
    assert (ours.reason, ours.note) == (plant.jam, "cap stuck")


def test_a_reason_sent_twice_is_given_once_and_can_be_taken_back(plant: SmallPlant, mia: Client) -> None:
    ours = stop(plant.filler, 60)
    path = f"/downtime/{stop_ref(ours)}/reason/"
    for _ in range(2):
        assert mia.post(path, {"reason": "JAM", "version": 1}).status_code == 302
    assert JournalEntry.objects.count() == 1
    mia.post(path, {"reason": "", "version": 2})
    ours.refresh_from_db()
    assert ours.reason is None


@pytest.mark.parametrize(
    ("back", "to"),
    [
        ("/station/FILL/", "/station/FILL/"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("\\\\evil", None),
    ],
)
def test_after_a_reason_one_is_led_back_within_the_house_only(
    plant: SmallPlant, mia: Client, back: str, to: str | None
) -> None:
    ref = stop_ref(stop(plant.filler, 60))
    answer = mia.post(f"/downtime/{ref}/reason/", {"reason": "JAM", "version": 1, "back": back})
    assert answer.headers["Location"] == (to or f"/downtime/{ref}/")


@pytest.mark.parametrize("reason", ["NONE", "MACHINE", "J\0M"])
def test_a_reason_that_cannot_be_given_is_refused_in_words(plant: SmallPlant, mia: Client, reason: str) -> None:
    ours = stop(plant.filler, 60)
    answer = mia.post(f"/downtime/{stop_ref(ours)}/reason/", {"reason": reason, "version": 1}, follow=True)
    assert "choose" in answer.content.decode()
    ours.refresh_from_db()
    assert ours.reason is None
    assert mia.post(f"/downtime/{stop_ref(ours)}/reason/", {"reason": "JAM", "version": "x"}).status_code == 400


def test_the_list_costs_the_same_queries_for_three_stops_and_for_thirty(
    plant: SmallPlant, mia: Client, django_assert_max_num_queries: object
) -> None:
    for ago in range(10, 310, 10):
        stop(plant.filler, ago, reason=plant.jam)
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        assert len(shown(mia)) == 30
