"""An engineer confirms what recorded tags mean: bindings from the first recorded value on, and the history since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.plant.changes import changed
from mes.plant.models import WorkCenter
from mes.plc.models import Controller, StateMap, TagBinding, TagRole
from mes.tracking.bindings import controller_plans
from mes.tracking.candidates import Recorded
from mes.tracking.history import Told, history_tell
from mes.tracking.models import CandidateTag
from mes.tracking.recording import first_of

NOTHING = Told()


class BindingRefused(Exception):
    """Nothing was bound; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was bound now (0 when all of it was bound already), from when on, and the history told from it."""

    bound: int
    valid_from: datetime | None = None
    told: Told = NOTHING


def bindings_confirm(
    *,
    controller: Controller,
    work_center: WorkCenter,
    roles: Mapping[str, str],
    state_map: StateMap | None,
    actor: str,
    at: datetime,
) -> Confirmed:
    """Binds recorded tags to a machine (`roles`: role to tag) and computes its history from the first recorded value.

    What is bound in the same way already is left alone; said twice, nothing happens. Raises BindingRefused.
    """
    rows = _recorded(controller, roles, state_map)
    try:
        with transaction.atomic():
            WorkCenter.objects.select_for_update(no_key=True).get(pk=work_center.pk)
            first = first_of([row.pk for row in rows.values()]) or at
            new = {role: tag for role, tag in roles.items() if not _bound(controller, work_center, role, tag, first)}
            if not new:
                return Confirmed(0)
            for role, tag in new.items():
                TagBinding.objects.create(
                    controller=controller,
                    work_center=work_center,
                    role=role,
                    tag=tag,
                    state_map=state_map if role == TagRole.STATE else None,
                    valid_from=first,
                )
            told = _tell(controller, work_center, {tag: rows[tag].pk for tag in new.values()}, first, at)
            if told.first_at and told.last_at:
                changed([(work_center.pk, told.first_at, told.last_at)], why="bindings_confirm")
            data = {
                "controller": controller.code,
                "roles": new,
                "state_map": state_map.code if state_map and TagRole.STATE in new else None,
                "valid_from": first,
                "history_from": told.first_at,
                "history_to": told.last_at,
            }
            record(actor=actor, at=at, action="bindings_confirm", kind="work-center", code=work_center.code, data=data)
    except IntegrityError as error:
        raise BindingRefused(
            _("A tag of %s was bound by somebody else just now: look at the page again.") % work_center.code
        ) from error
    return Confirmed(len(new), first, told)


def _recorded(controller: Controller, roles: Mapping[str, str], state_map: StateMap | None) -> dict[str, CandidateTag]:
    """The recorded tags by name. Refuses what cannot be bound."""
    if not roles:
        raise BindingRefused(_("No tag was chosen: choose at least one, then bind."))
    for role in roles:
        if role not in TagRole.values:
            raise BindingRefused(_("There is no meaning '%s': choose one from the list.") % role)
    names = list(roles.values())
    twice = next((tag for tag in names if names.count(tag) > 1), None)
    if twice:
        raise BindingRefused(_("%s was chosen twice: a tag has one meaning.") % twice)
    if TagRole.STATE in roles and state_map is None:
        raise BindingRefused(_("Choose the state map that says what the codes of %s mean.") % roles[TagRole.STATE])
    rows = {row.tag: row for row in CandidateTag.objects.filter(controller=controller, tag__in=names)}
    for tag in names:
        if tag not in rows:
            raise BindingRefused(
                _("%(tag)s of %(controller)s was never recorded: bind it in the admin instead.")
                % {"tag": tag, "controller": controller.code}
            )
    return rows


def _bound(controller: Controller, work_center: WorkCenter, role: str, tag: str, first: datetime) -> bool:
    """Whether this is bound already. Refuses where another tag has the role at any time from `first` on."""
    lasting = TagBinding.objects.filter(Q(valid_to=None) | Q(valid_to__gt=first), work_center=work_center, role=role)
    for binding in lasting.select_related("controller"):
        if (binding.controller_id, binding.tag, binding.valid_to) == (controller.pk, tag, None):
            return True
        said = {
            "role": binding.get_role_display(),
            "machine": work_center.code,
            "tag": binding.tag,
            "controller": binding.controller.code,
        }
        raise BindingRefused(
            _(
                "%(role)s of %(machine)s is bound to %(tag)s of %(controller)s in that time:"
                " leave it out here, or remove that binding in the admin first."
            )
            % said
        )
    return False


def _tell(controller: Controller, work_center: WorkCenter, tags: dict[str, int], first: datetime, at: datetime) -> Told:
    """The history, by the plan that holds from now on; none where the controller is switched off."""
    recorded = {controller.code: Recorded(controller.pk, {}, ())}
    plan = controller_plans(at=max(at, first), recorded=recorded).get(controller.code)
    for machine in plan.machines if plan else ():
        if machine.work_center == work_center.pk:
            return history_tell(plan, machine, tags, first)  # type: ignore[arg-type]  # (there is a machine, so a plan)
    return NOTHING
