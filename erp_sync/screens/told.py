"""Times of a message in words: what was worked and what stood, and whether the ERP takes it at all."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from erp_sync.connections import not_posted
from erp_sync.messages import Capability
from erp_sync.models import ErpConnection, OutboxMessage
from erp_sync.screens.words import span_words

NAMES = {
    Capability.LABOR: gettext_lazy("people's time"),
    Capability.MACHINE_TIME: gettext_lazy("machines' time"),
    Capability.DOWNTIME: gettext_lazy("downtime"),
    Capability.CONSUMPTION: gettext_lazy("consumed material"),
    Capability.LOTS: gettext_lazy("lots"),
}


class Told(NamedTuple):
    """A figure of a message. `posted` False: it stands here, the ERP does not get it."""

    name: str
    value: str
    posted: bool


def names_not_posted(connection: ErpConnection) -> str:
    """What this connection does not post, as words; empty where it posts all."""
    left_out = not_posted(connection)
    return ", ".join(str(word) for one, word in NAMES.items() if one in left_out)


def times_told(message: OutboxMessage) -> list[Told]:
    """People's and machines' time and each reason's downtime, as totals; what is nothing is left out."""
    total: Any = message.payload.get("cumulative") if isinstance(message.payload, dict) else None
    if not isinstance(total, dict):
        return []
    left_out = not_posted(message.link.connection)
    machines = Capability.MACHINE_TIME not in left_out
    found = [
        Told(_("People's time"), _span(total.get("labor_s")), Capability.LABOR not in left_out),
        Told(_("Machines ran"), _span(total.get("run_s")), machines),
        Told(_("Machines were set up"), _span(total.get("setup_s")), machines),
        *_stood(total.get("downtime") or (), posted=Capability.DOWNTIME not in left_out),
    ]
    return [one for one in found if one.value]


def _stood(rows: Iterable[dict[str, Any]], *, posted: bool) -> Iterable[Told]:
    for row in rows:
        where = " · ".join(filter(None, (row.get("reason") or _("no reason"), row.get("work_center"))))
        yield Told(_("Stood: %s") % where, _span(row.get("seconds")), posted)


def _span(seconds: object) -> str:
    return span_words(timedelta(seconds=seconds)) if isinstance(seconds, int) and seconds else ""
