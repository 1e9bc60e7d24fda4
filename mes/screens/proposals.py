"""Proposals: what recorded tags of a controller seem to mean, machine by machine, and one button that binds them."""

from datetime import UTC, datetime
from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mes.people.access import work_centers_for
from mes.plant.models import WorkCenter
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding, TagRole
from mes.screens.controllers import controller_or_404
from mes.screens.gate import demand, machine_or_404, storable
from mes.tracking.confirm import BindingRefused, bindings_confirm
from mes.tracking.models import CandidateTag
from mes.tracking.proposals import ROLES, Choice, MachineProposal, propose
from mes.tracking.recording import series_of, stretches_of


class RoleRow(NamedTuple):
    """One meaning of a machine's form: the tags that fit, the one proposed, and what holds already."""

    role: str
    label: str
    choices: tuple[Choice, ...]
    proposed: str
    bound: str


class MachineCard(NamedTuple):
    """One machine's form."""

    number: int
    group: str
    rows: list[RoleRow]
    work_center: str
    state_map: str
    codes: tuple[int, ...]
    run_code: int | None
    sure: bool


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def proposals(request: HttpRequest, code: str) -> HttpResponse:
    """`/controllers/<code>/proposals/`: GET shows what is proposed and why; POST binds what the engineer confirmed."""
    demand(request.user, "edit_controllers")
    found = controller_or_404(request.user, code)
    if request.method == "POST":
        _confirm(request, found)
        return HttpResponseRedirect(reverse("controller-proposals", args=[found.code]))
    stretches = stretches_of(found.pk)
    places = list(work_centers_for(request.user).filter(line__area__site=found.site).order_by("code"))
    context = {
        "controller": found,
        "zone": found.site.time_zone,
        "since": stretches[0][0] if stretches else None,
        "until": stretches[-1][1] if stretches else None,
        "recorded": CandidateTag.objects.filter(controller=found, listed=True).count(),
        "cards": _cards(found, places),
        "places": places,
        "maps": StateMap.objects.all(),
    }
    return render(request, "controllers/proposals.html", context)


def _confirm(request: HttpRequest, found: Controller) -> None:
    """Binds what was chosen and says what came of it."""
    work_center = machine_or_404(request.user, request.POST.get("work_center", ""))
    chosen = {role: storable(request.POST.get(role, "")).strip()[:200] for role in ROLES}
    state_map = StateMap.objects.filter(code=storable(request.POST.get("state_map", ""))).first()
    try:
        done = bindings_confirm(
            controller=found,
            work_center=work_center,
            roles={role: tag for role, tag in chosen.items() if tag},
            state_map=state_map,
            actor=request.user.get_username(),
            at=datetime.now(UTC),
        )
    except BindingRefused as refused:
        messages.error(request, str(refused), extra_tags="bad")
        return
    if not done.bound:
        messages.info(request, _("All of this is bound already; nothing was changed."))
        return
    said = _("%(n)d tags are bound to %(machine)s.") % {"n": done.bound, "machine": work_center.code}
    if done.told.readings:
        said += " " + _("Its history was computed from %d recorded readings.") % done.told.readings
    else:
        said += " " + _("It had facts of its own already, so no history was computed.")
    messages.success(request, said, extra_tags="good")


def _cards(found: Controller, places: list[WorkCenter]) -> list[MachineCard]:
    recorded, ticks = series_of(found)
    taken = set(TagBinding.objects.filter(controller=found, valid_to=None).values_list("tag", flat=True))
    series = [one for one in recorded if one.tag not in taken]
    bound: dict[str, dict[str, str]] = {}
    for binding in TagBinding.objects.filter(work_center__in=places, valid_to=None).select_related("work_center"):
        bound.setdefault(binding.work_center.code, {})[binding.role] = binding.tag
    kinds: dict[str, dict[int, str]] = {}
    for entry in StateMapEntry.objects.select_related("state_map").order_by("state_map__code"):
        kinds.setdefault(entry.state_map.code, {})[entry.raw_code] = entry.kind
    cards = []
    for number, proposal in enumerate(propose(series, ticks) if series else [], start=1):
        place = _named(proposal.group, [place.code for place in places])
        rows = [_row(proposal, role, bound.get(place, {}).get(role, "")) for role in ROLES]
        sure = any(row.proposed for row in rows)
        if sure or any(row.choices for row in rows):
            state_map = _map_for(proposal, kinds)
            codes = (proposal.codes, proposal.run_code)
            cards.append(MachineCard(number, proposal.group, rows, place, state_map, *codes, sure))
    return cards


def _row(proposal: MachineProposal, role: str, bound: str) -> RoleRow:
    best = proposal.best(role)
    choices = proposal.choices.get(role, ())
    return RoleRow(role, str(TagRole(role).label), choices, best.tag if best and not bound else "", bound)


def _named(group: str, codes: list[str]) -> str:
    """The machine whose code has the letters of the structure's name; none where no or several have."""
    letters = _letters(group.removeprefix("Program:"))
    same = [code for code in codes if letters and _letters(code) == letters]
    return same[0] if len(same) == 1 else ""


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _map_for(proposal: MachineProposal, kinds: dict[str, dict[int, str]]) -> str:
    """The state map that knows all codes seen and for which the counting one runs; none where no map does."""
    for code, entries in kinds.items():
        if proposal.codes and set(proposal.codes) <= set(entries) and entries[proposal.run_code or 0] == "run":
            return code
    return ""
