"""The frame of the planning pages: their tabs, and as of when the ERP's data are."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from erp_sync.cancelled import cancelled_here
from erp_sync.imports import READERS
from erp_sync.inbound.differences import PREFIX
from erp_sync.models import Difference, ErpConnection, ErpLink, OutboxMessage
from erp_sync.screens.found import connections_for, differences_for, links_for, messages_for, sees_all
from erp_sync.screens.strip import is_old
from mes.people.access import may
from mes.screens.frame import zone_named

PAGES = {
    "board": ("planning", gettext_lazy("Schedule")),
    "connections": ("erp", gettext_lazy("Connections")),
    "orders": ("erp-orders", gettext_lazy("ERP orders")),
    "attention": ("erp-attention", gettext_lazy("Needs attention")),
    "differences": ("erp-differences", gettext_lazy("Differences")),
    "totals": ("erp-totals", gettext_lazy("Totals")),
    "log": ("erp-log", gettext_lazy("Log")),
    "imports": ("erp-imports", gettext_lazy("Files")),
}


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
        "tabs": _tabs(request.user, here, connections),
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


def changes_for(user: object) -> QuerySet[Difference]:
    """Changes of the ERP that somebody must accept or refuse."""
    return differences_for(user).filter(resolved_at=None, field__startswith=PREFIX)


def conflicts_for(user: object) -> QuerySet[ErpLink]:
    """Orders in conflict, but for those whose message waits for the same decision."""
    waits = OutboxMessage.objects.filter(link=OuterRef("pk"), status=OutboxMessage.Status.DEAD)
    return links_for(user).filter(~Exists(waits), badge=ErpLink.Badge.CONFLICT)


def needs_count(user: object) -> int:
    """How many messages and orders wait for a person."""
    dead = messages_for(user).filter(status=OutboxMessage.Status.DEAD).count()
    waiting = links_for(user).filter(badge=ErpLink.Badge.WAITING).count()
    conflicts = set(conflicts_for(user).values_list("pk", flat=True))
    conflicts |= set(changes_for(user).values_list("link", flat=True))
    return dead + waiting + len(conflicts | set(cancelled_here(links_for(user)).values_list("pk", flat=True)))


def _tabs(user: object, here: str, connections: list[ErpConnection]) -> list[Tab]:
    if not may(user, "see_erp"):
        return []
    shown = dict(PAGES) if connections else {name: PAGES[name] for name in ("board", "connections")}
    if not (sees_all(user) and any(one.kind in READERS for one in connections)):
        shown.pop("imports", None)
    waits = {"attention": needs_count(user)} if connections else {}
    return [
        Tab(str(word), reverse(address), name == here, waits.get(name, 0)) for name, (address, word) in shown.items()
    ]
