"""Template filters for quantities and local days: `{% load amounts %}`."""

from datetime import datetime
from decimal import Decimal

from django import template

from mes.screens import words
from mes.screens.frame import zone_named

register = template.Library()


@register.filter
def quantity(value: Decimal | int | float | None) -> str:
    """12000.000 -> 12,000; 12.500 -> 12.5; None -> dash."""
    if value is None:
        return words.NONE
    exact = Decimal(str(value)).normalize()
    exponent = exact.as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else 0
    return words.number(float(exact), min(digits, 3))


@register.filter
def local_day_time(value: datetime | str | None, zone: str) -> str:
    """2026-11-22 14:05 at the plant, with the offset where the clock change makes the time ambiguous (R7)."""
    if not isinstance(value, datetime):  # None, or the empty text of a template variable that is not there
        return words.NONE
    local = value.astimezone(zone_named(zone))
    text = f"{local:%Y-%m-%d %H:%M}"
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        text += local.isoformat()[-6:]
    return text
