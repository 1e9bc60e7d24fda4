"""`/planning/erp/totals/`: what both sides have, per order, line or day, on the page and as CSV."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from erp_sync.models import Difference, ErpConnection
from erp_sync.outbound.report import Compared, compared_orders, report_csv, sums_csv, sums_of
from erp_sync.reconcile import nobody_knows
from erp_sync.screens import words
from erp_sync.screens.found import chosen_line, connection_or_404, connections_for, differences_for
from erp_sync.screens.page import erp_page
from mes.people.access import lines_for
from mes.plant.models import Line
from mes.screens.frame import zone_named
from mes.screens.gate import demand

SHOWN = 300
DAYS, MOST_DAYS = 7, 400
BY = {"order": gettext_lazy("Per order"), "line": gettext_lazy("Per line"), "day": gettext_lazy("Per day")}


class Asked(NamedTuple):
    """What somebody wants added up."""

    connection: ErpConnection
    line: Line | None
    first: date
    last: date
    by: str

    def address(self, **change: str) -> str:
        """The page with something else chosen."""
        said = {"connection": self.connection.code, "line": self.line.code if self.line else "", "by": self.by}
        said |= {"from": self.first.isoformat(), "to": self.last.isoformat()} | change
        return reverse("erp-totals") + "?" + urlencode({name: value for name, value in said.items() if value})


class OrderTotals(NamedTuple):
    """An order with the word for how both sides stand, and why."""

    row: Compared
    state: str
    word: str
    why: str
    zone: str


@login_required
@require_safe
def totals(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/totals/?connection=&line=&from=&to=&by=order|line|day&as=csv`, by the day of posting."""
    demand(request.user, "see_erp")
    now = datetime.now(UTC)
    mine = list(connections_for(request.user).order_by("code"))
    asked = _asked(request, mine, now)
    if asked is None:
        return erp_page(request, "totals", "erp/totals.html", {"asked": None}, now)
    lines = lines_for(request.user).filter(area__site=asked.connection.site).order_by("area__code", "position", "code")
    rows = compared_orders(asked.connection, [asked.line] if asked.line else list(lines), asked.first, asked.last)
    sums = sums_of(rows, asked.by) if asked.by != "order" else []
    if request.GET.get("as") == "csv":
        return _csv(sums_csv(sums) if sums or asked.by != "order" else report_csv(rows), asked.by)
    context = {
        "asked": asked,
        "connections": mine,
        "lines": lines,
        "rows": [_row(row) for row in rows[:SHOWN]] if asked.by == "order" else [],
        "more": max(0, len(rows) - SHOWN) if asked.by == "order" else 0,
        "sums": sums,
        "in_all": sums_of(rows, "all"),
        "unexplained": nobody_knows(differences_for(request.user).filter(link__connection=asked.connection)).count(),
        "chips": [(word, asked.address(by=key), key == asked.by) for key, word in BY.items()],
        "csv": asked.address(**{"as": "csv"}),
        "zone": asked.connection.site.time_zone,
        "by_word": _("Line") if asked.by == "line" else _("Day of posting"),
    }
    return erp_page(request, "totals", "erp/totals.html", context, now)


def _asked(request: HttpRequest, mine: list[ErpConnection], now: datetime) -> Asked | None:
    """What the address asks for; the last week where it names no days. None where nobody connected an ERP."""
    code = request.GET.get("connection", "")
    chosen = connection_or_404(request.user, code) if code else next(iter(mine), None)
    if chosen is None:
        return None
    today = now.astimezone(zone_named(chosen.site.time_zone)).date()
    last = _day(request.GET.get("to", "")) or today
    first = _day(request.GET.get("from", "")) or last - timedelta(days=min(DAYS - 1, last.toordinal() - 1))
    first, last = min(first, last), max(first, last)
    first = max(first, date.fromordinal(max(1, last.toordinal() - MOST_DAYS)))
    line, by = chosen_line(request.user, request.GET.get("line", "")), request.GET.get("by", "")
    return Asked(chosen, line, first, last, by if by in BY else "order")


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _row(row: Compared) -> OrderTotals:
    zone = row.link.connection.site.time_zone
    if row.differences:
        worst = min(row.differences, key=lambda one: one.kind == Difference.Class.IN_FLIGHT)
        why = "; ".join(f"{words.field_word(one.field)}{': ' + one.why if one.why else ''}" for one in row.differences)
        state = words.DIFFERENCE_STATE.get(Difference.Class(worst.kind), "down")
        return OrderTotals(row, state, worst.get_kind_display(), why, zone)
    if row.settled:
        return OrderTotals(row, "planned", _("Kept with a reason"), row.settled, zone)
    if None in (row.good_erp, row.good_mes):
        return OrderTotals(row, "no_data", _("A side does not tell"), "", zone)
    if row.good_open or row.scrap_open:
        return OrderTotals(row, "waiting", _("Differs; compared again soon"), "", zone)
    return OrderTotals(row, "running", _("Equal"), "", zone)


def _csv(lines: Iterable[str], by: str) -> HttpResponse:
    """All of it, unrounded."""
    answer = HttpResponse("\ufeff" + "".join(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="erp-totals-per-{by}.csv"'
    return answer
