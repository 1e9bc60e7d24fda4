"""Words and colours of the ERP pages: lengths of time, badges, and one sentence per order on the board."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from erp_sync.models import Difference, ErpLink, OutboxMessage
from erp_sync.schedule.finish import Basis, Outlook

BADGE_STATE = {
    ErpLink.Badge.IN_SYNC: "running",
    ErpLink.Badge.SENDING: "setup",
    ErpLink.Badge.WAITING: "waiting",
    ErpLink.Badge.CHANGED: "slow",
    ErpLink.Badge.CONFLICT: "down",
    ErpLink.Badge.CANCELLED: "down",
    ErpLink.Badge.MISSING: "down",
}
MESSAGE_STATE = {
    OutboxMessage.Status.PENDING: "setup",
    OutboxMessage.Status.LEASED: "setup",
    OutboxMessage.Status.SENT: "running",
    OutboxMessage.Status.PARKED: "waiting",
    OutboxMessage.Status.DEAD: "down",
    OutboxMessage.Status.DISCARDED: "planned",
    OutboxMessage.Status.COLLAPSED: "no_data",
}
DIFFERENCE_STATE = {Difference.Class.IN_FLIGHT: "setup", Difference.Class.MAPPING: "waiting"}
"""The others are `down`: a person must look."""

FIELDS = {
    "good": gettext_lazy("good"),
    "scrap": gettext_lazy("scrap"),
    "quantity": gettext_lazy("ordered quantity"),
    "state": gettext_lazy("state"),
    "order": gettext_lazy("the order itself"),
    "order-state": gettext_lazy("state"),
    "conflict": gettext_lazy("changed meanwhile"),
    "due": gettext_lazy("due date"),
    "priority": gettext_lazy("priority"),
    "item": gettext_lazy("item"),
    "line": gettext_lazy("line"),
    "bill": gettext_lazy("materials"),
    "routing": gettext_lazy("operations"),
    "rework": gettext_lazy("rework"),
    "lots": gettext_lazy("lots"),
}


def field_word(field: str) -> str:
    """What a compared field is called; consumed:SUGAR is "consumed SUGAR", change:due is "due date"."""
    name, _sep, what = field.partition(":")
    if name == "consumed" and what:
        return _("consumed %s") % what
    return str(FIELDS.get(what or name, what or name))


CAUSES = {
    "interval": gettext_lazy("the interval"),
    "approval": gettext_lazy("the approved shift"),
    "resend": gettext_lazy("a planner's decision"),
    "order_start": gettext_lazy("the start"),
    "order_pause": gettext_lazy("a pause"),
    "order_resume": gettext_lazy("the start after a pause"),
    "order_complete": gettext_lazy("the completion"),
    "scrap_enter": gettext_lazy("scrap"),
    "lot_consume": gettext_lazy("consumed material"),
}


def cause_word(cause: str) -> str:
    """What made a message necessary; an action without a word of its own is named as the journal does."""
    return str(CAUSES.get(cause, cause.replace("_", " ")))


def span_words(length: timedelta) -> str:
    """40 s, 12 min, 3 h 5 min, 2 d 4 h: the two largest parts, without a sign."""
    seconds = int(abs(length).total_seconds())
    if seconds < 60:
        return _("%d s") % seconds
    minutes = seconds // 60
    if minutes < 60:
        return _("%d min") % minutes
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes} if minutes and hours < 10 else _("%d h") % hours
    days, hours = divmod(hours, 24)
    return _("%(d)d d %(h)d h") % {"d": days, "h": hours} if hours else _("%d d") % days


def outlook_state(outlook: Outlook) -> str:
    """The palette state of an outlook."""
    if outlook.is_late:
        return "planned" if outlook.basis is Basis.ENDED else "down"
    if outlook.start_late is not None:
        return "waiting"
    if outlook.basis in (Basis.NO_RATE, Basis.NO_CALENDAR):
        return "no_data"
    return "running" if outlook.basis in (Basis.RATE, Basis.MADE) else "planned"


def outlook_said(outlook: Outlook) -> str:
    """One line of words: how late, and what that rests on."""
    if outlook.late is not None:
        return _with_lateness(outlook, span_words(outlook.late))
    if outlook.start_late is not None:
        return _("Should have started %s ago") % span_words(outlook.start_late)
    return {
        Basis.ENDED: _("Ended; it has no due date"),
        Basis.MADE: _("Everything is made; it waits to be completed"),
        Basis.RATE: _("It has no due date"),
        Basis.NO_RATE: _("Unknown: it hardly ran in the last hours"),
        Basis.NO_CALENDAR: _("Unknown: no shift is planned that reaches so far"),
        Basis.STANDS: _("Paused: no machine has it now"),
        Basis.NOT_STARTED: _("Not started"),
    }[outlook.basis]


def _with_lateness(outlook: Outlook, length: str) -> str:
    if outlook.basis is Basis.ENDED:
        return _("Ended %s late") % length if outlook.is_late else _("Ended in time, %s before it was due") % length
    if outlook.basis is Basis.RATE:
        late = _("%s late at the present rate") % length
        return late if outlook.is_late else _("In time at the present rate, %s to spare") % length
    return {
        Basis.MADE: _("%s late: everything is made, nobody has completed it"),
        Basis.NO_RATE: _("%s late already; it hardly ran in the last hours"),
        Basis.NO_CALENDAR: _("%s late already; no shift is planned in which it could end"),
        Basis.STANDS: _("%s late already and paused"),
        Basis.NOT_STARTED: _("%s late already and not started"),
    }[outlook.basis] % length
