"""The frame of the planning pages: their tabs, and as of when the ERP's data are."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from erp_sync.models import Difference, ErpConnection, ErpLink, OutboxMessage
from erp_sync.screens.found import connections_for, differences_for, links_for, messages_for
from erp_sync.screens.strip import is_old
from mes.people.access import may
from mes.screens.frame import zone_named

PAGES = {
    "board": ("planning", gettext_lazy("Schedule")),
    "connections": ("erp", gettext_lazy("Connections")),
    "orders": ("erp-orders", gettext_lazy("ERP orders")),
    "attention": ("erp-attention", gettext_lazy("Needs attention")),
    "differences": ("erp-differences", gettext_lazy("Differences")),
    "log": ("erp-log", gettext_lazy("Log")),
}
NEEDS = (ErpLink.Badge.WAITING, ErpLink.Badge.CONFLICT, ErpLink.Badge.CANCELLED, ErpLink.Badge.MISSING)
"""Badges that only a person takes away."""


class Tab(NamedTuple):
    """A page in the row on top; `waits` is how many things wait there for somebody."""

    word: str
    href: str
    current: bool
    waits: int


class Old(NamedTuple):
    """A connection whose data are old: its name, and when they were read on the plant's clock."""

    name: str
    at: datetime
    zone: str


def erp_page(
    request: HttpRequest, here: str, template: str, context: dict[str, Any], now: datetime, status: int = 200
) -> HttpResponse:
    """A planning page with its tabs and the word on the age of the ERP's data."""
    connections = list(connections_for(request.user)) if may(request.user, "see_erp") else []
    frame = {
        "tabs": _tabs(request.user, here, bool(connections)),
        "old": [
            Old(one.name, one.last_pull_at, zone_named(one.site.time_zone).key)
            for one in connections
            if one.last_pull_at is not None and one.state != ErpConnection.State.DRAFT and is_old(one, now)
        ],
        "may_decide": may(request.user, "decide_erp"),
        "may_map": may(request.user, "map_erp"),
        "may_set_up": may(request.user, "set_up_erp"),
    }
    return render(request, template, frame | context, status=status)


def needs_count(user: object) -> int:
    """How many messages, orders and changes wait for a person."""
    dead = messages_for(user).filter(status=OutboxMessage.Status.DEAD).count()
    links = links_for(user).filter(badge__in=NEEDS).count()
    changes = Q(kind=Difference.Class.CHANGE) & ~Q(link__badge__in=NEEDS)
    return dead + links + differences_for(user).filter(changes, resolved_at=None).count()


def _tabs(user: object, here: str, any_erp: bool) -> list[Tab]:
    if not may(user, "see_erp"):
        return []
    shown = PAGES if any_erp else {name: PAGES[name] for name in ("board", "connections")}
    waits = {"attention": needs_count(user)} if any_erp else {}
    return [
        Tab(str(word), reverse(address), name == here, waits.get(name, 0)) for name, (address, word) in shown.items()
    ]
