"""The page on which hours from before Millwright are imported: a file in, or every row that is wrong with it."""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from analytics.imported.history_file import RowError
from analytics.imported.imports_history import HistoryRefused, history_import
from analytics.models import HistoryImport
from mes.people.access import may
from mes.plant.models import Line
from mes.screens.gate import actor_of, demand, line_or_404

MOST_BYTES = 10_000_000
PAST = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def history(request: HttpRequest, code: str) -> HttpResponse:
    """`/improve/readiness/<line>/import/`: what was imported, the columns a file needs, and the form."""
    line = line_or_404(request.user, code)
    if request.method == "POST":
        demand(request.user, "import_history")
        return _imported(request, line)
    return _page(request, line, [], 200)


def _imported(request: HttpRequest, line: Line) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None or isinstance(file, list):
        return _page(request, line, [RowError(0, _("Choose a file first."))], 422)
    if (file.size or 0) > MOST_BYTES:
        return _page(request, line, [RowError(0, _("The file is larger than 10 MB: send it in parts."))], 422)
    at = datetime.now(UTC)
    try:
        found = history_import(line=line, file=file.read(), name=file.name or "", actor=actor_of(request), at=at)
    except HistoryRefused as refused:
        return _page(request, line, refused.errors, 422)
    told = {"n": found.rows, "name": found.file_name}
    if found.at == at:
        text = ngettext("%(n)s hour of %(name)s was imported.", "%(n)s hours of %(name)s were imported.", found.rows)
        messages.success(request, text % told)
    else:
        messages.info(request, _("This file was imported before: nothing changed."))
    return HttpResponseRedirect(reverse("readiness-import", args=[line.code]))


def _page(request: HttpRequest, line: Line, errors: list[RowError], status: int) -> HttpResponse:
    context = {
        "line": line,
        "zone": line.area.site.time_zone,
        "errors": errors,
        "past": HistoryImport.objects.filter(line=line)[:PAST],
        "may_import": may(request.user, "import_history"),
    }
    return render(request, "readiness/import.html", context, status=status)
