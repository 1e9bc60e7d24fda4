"""How a connection is doing, as the strip on top of the ERP pages shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from erp_sync.connections import plain_words
from erp_sync.connectors import KINDS
from erp_sync.models import ErpConnection, ErpLink, OutboxMessage
from erp_sync.screens.told import names_not_posted
from erp_sync.screens.words import span_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

AMBER = timedelta(minutes=3)
"""Three intervals of the pull, which runs every minute."""
RED = timedelta(minutes=10)
SKEW_WARN_S, SKEW_BLOCKS_S = 30, 300
GOOD, WARN, BAD, NONE = "running", "waiting", "down", "no_data"


@dataclass(frozen=True, slots=True)
class Strip:
    """One connection. Levels are states of the palette; ages are None where it never happened."""

    connection: ErpConnection
    title: str
    label: str
    state: str
    state_word: "StrOrPromise"
    pull_age: timedelta | None
    pull_level: str
    push_age: timedelta | None
    push_level: str
    backlog: int
    oldest: timedelta | None
    dead: int
    waiting: int
    skew_level: str

    @property
    def pull_words(self) -> str:
        """How long ago orders were read."""
        return _ago(self.pull_age)

    @property
    def push_words(self) -> str:
        """How long ago something arrived in the ERP."""
        return _ago(self.push_age)

    @property
    def oldest_words(self) -> str:
        """How long the oldest message waits; empty where none does."""
        return _("the oldest for %s") % span_words(self.oldest) if self.oldest is not None else ""

    @property
    def not_posted_words(self) -> str:
        """What this ERP is not told; empty where it is told all."""
        return names_not_posted(self.connection)

    @property
    def plain_words(self) -> str:
        """A warning where its secret goes over the line unencrypted; empty otherwise."""
        return plain_words(self.connection)

    @property
    def skew_words(self) -> str:
        """How far the ERP's clock is off, and which way."""
        seconds = self.connection.clock_skew_s
        if seconds is None:
            return ""
        off = span_words(timedelta(seconds=seconds))
        return _("%s ahead of ours") % off if seconds > 0 else _("%s behind ours") % off

    @property
    def rank(self) -> int:
        """Sorts what needs a person first."""
        return [BAD, WARN, GOOD].index(self.state) if self.state in (BAD, WARN, GOOD) else 3


def strips(connections: Sequence[ErpConnection], now: datetime) -> list[Strip]:
    """The strips of some connections, in two queries, those that need somebody first."""
    open_ones = Q(status__in=(OutboxMessage.Status.PENDING, OutboxMessage.Status.LEASED))
    counted = (
        OutboxMessage.objects.filter(link__connection__in=connections)
        .order_by()
        .values("link__connection")
        .annotate(
            backlog=Count("pk", filter=open_ones),
            oldest=Min("created_at", filter=open_ones),
            dead=Count("pk", filter=Q(status=OutboxMessage.Status.DEAD)),
        )
    )
    boxes: dict[int, dict[str, Any]] = {row["link__connection"]: dict(row) for row in counted}
    links = ErpLink.objects.filter(connection__in=connections, badge=ErpLink.Badge.WAITING)
    waiting = dict(links.order_by().values_list("connection").annotate(n=Count("pk")))
    found = [_strip(one, boxes.get(one.pk, {}), waiting.get(one.pk, 0), now) for one in connections]
    return sorted(found, key=lambda strip: (strip.rank, strip.connection.code))


def is_old(connection: ErpConnection, now: datetime) -> bool:
    """Whether what the ERP said is older than it should be, so that pages say as of when it is."""
    if connection.last_pull_at is None:
        return False
    return connection.state == ErpConnection.State.STOPPED or now - connection.last_pull_at > AMBER


def level_of(age: timedelta | None) -> str:
    """The palette state of an age: amber after three intervals, red after ten minutes, none for never."""
    if age is None:
        return NONE
    return GOOD if age <= AMBER else WARN if age <= RED else BAD


def _ago(age: timedelta | None) -> str:
    return _("never") if age is None else _("%s ago") % span_words(age)


def _strip(one: ErpConnection, box: dict[str, Any], waiting: int, now: datetime) -> Strip:
    kind = KINDS.get(one.kind)
    pulled = now - one.last_pull_at if one.last_pull_at else None
    oldest = now - box["oldest"] if box.get("oldest") else None
    runs = one.state == ErpConnection.State.LIVE
    state, word = _state(one, pulled)
    return Strip(
        connection=one,
        title=kind.title if kind else one.kind,
        label=kind.label if kind else _("unknown kind of connector"),
        state=state,
        state_word=word,
        pull_age=pulled,
        pull_level=level_of(pulled) if runs else NONE,
        push_age=now - one.last_push_at if one.last_push_at else None,
        push_level=level_of(oldest) if oldest is not None and runs else GOOD if one.last_push_at else NONE,
        backlog=box.get("backlog", 0),
        oldest=oldest,
        dead=box.get("dead", 0),
        waiting=waiting,
        skew_level=_skew(one.clock_skew_s),
    )


def _state(one: ErpConnection, pulled: timedelta | None) -> tuple[str, "StrOrPromise"]:
    if one.state == ErpConnection.State.STOPPED:
        return BAD, _("Stopped")
    if one.state != ErpConnection.State.LIVE:
        return "planned", one.get_state_display()
    if pulled is None or pulled > RED:
        return BAD, _("Out of reach")
    if one.problem or pulled > AMBER or _skew(one.clock_skew_s) in (WARN, BAD):
        return WARN, _("Degraded")
    return GOOD, _("Connected")


def _skew(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    return GOOD if abs(seconds) <= SKEW_WARN_S else WARN if abs(seconds) <= SKEW_BLOCKS_S else BAD
