"""Template tags for icons, states, numbers and durations: `{% load faces %}`."""

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mes.screens import words
from mes.screens.frame import zone_named

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing of the sprite, hidden from screen readers: a word always stands beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name)


@register.simple_tag
def badge(state: str, word: str = "") -> SafeString:
    """A state as swatch (colour and pattern), icon and word; the word of the palette where none is given."""
    known = {face.state: face.word for face in words.STATES}
    return format_html(
        '<span class="badge" data-state="{}">{}{}</span>', state, icon(state), word or known.get(state, state)
    )


@register.filter
def grouped(value: float | None) -> str:
    """1234 -> 1,234; None -> dash."""
    return words.number(value)


@register.filter
def signed(value: float | None) -> str:
    """-190 -> −190, 12 -> +12."""
    return words.signed(value)


@register.filter
def percent(ratio: float | None) -> str:
    """0.803 -> 80."""
    return words.percent(ratio)


@register.filter
def minutes(seconds: float | None) -> str:
    """90 -> 1.5."""
    return words.minutes(seconds)


@register.filter
def lasting(seconds: float | None) -> str:
    """252 -> 04:12."""
    return words.NONE if seconds is None else words.timer(seconds)


@register.filter
def local_time(value: str | float | datetime | None, zone: str) -> str:
    """Wall time HH:MM of the plant for an ISO text, a datetime or seconds since the epoch."""
    if value is None or value == "":
        return words.NONE
    tz = zone_named(zone)
    if isinstance(value, int | float):
        return f"{datetime.fromtimestamp(value, tz):%H:%M}"
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment.astimezone(tz):%H:%M}"
