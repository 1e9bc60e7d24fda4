"""Template filters for the values of a signed document, e.g. its times, which are texts: `{% load handovers %}`."""

from datetime import datetime

from django import template

from mes.andon.models import Call
from mes.production.models import WorkOrder
from mes.screens import words
from mes.screens.templatetags.amounts import local_day_time

register = template.Library()


@register.filter
def hours(seconds: float) -> str:
    """27,000 -> 7.5."""
    return words.number(seconds / 3600, 1)


@register.filter
def at_plant(value: str, zone: str) -> str:
    """2026-03-02T06:00:00+00:00 -> 2026-03-02 07:00 at a plant in Berlin."""
    return local_day_time(datetime.fromisoformat(value), zone)


@register.filter
def order_state(value: str) -> str:
    """completed -> Completed, in the language of the page."""
    return str(WorkOrder.Status(value).label) if value in WorkOrder.Status.values else value


@register.filter
def call_state(value: str) -> str:
    """taken -> Somebody comes, in the language of the page."""
    return str(Call.State(value).label) if value in Call.State.values else value
