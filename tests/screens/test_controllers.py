"""Controllers pages: the line to each in words, bad tags by name, and the tag browser against a served controller."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plc.models import BrowseRequest, Controller, ControllerHealth, TagBinding, TagHealth
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import TagSpec, UdtType, VirtualController
from mes.plc.tasks import browse_controller
from tests.production.small_plant import SIX, SmallPlant, small_plant

MACHINE = UdtType("Machine", [("Good", "DINT"), ("Running", "BOOL"), ("Speed", "REAL")])


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def served() -> Iterator[ControllerServer]:
    tags = [
        TagSpec("Count", "DINT", value=4711),
        TagSpec("FILL", "Machine", value={"Good": 111, "Running": True, "Speed": 2.5}),
        *(TagSpec(f"Spare{n:03}", "DINT", value=n) for n in range(150)),
    ]
    server = ControllerServer(
        VirtualController(udts=[MACHINE], tags=tags, programs={"Main": [TagSpec("Step", "DINT", value=77)]})
    ).start()
    yield server
    server.stop()


@pytest.fixture
def plc(plant: SmallPlant, served: ControllerServer) -> Controller:
    controller = Controller.objects.create(
        code="PLC-1", name="Filler PLC", site=plant.line_1.area.site, address=served.path, timeout_s=5
    )
    for role, tag in (("good", "FILL.Good"), ("scrap", "FILL.Skrap")):
        TagBinding.objects.create(controller=controller, work_center=plant.filler, role=role, tag=tag, valid_from=SIX)
    return controller


@pytest.fixture
def eva(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.ENGINEER, name="eva"))
    return client


def ask(client: Client, query: str = "", **data: str) -> str:
    """Posts to the tag browser, lets the poller's task answer, and returns the page one is sent to."""
    answer = client.post(f"/controllers/PLC-1/tags/{query}", data)
    assert answer.status_code == 302
    browse_controller(BrowseRequest.objects.latest("pk").pk)
    return client.get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    ("comm", "age_s", "word"),
    [
        ("online", 1, "Online"),
        ("online", 60, "No poller reports on it"),
        ("degraded", 60, "Answers with errors"),
        ("offline", 60, "Not answering"),
        ("connecting", None, "Connecting"),
    ],
)
def test_the_line_to_a_controller_is_told_in_words(
    plant: SmallPlant, plc: Controller, eva: Client, comm: str, age_s: int | None, word: str
) -> None:
    now = datetime.now(UTC)
    last = now - timedelta(seconds=age_s) if age_s is not None else None
    ControllerHealth.objects.create(controller=plc, comm=comm, since=now, last_good_at=last)
    for page in ("/controllers/", "/controllers/PLC-1/"):
        assert word in eva.get(page).content.decode()


def test_a_controller_never_polled_or_switched_off_says_so(plant: SmallPlant, plc: Controller, eva: Client) -> None:
    assert "Never polled" in eva.get("/controllers/").content.decode()
    Controller.objects.update(enabled=False)
    assert "Switched off" in eva.get("/controllers/PLC-1/").content.decode()


def test_a_wrong_tag_is_a_bad_tag_with_its_sentence_and_not_a_zero(
    plant: SmallPlant, plc: Controller, eva: Client
) -> None:
    TagHealth.objects.create(controller=plc, tag="FILL.Skrap", quality="bad", error="No tag FILL.Skrap.", since=SIX)
    tags = eva.get("/controllers/PLC-1/").context["tags"]
    assert [(tag.binding.tag, tag.quality, tag.error) for tag in tags] == [
        ("FILL.Skrap", "bad", "No tag FILL.Skrap."),
        ("FILL.Good", "good", ""),
    ]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.MAINTENANCE])
def test_who_may_look_but_not_commission_gets_no_tag_browser(
    plant: SmallPlant, plc: Controller, client: Client, role: Role
) -> None:
    client.force_login(plant.person(role))
    assert "Browse and test tags" not in client.get("/controllers/PLC-1/").content.decode()
    assert client.get("/controllers/PLC-1/tags/").status_code == 403
    assert client.post("/controllers/PLC-1/tags/", {"do": "browse"}).status_code == 403
    assert not BrowseRequest.objects.exists()


def test_operators_see_no_controllers_and_others_only_those_of_their_lines(
    plant: SmallPlant, plc: Controller, client: Client
) -> None:
    client.force_login(plant.person(Role.OPERATOR))
    assert client.get("/controllers/").status_code == 403
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_2))
    assert "PLC-1" not in client.get("/controllers/").content.decode()
    assert client.get("/controllers/PLC-1/").status_code == 404
    assert client.get("/controllers/%00/").status_code == 404


def test_the_tag_browser_lists_controller_and_program_tags_members_types_and_values(
    plant: SmallPlant, plc: Controller, eva: Client
) -> None:
    assert "Nothing was listed yet" in eva.get("/controllers/PLC-1/tags/").content.decode()
    page = ask(eva, do="browse")
    assert "Rockwell" in page
    rows = {row.name: row for row in eva.get("/controllers/PLC-1/tags/").context["rows"]}
    assert (rows["Count"].data_type, rows["Count"].value) == ("DINT", "4711")
    assert (rows["FILL.Good"].value, rows["FILL.Running"].value, rows["FILL.Speed"].value) == ("111", "True", "2.5")
    assert rows["FILL.Good"].bound == "FILL Good count"
    assert not rows["FILL"].readable
    found = eva.get("/controllers/PLC-1/tags/?q=step").context["rows"]
    assert [(row.name, row.program) for row in found] == [("Program:Main.Step", "Main")]


def test_values_of_a_later_page_are_read_when_asked(plant: SmallPlant, plc: Controller, eva: Client) -> None:
    ask(eva, do="browse")
    before = eva.get("/controllers/PLC-1/tags/?q=spare&page=2").context["rows"]
    assert before[-1].quality == ""
    ask(eva, "?q=spare&page=2", do="read")
    after = eva.get("/controllers/PLC-1/tags/?q=spare&page=2").context["rows"]
    assert (after[-1].name, after[-1].value) == ("Spare149", "149")


def test_one_tag_is_test_read_by_its_name_and_a_wrong_name_is_bad_and_not_zero(
    plant: SmallPlant, plc: Controller, eva: Client
) -> None:
    assert "4711" in ask(eva, do="tag", tag="Count")
    page = ask(eva, do="tag", tag="Cuont")
    assert "<b>bad</b>" in page
    assert "<b>0</b>" not in page


def test_a_controller_that_does_not_answer_gives_a_sentence(
    plant: SmallPlant, plc: Controller, eva: Client, served: ControllerServer
) -> None:
    served.stop()
    assert "No connection to 127.0.0.1" in ask(eva, do="browse")


def test_the_demo_connects_to_this_machine_only(plant: SmallPlant, plc: Controller, eva: Client) -> None:
    Controller.objects.update(address="192.0.2.1")
    assert "is not this machine" in ask(eva, do="browse")


def test_a_request_is_answered_once_and_a_page_that_waits_renews_itself(
    plant: SmallPlant, plc: Controller, eva: Client
) -> None:
    for _ in range(2):
        answer = eva.post("/controllers/PLC-1/tags/", {"do": "browse"})
    request = BrowseRequest.objects.get()
    assert 'http-equiv="refresh"' in eva.get(answer.headers["Location"]).content.decode()
    browse_controller(request.pk)
    request.refresh_from_db()
    browse_controller(request.pk)
    again = BrowseRequest.objects.get()
    assert (again.state, again.answered_at) == ("done", request.answered_at)
    assert JournalEntry.objects.count() == 1


def test_a_request_nobody_answers_says_that_no_poller_runs(plant: SmallPlant, plc: Controller, eva: Client) -> None:
    old = datetime.now(UTC) - timedelta(seconds=31)
    request = BrowseRequest.objects.create(controller=plc, asked_by="eva", asked_at=old)
    page = eva.get(f"/controllers/PLC-1/tags/?asked={request.pk}").content.decode()
    assert "No poller answered within 30 s" in page
    assert 'http-equiv="refresh"' not in page
