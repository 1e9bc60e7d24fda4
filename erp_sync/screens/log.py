"""What went over the wire: runs of pulls, sweeps and comparisons, and every message of an order with its tries."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from erp_sync.models import Attempt, BomPolicy, ErpLink, OutboxMessage, SyncRun
from erp_sync.screens import words
from erp_sync.screens.amounts import told
from erp_sync.screens.attention import verbs_of
from erp_sync.screens.found import connections_for, link_or_404, message_or_404
from erp_sync.screens.materials import bookings_shown
from erp_sync.screens.page import erp_page
from erp_sync.screens.told import times_told
from mes.screens.frame import zone_named
from mes.screens.gate import demand

PAGE = 50
MESSAGES = 200
TRIES = 50


class RunRow(NamedTuple):
    """A run, and how long it took."""

    run: SyncRun
    zone: str
    lasted: str
    state: str
    word: str


class MessageRow(NamedTuple):
    """A message with the totals it told, in the ERP's unit."""

    message: OutboxMessage
    state: str
    good: object
    scrap: object
    cause: str


@login_required
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/log/?connection=&kind=&page=`: what was read and what became of it, latest first."""
    demand(request.user, "see_erp")
    now = datetime.now(UTC)
    code, kind = request.GET.get("connection", "").replace("\0", ""), request.GET.get("kind", "")
    if kind and kind not in SyncRun.Kind.values:
        raise Http404("kind")
    mine = connections_for(request.user)
    runs = SyncRun.objects.filter(connection__in=mine.filter(code=code) if code else mine)
    runs = runs.filter(kind=kind) if kind else runs
    page = Paginator(runs.select_related("connection__site"), PAGE).get_page(request.GET.get("page"))

    def address(**change: object) -> str:
        values = {"connection": code, "kind": kind} | change
        return reverse("erp-log") + "?" + urlencode({key: value for key, value in values.items() if value})

    context = {
        "rows": [_run_row(run, now) for run in page.object_list],
        "page": page,
        "chips": [(word, address(kind=key), key == kind) for key, word in (("", _("All")), *SyncRun.Kind.choices)],
        "connections": [(one.name, address(connection=one.code), one.code == code) for one in mine],
        "earlier": address(page=page.previous_page_number()) if page.has_previous() else "",
        "later": address(page=page.next_page_number()) if page.has_next() else "",
    }
    return erp_page(request, "log", "erp/log.html", context, now)


@login_required
@require_safe
def order_log(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """`/planning/erp/<code>/orders/<key>/`: every message about an order, the latest first."""
    demand(request.user, "see_erp")
    link, now = link_or_404(request.user, code, key), datetime.now(UTC)
    messages = link.messages.order_by("-sequence")[:MESSAGES]
    context = {
        "link": link,
        "badge_state": words.BADGE_STATE[ErpLink.Badge(link.badge)],
        "zone": _zone(link),
        "rows": [_message_row(message) for message in messages],
        "bookings": bookings_shown(link, now),
        "policies": BomPolicy.How.choices,
        "differences": [(words.field_word(one.field), one) for one in link.differences.filter(resolved_at=None)],
    }
    return erp_page(request, "log", "erp/order_log.html", context, now)


@login_required
@require_safe
def message(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """`/planning/erp/messages/<event id>/`: what it told, and every try with request and response, secrets masked."""
    demand(request.user, "see_erp")
    found = message_or_404(request.user, event_id)
    tries = list(found.tries.order_by("-at", "-id")[:TRIES])
    context = {
        "message": found,
        "row": _message_row(found),
        "times": times_told(found),
        "zone": _zone(found.link),
        "tries": [(one, "running" if "applied" in one.outcome else "down", _outcome(one)) for one in tries],
        "verbs": verbs_of(found),
    }
    return erp_page(request, "log", "erp/message.html", context, datetime.now(UTC))


def _run_row(run: SyncRun, now: datetime) -> RunRow:
    zone = zone_named(run.connection.site.time_zone).key
    if run.finished_at is None:
        stale = now - run.started_at > timedelta(minutes=10)
        return RunRow(run, zone, "–", "no_data" if stale else "setup", _("Did not end") if stale else _("Running"))
    took = run.finished_at - run.started_at
    lasted = _("%.1f s") % took.total_seconds() if took < timedelta(minutes=1) else words.span_words(took)
    if run.error:
        return RunRow(run, zone, lasted, "down", _("Failed"))
    return RunRow(run, zone, lasted, *(("waiting", _("Partly")) if run.failed else ("running", _("Worked"))))


def _message_row(message: OutboxMessage) -> MessageRow:
    total = message.payload.get("cumulative")
    state = words.MESSAGE_STATE[OutboxMessage.Status(message.status)]
    return MessageRow(message, state, told(total, "good"), told(total, "scrap"), words.cause_word(message.cause))


def _outcome(one: Attempt) -> str:
    known = {"applied": _("Arrived"), "already-applied": _("Had arrived before")}
    faults = dict(OutboxMessage.Fault.choices)
    return str(known.get(one.outcome) or faults.get(one.outcome) or one.outcome)


def _zone(link: ErpLink) -> str:
    return zone_named(link.connection.site.time_zone).key
