"""`/thread/<kind>/<code>/`: the whole story of a thing in plain words, what is missing of it, and its evidence pack."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mes.people.access import lines_for, may
from mes.screens.frame import zone_named
from mes.screens.gate import actor_of, demand
from mes.thread.evidence import PackTooLarge
from mes.thread.find import AUDIT_KINDS, KINDS, node_of
from mes.thread.node import DOWN, UP, Event, Link, Node
from mes.thread.pack import pack_of


class Group(NamedTuple):
    """Neighbours of one kind, or events of one hour."""

    name: str
    rows: list[Any]


@login_required
@require_safe
def thread(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """A node with its neighbours and a page of its story; `?after=` goes on."""
    audit = may(request.user, "see_audit")
    node = _node_or_404(request, kind, code)
    if kind in AUDIT_KINDS:
        demand(request.user, "see_audit")
    zone = zone_named(node.zone)
    hours = groupby(node.events, key=lambda event: f"{event.at.astimezone(zone):%Y-%m-%d %H}:00")
    context = {
        "node": node,
        "kind_word": kind_words()[kind],
        "above": _grouped(link for link in node.links if link.way == UP and (audit or link.kind not in AUDIT_KINDS)),
        "below": _grouped(link for link in node.links if link.way == DOWN and (audit or link.kind not in AUDIT_KINDS)),
        "hours": [Group(name, [_row(event, audit) for event in rows]) for name, rows in hours],
        "began": not request.GET.get("after"),
        "may_export": audit and kind == "order",
    }
    return render(request, "thread/thread.html", context)


@login_required
@require_safe
def pack(request: HttpRequest, code: str) -> HttpResponse:
    """`/thread-pack/<order>/`: the evidence pack of an order as one ZIP."""
    _node_or_404(request, "order", code)
    demand(request.user, "see_audit")
    try:
        data = pack_of(code, lines_for(request.user), actor=actor_of(request), at=datetime.now(UTC))
    except PackTooLarge as refused:
        return HttpResponse(str(refused), status=422, content_type="text/plain; charset=utf-8")
    if data is None:
        raise Http404(code)
    name = f"evidence-{code}.zip"
    return HttpResponse(
        data, content_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def kind_words() -> dict[str, str]:
    """The kinds of nodes in words."""
    words = {
        "order": _("Order"),
        "run": _("Run"),
        "machine-hour": _("Hour of a machine"),
        "stop": _("Stop"),
        "shift": _("Shift"),
        "check": _("Check"),
        "lot": _("Lot"),
        "edit": _("Entry of the journal"),
        "person": _("Person"),
    }
    if words.keys() != KINDS.keys():
        raise KeyError("Every kind of the thread needs a word.")
    return words


def _node_or_404(request: HttpRequest, kind: str, code: str) -> Node:
    after = request.GET.get("after", "")[:100]
    node = node_of(kind, code, lines_for(request.user), now=datetime.now(UTC), after=after)
    if node is None:
        raise Http404(code)
    return node


def _grouped(links: Iterable[Link]) -> list[Group]:
    words = kind_words()
    by_kind: dict[str, list[Link]] = {}
    for link in links:
        by_kind.setdefault(link.kind, []).append(link)
    return [Group(words[kind], rows) for kind, rows in by_kind.items()]


def _row(event: Event, audit: bool) -> tuple[Event, str]:
    """The event with the kind of node that its code opens ("" where none)."""
    kind = {"stop": "stop", "check": "check", "hold": "check", "edit": "edit"}.get(event.kind, "")
    return event, kind if event.code and (audit or kind not in AUDIT_KINDS) else ""
