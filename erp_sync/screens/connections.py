"""`/planning/erp/`: how every connection is doing, and what needs a person first."""

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from erp_sync.screens.found import connections_for
from erp_sync.screens.page import erp_page, needs_count
from erp_sync.screens.strip import strips
from mes.people.access import may
from mes.screens.gate import demand


@login_required
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/`: a strip per connection, those in trouble first."""
    if not may(request.user, "set_up_erp"):
        demand(request.user, "see_erp")
    now = datetime.now(UTC)
    found = list(connections_for(request.user))
    context = {"strips": strips(found, now), "needs": needs_count(request.user)}
    return erp_page(request, "connections", "erp/connections.html", context, now)
