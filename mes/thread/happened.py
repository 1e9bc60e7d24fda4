"""What happened in a scope, told as events: each source gives a bounded stretch of its rows behind a mark."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from mes.andon.models import Call
from mes.downtime.models import Stop
from mes.downtime.queries import stop_ref
from mes.journal.models import JournalEntry
from mes.quality.models import Check, Hold, Nonconformance
from mes.thread.marks import Mark, page_of
from mes.thread.node import Event
from mes.thread.scope import Scope
from mes.thread.tell import action_words, changed_words, lasting, number
from mes.tracking.models import CountFlag, StateInterval

PAGE = 100
_SPARE = 50  # rows of one instant that may lie on the border of a page


def story(sources: Iterable[Callable[[Mark | None], Iterable[Event]]], after: Mark | None) -> tuple[list[Event], str]:
    """One page of all sources together, and the mark of the next one; each source is asked once, for a bounded part."""
    found = [event for source in sources for event in source(after)]
    return page_of(found, after, PAGE)


def behind(rows: QuerySet[Any], after: Mark | None, name: str) -> QuerySet[Any]:
    """The rows from the mark on, in order, so many that the page is full whatever the other sources give."""
    if after is not None:
        rows = rows.filter(**{f"{name}__gte": after[0]})
    return rows.order_by(name, "pk")[: PAGE + 1 + _SPARE]


def stops(scope: Scope, after: Mark | None) -> Iterable[Event]:
    """Stops with their reasons; one without says so."""
    rows = scope.spans(Stop.objects.select_related("work_center", "reason"))
    for stop in behind(rows, after, "starts_at"):
        reason = stop.reason.name if stop.reason else _("without a reason")
        what = _("%(machine)s stopped: %(reason)s") % {"machine": stop.work_center.name, "reason": reason}
        lasted = _lasted(stop.starts_at, stop.ends_at)
        yield Event(stop.starts_at, "stop", what, stop_ref(stop), lasted, stop.explained_by, stop.ends_at, stop.pk)


def states(scope: Scope, after: Mark | None) -> Iterable[Event]:
    """The states of the machines, with the code they were read as."""
    rows = scope.spans(StateInterval.objects.select_related("work_center"))
    for one in behind(rows, after, "starts_at"):
        what = _("%(machine)s: %(state)s") % {"machine": one.work_center.name, "state": one.state}
        code = _("read as code %d") % one.raw_code if one.raw_code is not None else one.why
        detail = ", ".join(part for part in (_lasted(one.starts_at, one.ends_at), code) if part)
        yield Event(one.starts_at, "state", what, "", detail, "", one.ends_at, one.pk)


def checks(rows: QuerySet[Check], after: Mark | None) -> Iterable[Event]:
    """Checks with their verdicts."""
    for check in behind(rows.select_related("characteristic", "work_center"), after, "at"):
        what = f"{check.characteristic.name}: {check.get_verdict_display()}"
        values = ", ".join(number(value) for value in check.values[:5])
        if check.withdrawn_at is not None:
            values = _("taken back")
        yield Event(check.at, "check", what, str(check.key), values, check.actor, None, check.pk)


def holds(rows: QuerySet[Hold], after: Mark | None) -> Iterable[Event]:
    """Quality holds, each at its opening."""
    for hold in behind(rows.select_related("characteristic", "check_out"), after, "opened_at"):
        done = _("released by %s") % hold.released_by if hold.released_at else _("still open")
        what = _("On hold: %s") % hold.characteristic.name
        yield Event(hold.opened_at, "hold", what, str(hold.check_out.key), done, "", hold.released_at, hold.pk)


def reports(rows: QuerySet[Nonconformance], after: Mark | None) -> Iterable[Event]:
    """Nonconformance reports."""
    for report in behind(rows, after, "raised_at"):
        what = f"{report}: {report.finding}"
        yield Event(
            report.raised_at, "report", what, "", report.get_status_display(), report.raised_by, None, report.pk
        )


def flagged(scope: Scope, after: Mark | None) -> Iterable[Event]:
    """Counts that were held back, made in a gap, or entered by hand."""
    rows = scope.instants(CountFlag.objects.select_related("work_center"), "to_at")
    for flag in behind(rows, after, "to_at"):
        what = f"{flag.work_center.name}: {number(flag.quantity)} {flag.role}, {flag.get_kind_display().lower()}"
        yield Event(flag.to_at, "count", what, "", flag.detail, flag.actor, None, flag.pk)


def calls(scope: Scope, after: Mark | None) -> Iterable[Event]:
    """Calls for help, with who came and what was done."""
    rows = scope.instants(Call.objects.select_related("work_center", "category"), "raised_at")
    for call in behind(rows, after, "raised_at"):
        what = _("%(machine)s called: %(category)s") % {
            "machine": call.work_center.name,
            "category": call.category.name,
        }
        came = _("%(who)s came") % {"who": call.taken_by} if call.taken_by else ""
        said = ", ".join(part for part in (call.note, came, str(call.get_state_display()), call.outcome) if part)
        yield Event(call.raised_at, "call", what, "", said, call.raised_by, call.closed_at, call.pk)


def entries(wanted: Q, after: Mark | None) -> Iterable[Event]:
    """What people did, from the journal: who, what, before and after. Sealed entries can be opened by their number."""
    for entry in behind(JournalEntry.objects.filter(wanted), after, "at"):
        code = str(entry.seq) if entry.seq is not None else ""
        yield Event(entry.at, "edit", action_words(entry), code, changed_words(entry.data), entry.actor, None, entry.pk)


def _lasted(start: datetime, end: datetime | None) -> str:
    return lasting((end - start).total_seconds()) if end is not None else _("goes on")
