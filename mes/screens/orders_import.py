"""Orders from a CSV file: choose it, see what it would do, then apply exactly what was seen."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.people.access import lines_for
from mes.production.csvfile import COLUMNS, MAX_BYTES, MAX_ROWS, OPTIONAL
from mes.production.imports import ImportReport, orders_import_csv, orders_import_preview
from mes.screens.gate import demand

SHOWN = 200


@login_required
def import_orders(request: HttpRequest) -> HttpResponse:
    """`/orders/-/import/`: GET the form, POST a file for the preview, POST its content again to apply it.

    The file travels through the page, not through a folder: any web process can answer, and nothing is left behind.
    """
    demand(request.user, "edit_orders")
    context = {"columns": COLUMNS, "optional": OPTIONAL, "max_rows": MAX_ROWS, "max_kb": MAX_BYTES // 1000}
    if request.method != "POST":
        return render(request, "orders/import.html", context)
    data = _sent(request)
    if data is None:
        context["problem"] = _("No file came with the form: choose a CSV file of at most %d kB.") % (MAX_BYTES // 1000)
        return render(request, "orders/import.html", context, status=422)
    lines = list(lines_for(request.user))
    if "apply" in request.POST:
        actor, at, partial = request.user.get_username(), datetime.now(UTC), request.POST["apply"] == "partial"
        report = orders_import_csv(data=data, actor=actor, at=at, partial=partial, lines=lines)
        if report.applied:
            _tell(request, report)
            return HttpResponseRedirect(reverse("orders"))
    else:
        report = orders_import_preview(data=data, lines=lines)
    name = getattr(request.FILES.get("file"), "name", "") or request.POST.get("name", "")
    context |= {"report": report, "content": b64encode(data).decode(), "name": name, "shown": SHOWN}
    return render(request, "orders/preview.html", context, status=422 if report.errors else 200)


def _sent(request: HttpRequest) -> bytes | None:
    """The file's bytes, from the upload or from the preview's page. One byte too many is enough to say so."""
    upload = request.FILES.get("file")
    if upload is not None:
        return upload.read(MAX_BYTES + 1)
    try:
        return b64decode(request.POST["content"], validate=True)
    except (KeyError, ValueError):
        return None


def _tell(request: HttpRequest, report: ImportReport) -> None:
    counts = {"new": len(report.new), "same": len(report.unchanged), "wrong": len(report.errors)}
    text = _("%(new)d orders created, %(same)d unchanged.") % counts
    if report.errors:
        text += " " + _("%(wrong)d errors were left out.") % counts
    messages.success(request, text, extra_tags="good")
