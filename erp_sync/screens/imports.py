"""`/planning/erp/imports/`: files of orders: sent, looked at, applied in the background, cancelled; bad rows as CSV."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from erp_sync.connectors.drop.folder import MAX_BYTES
from erp_sync.imports import READERS, ImportRefused, error_rows_csv, import_apply, import_begin, import_cancel
from erp_sync.models import ErpConnection, ErpImport
from erp_sync.screens.found import connections_for, sees_all
from erp_sync.screens.page import erp_page
from mes.screens.gate import actor_of, demand, storable

SHOWN = 100
STATES = {
    ErpImport.State.REFUSED: "down",
    ErpImport.State.CHECKED: "waiting",
    ErpImport.State.APPLYING: "setup",
    ErpImport.State.DONE: "running",
    ErpImport.State.CANCELLED: "planned",
}


def demand_files(user: object, action: str) -> None:
    """403 unless somebody may and sees every line: a file may hold orders of any of them."""
    demand(user, action)
    if not sees_all(user):
        raise PermissionDenied(_("A file may hold orders of any line: it is for people who see all of them."))


def takers(user: object) -> QuerySet[ErpConnection]:
    """Connections that take files of orders."""
    return connections_for(user).filter(kind__in=READERS)


@login_required
def imports(request: HttpRequest) -> HttpResponse:
    """`/planning/erp/imports/`: the files so far; a new one is read and reported, and nothing is applied."""
    demand_files(request.user, "decide_erp" if request.method == "POST" else "see_erp")
    problem, now = "", datetime.now(UTC)
    if request.method == "POST":
        try:
            found = _sent(request, now)
            return HttpResponseRedirect(reverse("erp-import", args=[found.key]))
        except ImportRefused as refused:
            problem = str(refused)
    files = ErpImport.objects.filter(connection__in=connections_for(request.user)).select_related("connection__site")
    context = {
        "problem": problem,
        "key": uuid4(),
        "takers": takers(request.user),
        "files": [(one, STATES[ErpImport.State(one.state)]) for one in files[:SHOWN]],
    }
    return erp_page(request, "imports", "erp/imports.html", context, now, 422 if problem else 200)


@login_required
@require_safe
def import_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """`/planning/erp/imports/<key>/`: what is good and bad of a file, and how far it is applied."""
    demand_files(request.user, "see_erp")
    found = _import_or_404(request.user, key)
    context = {
        "file": found,
        "state": STATES[ErpImport.State(found.state)],
        "zone": found.connection.site.time_zone,
        "bad_rows": found.rows.exclude(problem="").order_by("line", "id")[:SHOWN],
        "good_rows": found.rows.filter(problem="").order_by("line", "id")[:SHOWN],
        "problems": found.rows.exclude(problem="").count(),
        "shown": SHOWN,
    }
    return erp_page(request, "imports", "erp/import.html", context, datetime.now(UTC))


@login_required
@require_safe
def import_rows(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """`/planning/erp/imports/<key>/rows/`: the bad rows as CSV, with line and remedy."""
    demand_files(request.user, "see_erp")
    found = _import_or_404(request.user, key)
    answer = StreamingHttpResponse(error_rows_csv(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="bad-rows.csv"'
    return answer


@login_required
@require_POST
def import_act(request: HttpRequest, key: UUID, verb: str) -> HttpResponse:
    """`/planning/erp/imports/<key>/<verb>/`: apply the good rows, or cancel. Pressed twice, it happens once."""
    demand_files(request.user, "decide_erp")
    found = _import_or_404(request.user, key)
    acts = {"apply": import_apply, "cancel": import_cancel}
    if verb not in acts:
        raise Http404(verb)
    said = {"apply": _("The good rows are being applied."), "cancel": _("Cancelled. What was applied stays.")}
    try:
        if acts[verb](imported=found, actor=actor_of(request), at=datetime.now(UTC)):
            messages.success(request, said[verb], "good")
    except ImportRefused as refused:
        messages.error(request, str(refused), "bad")
    return HttpResponseRedirect(reverse("erp-import", args=[found.key]))


def _sent(request: HttpRequest, now: datetime) -> ErpImport:
    upload = request.FILES.get("file")
    connection = takers(request.user).filter(code=storable(request.POST.get("connection", ""))).first()
    if connection is None:
        raise ImportRefused(_("Choose the connection whose orders these are."))
    if upload is None or upload.size is None or upload.size > MAX_BYTES:
        raise ImportRefused(_("Choose a file of at most %d MB.") % (MAX_BYTES // 1_000_000))
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise ImportRefused(_("The form was incomplete: choose the file again.")) from error
    name = upload.name or "?"
    return import_begin(
        connection=connection, name=name, data=upload.read(MAX_BYTES + 1), key=key, actor=actor_of(request), at=now
    )


def _import_or_404(user: object, key: UUID) -> ErpImport:
    rows = ErpImport.objects.select_related("connection__site").filter(connection__in=connections_for(user))
    found = rows.filter(key=key).first()
    if found is None:
        raise Http404(str(key))
    return found
