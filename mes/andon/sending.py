"""Sends the notices that are due: e-mails over one connection, webhooks one by one."""

import logging
import smtplib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mes.andon import escalation
from mes.andon.hooks import HookError, hook_send
from mes.andon.models import Call, Notice, Webhook

log = logging.getLogger(__name__)

AT_ONCE = 10  # with 5 s for a webhook that does not answer, a run still ends in less than a minute
NO_SERVER = "No mail server is set (MES_SMTP_URL): would go to {target}."
FAULTS = (smtplib.SMTPException, OSError)


def notices_send(*, at: datetime) -> int:
    """Sends what is due: how many were sent. Two senders never take the same notice; a killed one costs a pause."""
    waiting = Notice.objects.filter(state=Notice.State.WAITING, next_at__lte=at)
    if not settings.EMAIL_HOST:
        for notice in waiting.filter(channel=Notice.Channel.MAIL, error=""):
            Notice.objects.filter(pk=notice.pk).update(error=NO_SERVER.format(target=notice.target))
        waiting = waiting.exclude(channel=Notice.Channel.MAIL)
    rows = waiting.select_related("call__work_center__line", "call__category").order_by("next_at", "pk")[:AT_ONCE]
    return sum(_attempt(notice, at) for notice in rows if _claim(notice, at))


def document_of(call: Call, level: int) -> dict[str, Any]:
    """What a webhook is told of a call."""
    return {
        "kind": "call",
        "number": call.pk,
        "state": call.state,
        "category": call.category.code,
        "work_center": call.work_center.code,
        "line": call.work_center.line.code,
        "level": level,
        "note": call.note,
        "raised_by": call.raised_by,
        "raised_at": call.raised_at.isoformat(),
        "acknowledged_by": call.taken_by or None,
        "link": link_of(call),
    }


def link_of(call: Call) -> str:
    """The address of the call's page; whole where MES_ORIGINS names the server."""
    try:
        path = reverse("call", args=[call.pk])
    except NoReverseMatch:  # a process without pages
        return ""
    return (settings.ORIGINS[0].rstrip("/") if settings.ORIGINS else "") + path


def _claim(notice: Notice, at: datetime) -> bool:
    """Takes the notice for this attempt, unless somebody else did or the call is closed: the next is later then."""
    mine = Notice.objects.filter(
        pk=notice.pk, state=Notice.State.WAITING, attempts=notice.attempts, call__closed_at=None
    )
    notice.attempts += 1
    return bool(mine.update(attempts=notice.attempts, next_at=at + escalation.pause_after(notice.attempts)))


def _attempt(notice: Notice, at: datetime) -> bool:
    try:
        if notice.channel == Notice.Channel.MAIL:
            _mail(notice)
        else:
            hook = Webhook.objects.get(code=notice.target)
            event = f"call-{notice.call_id}-{notice.level}-{notice.pk}"
            hook_send(hook, document_of(notice.call, notice.level), event=event, at=at)
    except (HookError, Webhook.DoesNotExist, *FAULTS) as fault:
        _failed(notice, fault)
        return False
    done = {"state": Notice.State.SENT, "sent_at": at, "error": ""}
    return bool(Notice.objects.filter(pk=notice.pk).update(**done))


def _mail(notice: Notice) -> None:
    call = notice.call
    with translation.override(notice.language or settings.LANGUAGE_CODE):
        words = {"what": call.category.name, "machine": call.work_center.name, "level": notice.level}
        subject = _("Call: %(what)s at %(machine)s, level %(level)s") % words
        lines = [subject, _("Raised by %(who)s.") % {"who": call.raised_by}, call.note, link_of(call)]
    message = EmailMessage(
        " ".join(subject.split()),
        "\n".join(line for line in lines if line),
        settings.DEFAULT_FROM_EMAIL,
        [notice.target],
        connection=get_connection(),
        headers={"Message-ID": f"<call-notice-{notice.pk}@millwright>", "Auto-Submitted": "auto-generated"},
    )
    message.send()


def _failed(notice: Notice, fault: Exception) -> None:
    """Tried again later, or given up after too many attempts; the sentence says which."""
    dead = escalation.is_dead(notice.attempts)
    text = str(fault) if isinstance(fault, HookError) else f"{type(fault).__name__}: {fault}"
    said = f"Given up after {notice.attempts} attempts. {text}" if dead else text
    state = Notice.State.DEAD if dead else Notice.State.WAITING
    Notice.objects.filter(pk=notice.pk).update(state=state, error=said[:300])
    log.warning("Notice %d of call %d was not sent (attempt %d)", notice.pk, notice.call_id, notice.attempts)
