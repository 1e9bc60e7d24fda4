"""Who takes which material of an order off stock: a table on the order's ERP page, and the act that changes one."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from erp_sync.models import BomPolicy, ErpLink
from erp_sync.outbound.bom import Booking, bom_policy_set, bookings_of
from erp_sync.outbound.codes import Codes
from erp_sync.screens.found import link_or_404
from mes.screens.gate import actor_of, demand


def bookings_shown(link: ErpLink, now: datetime) -> list[tuple[Booking, str]]:
    """The order's materials with the word for who books each."""
    words = dict(BomPolicy.How.choices)
    return [(one, str(words[BomPolicy.How(one.how)])) for one in bookings_of(link, Codes(link.connection, now))]


@login_required
@require_POST
def material_act(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """`/planning/erp/<code>/materials/<key>/`: one material of the order is booked otherwise from now on."""
    demand(request.user, "decide_erp")
    link = link_or_404(request.user, code, key)
    now, how = datetime.now(UTC), request.POST.get("how", "")
    known = {one.item.code: one.item for one in bookings_of(link, Codes(link.connection, now))}
    item = known.get(request.POST.get("item", ""))
    if item is None or how not in BomPolicy.How.values:
        messages.error(request, _("The order does not need that material (any more): look at it again."), "bad")
    elif bom_policy_set(link=link, item=item, how=how, actor=actor_of(request), at=now):
        words = {"item": item.code, "how": BomPolicy.How(how).label}
        messages.success(request, _("%(item)s of this order: %(how)s. The ERP is told of it.") % words, "good")
    return HttpResponseRedirect(reverse("erp-order-log", args=[code, key]) + "#h-materials")
