"""Shift reports: made once when a shift is closed, sent once to each address, tried again while the server is away."""

import logging
import smtplib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import translation

from mes.handover.document import handover_document
from mes.handover.models import ReportMail, ShiftReport, Subscriber
from mes.handover.report_text import report_of
from mes.handover.subscribers import addresses_of
from mes.journal.write import record
from mes.oee.closing import shift_code
from mes.plant.models import Shift

log = logging.getLogger(__name__)

KIND = "shift-report"
SYSTEM = "system"
LATE = timedelta(days=2)
"""Reports of shifts that were closed longer ago are no news."""

AT_ONCE = 10
MOST_ATTEMPTS = 12
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
NO_SERVER = "No mail server is set: give MES_SMTP_URL to Millwright's processes."
FAULTS = (smtplib.SMTPException, OSError)


def reports_make(*, at: datetime) -> int:
    """Makes the reports of shifts that were closed, with a waiting mail per address: how many. Safe to run twice."""
    wanted = Subscriber.objects.filter(line=OuterRef("line"))
    closed = Shift.objects.filter(Exists(wanted), work_center=None, report=None, closed_at__gt=at - LATE)
    made = 0
    for shift in closed.select_related("line__area__site").order_by("ends_at")[:AT_ONCE]:
        made += _report_make(shift, at)
    return made


def mails_send(*, at: datetime) -> int:
    """Sends what is due: how many were sent. Two senders never take the same mail, and a killed one costs a pause.

    A mail that the server took just before a kill may come twice, under the same Message-ID.
    """
    due = ReportMail.objects.filter(state=ReportMail.State.WAITING, next_at__lte=at).order_by("next_at", "pk")
    if not settings.EMAIL_HOST:
        due.exclude(error=NO_SERVER).update(error=NO_SERVER)
        return 0
    rows = list(due.select_related("report__shift__line__area__site")[:AT_ONCE])
    if not rows:
        return 0
    connection: BaseEmailBackend = get_connection()
    try:
        connection.open()
    except FAULTS as fault:
        _failed([mail for mail in rows if mail_take(mail, at=at)], fault, at)
        return 0
    try:
        return _send_each([mail for mail in rows if mail_take(mail, at=at)], connection, at)
    finally:
        _close(connection)


def mail_take(mail: ReportMail, *, at: datetime) -> bool:
    """Takes a waiting mail for one attempt, unless another sender did; its next attempt is later then."""
    mine = ReportMail.objects.filter(pk=mail.pk, state=ReportMail.State.WAITING, attempts=mail.attempts)
    taken = mine.update(attempts=mail.attempts + 1, next_at=at + pause_after(mail.attempts + 1))
    mail.attempts += taken
    return bool(taken)


def mails_waiting(*, since: datetime | None = None) -> list[ReportMail]:
    """What could not be sent yet or was given up (of reports made after `since`), the oldest first."""
    rows = ReportMail.objects.exclude(state=ReportMail.State.SENT).order_by("pk")
    rows = rows.filter(report__made_at__gt=since) if since else rows
    return list(rows.select_related("report__shift__line"))


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubled each time, an hour at most."""
    return min(FIRST_PAUSE * 2 ** max(0, attempts - 1), LONGEST_PAUSE)


def _report_make(shift: Shift, at: datetime) -> bool:
    addresses = addresses_of(shift.line)
    document = handover_document(shift, now=at)
    try:
        with transaction.atomic():
            report = ShiftReport.objects.create(shift=shift, document=document, made_at=at)
            ReportMail.objects.bulk_create(
                ReportMail(report=report, address=address, language=language, next_at=at)
                for address, language in addresses.items()
            )
            data = {"before": None, "after": {"addresses": len(addresses)}, "why": "the shift is closed"}
            record(actor=SYSTEM, at=at, action="report_make", kind=KIND, code=shift_code(shift), data=data)
    except IntegrityError:  # another worker made it a moment ago
        return False
    return True


def _send_each(mails: list[ReportMail], connection: BaseEmailBackend, at: datetime) -> int:
    """Sends claimed mails; when the server goes away, that mail and those behind it wait for their next turn."""
    sent = 0
    for number, mail in enumerate(mails):
        try:
            sent += _send(mail, connection, at)
        except FAULTS as fault:
            _failed(mails[number:], fault, at)
            break
    return sent


def _send(mail: ReportMail, connection: BaseEmailBackend, at: datetime) -> bool:
    """Sends one claimed mail; its refusal leaves the others alone. Raises OSError when the server is gone."""
    shift = mail.report.shift
    with translation.override(mail.language or settings.LANGUAGE_CODE):
        report = report_of(mail.report.document, ZoneInfo(shift.line.area.site.time_zone))
    message = EmailMultiAlternatives(
        report.subject,
        report.text,
        settings.DEFAULT_FROM_EMAIL,
        [mail.address],
        connection=connection,
        headers={"Message-ID": f"<shift-report-{mail.pk}@millwright>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(report.html, "text/html")
    try:
        message.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as refused:
        _refused(mail, refused, at)
        return False
    with transaction.atomic():
        ReportMail.objects.filter(pk=mail.pk).update(state=ReportMail.State.SENT, sent_at=at, error="")
        data = {"before": None, "after": {"address": mail.address, "attempts": mail.attempts}, "why": ""}
        record(actor=SYSTEM, at=at, action="report_send", kind=KIND, code=shift_code(shift), data=data)
    return True


def _refused(mail: ReportMail, refused: smtplib.SMTPException, at: datetime) -> None:
    """The server answered no: for good with a 5xx, else it is tried again."""
    for_good = all(500 <= code < 600 for code in _codes(refused))
    _failed([mail], refused, at, for_good=for_good)


def _codes(refused: smtplib.SMTPException) -> list[int]:
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        return [answer[0] for answer in refused.recipients.values()]
    return [refused.smtp_code] if isinstance(refused, smtplib.SMTPResponseException) else [0]


def _failed(mails: list[ReportMail], fault: Exception, at: datetime, *, for_good: bool = False) -> None:
    said = " ".join(f"{type(fault).__name__}: {fault}".replace("\0", "").split())[:300]
    for mail in mails:
        given_up = for_good or mail.attempts >= MOST_ATTEMPTS
        state = ReportMail.State.GIVEN_UP if given_up else ReportMail.State.WAITING
        ReportMail.objects.filter(pk=mail.pk).update(state=state, error=said)
        log.warning("Shift report to %s: %s", mail.address, said)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except FAULTS as fault:
        log.info("The mail server closed first: %s", type(fault).__name__)
