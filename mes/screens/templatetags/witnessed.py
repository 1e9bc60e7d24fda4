"""Template tags for what is known of counts: `{% load witnessed %}`."""

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mes.oee.formulas import Kpi
from mes.screens import words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()

# Status: a sign that works without colour, and the word.
SIGNS: dict[str, tuple[str, "StrOrPromise"]] = {
    "contradicted": ("≠", _("contradicted")),
    "unwitnessed": ("?", _("unwitnessed")),
    "witnessed": ("=", _("witnessed")),
}


@register.simple_tag
def count_badge(status: str) -> SafeString:
    """The status of a count as sign, word and colour; an unknown one is unwitnessed."""
    key = status if status in SIGNS else "unwitnessed"
    sign, word = SIGNS[key]
    text = '<span class="count-badge" data-count="{}"><b aria-hidden="true">{}</b>{}</span>'
    return format_html(text, key, sign, word)


@register.filter
def oee_range(kpi: Kpi) -> str:
    """What OEE may really be, e.g. '61 to 66 %'; 'at least 61 %' without an upper bound; empty where it is known."""
    if kpi.oee is None or kpi.oee_low is None:
        return ""
    low, high = words.percent(kpi.oee_low), words.percent(kpi.oee_high)
    if kpi.oee_high is None:
        return gettext("at least %(low)s %%") % {"low": low}
    return "" if low == high else gettext("%(low)s to %(high)s %%") % {"low": low, "high": high}
