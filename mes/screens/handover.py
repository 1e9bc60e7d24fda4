"""Handovers: which wait on the person's lines, and one shift's handover, filled in, to be signed and printed."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mes.handover.changed import Difference, differences
from mes.handover.document import Document, handover_document
from mes.handover.models import Handover, ReportMail
from mes.handover.said import open_items
from mes.handover.sign import BEFORE_END, is_intact
from mes.handover.since import since_my_last
from mes.hourly.loss_words import loss_word
from mes.hourly.notes import open_countermeasures
from mes.people.access import lines_for, may
from mes.plant.models import Line, Shift
from mes.screens import words
from mes.screens.frame import zone_named
from mes.screens.gate import actor_of, shift_or_404


class LineRow(NamedTuple):
    """A line in the list: the shift whose handover is next, what is to be done there, and how much is open."""

    line: Line
    shift: Shift
    handover: Handover | None
    href: str
    step: str
    word: str
    items: int


class Changed(NamedTuple):
    """A difference as the page shows it."""

    what: str
    was: str
    now: str


@login_required
@require_safe
def handovers(request: HttpRequest) -> HttpResponse:
    """`/handover/`: of each of the person's lines the handover that is next."""
    now = datetime.now(UTC)
    rows, without = [], []
    for line in lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"):
        begun = Shift.objects.filter(line=line, work_center=None, starts_at__lte=now)
        shift = begun.select_related("handover", "line__area__site").order_by("-starts_at").first()
        before = begun.filter(handover__in_at=None, handover__isnull=False, ends_at__lte=now)
        waiting = before.select_related("handover", "line__area__site").order_by("-starts_at").first()
        found = waiting or shift
        if found is None:
            without.append(line)
        else:
            rows.append(_line_row(found, now))
    rows.sort(key=lambda row: ("out", "in", "runs", "done").index(row.step))
    return render(request, "handover/handovers.html", {"rows": rows, "without": without})


@login_required
@require_safe
def handover(request: HttpRequest, line: str, day: str, name: str) -> HttpResponse:
    """`/handover/<line>/<production-date>/<shift>/`."""
    now = datetime.now(UTC)
    shift = shift_or_404(request.user, line, day, name)
    found = Handover.objects.filter(shift=shift).select_related("shift__line__area__site").first()
    known = handover_document(shift, now=now)
    signed = found.document if found is not None else None
    actor = actor_of(request)
    step = step_of(shift, found, now)
    context = {
        "shift": shift,
        "line": shift.line,
        "zone": shift.line.area.site.time_zone,
        "handover": found,
        "document": signed or known,
        "now_known": known,
        "losses": _losses(signed or known),
        "changed": [_changed(row) for row in differences(signed, known)] if signed else [],
        "intact": is_intact(found) if found is not None else True,
        "notes": found.notes.filter(withdrawn_at=None) if found is not None else [],
        "items": open_items(shift.line),
        "countermeasures": open_countermeasures(shift.line),
        "since": since_my_last(shift.line, actor, now=now),
        "today": now.astimezone(_zone(shift)).date(),
        "step": step,
        "opens_at": shift.ends_at - BEFORE_END,
        "actor": actor,
        "may_write": may(request.user, "write_handover"),
        "may_sign": may(request.user, "sign_handover"),
        "may_out": step == "out",
        "may_in": step in ("out", "in") and (found is None or found.out_by != actor),
        "may_mail": may(request.user, "edit_report_mail"),
        "mails": ReportMail.objects.filter(report__shift=shift).order_by("address"),
        "keys": {"note": uuid4(), "item": uuid4()},
        "act": reverse("handover-act", args=[shift.line.code, day, shift.name]),
        "hours_href": f"{reverse('hours-line', args=[shift.line.code])}?shift={quote(f'{day}/{shift.name}')}",
        **_neighbours(shift, now),
    }
    return render(request, "handover/handover.html", context)


def step_of(shift: Shift, found: Handover | None, now: datetime) -> str:
    """What comes next: `runs` (too early), `out` (nobody signed out), `in` (waits for the coming leader), `done`."""
    if found is not None and found.in_at is not None:
        return "done"
    if found is not None and found.out_at is not None:
        return "in"
    return "runs" if now < shift.ends_at - BEFORE_END else "out"


def step_word(step: str) -> str:
    """The same in words."""
    return {
        "runs": _("the shift still runs"),
        "out": _("to be signed out"),
        "in": _("waits for the coming leader"),
        "done": _("handed over"),
    }[step]


def address_of(shift: Shift) -> str:
    """The page of a shift's handover."""
    return reverse("handover", args=[shift.line.code, shift.production_date.isoformat(), shift.name])


def _line_row(shift: Shift, now: datetime) -> LineRow:
    found = getattr(shift, "handover", None)
    step = step_of(shift, found, now)
    return LineRow(shift.line, shift, found, address_of(shift), step, step_word(step), len(open_items(shift.line)))


def _zone(shift: Shift) -> Any:
    return zone_named(shift.line.area.site.time_zone)


def _losses(document: Document) -> list[tuple[str, int]]:
    return [(loss_word(row["reason"]), row["lost_s"]) for row in document["losses"]]


def _changed(row: Difference) -> Changed:
    names = {
        "good": _("Good"),
        "scrap": _("Scrap"),
        "target": _("Target"),
        "availability": _("Availability"),
        "performance": _("Performance"),
        "quality": _("Quality"),
        "oee": "OEE",
        "coverage": _("Time with data"),
    }
    if row.figure == "loss":
        told = [words.NONE if value is None else _("%s min") % words.minutes(value) for value in (row.was, row.now)]
        return Changed(loss_word(row.reason), *told)
    what = f"{row.place}: {names[row.figure]}" if row.place else names[row.figure]
    if row.figure in ("good", "scrap", "target"):
        return Changed(what, words.number(row.was), words.number(row.now))
    told = [words.NONE if value is None else f"{words.number(value * 100, 1)} %" for value in (row.was, row.now)]
    return Changed(what, *told)


def _neighbours(shift: Shift, now: datetime) -> dict[str, str]:
    rows = Shift.objects.filter(line=shift.line, work_center=None).select_related("line")
    before = rows.filter(ends_at__lte=shift.starts_at).order_by("-starts_at").first()
    after = rows.filter(starts_at__gte=shift.ends_at, starts_at__lte=now).order_by("starts_at").first()
    return {"earlier": address_of(before) if before else "", "later": address_of(after) if after else ""}
