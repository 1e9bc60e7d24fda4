"""The scan field of a station: an order's number starts it, a lot opens its form, a badge says who is there.

Another kind of code is one more reader in `READERS`: a function of request, machine and text that returns what it did
(`Scanned`), None where the code is none of its kind, or raises `NeedsPerson` where somebody has to be identified first.
They are asked in order; the badge is last, because every code nobody knows counts there as a wrong badge.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mes.people.access import may
from mes.people.identity import IdentityRefused, person_by_badge
from mes.plant.changes import ShiftLocked
from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder
from mes.production.orders import Seen, order_start
from mes.production.queries import open_run
from mes.production.refusals import OrderRefused
from mes.screens.gate import actor_of, demand, machine_or_404
from mes.screens.materials_station import lot_scanned
from mes.screens.station_device import AtStation, ask_who, known, terminal_of

LONGEST = 500


class Scanned(NamedTuple):
    """What a scan did, in one sentence, and the page that shows it ("" for the station's own)."""

    said: str
    to: str = ""
    good: bool = True


class NeedsPerson(Exception):
    """The code is known, but what it does needs somebody who is identified."""


Reader = Callable[[HttpRequest, WorkCenter, str], Scanned | None]


@login_required
@require_POST
def scan(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/scan/`: does what the code is for, and says what it did."""
    demand(request.user, "see_station")
    place = machine_or_404(request.user, code)
    text = request.POST.get("scan", "").strip()
    try:
        found = _read(request, place, text)
    except NeedsPerson:
        return ask_who(request, _terminal(request))
    if found.said:
        told = messages.success if found.good else messages.error
        told(request, found.said, extra_tags="good" if found.good else "bad")
    return HttpResponseRedirect(found.to or reverse("station-machine", args=[place.code]))


def run_token(place: WorkCenter) -> str:
    """What the machine was busy with when a page was made: an old page sent again after that starts nothing."""
    last = Run.objects.filter(work_center=place).order_by("-starts_at", "-pk").values("pk", "ends_at").first()
    return f"{last['pk']}{'-' if last['ends_at'] else '+'}" if last else "0"


def _read(request: HttpRequest, place: WorkCenter, text: str) -> Scanned:
    if not text:
        return Scanned(_("Nothing was scanned: scan again or type the number."), good=False)
    if "\0" in text or len(text) > LONGEST:
        return Scanned(_("This code cannot be read: scan it again."), good=False)
    for reader in READERS:
        found = reader(request, place, text)
        if found is not None:
            return found
    said = _("No order of this line and no lot has the number %(code)s: scan it again, or look on the page Orders.")
    return Scanned(said % {"code": text[:60]}, good=False)


def _order(request: HttpRequest, place: WorkCenter, text: str) -> Scanned | None:
    """The number of an order of the line: it starts here, if nothing else happened since the page was shown."""
    order = WorkOrder.objects.filter(number=text, line=place.line_id).first() if len(text) <= 60 else None
    if order is None:
        return None
    _needs_person(request)
    running = open_run(place)
    if running is not None and running.order_id == order.pk:
        return Scanned(_("%s runs here.") % order.number)
    demand(request.user, "start_order")
    if request.POST.get("seen", "") != run_token(place):
        return Scanned(_("Meanwhile something else ran here: look at the order below and scan again."), good=False)
    seen = Seen(order.version, running.order.number if running else "")
    try:
        order_start(order=order, work_center=place, actor=actor_of(request), at=datetime.now(UTC), seen=seen)
    except (OrderRefused, ShiftLocked) as refused:
        return Scanned(str(refused), good=False)
    return Scanned(_("%s is started.") % order.number)


def _lot(request: HttpRequest, place: WorkCenter, text: str) -> Scanned | None:
    """A lot: the page that takes from it."""
    lot = lot_scanned(request.user, text) if may(request.user, "use_lots") else None
    if lot is None:
        return None
    return Scanned("", reverse("station-material", args=[place.code]) + "?" + urlencode({"lot": text}))


def _badge(request: HttpRequest, place: WorkCenter, text: str) -> Scanned | None:
    """A badge, at terminals only: elsewhere people are who they logged in as."""
    here = terminal_of(request)
    if here is None:
        return None
    address = request.META.get("REMOTE_ADDR") or ""
    try:
        person = person_by_badge(badge=text, device=here.device, address=address, at=datetime.now(UTC))
    except IdentityRefused as refused:
        words = {"code": text[:60], "badge": refused}
        return Scanned(_("Neither an order nor a lot of this line. %(badge)s") % words, good=False)
    known(request, here, person)
    return Scanned(_("Hello %s.") % (person.first_name or person.username))


def _terminal(request: HttpRequest) -> AtStation:
    here = terminal_of(request)
    if here is None:
        raise TypeError("Only a station's terminal asks who is there.")
    return here


def _needs_person(request: HttpRequest) -> None:
    here = terminal_of(request)
    if here is not None and here.person is None:
        raise NeedsPerson


READERS: list[Reader] = [_order, _lot, _badge]
