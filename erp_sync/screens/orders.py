"""`/planning/erp/orders/`: each order as the ERP has it beside how it stands here, and what was posted."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, Q, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from erp_sync.inbound.units import measure_of
from erp_sync.models import ErpLink
from erp_sync.screens import words
from erp_sync.screens.amounts import posted, told
from erp_sync.screens.found import connections_for, links_for
from erp_sync.screens.page import erp_page
from mes.screens.gate import demand
from mes.tracking.order_counts import Made, made_of

PAGE = 50
Badge = ErpLink.Badge
FIRST = (Badge.CONFLICT, Badge.CANCELLED, Badge.MISSING, Badge.WAITING, Badge.CHANGED, Badge.SENDING)


class OrderRow(NamedTuple):
    """Both sides of an order, quantities in the ERP's unit. None: unknown, or the side has no such order."""

    link: ErpLink
    made: Made | None
    ordered: Decimal | None
    good: Decimal | None
    scrap: Decimal | None
    posted_good: Decimal | None
    posted_scrap: Decimal | None
    unit: str
    zone: str
    state: str

    @property
    def unposted(self) -> bool:
        """Whether the ERP does not know of everything that was made."""
        return (self.good, self.scrap) != (self.posted_good, self.posted_scrap) and self.good is not None


@login_required
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/orders/?badge=&connection=&q=&page=`: those that need somebody first."""
    demand(request.user, "see_erp")
    badge, code = request.GET.get("badge", ""), request.GET.get("connection", "").replace("\0", "")
    text = request.GET.get("q", "").replace("\0", "")[:100]
    if badge and badge not in Badge.values:
        raise Http404("badge")
    found = links_for(request.user)
    if code:
        found = found.filter(connection__in=connections_for(request.user).filter(code=code))
    if text:
        found = found.filter(Q(number__icontains=text) | Q(key=text) | Q(order__number__icontains=text))
    rank = Case(*(When(badge=one, then=Value(n)) for n, one in enumerate(FIRST)), default=Value(9))
    listed = (found.filter(badge=badge) if badge else found).annotate(rank=rank).order_by("rank", "-last_seen_at", "pk")
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))

    def address(**change: Any) -> str:
        values = {"badge": badge, "connection": code, "q": text} | change
        return reverse("erp-orders") + "?" + urlencode({key: value for key, value in values.items() if value})

    context = {
        "rows": _rows(list(page.object_list)),
        "page": page,
        "chips": [(word, address(badge=key), key == badge) for key, word in (("", _("All")), *Badge.choices)],
        "q": text,
        "badge": badge,
        "connection": code,
        "earlier": address(page=page.previous_page_number()) if page.has_previous() else "",
        "later": address(page=page.next_page_number()) if page.has_next() else "",
    }
    return erp_page(request, "orders", "erp/orders.html", context, datetime.now(UTC))


def _rows(links: list[ErpLink]) -> list[OrderRow]:
    made = made_of([link.order for link in links if link.order is not None])
    return [_row(link, made.get(link.order_id or 0)) for link in links]


def _row(link: ErpLink, made: Made | None) -> OrderRow:
    measure = measure_of(link) if link.factor is not None else None
    return OrderRow(
        link=link,
        made=made,
        ordered=told(link.request, "quantity"),
        good=measure.to_erp(made.good) if made and measure else None,
        scrap=measure.to_erp(made.scrap) if made and measure else None,
        posted_good=posted(link, "good") if made else None,
        posted_scrap=posted(link, "scrap") if made else None,
        unit=link.erp_unit,
        zone=link.connection.site.time_zone,
        state=words.BADGE_STATE[Badge(link.badge)],
    )
