"""Template filter for the times of a signed document, which are texts: `{% load handovers %}`."""

from datetime import datetime

from django import template

from mes.screens.templatetags.amounts import local_day_time

register = template.Library()


@register.filter
def at_plant(value: str, zone: str) -> str:
    """2026-03-02T06:00:00+00:00 -> 2026-03-02 07:00 at a plant in Berlin."""
    return local_day_time(datetime.fromisoformat(value), zone)
