"""The shift report as an e-mail: subject, text and HTML from one document, so that both say the same."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from mes.handover.document import Document
from mes.hourly.loss_words import loss_word

NONE = "–"


class Report(NamedTuple):
    """An e-mail without its addresses."""

    subject: str
    text: str
    html: str


def report_of(document: Document, zone: ZoneInfo) -> Report:
    """The report of a document; times are those of the plant. The link is whole where MES_ORIGINS names the server."""
    about = {name: document[name] for name in ("line_name", "shift", "production_date")}
    subject = " ".join((_("Shift report %(line_name)s, %(shift)s %(production_date)s") % about).split())
    figures = document["figures"]
    context: dict[str, Any] = {
        "document": document,
        "subject": subject,
        "from": _time(document["starts_at"], zone),
        "to": _time(document["ends_at"], zone),
        "rows": _rows(figures) if figures else [],
        "machines": [
            (row["name"], _number(row["good"]), _number(row["scrap"]), _number(row["target"]), _percent(row["oee"]))
            for row in document["machines"]
        ],
        "losses": [(loss_word(row["reason"]), _number(row["lost_s"] / 60, 1)) for row in document["losses"]],
        "open": _open(document),
        "link": link_of(document),
    }
    text, html = (render_to_string(f"handover/mail.{kind}", context) for kind in ("txt", "html"))
    return Report(subject, text, html)


def link_of(document: Document) -> str:
    """The address of the handover's page."""
    path = reverse("handover", args=[document["line"], document["production_date"], document["shift"]])
    return (settings.ORIGINS[0].rstrip("/") if settings.ORIGINS else "") + path


def _rows(figures: Document) -> list[tuple[str, str]]:
    share = [
        ("OEE", figures["oee"]),
        (_("Availability"), figures["availability"]),
        (_("Performance"), figures["performance"]),
        (_("Quality"), figures["quality"]),
        (_("Time with data"), figures["coverage"]),
    ]
    amounts = [
        (_("Good"), figures["good"]),
        (_("Target"), figures["target"]),
        (_("To target"), figures["to_target"]),
        (_("Scrap"), figures["scrap"]),
    ]
    told = [(word, _number(value)) for word, value in amounts]
    return told + [(word, _percent(value)) for word, value in share]


def _open(document: Document) -> list[tuple[str, int]]:
    rows = [
        (_("Stops without a reason"), document["open_stops"]["count"]),
        (_("On hold"), document["holds"]["count"]),
        (_("Open calls"), document["calls"]["count"]),
        (_("Late orders"), document["late_orders"]["count"]),
    ]
    return [(word, count) for word, count in rows if count]


def _number(value: float | None, digits: int = 0) -> str:
    return NONE if value is None else formats.number_format(round(value, digits), digits, force_grouping=True)


def _percent(value: float | None) -> str:
    return NONE if value is None else f"{_number(value * 100, 1)} %"


def _time(iso: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(zone):%Y-%m-%d %H:%M}"
