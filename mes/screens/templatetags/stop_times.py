"""Template filter for instants of stops: `{% load stop_times %}`."""

from datetime import datetime

from django import template

from mes.screens.frame import zone_named

register = template.Library()


@register.filter
def clock(value: datetime, zone: str) -> str:
    """14:05:30 at the plant; with thousandths where there are any, so that no part seems to begin elsewhere."""
    local = value.astimezone(zone_named(zone))
    return f"{local:%H:%M:%S}" + (f".{local.microsecond // 1000:03}" if local.microsecond >= 1000 else "")
