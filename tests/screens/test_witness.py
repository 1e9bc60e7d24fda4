"""Whether counts can be believed: the pages, and the count by hand in three taps, by plain forms."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plant.models import Shift
from mes.production.models import Run
from mes.tracking.models import CountHour, MachineCursor, StateInterval
from mes.witness.models import CounterState, Kind, Tally, Witness
from mes.witness.tasks import weigh_all
from tests.production.small_plant import SmallPlant, shift_around, small_plant

MIN = timedelta(minutes=1)
HOUR = 60 * MIN


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """The packer counts half of what the filler does, for three settled hours."""
    plant, now = small_plant(), datetime.now(UTC)
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, now)
    Witness.objects.create(
        work_center=plant.filler, kind=Kind.NEIGHBOUR, neighbour=plant.packer, buffer=20, valid_from=now - 90 * HOUR
    )
    full = now.replace(minute=0, second=0, microsecond=0)
    for place, good in ((plant.filler, 1200), (plant.packer, 600)):
        MachineCursor.objects.create(work_center=place, heard_at=now, silence_s=3600)
        for ago in (2, 3, 4):
            hour = full - ago * HOUR
            CountHour.objects.create(
                work_center=place, hour=hour, item=plant.cola, good=[good // 60] * 60, good_sum=good,
            )  # fmt: skip
    weigh_all(now=now)
    return plant


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return " ".join(answer.content.decode().split())


def counted_for(client: Client, minutes: float, code: str = "PACK") -> None:
    """Start and stop, so long ago and for so long."""
    client.post(f"/station/{code}/tally/begin/")
    client.post(f"/station/{code}/tally/stop/")
    session = client.session
    kept = session["counting by hand"][code]
    end = datetime.fromisoformat(kept["end"]) - 70 * MIN
    kept |= {"start": (end - minutes * MIN).isoformat(), "end": end.isoformat()}
    session["counting by hand"] = {code: kept}
    session.save()


def test_the_page_says_first_which_counters_are_contradicted_and_where_pieces_are_missing(
    plant: SmallPlant, client: Client
) -> None:
    client.force_login(plant.person(Role.SUPERVISOR))
    page = text(client, "/witness/")
    assert "2 of 3 counters are contradicted" in page
    line = text(client, "/witness/LINE-1/")
    assert "2 counters are contradicted" in line
    assert "FILL counted 3,600, PACK 1,800: 1,800 too many (100.0%)" in line
    assert "3 hours do not balance" in line
    assert "600 pieces left Filler and did not reach Packer." in line
    assert "Count by hand for ten minutes: that tells which of the two counters is wrong." in line


def test_a_person_sees_only_their_lines_and_with_one_line_goes_there(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_2))
    assert client.get("/witness/").headers["Location"] == "/witness/LINE-2/"
    text(client, "/witness/LINE-1/", 404)
    text(client, "/witness/NO%00PE/", 404)
    text(client, "/station/PACK/tally/", 404)
    client.force_login(plant.person(Role.FINANCE))
    text(client, "/station/PACK/tally/", 403)


def test_a_line_without_a_witness_is_told_so_and_how_to_get_one(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.ENGINEER))
    page = text(client, "/witness/LINE-2/")
    assert "1 counter has no witness" in page
    assert "no witness spoke" in page
    assert "The machines of this line work side by side" in page


def stretch_end(kept: dict[str, str]) -> datetime:
    return datetime.fromisoformat(kept["end"]) + 70 * MIN


def test_a_count_by_hand_is_three_taps_and_settles_which_counter_is_wrong(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    counted_for(client, 10)
    stretch = client.session["counting by hand"]["PACK"]
    CountHour.objects.filter(work_center=plant.packer).delete()
    start = datetime.fromisoformat(stretch["start"])
    hour = start.replace(minute=0, second=0, microsecond=0)
    for place in range(3):  # ten a minute, whatever hour the test runs in
        CountHour.objects.create(
            work_center=plant.packer, hour=hour + place * HOUR, item=plant.cola, good=[10] * 60, good_sum=600
        )
    answer = client.post("/station/PACK/tally/enter/", {"quantity": "200", "note": "all lanes"}, follow=True)
    # nine whole minutes are certain, the cut ones leave 90 to 110; 200 came out
    assert "PACK counted 90 to 110, a count by hand 200: 100 too few (50.0%)" in answer.content.decode()
    tally = Tally.objects.get()
    assert (tally.pieces, tally.actor, tally.note, tally.counted_low, tally.counted_high) == (
        *(200, "otto", "all lanes"),
        *(90, 110),
    )
    assert JournalEntry.objects.get(action="tally_enter").code == "PACK"
    assert CounterState.objects.get(work_center=plant.packer).judged_at > stretch_end(stretch)  # at once, not later
    page = text(client, "/witness/LINE-1/")
    assert "200 by otto" in page
    assert "Check which tag the counter is bound to" in page


def test_taps_that_come_twice_count_once(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    client.post("/station/PACK/tally/begin/")
    started = client.session["counting by hand"]["PACK"]
    client.post("/station/PACK/tally/begin/")
    assert client.session["counting by hand"]["PACK"] == started
    client.post("/station/PACK/tally/stop/")
    stopped = client.session["counting by hand"]["PACK"]
    client.post("/station/PACK/tally/stop/")
    assert client.session["counting by hand"]["PACK"] == stopped
    counted_for(client, 10)
    form = {"quantity": "100", "key": client.session["counting by hand"]["PACK"]["key"]}
    for _ in range(2):
        client.post("/station/PACK/tally/enter/", form)
    assert Tally.objects.count() == 1
    assert "No count waits" not in text(client, "/station/PACK/tally/")


def test_what_cannot_be_a_count_is_refused_in_words_and_nothing_is_lost(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR))
    counted_for(client, 10)
    for wrong in ("", "-3", "12.5", "1e9", "\0", "9" * 30, "٣"):
        answer = client.post("/station/PACK/tally/enter/", {"quantity": wrong})
        assert answer.status_code == 422, wrong
        assert "Enter how many good pieces you counted" in answer.content.decode()
    answer = client.post("/station/PACK/tally/enter/", {"quantity": "5", "note": "n" * 201})
    assert answer.status_code == 422
    counted_for(client, 0.5)
    answer = client.post("/station/PACK/tally/enter/", {"quantity": "5"})
    assert "Count for at least a minute" in answer.content.decode()
    assert Tally.objects.count() == 0
    client.post("/station/PACK/tally/drop/")
    assert "Start counting now" in text(client, "/station/PACK/tally/")


def test_a_count_that_was_forgotten_for_hours_is_none(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    client.post("/station/PACK/tally/begin/")
    assert "Counting by hand since" in text(client, "/station/PACK/")
    session = client.session
    session["counting by hand"]["PACK"]["start"] = (datetime.now(UTC) - 5 * HOUR).isoformat()
    session.save()
    assert "Check the counter: count by hand" in text(client, "/station/PACK/")


def test_a_count_can_be_taken_back_once_by_whoever_sees_it(plant: SmallPlant, client: Client) -> None:
    now = datetime.now(UTC)
    tally = Tally.objects.create(
        work_center=plant.packer, starts_at=now - 20 * MIN, ends_at=now - 10 * MIN, pieces=100, actor="otto", at=now,
        key=uuid4(),
    )  # fmt: skip
    client.force_login(plant.person(Role.SUPERVISOR))
    for _ in range(2):
        assert client.post("/station/PACK/tally/undo/", {"key": tally.key}).status_code == 302
    assert JournalEntry.objects.filter(action="tally_withdraw").count() == 1
    for wrong in (uuid4(), "x", ""):
        assert client.post("/station/PACK/tally/undo/", {"key": wrong}).status_code == 404
    assert client.post("/station/FILL/tally/undo/", {"key": tally.key}).status_code == 404


def test_a_lines_page_takes_a_fixed_number_of_queries(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR))
    with CaptureQueriesContext(connection) as few:
        text(client, "/witness/LINE-1/")
    now = datetime.now(UTC)
    for n in range(5):
        Tally.objects.create(
            work_center=plant.filler, starts_at=now - (20 + n) * MIN, ends_at=now - 10 * MIN, pieces=100, actor="x",
            at=now, key=uuid4(), counted_low=99, counted_high=101,
        )  # fmt: skip
    with CaptureQueriesContext(connection) as more:
        text(client, "/witness/LINE-1/")
    assert len(more) == len(few)


def test_shift_and_machine_pages_say_so_and_show_bounds_r25(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR))
    start = datetime.now(UTC) - 5 * HOUR
    Shift.objects.filter(pk=plant.shift.pk).update(starts_at=start, production_date=start.date())
    order = plant.order("WO-1")
    Run.objects.create(work_center=plant.packer, order=order, item=plant.cola, starts_at=start, started_by="otto")
    StateInterval.objects.create(work_center=plant.packer, starts_at=start, state="Execute", kind="run")
    CountHour.objects.update(shift=plant.shift, order=order)
    page = text(client, f"/shift/LINE-1/{start.date()}/Now/")
    assert page.count('data-count="contradicted"') == 3  # the line by its exit, and both machines
    # 1800 pieces of 0.8 s in 5 h: 8.0 %; 3600 seen and 31 allowed (buffer and borders 22, 0.5 % of 1800): 16.1 %
    assert "8 to 16 %" in page
    assert "The count of PACK is contradicted, so OEE is only known within its bounds." in page
    hours = f"from={(start + HOUR).isoformat()}&to={datetime.now(UTC).isoformat()}".replace("+", "%2B")
    assert "The count of PACK is contradicted" in text(client, f"/explain/?work_center=PACK&kpi=oee&{hours}")
    assert "The counts of 2 machines are contradicted</a>: Filler, Packer" in text(client, "/floor/")
    machine = text(client, "/floor/PACK/")
    assert "OEE 8 to 16 %." in machine
    assert "FILL counted 3,600, PACK 1,800" in machine
