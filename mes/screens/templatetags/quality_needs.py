"""The way to the quality inbox, with what waits there: reports to be decided and checks that are due."""

from datetime import UTC, datetime
from typing import Any

from django import template

from mes.live.due_checks import checks_due
from mes.people.access import lines_for, may, work_centers_for
from mes.quality.models import Nonconformance

register = template.Library()


@register.inclusion_tag("quality/needs.html")
def quality_needs(user: object, *, notice: bool = False) -> dict[str, Any]:
    """A button to `/quality/`; as a `notice` only where something waits. Nothing for who may not see quality."""
    if not may(user, "see_quality"):
        return {"shown": False}
    due = checks_due(work_centers_for(user).select_related("line"), datetime.now(UTC))
    overdue = sum(one.overdue for one in due)
    open_reports = Nonconformance.objects.filter(line__in=lines_for(user), status=Nonconformance.Status.OPEN).count()
    return {
        "shown": not notice or bool(open_reports or overdue),
        "notice": notice,
        "open_reports": open_reports,
        "overdue": overdue,
        "due": len(due) - overdue,
    }
