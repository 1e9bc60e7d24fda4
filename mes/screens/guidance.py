"""At the station: checklists to answer, and work instructions with their files."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mes.guidance.checklists import Answer, ChecklistRefused, checklist_answer, offered
from mes.guidance.file_types import ENDINGS
from mes.guidance.instructions import in_force
from mes.guidance.models import Checklist, InstructionFile
from mes.people.access import may
from mes.plant.models import WorkCenter
from mes.production.queries import open_run
from mes.screens.gate import actor_of, demand, machine_or_404, storable


@login_required
@require_safe
def checklists(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/checklists/`: those that are due first."""
    demand(request.user, "see_station")
    place = machine_or_404(request.user, code)
    context = {"place": place, "zone": place.line.area.site.time_zone, "rows": offered(place)}
    return render(request, "guidance/checklists.html", context)


@login_required
def checklist(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """One checklist: every point ticked, or skipped with a reason."""
    demand(request.user, "see_station")
    place = machine_or_404(request.user, code)
    found = Checklist.objects.filter(work_center=place, code=storable(name), archived=False).first()
    if found is None:
        raise Http404(name)
    if request.method == "POST":
        return _answer(request, place, found)
    return _form(request, place, found, uuid4(), [Answer(False)] * len(found.points), "")


def _answer(request: HttpRequest, place: WorkCenter, found: Checklist) -> HttpResponse:
    demand(request.user, "answer_checklist")
    numbers = range(len(found.points))
    answers = [Answer(bool(request.POST.get(f"done_{n}")), request.POST.get(f"why_{n}", "")) for n in numbers]
    try:
        key, version = UUID(request.POST.get("key", "")), int(request.POST.get("version", "")[:9])
    except ValueError:
        return _form(request, place, found, uuid4(), answers, _("The page was incomplete: look at the points again."))
    try:
        at, actor = datetime.now(UTC), actor_of(request)
        checklist_answer(checklist=found, version=version, answers=answers, actor=actor, at=at, key=key)
    except ChecklistRefused as refused:
        return _form(request, place, found, key, answers, str(refused))
    messages.success(request, _("%(name)s is answered.") % {"name": found.name}, extra_tags="good")
    return HttpResponseRedirect(reverse("station-checklists", args=[place.code]))


def _form(
    request: HttpRequest, place: WorkCenter, found: Checklist, key: UUID, answers: list[Answer], error: str
) -> HttpResponse:
    context = {
        "place": place,
        "checklist": found,
        "points": list(zip(found.points, answers, strict=True)),
        "may_answer": may(request.user, "answer_checklist"),
        "key": key,
        "error": error,
    }
    return render(request, "guidance/checklist.html", context)


@login_required
@require_safe
def instructions(request: HttpRequest, code: str) -> HttpResponse:
    """`/station/<work-center>/instructions/`: what is in force, that of the running item first."""
    demand(request.user, "see_station")
    place = machine_or_404(request.user, code)
    run = open_run(place)
    rows = in_force(place, datetime.now(UTC))
    rows.sort(key=lambda row: not (run and row.item_id == run.item_id))
    return render(request, "guidance/instructions.html", {"place": place, "rows": rows, "run": run})


@login_required
@require_safe
def instruction_file(request: HttpRequest, code: str, name: str, version: int) -> HttpResponse:
    """The file of the version in force. Typed by its bytes at upload, and a browser must not guess otherwise."""
    demand(request.user, "see_station")
    place = machine_or_404(request.user, code)
    rows = in_force(place, datetime.now(UTC))
    row = next((one for one in rows if one.code == name and one.version == version), None)
    if row is None:
        raise Http404(name)
    stored = InstructionFile.objects.get(pk=row.file_id)
    response = HttpResponse(bytes(stored.content), content_type=stored.media_type)
    ending = ENDINGS[stored.media_type]
    response["Content-Disposition"] = f'inline; filename="{row.code}-{row.version}.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=300"
    return response
