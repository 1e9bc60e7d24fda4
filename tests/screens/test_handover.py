"""The pages of handovers and reports: what they show, who may do what, and that odd requests change nothing."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from mes.config.vitals import mails
from mes.handover.models import ActionItem, Handover, HandoverNote, Subscriber
from mes.handover.reports import mails_send, reports_make
from mes.handover.subscribers import report_subscribe
from mes.people.models import Role
from mes.plant.models import Shift
from mes.tracking.models import CountHour
from tests.production.small_plant import SIX, SmallPlant, counted, shift_around, small_plant

HOUR, MIN = timedelta(hours=1), timedelta(minutes=1)
PAGE = "/handover/LINE-1/2026-03-02/Early/"
ACT = "/handover-act/LINE-1/2026-03-02/Early/"
MAIL = "/handover/LINE-1/mail/"


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def as_a(plant: SmallPlant, role: Role, name: str = "") -> Client:
    client = Client()
    client.force_login(plant.person(role, plant.line_1, name=name))
    return client


def text_of(client: Client, address: str = PAGE) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_both_leaders_sign_and_later_corrections_show_beside_what_was_signed(plant: SmallPlant) -> None:
    counted(plant.packer, SIX + MIN, good=500, shift=plant.shift)
    mia, ben = as_a(plant, Role.SUPERVISOR, "mia"), as_a(plant, Role.SUPERVISOR, "ben")
    for _twice in range(2):
        assert "Its figures are kept" in mia.post(ACT, {"verb": "out"}, follow=True).content.decode()
    assert "signed this handover already" in mia.post(ACT, {"verb": "in"}, follow=True).content.decode()
    assert "You took the line over" in ben.post(ACT, {"verb": "in"}, follow=True).content.decode()
    assert "Changed since it was signed" not in text_of(mia)
    CountHour.objects.update(good=[0, 450, *[0] * 58], good_sum=450)
    page = text_of(mia)
    assert '<tr><th scope="row">Good</th><td class="num">500</td><td class="num">450</td></tr>' in page
    assert "<dt>Good</dt><dd>500</dd>" in page
    Handover.objects.update(sha256="0" * 64)
    assert "What is stored here is not what was signed." in text_of(mia)


def test_the_list_says_what_waits_and_leads_there(plant: SmallPlant) -> None:
    mia = as_a(plant, Role.SUPERVISOR, "mia")
    page = text_of(mia, "/handover/")
    assert "to be signed out" in page
    assert PAGE in page
    mia.post(ACT, {"verb": "out"})
    assert "mia signed out" in text_of(mia, "/handover/")
    shift_around(plant.line_1, datetime.now(UTC))
    assert PAGE in text_of(mia, "/handover/")  # what nobody took over stays before the running shift
    as_a(plant, Role.SUPERVISOR, "ben").post(ACT, {"verb": "in"})
    assert "the shift still runs" in text_of(mia, "/handover/")


def test_a_running_shift_cannot_be_handed_over_yet(plant: SmallPlant) -> None:
    shift = shift_around(plant.line_1, datetime.now(UTC))
    mia, address = as_a(plant, Role.SUPERVISOR), f"{shift.production_date}/Now/"
    page = text_of(mia, f"/handover/LINE-1/{address}")
    assert "It can be handed over from" in page
    assert 'value="out"' not in page
    answer = mia.post(f"/handover-act/LINE-1/{address}", {"verb": "out"}, follow=True)
    assert "in its last half hour" in answer.content.decode()


def test_notes_and_items_are_written_once_and_shown_escaped(plant: SmallPlant) -> None:
    otto = as_a(plant, Role.OPERATOR, "otto")
    note = {"verb": "note", "text": "belt <i>squeaks", "key": str(uuid4())}
    item = {"verb": "item", "text": "order caps", "owner": "ben", "due": "2026-03-03", "key": str(uuid4())}
    for _twice in range(2):
        otto.post(ACT, note)
        otto.post(ACT, item)
    page = text_of(otto)
    assert "belt &lt;i&gt;squeaks" in page
    assert "overdue" in page
    assert (HandoverNote.objects.count(), ActionItem.objects.count()) == (1, 1)
    otto.post(ACT, {"verb": "done", "key": item["key"]})
    otto.post(ACT, {"verb": "take-back", "key": note["key"]})
    page = text_of(otto)
    assert "order caps" not in page
    assert "squeaks" not in page


@pytest.mark.parametrize(
    ("role", "data", "status"),
    [
        (Role.OPERATOR, {"verb": "out"}, 403),
        (Role.FINANCE, {"verb": "note"}, 403),
        (Role.SUPERVISOR, {"verb": "melt"}, 400),
        (Role.SUPERVISOR, {"verb": "note", "key": "x"}, 400),
        (Role.SUPERVISOR, {"verb": "done", "key": "00000000-0000-0000-0000-000000000000"}, 404),
        (Role.SUPERVISOR, {"verb": "take-back", "key": "00000000-0000-0000-0000-000000000000"}, 404),
    ],
)
def test_what_is_not_allowed_or_odd_changes_nothing(
    plant: SmallPlant, role: Role, data: dict[str, str], status: int
) -> None:
    assert as_a(plant, role).post(ACT, data).status_code == status
    assert not HandoverNote.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("due", "soon"), ("text", "a\0b"), ("text", "x" * 301), ("owner", "\0")])
def test_items_that_cannot_be_kept_are_refused_in_words(plant: SmallPlant, field: str, value: str) -> None:
    data = {"verb": "item", "text": "order caps", "key": str(uuid4())} | {field: value}
    answer = as_a(plant, Role.SUPERVISOR).post(ACT, data, follow=True)
    assert 'class="notice bad error"' in answer.content.decode()
    assert not ActionItem.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/handover/LINE-2/2026-03-02/Early/",
        "/handover/LINE-1/2026-03-03/Early/",
        "/handover/LINE-1/2026-03-02/%00/",
        "/handover/LINE-2/mail/",
    ],
)
def test_other_lines_and_shifts_that_never_were_do_not_exist(plant: SmallPlant, address: str) -> None:
    mia = as_a(plant, Role.SUPERVISOR)
    assert mia.get(address).status_code == 404
    assert mia.post(address.replace("/handover/", "/handover-act/", 1), {"verb": "out"}).status_code == 404


def test_a_supervisor_says_who_gets_the_report(plant: SmallPlant) -> None:
    mia = as_a(plant, Role.SUPERVISOR, "mia")
    for _twice in range(2):
        mia.post(MAIL + "edit/", {"verb": "add", "address": "boss@plant.example"})
    page = text_of(mia, MAIL)
    assert "boss@plant.example" in page
    found = Subscriber.objects.get()
    for _twice in range(2):
        mia.post(MAIL + "edit/", {"verb": "remove", "subscriber": str(found.pk)})
    assert "Nobody gets it yet." in text_of(mia, MAIL)
    refused = mia.post(MAIL + "edit/", {"verb": "add", "address": "nonsense"}, follow=True)
    assert "That is no e-mail address" in refused.content.decode()


@pytest.mark.parametrize(
    ("role", "data", "status"),
    [
        (Role.OPERATOR, {"verb": "add", "address": "a@plant.example"}, 403),
        (Role.SUPERVISOR, {"verb": "add", "person": "nobody"}, 404),
        (Role.SUPERVISOR, {"verb": "add", "address": "a\0@plant.example"}, 404),
        (Role.SUPERVISOR, {"verb": "remove", "subscriber": "x"}, 400),
        (Role.SUPERVISOR, {}, 400),
    ],
)
def test_odd_subscriptions_change_nothing(plant: SmallPlant, role: Role, data: dict[str, str], status: int) -> None:
    assert as_a(plant, role).post(MAIL + "edit/", data).status_code == status
    assert not Subscriber.objects.exists()


def test_reports_that_wait_stand_on_the_page_and_in_doctor(plant: SmallPlant) -> None:
    now = datetime.now(UTC)
    Shift.objects.update(closed_at=now, closed_by="system")
    report_subscribe(line=plant.line_1, person=None, address="boss@plant.example", actor="mia", at=now)
    assert [check.ok for check in mails()] == [True]
    reports_make(at=now)
    mails_send(at=now)
    [check] = mails()
    assert not check.ok
    assert "MES_SMTP_URL" in check.said
    mia = as_a(plant, Role.SUPERVISOR)
    assert "No mail server is set" in text_of(mia, MAIL)
    assert "No mail server is set" in text_of(mia)
