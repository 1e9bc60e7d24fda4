"""The "Why?" link behind a number: `{% load explaining %}{% why "line" line.code start end "oee" %}`."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mes.oee.explain_formulas import title_of

register = template.Library()


@register.simple_tag
def why_address(kind: str, code: str, start: object, end: object, kpi: str = "oee", policy: str = "") -> str:
    """Address of the page that explains a KPI of a place (work_center, line, area or site) in [start, end).

    Instants are datetimes or ISO texts. Empty where an end is missing, so that a template may write
    `{% why_address ... as there %}{% if there %}`.
    """
    first, last = _instant(start), _instant(end)
    if not code or first is None or last is None or last <= first:
        return ""
    query = {kind: code, "from": _text(first), "to": _text(last), "kpi": kpi}
    if policy:
        query["policy"] = policy
    return reverse("explain") + "?" + urlencode(query)


@register.simple_tag
def why(kind: str, code: str, start: object, end: object, kpi: str = "oee", policy: str = "") -> SafeString | str:
    """A link "Why?" to that page; nothing where there is no window."""
    there = why_address(kind, code, start, end, kpi, policy)
    if not there:
        return ""
    said = _("Why? How %(kpi)s of %(code)s comes about") % {"kpi": title_of(kpi), "code": code}
    return format_html('<a class="why" href="{}" title="{}" aria-label="{}">{}</a>', there, said, said, _("Why?"))


def _instant(value: object) -> datetime | None:
    if isinstance(value, str) and value:
        return datetime.fromisoformat(value)
    return value if isinstance(value, datetime) else None


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
