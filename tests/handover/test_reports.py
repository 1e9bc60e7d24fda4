"""Shift reports by e-mail against a mail server on loopback: once per shift and address, whatever happens."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mes.handover.models import ReportMail, ShiftReport, Subscriber
from mes.handover.reports import (
    MOST_ATTEMPTS,
    NO_SERVER,
    mail_take,
    mails_send,
    mails_waiting,
    pause_after,
    reports_make,
)
from mes.handover.sign import HandoverRefused
from mes.handover.subscribers import report_subscribe, report_unsubscribe
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plant.models import Shift
from tests.handover.smtp_sink import Sink, smtp_sink
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

HOUR, MIN = timedelta(hours=1), timedelta(minutes=1)
CLOSED = SIX + 10 * HOUR


@pytest.fixture
def plant(db: None) -> SmallPlant:
    found = small_plant()
    Shift.objects.update(closed_at=CLOSED, closed_by="system")
    counted(found.packer, SIX + MIN, good=1234, shift=found.shift)
    return found


@pytest.fixture
def sink(settings: object) -> Iterator[Sink]:
    with smtp_sink() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port  # type: ignore[attr-defined]
        settings.ORIGINS = ["https://mes.plant.example"]  # type: ignore[attr-defined]
        yield running


def subscribe(plant: SmallPlant, *addresses: str) -> None:
    for address in addresses:
        report_subscribe(line=plant.line_1, person=None, address=address, actor="mia", at=SIX)


def body(message: object, kind: str) -> str:
    parts = [part for part in message.walk() if part.get_content_type() == kind]  # type: ignore[attr-defined]
    return parts[0].get_payload(decode=True).decode()


def test_each_address_gets_the_report_once_as_text_and_html_with_the_same_figures(
    plant: SmallPlant, sink: Sink
) -> None:
    subscribe(plant, "a@plant.example", "b@plant.example")
    assert [reports_make(at=CLOSED + MIN) for _twice in range(2)] == [1, 0]
    assert [mails_send(at=CLOSED + n * MIN) for n in (1, 2, 90)] == [2, 0, 0]
    assert sorted(to for to, _mail in sink.mails) == ["a@plant.example", "b@plant.example"]
    message = sink.mails[0][1]
    assert message["Subject"] == "Shift report Line one, Early 2026-03-02"
    text, html = body(message, "text/plain"), body(message, "text/html")
    assert "Good: 1,234" in text
    assert re.search(r"Good</th><td[^>]*>1,234<", html)
    for said in (text, html):
        assert "https://mes.plant.example/handover/LINE-1/2026-03-02/Early/" in said
    assert JournalEntry.objects.filter(action="report_send").count() == 2


def test_a_report_keeps_its_figures_while_it_waits(plant: SmallPlant, sink: Sink) -> None:
    subscribe(plant, "a@plant.example")
    reports_make(at=CLOSED)
    counted(plant.packer, SIX + 65 * MIN, good=1, shift=plant.shift)
    mails_send(at=CLOSED + HOUR)
    assert "Good: 1,234" in body(sink.mails[0][1], "text/plain")


def test_an_unreachable_server_leaves_waiting_rows_that_are_tried_again_later_and_later(
    plant: SmallPlant, settings: object
) -> None:
    with smtp_sink() as gone:
        port = gone.port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port  # type: ignore[attr-defined]
    subscribe(plant, "a@plant.example")
    reports_make(at=CLOSED)
    assert mails_send(at=CLOSED) == 0
    mail = ReportMail.objects.get()
    assert (mail.state, mail.attempts, mail.next_at) == ("waiting", 1, CLOSED + MIN)
    assert "refused" in mail.error
    assert mails_waiting() == [mail]
    mails_send(at=CLOSED + MIN / 2)  # too early
    assert ReportMail.objects.get().attempts == 1
    ReportMail.objects.update(attempts=MOST_ATTEMPTS - 1)
    mails_send(at=CLOSED + HOUR)
    assert ReportMail.objects.get().state == "given-up"


def test_two_senders_that_saw_the_same_mail_waiting_never_both_send_it(plant: SmallPlant) -> None:
    subscribe(plant, "a@plant.example")
    reports_make(at=CLOSED)
    seen = [ReportMail.objects.get() for _sender in range(2)]
    assert [mail_take(mail, at=CLOSED) for mail in seen] == [True, False]


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_after(n) / MIN for n in (1, 2, 3, 7, 12)] == [1, 2, 4, 60, 60]


def test_an_address_that_is_refused_for_good_is_given_up_and_the_others_get_theirs(
    plant: SmallPlant, sink: Sink
) -> None:
    sink.refused = {"a@plant.example"}
    subscribe(plant, "a@plant.example", "b@plant.example")
    reports_make(at=CLOSED)
    assert mails_send(at=CLOSED) == 1
    assert dict(ReportMail.objects.values_list("address", "state")) == {
        "a@plant.example": "given-up",
        "b@plant.example": "sent",
    }


def test_a_server_that_goes_away_in_the_middle_gets_the_rest_later_and_nothing_twice(
    plant: SmallPlant, sink: Sink
) -> None:
    sink.hangs_up_after = 1
    subscribe(plant, "a@plant.example", "b@plant.example", "c@plant.example")
    reports_make(at=CLOSED)
    assert mails_send(at=CLOSED) == 1
    assert all(mail.error and mail.attempts == 1 for mail in mails_waiting())
    sink.hangs_up_after = 9
    assert mails_send(at=CLOSED + MIN) == 2
    assert sorted(to for to, _mail in sink.mails) == ["a@plant.example", "b@plant.example", "c@plant.example"]


def test_without_a_mail_server_the_rows_say_what_to_set(plant: SmallPlant) -> None:
    subscribe(plant, "a@plant.example")
    reports_make(at=CLOSED)
    assert mails_send(at=CLOSED) == 0
    mail = ReportMail.objects.get()
    assert (mail.error, mail.attempts, mail.state) == (NO_SERVER, 0, "waiting")


def test_shifts_that_nobody_wants_or_that_were_closed_long_ago_make_no_report(plant: SmallPlant) -> None:
    assert reports_make(at=CLOSED) == 0
    subscribe(plant, "a@plant.example")
    assert reports_make(at=CLOSED + timedelta(days=3)) == 0
    Shift.objects.update(closed_at=None)
    assert reports_make(at=CLOSED) == 0
    assert not ShiftReport.objects.exists()


def test_people_get_it_at_their_address_while_they_may_see_the_line(plant: SmallPlant) -> None:
    mia, ben = (plant.person(Role.SUPERVISOR, plant.line_1, name=name) for name in ("mia", "ben"))
    for person in (mia, ben):
        person.email = f"{person.username}@plant.example"
        person.save()
        report_subscribe(line=plant.line_1, person=person, address="", actor="eva", at=SIX)
    subscribe(plant, "MIA@plant.example")
    ben.lines.set([plant.line_2])
    reports_make(at=CLOSED)
    assert [mail.address for mail in ReportMail.objects.all()] == ["mia@plant.example"]


def test_the_report_is_written_in_the_language_of_the_person(plant: SmallPlant, sink: Sink) -> None:
    """1,234 is 1.234 or 1 234 in Spanish, never with a comma."""
    ana = plant.person(Role.SUPERVISOR, plant.line_1, name="ana")
    ana.email, ana.language = "ana@plant.example", "es"
    ana.save()
    report_subscribe(line=plant.line_1, person=ana, address="", actor="mia", at=SIX)
    reports_make(at=CLOSED)
    mails_send(at=CLOSED)
    html = body(sink.mails[0][1], "text/html")
    assert '<html lang="es">' in html
    assert "1,234" not in html


@pytest.mark.parametrize("address", ["", "x", "a@b", "a@plant.example\nBcc: b@plant.example", "a\0@plant.example"])
def test_what_is_no_address_is_refused(plant: SmallPlant, address: str) -> None:
    with pytest.raises(HandoverRefused, match="no e-mail address"):
        subscribe(plant, address)


def test_who_has_no_address_or_may_not_see_the_line_cannot_be_subscribed(plant: SmallPlant) -> None:
    paul = plant.person(Role.SUPERVISOR, plant.line_2, name="paul")
    with pytest.raises(HandoverRefused, match="no e-mail address"):
        report_subscribe(line=plant.line_1, person=paul, address="", actor="mia", at=SIX)
    paul.email = "paul@plant.example"
    with pytest.raises(HandoverRefused, match="may not see"):
        report_subscribe(line=plant.line_1, person=paul, address="", actor="mia", at=SIX)


def test_subscribing_and_unsubscribing_twice_is_once(plant: SmallPlant) -> None:
    subscribe(plant, "a@plant.example", "a@plant.example")
    found = Subscriber.objects.get()
    assert [report_unsubscribe(subscriber=found, actor="mia", at=SIX) for _twice in range(2)] == [True, False]
    actions = JournalEntry.objects.filter(action__startswith="report_").values_list("action", flat=True)
    assert sorted(actions) == ["report_subscribe", "report_unsubscribe"]
