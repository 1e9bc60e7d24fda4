"""The page of signals: what should be looked at now, what was over lately, and people's words on both."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.models import Signal, SignalMark
from analytics.signal_pages import words
from analytics.signals.record import MarkRefused, Right, open_signals, records_of, signal_mark
from mes.andon.queries import buttons
from mes.oee.places import exit_of, machines_of
from mes.people.access import lines_for, may
from mes.plant.models import Line, WorkCenter
from mes.screens.gate import actor_of, demand

LATELY, MOST = timedelta(days=14), 50


class SignalRow(NamedTuple):
    """A signal as the page shows it. `call_at`: the machine from which somebody can be called; None: none.

    `note`: what the call says; `mark`: the newest word of a person; `key`: of the form.
    """

    signal: Signal
    face: str
    place: str
    saw: str
    since: str
    right: str
    mark: SignalMark | None
    call_at: WorkCenter | None
    note: str
    key: UUID


@login_required
@require_safe
def signals(request: HttpRequest) -> HttpResponse:
    """`/improve/signals/`: open signals of the person's lines, the newest first, then those of two weeks."""
    lines = list(lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"))
    since = datetime.now(UTC) - LATELY
    past = Signal.objects.filter(line__in=lines, ended__gte=since).select_related("line__area__site", "work_center")
    records = records_of(lines)
    exits = {pk: exit_of(machines) for pk, machines in machines_of(lines).items() if machines}
    by_line: dict[Line, list[SignalRow]] = {}
    for row in _rows(open_signals(lines), records, exits):
        by_line.setdefault(row.signal.line, []).append(row)
    context = {
        "lines": sorted(by_line.items(), key=lambda entry: lines.index(entry[0])),
        "open": sum(map(len, by_line.values())),
        "past": _rows(past[:MOST], records, exits),
        "watched": len(lines),
        "may_mark": may(request.user, "mark_signal"),
        "may_call": may(request.user, "raise_call"),
        "categories": buttons(),
    }
    return render(request, "signals/list.html", context)


def _rows(
    found: Iterable[Signal], records: dict[tuple[int, str], Right], exits: dict[int, WorkCenter]
) -> list[SignalRow]:
    rows = list(found)
    marks = SignalMark.objects.filter(signal__in=rows).order_by("signal_id", "-pk").distinct("signal_id")
    newest = {mark.signal_id: mark for mark in marks}
    return [
        SignalRow(
            row,
            words.FACES[row.kind],
            words.place_text(row),
            words.saw_text(row),
            words.since_text(row),
            words.right_text(records.get((row.line_id, row.kind))),
            newest.get(row.pk),
            row.work_center or exits.get(row.line_id),
            f"{row.get_kind_display()}: {words.saw_text(row)}"[:200],
            uuid4(),
        )
        for row in rows
    ]


@login_required
@require_POST
def mark(request: HttpRequest, number: int) -> HttpResponse:
    """A person says whether a signal was useful; a form sent twice is stored once."""
    row = (
        Signal.objects.select_related("line", "work_center")
        .filter(pk=min(number, 2**62), line__in=lines_for(request.user))
        .first()
    )
    if row is None:
        raise Http404(str(number))
    demand(request.user, "mark_signal")
    back, posted = HttpResponseRedirect(reverse("signals")), request.POST
    try:
        key = UUID(posted.get("key", ""))
        useful = {"yes": True, "no": False}[posted.get("useful", "")]
    except (ValueError, KeyError):
        messages.error(request, _("The form was incomplete: press the button again."))
        return back
    told: dict[str, Any] = {"useful": useful, "why": posted.get("why", ""), "key": key}
    try:
        signal_mark(signal=row, actor=actor_of(request), at=datetime.now(UTC), **told)
    except MarkRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Thank you: your word counts in the record of such signals."))
    return back
