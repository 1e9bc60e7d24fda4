"""`/planning/erp/attention/`: what only a planner can decide, in plain sentences, with the ERP's own words."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from erp_sync.cancelled import cancelled_here
from erp_sync.models import Difference, ErpLink, OutboxMessage
from erp_sync.screens import words
from erp_sync.screens.amounts import at_stake
from erp_sync.screens.found import links_for, messages_for
from erp_sync.screens.page import changes_for, conflicts_for, erp_page
from mes.screens.gate import demand
from mes.screens.words import number

SHOWN = 100
Fault, Status = OutboxMessage.Fault, OutboxMessage.Status


class DeadMessage(NamedTuple):
    """A message that does not arrive by itself, and what can be done about it."""

    message: OutboxMessage
    sentence: str
    stake: str
    zone: str
    waits_behind: int
    verbs: tuple[str, ...]


class OpenLink(NamedTuple):
    """An order on which both sides cannot agree by themselves."""

    link: ErpLink
    state: str
    changes: list[tuple[Difference, str]]
    zone: str


class Again(NamedTuple):
    """A message that is tried again by itself."""

    message: OutboxMessage
    zone: str


@login_required
@require_safe
def attention(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/attention/`: dead letters, orders in dispute, cancelled here only, or waiting for a mapping."""
    demand(request.user, "see_erp")
    now = datetime.now(UTC)
    mine = messages_for(request.user)
    dead = list(mine.filter(status=Status.DEAD).order_by("created_at", "pk")[:SHOWN])
    again = mine.filter(status=Status.PENDING).exclude(fault=Fault.NONE).order_by("due_at", "pk")
    context = {
        "dead": _dead(dead),
        "disputes": _disputes(request.user),
        "cancelled": _listed(cancelled_here(links_for(request.user))),
        "dead_count": mine.filter(status=Status.DEAD).count(),
        "waiting": _with_badge(request.user, ErpLink.Badge.WAITING),
        "changed": _with_badge(request.user, ErpLink.Badge.CHANGED),
        "again": [Again(one, one.link.connection.site.time_zone) for one in again[:SHOWN]],
        "again_count": again.count(),
        "outage": met_outage(mine).count(),
    }
    return erp_page(request, "attention", "erp/attention.html", context, now)


def met_outage(messages: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
    """Those that did not arrive because the ERP was out of reach or refused the login."""
    return messages.filter(status__in=(Status.PENDING, Status.DEAD), fault__in=(Fault.TRANSIENT, Fault.AUTH))


def _dead(messages: list[OutboxMessage]) -> list[DeadMessage]:
    behind: dict[int, int] = {}
    rows = OutboxMessage.objects.filter(link__in={one.link_id for one in messages}, status=Status.PENDING)
    for link in rows.values_list("link", flat=True):
        behind[link] = behind.get(link, 0) + 1
    return [
        DeadMessage(
            one,
            one.last_error or _("It did not arrive: %s") % one.get_fault_display(),
            stake_words(one),
            one.link.connection.site.time_zone,
            behind.get(one.link_id, 0),
            verbs_of(one),
        )
        for one in messages
    ]


def verbs_of(message: OutboxMessage) -> tuple[str, ...]:
    """The buttons of a message that does not arrive, the likeliest first."""
    first = {Fault.MAPPING: ("map", "retry"), Fault.WARNING: ("accept", "retry"), Fault.CONFLICT: ("keep",)}
    return (*first.get(Fault(message.fault), ("retry",)), "discard")


def stake_words(message: OutboxMessage) -> str:
    """What the ERP does not know while the message does not arrive, in its unit."""
    unit = message.link.erp_unit
    said = {"good": _("%(n)s %(unit)s good"), "scrap": _("%(n)s %(unit)s scrap")}
    parts = [said[name] % {"n": _plain(value), "unit": unit} for name, value in at_stake(message).items()]
    return ", ".join(parts) or _("no good and no scrap pieces; times or materials only")


def _disputes(user: object) -> list[OpenLink]:
    changes: dict[int, list[Difference]] = {}
    for one in changes_for(user).order_by("opened_at", "pk"):
        changes.setdefault(one.link_id, []).append(one)
    links = {link.pk: link for link in conflicts_for(user)[:SHOWN]}
    links |= {rows[0].link_id: rows[0].link for rows in changes.values() if rows[0].link_id not in links}
    return [_open(link, changes.get(link.pk, [])) for link in list(links.values())[:SHOWN]]


def _open(link: ErpLink, changes: Iterable[Difference]) -> OpenLink:
    state = words.BADGE_STATE[ErpLink.Badge(link.badge)]
    named = [(one, words.field_word(one.field)) for one in changes]
    return OpenLink(link, state, named, link.connection.site.time_zone)


def _with_badge(user: object, badge: str) -> list[OpenLink]:
    return _listed(links_for(user).filter(badge=badge))


def _listed(links: QuerySet[ErpLink]) -> list[OpenLink]:
    return [_open(link, ()) for link in links.order_by("first_seen_at", "pk")[:SHOWN]]


def _plain(value: Decimal) -> str:
    whole = value == value.to_integral_value()
    return number(float(value), 0 if whole else 3)
