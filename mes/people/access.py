"""Who may see which lines and do which things: the one place where roles turn into permissions."""

from django.db.models import QuerySet

from mes.people.models import Person, Role
from mes.plant.models import Line, WorkCenter

_FLOOR = {Role.OPERATOR, Role.SUPERVISOR}
_CRAFT = {Role.ENGINEER, Role.MAINTENANCE}

# Action -> the roles that may do it. An admin may do everything; an action that is not listed is a programming mistake.
ROLES_OF: dict[str, frozenset[str]] = {
    "see_floor": frozenset(Role),
    "see_station": frozenset(_FLOOR | {Role.PLANNER, Role.QUALITY, Role.MANAGER} | _CRAFT),
    "see_audit": frozenset({Role.SUPERVISOR, Role.ENGINEER, Role.QUALITY, Role.FINANCE, Role.MANAGER}),
    "see_controllers": frozenset({Role.SUPERVISOR, Role.MANAGER} | _CRAFT),
    "start_order": frozenset(_FLOOR | {Role.PLANNER}),
    "complete_order": frozenset(_FLOOR | {Role.PLANNER}),
    "reopen_order": frozenset({Role.SUPERVISOR, Role.PLANNER}),
    "start_blocked_order": frozenset({Role.SUPERVISOR, Role.PLANNER}),
    "hold_order": frozenset({Role.QUALITY, Role.SUPERVISOR}),
    "answer_change": frozenset(_FLOOR),
    "edit_orders": frozenset({Role.SUPERVISOR, Role.PLANNER}),
    "explain_stop": frozenset(_FLOOR | {Role.MAINTENANCE, Role.QUALITY}),
    "edit_stop": frozenset({Role.SUPERVISOR, Role.MAINTENANCE}),
    "set_up_station": frozenset({Role.SUPERVISOR, Role.ENGINEER}),
    "sign_on": frozenset(_FLOOR | {Role.MAINTENANCE, Role.QUALITY}),
    "edit_labour": frozenset({Role.SUPERVISOR}),
    "enter_scrap": frozenset(_FLOOR | {Role.QUALITY}),
    "see_counts": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.QUALITY, Role.MANAGER}),
    "settle_counts": frozenset({Role.SUPERVISOR, Role.QUALITY, Role.MANAGER}),
    "assign_counts": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.QUALITY, Role.MANAGER}),
    "correct_facts": frozenset({Role.SUPERVISOR, Role.QUALITY, Role.MANAGER}),
    "restate_facts": frozenset({Role.ENGINEER, Role.MANAGER}),
    "close_shift": frozenset({Role.SUPERVISOR, Role.MANAGER}),
    "lock_shift": frozenset({Role.MANAGER}),
    "enter_tally": frozenset(_FLOOR | {Role.QUALITY, Role.MAINTENANCE}),
    "edit_schedule": frozenset({Role.SUPERVISOR, Role.PLANNER}),
    "see_calendar": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.ENGINEER, Role.MANAGER}),
    "say_schedule": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.MANAGER}),
    "set_target": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.MANAGER}),
    "edit_calendar": frozenset({Role.PLANNER, Role.MANAGER}),
    "compare_policies": frozenset(set(Role) - {Role.OPERATOR}),
    "adopt_policy": frozenset({Role.MANAGER}),
    "comment_hours": frozenset(_FLOOR | {Role.MAINTENANCE, Role.QUALITY, Role.PLANNER, Role.ENGINEER, Role.MANAGER}),
    "replan_hours": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.MANAGER}),
    "sign_hours": frozenset({Role.SUPERVISOR, Role.MANAGER}),
    "write_handover": frozenset(_FLOOR | {Role.MAINTENANCE, Role.QUALITY, Role.MANAGER}),
    "sign_handover": frozenset({Role.SUPERVISOR, Role.MANAGER}),
    "edit_report_mail": frozenset({Role.SUPERVISOR, Role.MANAGER}),
    "answer_checklist": frozenset(_FLOOR | {Role.QUALITY, Role.MAINTENANCE}),
    "raise_call": frozenset(_FLOOR | {Role.QUALITY} | _CRAFT),
    "answer_call": frozenset(_FLOOR | {Role.QUALITY, Role.PLANNER, Role.MANAGER} | _CRAFT),
    "see_quality": frozenset(_FLOOR | {Role.QUALITY, Role.MANAGER} | _CRAFT),
    "record_check": frozenset(_FLOOR | {Role.QUALITY}),
    "review_check": frozenset({Role.QUALITY, Role.SUPERVISOR, Role.MANAGER}),
    "raise_ncr": frozenset(_FLOOR | {Role.QUALITY, Role.MAINTENANCE}),
    "release_hold": frozenset({Role.QUALITY, Role.SUPERVISOR}),
    "freeze_limits": frozenset({Role.QUALITY, Role.ENGINEER}),
    "edit_check_plans": frozenset({Role.QUALITY, Role.ENGINEER}),
    "see_lots": frozenset(Role),
    "use_lots": frozenset(_FLOOR | {Role.QUALITY}),
    "store_lots": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.QUALITY}),
    "hold_lots": frozenset(_FLOOR | {Role.QUALITY}),
    "release_lots": frozenset({Role.QUALITY}),
    "use_expired_lots": frozenset({Role.QUALITY}),
    "see_recall": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.QUALITY, Role.ENGINEER, Role.MANAGER}),
    "edit_reasons": frozenset({Role.SUPERVISOR, Role.ENGINEER}),
    "edit_items": frozenset({Role.PLANNER, Role.ENGINEER}),
    "edit_plant": frozenset({Role.ENGINEER}),
    "edit_controllers": frozenset({Role.ENGINEER}),
    "see_erp": frozenset({Role.PLANNER, Role.SUPERVISOR, Role.FINANCE, Role.MANAGER}),
    "decide_erp": frozenset({Role.PLANNER, Role.MANAGER}),
    "map_erp": frozenset({Role.PLANNER, Role.ENGINEER}),
    "set_up_erp": frozenset({Role.ENGINEER}),
    "see_costs": frozenset({Role.PLANNER, Role.SUPERVISOR, Role.FINANCE, Role.MANAGER}),
    "edit_costs": frozenset({Role.FINANCE}),
    "sign_phase": frozenset(set(Role) - {Role.OPERATOR}),
    "name_approver": frozenset({Role.MANAGER}),
    "import_history": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.ENGINEER, Role.MANAGER}),
    "mark_signal": frozenset(set(Role) - {Role.FINANCE}),
    "override_forecast": frozenset({Role.SUPERVISOR, Role.PLANNER, Role.MANAGER}),
    "edit_people": frozenset(),
    "edit_keys": frozenset(),
}


def lines_for(user: object) -> QuerySet[Line]:
    """The lines a person may see: all of them, or those listed at the person; none for nobody and for the inactive."""
    if not isinstance(user, Person) or not user.is_active:
        return Line.objects.none()
    if user.all_lines or user.is_superuser or user.role == Role.ADMIN:
        return Line.objects.all()
    return Line.objects.filter(people=user)


def work_centers_for(user: object) -> QuerySet[WorkCenter]:
    """The machines on a person's lines, without the archived ones."""
    return WorkCenter.objects.filter(line__in=lines_for(user), archived=False)


def may(user: object, action: str) -> bool:
    """Whether the person's role allows the action (a key of `ROLES_OF`); on which line is `lines_for`'s question.

    Raises KeyError for an action nobody defined, so that a typing mistake never grants or denies in silence.
    """
    roles = ROLES_OF[action]
    if not isinstance(user, Person) or not user.is_active:
        return False
    return user.is_superuser or user.role == Role.ADMIN or user.role in roles
