"""The shift pages: which shift runs on which line, one shift's summary, and the same as a CSV file."""

import csv
import io
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mes.people.access import lines_for, may
from mes.plant.models import Line, Shift
from mes.screens import machine_day
from mes.screens.closing import closing_of
from mes.screens.counts import counts_waiting_for
from mes.screens.gate import shift_or_404
from mes.screens.improve.asked import iso
from mes.screens.safe_csv import safe_cell
from mes.screens.shift_figures import Summary, summary_of


@login_required
@require_safe
def shifts(request: HttpRequest) -> HttpResponse:
    """`/shift/`: the running shift (else the last one) of each of the person's lines; with one line, its page."""
    now = datetime.now(UTC)
    found: list[tuple[Line, Shift | None, bool]] = []
    for line in lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"):
        begun = Shift.objects.filter(work_center=None, line=line, starts_at__lte=now).order_by("-starts_at").first()
        found.append((line, begun, begun is not None and now < begun.ends_at))
    if len(found) == 1 and found[0][1] is not None:
        return HttpResponseRedirect(_address(found[0][1]))
    return render(request, "shift/shifts.html", {"found": found, **counts_waiting_for(request.user)})


@login_required
@require_safe
def shift(request: HttpRequest, line: str, day: str, name: str) -> HttpResponse:
    """`/shift/<line>/<production-date>/<shift-name>/`; `?format=csv` is the same as a file."""
    now = datetime.now(UTC)
    found = shift_or_404(request.user, line, day, name)
    summary = summary_of(found, now)
    if request.GET.get("format") == "csv":
        return _csv(summary)
    before = (
        Shift.objects.filter(work_center=None, line=found.line, ends_at__lte=found.starts_at)
        .order_by("-starts_at")
        .first()
    )
    after = Shift.objects.filter(work_center=None, line=found.line, starts_at__gte=found.ends_at, starts_at__lte=now)
    following = after.order_by("starts_at").first()
    context = {
        "summary": summary,
        "shift": found,
        "line": found.line,
        "zone": found.line.area.site.time_zone,
        "earlier": _address(before) if before else "",
        "later": _address(following) if following else "",
        **counts_waiting_for(request.user),
        "state": closing_of(found, request.user, now),
        "costs": _costs(found) if may(request.user, "see_costs") else "",
        "need": sum(stop.reason_id is None for stop, _s in summary.stops),
    }
    return render(request, "shift/shift.html", context)


def _address(shift: Shift) -> str:
    return reverse("shift", args=[shift.line.code, shift.production_date.isoformat(), shift.name])


def _costs(shift: Shift) -> str:
    """Where the shift's losses stand in money."""
    asked = {"line": shift.line.code, "from": iso(shift.starts_at), "to": iso(shift.ends_at)}
    return f"{reverse('improve-costs')}?{urlencode(asked)}"


def _csv(summary: Summary) -> HttpResponse:
    """One row per machine and one for the line, then one per stop. Excel opens it: byte order mark, no formulas."""
    shift, out = summary.shift, io.StringIO()
    write = csv.writer(out)
    times = [shift.line.code, shift.production_date.isoformat(), shift.name]
    names = ["part", "line", "date", "shift", "machine", "good", "scrap", "target"]
    factors = ["availability", "performance", "quality", "oee", "coverage"]
    words = machine_day.owner_words()
    write.writerow([*names, *factors, "scheduled_s", *[element for element, _key, _word in words]])
    parts = [("machine", row) for row in summary.machines] + ([("line", summary.line)] if summary.line else [])
    for part, row in parts:
        kpi = [_number(getattr(row.kpi, factor), 4) for factor in factors]
        owners = [_number(row.owners.scheduled_s, 3)] + [_number(owner.seconds, 3) for owner in row.owners.rows]
        made = [row.good, row.scrap, _number(row.target, 0)]
        write.writerow([part, *map(safe_cell, [*times, row.code]), *made, *kpi, *owners])
    write.writerow([])
    write.writerow([*names[:5], "from", "to", "seconds", "state", "reason", "note"])
    for stop, seconds in summary.stops:
        span = [stop.starts_at.isoformat(), stop.ends_at.isoformat() if stop.ends_at else "", f"{seconds:.0f}"]
        said = [stop.state, stop.reason.name if stop.reason else "", stop.note]
        write.writerow(["stop", *map(safe_cell, [*times, stop.work_center.code]), *span, *map(safe_cell, said)])
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    file = f"shift-{shift.line.code}-{shift.production_date.isoformat()}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
