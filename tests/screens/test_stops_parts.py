"""The page of a stop divides it: typed times, versions, undo, who may; many at once; rules; the table of a line."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from mes.downtime.cutting import stop_split
from mes.downtime.models import Stop, StopRule
from mes.downtime.queries import stop_ref
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plant.models import WorkCenter
from mes.tracking.models import MachineCursor, StateInterval
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN = timedelta(minutes=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, name="mia"))
    return client


@pytest.fixture
def stop(plant: SmallPlant) -> Stop:
    """The filler stands from 7:00 to 8:00 at the plant (UTC+1)."""
    return Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 60 * MIN, state="Held")


def send(client: Client, stop: Stop, verb: str, **fields: object) -> str:
    """Posts a form of the stop's page; what the page then says."""
    version = Stop.every.get(pk=stop.whole_id or stop.pk).version
    body = {"version": version} | fields
    return client.post(f"/downtime/{stop_ref(stop)}/{verb}/", body, follow=True).content.decode()


def cuts() -> list[float]:
    return [(row.starts_at - SIX) / MIN for row in Stop.objects.order_by("starts_at")]


@pytest.mark.parametrize(
    ("typed", "minute"),
    [
        ("07:20", 20),
        ("7:20:30", 20.5),
        ("07:20:00.250", 20 + 0.25 / 60),
        ("2026-03-02 07:20", 20),
        ("2026-03-02T06:20:00+00:00", 20),
    ],
)
def test_a_time_is_typed_as_on_the_clock_of_the_plant(
    plant: SmallPlant, mia: Client, stop: Stop, typed: str, minute: float
) -> None:
    assert "The stop is split" in send(mia, stop, "split", at=typed)
    assert cuts() == [0, pytest.approx(minute)]


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "9:99", "\0", "7" * 300, "2026-03-02 08:00", "06:59"])
def test_a_time_that_makes_no_sense_is_refused_in_words(plant: SmallPlant, mia: Client, stop: Stop, typed: str) -> None:
    page = send(mia, stop, "split", at=typed)
    assert 'class="notice bad error"' in page
    assert cuts() == [0]


def test_a_stop_over_midnight_takes_a_clock_time_of_the_next_day(plant: SmallPlant, mia: Client) -> None:
    late = Stop.objects.create(
        work_center=plant.filler, starts_at=SIX + 960 * MIN, ends_at=SIX + 1080 * MIN, state="Held"
    )  # 23:00 to 01:00 at the plant
    send(mia, late, "split", at="00:30")
    assert cuts() == [960, 1050]


def test_parts_are_merged_with_the_chosen_reason_and_trimmed_and_undone(
    plant: SmallPlant, mia: Client, stop: Stop
) -> None:
    send(mia, stop, "split", at="07:20")
    second = Stop.objects.select_related("work_center").get(starts_at=SIX + 20 * MIN)
    Stop.objects.filter(whole=stop, starts_at=SIX).update(reason=plant.jam)
    Stop.objects.filter(pk=second.pk).update(reason=plant.motor)
    page = mia.get(f"/downtime/{stop_ref(second)}/").content.decode()
    assert "as Jam infeed" in page
    assert "60.0 of 60.0 min explained" in page
    assert "The stop is trimmed" in send(mia, second, "trim", end="07:50")
    assert "Type when it really began" in send(mia, second, "trim")
    page = send(mia, second, "merge", joint="2026-03-02T06:20:00.000000Z", keep="later")
    assert "The parts are one again" in page
    assert [(row.reason, row.ends_at) for row in Stop.objects.all()] == [(plant.motor, SIX + 50 * MIN)]
    assert "mia</b> merged parts of the stop" in page
    entry = JournalEntry.objects.filter(action="stop_merge").latest("pk").pk
    for _ in range(2):
        assert "Taken back." in send(mia, stop, "undo", entry=entry)
    assert cuts() == [0, 20]
    assert JournalEntry.objects.filter(action="stop_undo").count() == 1


def test_a_page_that_is_old_is_told_and_one_without_a_version_is_refused(
    plant: SmallPlant, mia: Client, stop: Stop
) -> None:
    stop_split(stop_id=stop.pk, cut_at=SIX + 5 * MIN, actor="sue", at=SIX + 90 * MIN, version=1)
    assert "sue split the stop" in send(mia, stop, "split", at="07:20", version=1)
    assert cuts() == [0, 5]
    for verb, fields in (("split", {"at": "07:20"}), ("merge", {"joint": "x"}), ("undo", {"entry": "x"})):
        assert mia.post(f"/downtime/{stop_ref(stop)}/{verb}/", {"version": "x", **fields}).status_code == 400


def test_operators_explain_but_do_not_divide_and_other_lines_do_not_exist(
    plant: SmallPlant, client: Client, stop: Stop
) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    theirs = Stop.objects.create(work_center=plant.press, starts_at=SIX, ends_at=SIX + 60 * MIN, state="Held")
    page = client.get(f"/downtime/{stop_ref(stop)}/").content.decode()
    assert "Split at" not in page
    for verb in ("split", "merge", "trim", "undo"):
        assert client.post(f"/downtime/{stop_ref(stop)}/{verb}/", {"version": 1}).status_code == 403
        assert client.post(f"/downtime/{stop_ref(theirs)}/{verb}/", {"version": 1}).status_code == 404
    assert client.get("/downtime/rules/").status_code == 403
    assert client.get("/downtime/line/LINE-2/").status_code == 404
    ticked = {"stop": f"{stop_ref(theirs)}|1", "reason": "JAM"}
    assert client.post("/downtime/assign/", ticked).status_code == 404
    assert not JournalEntry.objects.filter(kind="stop").exists()


def test_many_stops_get_one_reason_and_what_others_changed_is_left_and_told(
    plant: SmallPlant, mia: Client, stop: Stop
) -> None:
    others = [
        Stop.objects.create(
            work_center=plant.packer, starts_at=SIX + n * 10 * MIN, ends_at=SIX + (n * 10 + 5) * MIN, state="Held"
        )
        for n in range(2)
    ]
    ticked = [f"{stop_ref(one)}|1" for one in (stop, *others)]
    Stop.objects.filter(pk=others[1].pk).update(version=2)
    for _ in range(2):
        page = mia.post("/downtime/assign/", {"stop": ticked, "reason": "JAM"}, follow=True).content.decode()
        assert "2 stops are explained: Jam infeed." in page
        assert "1 stop was changed by somebody else meanwhile" in page
        assert stop_ref(others[1]) in page
    assert JournalEntry.objects.filter(action="stop_explain").count() == 2
    for body in ({"reason": "JAM"}, {"stop": ticked}, {"stop": ticked, "reason": "J\0M"}):
        assert "Tick stops and choose a reason" in mia.post("/downtime/assign/", body, follow=True).content.decode()
    assert mia.post("/downtime/assign/", {"stop": "FILL", "reason": "JAM"}).status_code == 400


def test_the_list_is_narrowed_by_length_time_and_who_explained(plant: SmallPlant, mia: Client) -> None:
    now = datetime.now(UTC)
    for hours, minutes, who in ((1, 4, "mia"), (5, 20, "otto"), (30, 20, "mia"), (24 * 9, 90, "mia")):
        start = now - timedelta(hours=hours)
        Stop.objects.create(
            work_center=plant.filler, starts_at=start, ends_at=start + minutes * MIN, state="Held", reason=plant.jam,
            explained_by=who,
        )  # fmt: skip

    def shown(query: str) -> int:
        return len(mia.get(f"/downtime/?{query}").context["rows"])

    found = [shown(q) for q in ("", "least=15", "since=24h", "since=30d", "mine=1", "since=30d&mine=1&least=60")]
    assert found == [3, 2, 2, 4, 2, 1]
    for query in ("least=x", "least=-1", "since=never"):
        assert mia.get(f"/downtime/?{query}").status_code == 404


def test_a_rule_is_switched_by_its_form_twice_as_once(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.ENGINEER, name="eva"))
    StopRule.objects.create(
        code="NIGHT", name="Night", weekdays="7", from_time="22:00", to_time="06:00", reason=plant.jam
    )
    assert "Sun · beginning 22:00 to 06:00" in client.get("/downtime/rules/").content.decode()
    for to in ("on", "on", "off", "off"):
        client.post("/downtime/rules/NIGHT/switch/", {"to": to})
    assert JournalEntry.objects.filter(action="stop_rule_switch").count() == 2
    assert client.post("/downtime/rules/NONE/switch/", {"to": "on"}).status_code == 404


def _seen(place: WorkCenter, now: datetime, *spans: tuple[int, int, str]) -> None:
    MachineCursor.objects.create(work_center=place, heard_at=now + MIN, silence_s=600)
    for begin, end, kind in spans:
        StateInterval.objects.create(
            work_center=place, starts_at=now - begin * MIN, ends_at=now - end * MIN, state=kind, kind=kind
        )


def test_who_stops_the_line_is_told_on_the_lines_page_and_on_both_stops(plant: SmallPlant, mia: Client) -> None:
    """The filler stands for 20 min; the packer waits for 18 of them and one more until bottles come."""
    now = datetime.now(UTC)
    _seen(plant.filler, now, (100, 60, "run"), (60, 40, "down"), (40, 0, "run"))
    _seen(plant.packer, now, (100, 58, "run"), (58, 39, "waiting"), (39, 0, "run"))
    page = mia.get("/downtime/line/LINE-1/")
    rows = [(r.place.code, r.cost_s / 60, r.stood_s / 60, r.starved_s / 60, r.share) for r in page.context["rows"]]
    assert rows == [("FILL", pytest.approx(19), pytest.approx(20), 0, 1), ("PACK", 0, 0, pytest.approx(19), None)]
    stops = [
        Stop.objects.create(
            work_center=place, starts_at=now - begin * MIN, ends_at=now - end * MIN, state="Held", kind=kind
        )
        for place, begin, end, kind in ((plant.filler, 60, 40, "down"), (plant.packer, 58, 39, "waiting"))
    ]
    told = [mia.get(f"/downtime/{stop_ref(stop)}/").content.decode() for stop in stops]
    assert "It made 1 machine wait for 19:00" in told[0]
    assert "Nothing came in for 19:00 because Filler stood." in told[1]
    assert "work side by side" in mia.get("/downtime/line/LINE-2/").content.decode()
    assert mia.get("/downtime/line/LINE-1/?hours=9").status_code == 404
