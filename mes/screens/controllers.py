"""Controllers: how each one is, which tags are bound and which are bad, and the tag browser for commissioning."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from mes.people.access import lines_for, may
from mes.plc.commission import WAIT_AT_MOST, browse_ask, browse_fail
from mes.plc.models import BrowseRequest, Controller, ControllerHealth, TagBinding
from mes.plc.tasks import browse_controller
from mes.screens.gate import demand, storable

PAGE = 100
STALE_S = 3
COMM = {
    "connecting": ("waiting", gettext_lazy("Connecting")),
    "online": ("running", gettext_lazy("Online")),
    "degraded": ("slow", gettext_lazy("Answers with errors")),
    "offline": ("no_data", gettext_lazy("Not answering")),
}
State = BrowseRequest.State


class Health(NamedTuple):
    """A controller as the pages show it: palette state and word of its line, and how old its last good reading is."""

    controller: Controller
    row: ControllerHealth | None
    state: str
    word: str
    age_s: float | None
    bad: int


class Tag(NamedTuple):
    """A bound tag and whether its last reading was good."""

    binding: TagBinding
    quality: str
    error: str
    since: datetime | None


class BrowseRow(NamedTuple):
    """A line of the tag browser."""

    name: str
    data_type: str
    dimensions: str
    program: str
    access: str
    readable: bool
    value: str | None
    quality: str
    error: str
    bound: str = ""


@login_required
@require_safe
def controllers(request: HttpRequest) -> HttpResponse:
    """`/controllers/`: every controller that feeds one of the person's lines, the troubled ones first."""
    demand(request.user, "see_controllers")
    now = datetime.now(UTC)
    found = seen_by(request.user).select_related("health", "site").annotate(bad=Count("bad_tags"))
    rows = [health_of(controller, now, controller.bad) for controller in found]
    rows.sort(key=lambda one: (one.state == "running" and not one.bad, one.controller.code))
    may_set_up = may(request.user, "set_up_erp")
    return render(request, "controllers/controllers.html", {"rows": rows, "may_set_up_erp": may_set_up})


@login_required
@require_safe
def controller(request: HttpRequest, code: str) -> HttpResponse:
    """`/controllers/<code>/`: its line, its identity, and its tags with their quality."""
    demand(request.user, "see_controllers")
    found = controller_or_404(request.user, code)
    now = datetime.now(UTC)
    bad = {row.tag: row for row in found.bad_tags.all()}
    bindings = TagBinding.objects.filter(controller=found, valid_to=None).select_related("work_center", "state_map")
    tags = [_tag(binding, bad) for binding in bindings.order_by("work_center__code", "role")]
    asked = found.browse_requests.filter(state=State.DONE).first()
    context = {
        "health": health_of(found, now, len(bad)),
        "controller": found,
        "tags": sorted(tags, key=lambda tag: tag.quality == "good"),
        "unbound": sorted(set(bad) - {tag.binding.tag for tag in tags}),
        "identity": asked.identity if asked else None,
        "identity_at": asked.answered_at if asked else None,
        "commission": may(request.user, "edit_controllers"),
        "zone": found.site.time_zone,
    }
    return render(request, "controllers/controller.html", context)


@login_required
def tags(request: HttpRequest, code: str) -> HttpResponse:
    """`/controllers/<code>/tags/`: the tag browser. POST asks the poller to list all tags or to read some now."""
    demand(request.user, "edit_controllers")
    found = controller_or_404(request.user, code)
    text, number = request.GET.get("q", "").strip()[:200], request.GET.get("page", "1")
    listed = found.browse_requests.filter(state=State.DONE, tags=[]).first()
    page = page_of(listed.listing if listed else [], text, number)
    if request.method == "POST":
        return HttpResponseRedirect(_here(code, text, number, _ask(request, found, page).pk))
    now = datetime.now(UTC)
    asked = _asked(found, request.GET.get("asked", ""))
    waiting = asked is not None and asked.state in (State.WAITING, State.WORKING)
    late = waiting and asked is not None and now - asked.asked_at > WAIT_AT_MOST
    readings = _readings(found)
    bindings = found.bindings.filter(valid_to=None).select_related("work_center")
    bound = {binding.tag: f"{binding.work_center.code} {binding.get_role_display()}" for binding in bindings}
    context = {
        "controller": found,
        "listed": listed,
        "asked": asked,
        "waiting": waiting and not late,
        "late": late,
        "page": page,
        "rows": [_browse_row(row, readings, bound) for row in page.object_list],
        "q": text,
        "zone": found.site.time_zone,
        "earlier": _here(code, text, page.previous_page_number()) if page.has_previous() else "",
        "later": _here(code, text, page.next_page_number()) if page.has_next() else "",
        "singles": _singles(asked),
    }
    return render(request, "controllers/tags.html", context)


def seen_by(user: object) -> QuerySet[Controller]:
    """Controllers that feed a line of the person; people who commission also see those that feed none yet."""
    fed = TagBinding.objects.filter(work_center__line__in=lines_for(user)).values("controller")
    found = Controller.objects.filter(pk__in=fed)
    if may(user, "edit_controllers"):
        sites = lines_for(user).values("area__site")
        found = found | Controller.objects.filter(bindings=None, site__in=sites)
    return found.distinct()


def controller_or_404(user: object, code: str) -> Controller:
    """The controller of that code if the person may see it."""
    try:
        return seen_by(user).select_related("health", "site").get(code=storable(code))
    except Controller.DoesNotExist as error:
        raise Http404(code) from error


def health_of(controller: Controller, now: datetime, bad: int) -> Health:
    """State in words. A controller that is switched off, was never polled, or whose poller fell silent says so."""
    row: ControllerHealth | None = getattr(controller, "health", None)
    if not controller.enabled:
        return Health(controller, row, "planned", _("Switched off"), None, bad)
    if row is None:
        return Health(controller, None, "no_data", _("Never polled"), None, bad)
    age_s = (now - row.last_good_at).total_seconds() if row.last_good_at else None
    state, word = COMM.get(row.comm, ("no_data", row.comm))
    if row.comm == "online" and (age_s is None or age_s > max(STALE_S, 2 * float(controller.period_s)) + WRITE_LAG_S):
        state, word = "no_data", _("No poller reports on it")
    return Health(controller, row, state, str(word), age_s, bad)


WRITE_LAG_S = 5
"""The poller writes an unchanged health row every 5 s only."""


def page_of(listing: Sequence[Sequence[Any]], text: str, number: str) -> Page[Sequence[Any]]:
    """The rows whose name or type has all words of the search, a page of them."""
    words = text.casefold().split()
    found = [row for row in listing if all(word in f"{row[0]} {row[1]}".casefold() for word in words)]
    return Paginator(found, PAGE).get_page(number)


def _ask(request: HttpRequest, found: Controller, page: Page[Sequence[Any]]) -> BrowseRequest:
    """Stores what is asked and nudges the poller host; a queue that is away is an answer too."""
    tags: list[str] = []
    if request.POST.get("do") == "read":
        tags = [row[0] for row in page.object_list if row[5]]
    elif request.POST.get("do") == "tag":
        tags = [storable(request.POST.get("tag", "")).strip()[:200]]
    at = datetime.now(UTC)
    asked = browse_ask(controller=found, tags=[tag for tag in tags if tag], actor=request.user.get_username(), at=at)
    try:
        browse_controller.apply_async((asked.pk,), retry=False)
    except OperationalError:
        browse_fail(request_id=asked.pk, error=_("The queue to the poller is away: try again in a minute."), at=at)
    return asked


def _asked(found: Controller, text: str) -> BrowseRequest | None:
    return (
        found.browse_requests.filter(pk=int(text)).first()
        if text.isascii() and text.isdigit() and len(text) < 18
        else None
    )


def _readings(found: Controller) -> dict[str, list[Any]]:
    """The latest value of every tag that was read for this page."""
    latest: dict[str, list[Any]] = {}
    for request in reversed(found.browse_requests.filter(state=State.DONE).defer("listing")):
        latest |= request.readings
    return latest


def _singles(asked: BrowseRequest | None) -> list[BrowseRow]:
    """The tag that was typed in full and read; the list need not have it (an element, an SLC address)."""
    if asked is None or len(asked.tags) != 1:
        return []
    return [
        BrowseRow(tag, "", "", "", "", True, value, quality, error or "")
        for tag, (value, quality, error) in asked.readings.items()
    ]


def _browse_row(row: Sequence[Any], readings: dict[str, list[Any]], bound: dict[str, str]) -> BrowseRow:
    value, quality, error = readings.get(row[0], [None, "", ""])
    name, data_type, dimensions, program, access, readable = row
    said = (value, quality, error or "", bound.get(name, ""))
    return BrowseRow(name, data_type, dimensions, program, access, readable, *said)


def _tag(binding: TagBinding, bad: dict[str, Any]) -> Tag:
    wrong = bad.get(binding.tag)
    if wrong:
        return Tag(binding, wrong.quality, wrong.error, wrong.since)
    return Tag(binding, "good", "", None)


def _here(code: str, text: str, page: int | str, asked: int | None = None) -> str:
    values = {"q": text, "page": "" if str(page) == "1" else page, "asked": asked or ""}
    chosen = {key: value for key, value in values.items() if value}
    return reverse("controller-tags", args=[code]) + ("?" + urlencode(chosen) if chosen else "")
