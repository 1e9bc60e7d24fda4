"""A controller that is lost calls by itself, once it was lost long enough, and the call ends when it is back."""

from datetime import datetime, timedelta
from uuid import uuid4

from mes.andon.calls import call_raise, call_resolve
from mes.andon.models import Call, CallCategory
from mes.plant.models import WorkCenter
from mes.plc.models import Controller, ControllerHealth, TagBinding

ACTOR = "system"
ONLINE = "online"


def controllers_watch(*, at: datetime) -> tuple[int, int]:
    """Raises calls of lost controllers and resolves those of controllers that are back: how many of each.

    One call per controller and line it feeds, at the line's first machine. A controller that was never reached since
    it was set up has no fresh value to lose and calls too, counted from its first state.
    """
    category = CallCategory.objects.filter(automatic=True, archived=False).first()
    if category is None:
        return 0, 0
    limit = timedelta(seconds=category.lost_after_s)
    rows = ControllerHealth.objects.filter(controller__enabled=True).select_related("controller")
    lost = {row.controller_id: row for row in rows if _lost_since(row, at) <= at - limit}
    raised = sum(_raise(row, category, at) for row in lost.values())
    fresh = {row.controller_id for row in rows if _is_back(row, at)}
    calls = Call.objects.filter(closed_at=None, controller__isnull=False).select_related("controller", "work_center")
    resolved = 0
    for call in calls:
        if call.controller_id in fresh or not call.controller.enabled:  # type: ignore[union-attr]
            what = "The controller is back." if call.controller_id in fresh else "The controller was switched off."
            resolved += call_resolve(call=call, actor=ACTOR, at=at, what=what)
    return raised, resolved


def _lost_since(row: ControllerHealth, at: datetime) -> datetime:
    """When the last good reading was; a controller that nobody polls any more is as lost as one that is silent."""
    return row.last_good_at or row.since or at


def _is_back(row: ControllerHealth, at: datetime) -> bool:
    """Good readings now: online, and the last one not older than the row is rewritten."""
    return row.comm == ONLINE and row.last_good_at is not None and at - row.last_good_at <= timedelta(seconds=15)


def _raise(row: ControllerHealth, category: CallCategory, at: datetime) -> int:
    raised = 0
    for place in _first_machines(row.controller):
        open_one = Call.objects.filter(work_center=place, controller=row.controller, closed_at=None)
        if open_one.exists():
            continue  # looked at every few seconds; the constraint decides where two look at once
        note = f"{row.controller.code}: {row.error or row.comm}"[:200].replace("\0", "")
        _call, new = call_raise(
            work_center=place, category=category, controller=row.controller, actor=ACTOR, at=at, key=uuid4(), note=note
        )
        raised += new
    return raised


def _first_machines(controller: Controller) -> list[WorkCenter]:
    """The first machine of each line that the controller feeds."""
    bound = TagBinding.objects.filter(controller=controller, valid_to=None).values("work_center")
    first: dict[int, WorkCenter] = {}
    for place in WorkCenter.objects.filter(pk__in=bound, archived=False).order_by("line", "position", "code"):
        first.setdefault(place.line_id, place)
    return list(first.values())
