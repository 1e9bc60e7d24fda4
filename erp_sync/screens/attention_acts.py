"""What the buttons of the attention and differences pages do. Each decides once; the journal keeps who and why."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from erp_sync.cancelled import cancelled_settle
from erp_sync.errors import MappingMissing
from erp_sync.inbound.decisions import difference_resolve, erp_value_accept, notice_seen
from erp_sync.models import Difference, OutboxMessage
from erp_sync.outbound.decisions import (
    DecisionRefused,
    mes_value_keep,
    message_discard,
    message_retry,
    messages_retry,
    warning_accept,
)
from erp_sync.screens.attention import met_outage
from erp_sync.screens.found import difference_or_404, link_or_404, message_or_404, messages_for
from mes.plant.changes import ShiftLocked
from mes.production.refusals import OrderRefused
from mes.screens.gate import actor_of, demand

AT_ONCE = 1000
"""So many messages are sent again with one press; after a longer outage press once more."""
REFUSALS = (DecisionRefused, OrderRefused, ShiftLocked, MappingMissing)
Decided = tuple[bool, str]


@login_required
@require_POST
def message_act(request: HttpRequest, event_id: UUID, verb: str) -> HttpResponse:
    """`/planning/erp/messages/<event id>/<verb>/`: retry, accept, keep or discard."""
    demand(request.user, "decide_erp")
    found = message_or_404(request.user, event_id)
    if verb not in MESSAGE_ACTS:
        raise Http404(verb)
    return _decided(request, lambda: MESSAGE_ACTS[verb](request, found, datetime.now(UTC)))


@login_required
@require_POST
def difference_act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """`/planning/erp/differences/<number>/<verb>/`: accept, keep or settle."""
    demand(request.user, "decide_erp")
    found = difference_or_404(request.user, number)
    if verb not in DIFFERENCE_ACTS:
        raise Http404(verb)
    if found.resolved_at is None and request.POST.get("erp", "") != found.erp_value:
        messages.error(request, _("The ERP says something else by now: look at it again, then decide."), "bad")
        return _back(request)
    return _decided(request, lambda: DIFFERENCE_ACTS[verb](request, found, datetime.now(UTC)))


@login_required
@require_POST
def notice_act(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """`/planning/erp/<code>/seen/<key>/`: somebody has read what the ERP changed."""
    demand(request.user, "decide_erp")
    notice_seen(link_or_404(request.user, code, key), actor=actor_of(request), at=datetime.now(UTC))
    return _back(request)


@login_required
@require_POST
def cancelled_act(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """`/planning/erp/<code>/cancelled/<key>/`: an order cancelled here stays open in the ERP, with the reason."""
    demand(request.user, "decide_erp")
    link = link_or_404(request.user, code, key)
    said = _("The order stays open in the ERP; the reason is kept.")
    why = request.POST.get("why", "")
    return _decided(
        request, lambda: (cancelled_settle(link, why=why, actor=actor_of(request), at=datetime.now(UTC)), said)
    )


@login_required
@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/attention/retry/`: after an outage, everything that met it is sent again at once."""
    demand(request.user, "decide_erp")
    found = met_outage(messages_for(request.user)).order_by("created_at", "pk")[:AT_ONCE]

    def again() -> Decided:
        done = messages_retry(found, actor_of(request), datetime.now(UTC))
        return done > 0, ngettext("%d message is sent again.", "%d messages are sent again.", done) % done

    return _decided(request, again)


def _decided(request: HttpRequest, decide: Callable[[], Decided]) -> HttpResponse:
    try:
        done, said = decide()
    except REFUSALS as refused:
        messages.error(request, str(refused), "bad")
    else:
        if done:
            messages.success(request, said, "good")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the button was on, as long as it is one of these."""
    pages = {"differences": "erp-differences", "orders": "erp-orders"}
    return HttpResponseRedirect(reverse(pages.get(request.POST.get("back", ""), "erp-attention")))


def _retry(request: HttpRequest, found: OutboxMessage, now: datetime) -> Decided:
    return message_retry(found, actor_of(request), now), _("%s is sent again.") % found


def _accept_warning(request: HttpRequest, found: OutboxMessage, now: datetime) -> Decided:
    said = _("%s is sent again; the ERP is told to book it all the same.") % found
    return warning_accept(found, actor_of(request), now), said


def _keep(request: HttpRequest, found: OutboxMessage | Difference, now: datetime) -> Decided:
    why = request.POST.get("why", "")
    return mes_value_keep(found, actor_of(request), now, why), _("Our value stays and is sent again.")


def _discard(request: HttpRequest, found: OutboxMessage, now: datetime) -> Decided:
    said = _("%s is discarded: the ERP never gets it.") % found
    return message_discard(found, request.POST.get("why", ""), actor_of(request), now), said


def _accept(request: HttpRequest, found: Difference, now: datetime) -> Decided:
    why = request.POST.get("why", "")
    return erp_value_accept(found, actor=actor_of(request), at=now, why=why), _("The ERP's value holds here now.")


def _settle(request: HttpRequest, found: Difference, now: datetime) -> Decided:
    why = request.POST.get("why", "")
    done = difference_resolve(found, why=why, actor=actor_of(request), at=now)
    return done, _("Our value stays; the reason is kept.")


MESSAGE_ACTS: dict[str, Callable[[HttpRequest, OutboxMessage, datetime], Decided]] = {
    "retry": _retry,
    "accept": _accept_warning,
    "keep": _keep,
    "discard": _discard,
}
DIFFERENCE_ACTS: dict[str, Callable[[HttpRequest, Difference, datetime], Decided]] = {
    "accept": _accept,
    "keep": _keep,
    "settle": _settle,
}
