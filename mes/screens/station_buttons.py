"""The six buttons of a station: always six, always in the same place; one that cannot be used says why."""

from typing import Any, NamedTuple

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from mes.people.access import may
from mes.plant.models import WorkCenter
from mes.production.models import WorkOrder
from mes.production.queries import queue_for


class Button(NamedTuple):
    """One button: `href` is "" where it cannot be used, and `why` says why; `note` is a small second line."""

    name: str
    label: str
    icon: str
    href: str
    why: str = ""
    note: str = ""


def buttons(user: object, place: WorkCenter, order: WorkOrder | None, quality: dict[str, Any]) -> list[Button]:
    """Start or resume, stop reason, scrap, check, call, complete: in this order on every station."""
    return [
        _start(user, place, order),
        _button(user, "reason", "explain_stop", _("Stop reason"), "question", "station-reason", place),
        _button(user, "scrap", "enter_scrap", _("Scrap"), "scrap", "station-scrap", place),
        _check(user, place, quality),
        _call(place),
        _complete(user, place, order),
    ]


def _start(user: object, place: WorkCenter, order: WorkOrder | None) -> Button:
    label, note = _("Start order"), ""
    if order is not None:
        label = _("Other order")
    else:
        paused = queue_for(place).filter(status=WorkOrder.Status.PAUSED).first()
        if paused is not None:
            label, note = _("Start or resume"), _("%s waits") % paused.number
    return _button(user, "start", "start_order", label, "running", "station-orders", place)._replace(note=note)


def _check(user: object, place: WorkCenter, quality: dict[str, Any]) -> Button:
    found = _button(user, "check", "record_check", _("Check"), "quality", "quality-checks", place)
    due = len(quality["due"])
    return found._replace(note=_("%d due") % due if due else "")


def _call(place: WorkCenter) -> Button:
    try:
        href = reverse("station-call", args=[place.code])
    except NoReverseMatch:
        return Button("call", _("Call"), "call", "", _("Calls are not set up on this server."))
    return Button("call", _("Call"), "call", href)


def _complete(user: object, place: WorkCenter, order: WorkOrder | None) -> Button:
    found = _button(user, "complete", "complete_order", _("Complete, next"), "done", "station-finish", place)
    if order is None and not found.why:
        return found._replace(href="", why=_("No order runs here."))
    return found


def _button(user: object, name: str, action: str, label: str, icon: str, address: str, place: WorkCenter) -> Button:
    if not may(user, action):
        return Button(name, label, icon, "", _("Not for your role."))
    return Button(name, label, icon, reverse(address, args=[place.code]))
