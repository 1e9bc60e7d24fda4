"""`/planning/erp/differences/`: where both sides differ, what nobody can explain, all of it as CSV."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from erp_sync.inbound.differences import PREFIX
from erp_sync.models import Difference
from erp_sync.outbound.decisions import told_by_messages
from erp_sync.reconcile import nobody_knows
from erp_sync.screens import words
from erp_sync.screens.found import chosen_line, connections_for, differences_for
from erp_sync.screens.page import erp_page
from mes.people.access import lines_for
from mes.screens.gate import demand
from mes.screens.safe_csv import safe_cell

SHOWN = 300
COUNTED = ("good", "scrap", "rework", "consumed")
HEADS = (
    *("connection", "order", "line", "field", "erp", "here", "erp minus here", "unit", "class"),
    *("opened", "last seen", "resolved", "by", "resolution", "why"),
)


class Row(NamedTuple):
    """A difference in words, and which buttons it has."""

    one: Difference
    field: str
    state: str
    zone: str
    is_change: bool
    can_resend: bool


class Unexplained(NamedTuple):
    """What nobody can explain, per unit or consumed item: summed without signs, so that no mistake hides another."""

    unit: str
    amount: Decimal


@login_required
@require_safe
def differences(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/differences/?line=&state=all|unexplained&as=csv`: open ones, or the resolved ones too."""
    demand(request.user, "see_erp")
    line = chosen_line(request.user, request.GET.get("line", ""))
    every, unsaid = request.GET.get("state") == "all", request.GET.get("state") == "unexplained"
    found = differences_for(request.user)
    found = found.filter(link__order__line=line) if line else found
    still_open = found.filter(resolved_at=None)
    chosen = found if every else nobody_knows(still_open) if unsaid else still_open
    listed = chosen.order_by(F("resolved_at").desc(nulls_first=True), "-opened_at", "-pk")
    if request.GET.get("as") == "csv":
        return _csv(listed)
    query = f"line={quote(line.code)}&" if line else ""
    state = "all" if every else "unexplained" if unsaid else ""
    rows = [_row(one) for one in listed[:SHOWN]]
    compared = [one for one in connections_for(request.user) if one.state == "live"]
    context = {
        "rows": rows,
        "more": listed.count() - len(rows) if len(rows) == SHOWN else 0,
        "unexplained": unexplained(nobody_knows(still_open)),
        "any_open": nobody_knows(still_open).exists(),
        "zero_word": _("0: both sides are explained"),
        "no_amount_word": _("No quantity, but something differs"),
        "by_class": _by_class(still_open),
        "compared": compared,
        "line": line,
        "lines": lines_for(request.user).order_by("area__code", "position", "code"),
        "every": every,
        "state": state,
        "states": [("", _("Open")), ("unexplained", _("Unexplained")), ("all", _("Resolved ones too"))],
        "query": query,
    }
    return erp_page(request, "differences", "erp/differences.html", context, datetime.now(UTC))


def unexplained(rows: Iterable[Difference]) -> list[Unexplained]:
    """How much of good, scrap and consumed differs; empty is what it should be.

    Good and scrap per unit of the ERP, consumed per item. A changed order is a decision, not a missing quantity.
    """
    sums: dict[str, Decimal] = {}
    for one in rows:
        name, _sep, item = one.field.partition(":")
        if not one.amount or name not in COUNTED:
            continue
        key = item or one.link.erp_unit
        sums[key] = sums.get(key, Decimal(0)) + abs(one.amount)
    return [Unexplained(unit, amount) for unit, amount in sorted(sums.items())]


def _by_class(rows: Iterable[Difference]) -> list[tuple[str, str, int]]:
    counts: dict[str, int] = {}
    for one in rows:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return [(_state(kind), str(word), counts[kind]) for kind, word in Difference.Class.choices if kind in counts]


def _row(one: Difference) -> Row:
    zone = one.link.connection.site.time_zone
    is_change, can_resend = one.field.startswith(PREFIX), told_by_messages(one.field)
    return Row(one, words.field_word(one.field), _state(one.kind), zone, is_change, can_resend)


def _state(kind: str) -> str:
    return words.DIFFERENCE_STATE.get(Difference.Class(kind), "down")


def _csv(rows: QuerySet[Difference]) -> HttpResponse:
    """All of them, unrounded, in UTC."""
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="erp-differences.csv"'
    write = csv.writer(answer)
    write.writerow(HEADS)
    for one in rows.iterator(chunk_size=500):
        link = one.link
        line = link.order.line.code if link.order else ""
        cells = [link.connection.code, str(link), line, one.field, one.erp_value, one.mes_value]
        times = [at.isoformat() if at else "" for at in (one.opened_at, one.seen_at, one.resolved_at)]
        amount = "" if one.amount is None else format(one.amount, "f")
        tail = [one.resolved_by, one.resolution, one.why]
        row = [*map(safe_cell, cells), amount, safe_cell(link.erp_unit), one.kind, *times, *map(safe_cell, tail)]
        write.writerow(row)
    return answer
