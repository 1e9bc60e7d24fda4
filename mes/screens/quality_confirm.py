"""Completing an order while reports about it are open: it asks, because nobody can take it back."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from mes.production.models import WorkOrder
from mes.production.refusals import OrderRefused
from mes.quality.queries import open_reports

FIELD = "reports_seen"


def reports_context(order: WorkOrder) -> dict[str, Any]:
    """For `quality/confirm.html` in the form that completes the order."""
    return {"open_reports": list(open_reports(order))}


def refuse_unseen(request: HttpRequest, order: WorkOrder) -> None:
    """OrderRefused where open reports were not confirmed in the form: all of those that are open now."""
    waiting = [str(report) for report in open_reports(order)]
    if not set(waiting) <= set(request.POST.getlist(FIELD)):
        said = {"order": order.number, "reports": ", ".join(waiting)}
        raise OrderRefused(
            _("%(reports)s about %(order)s is not decided: confirm that you complete the order all the same.") % said
        )
