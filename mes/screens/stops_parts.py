"""The parts of a stop on its page: the bar and the table, what can be done to them, and the history."""

from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

from mes.downtime.history import entries_of, last_to_undo, undone_by, what_was_done
from mes.downtime.layouts import parts_of
from mes.downtime.models import Stop
from mes.downtime.queries import instant_ref, stop_ref
from mes.people.access import may
from mes.screens.words import number

WIDTH = 1000  # of the bar, in its own units
NARROWEST = 2
HISTORY = 30


class PartRow(NamedTuple):
    """A part as the bar and the table show it; `joint`: the instant at which it touches the part before, as posted."""

    stop: Stop
    href: str
    lasted_s: float
    x: float
    width: float
    state: str
    current: bool
    joint: str
    before: Stop | None


class Told(NamedTuple):
    """One line of the history."""

    at: datetime
    actor: str
    did: str
    undone: bool


def parts_context(request: HttpRequest, stop: Stop, now: datetime, query: str) -> dict[str, Any]:
    """What the page shows of parts and history."""
    whole = Stop.every.select_related("work_center__line", "reason").get(pk=stop.whole_id or stop.pk)
    rows = _rows(whole, stop, now, query)
    entries = list(entries_of(whole)[:HISTORY])
    gone = undone_by(entries)
    lasted_s = ((whole.ends_at or now) - whole.starts_at).total_seconds()
    explained_s = sum(row.lasted_s for row in rows if row.stop.reason_id or row.stop.trimmed)
    return {
        "whole": whole,
        "parts": rows,
        "divided": len(rows) > 1,
        "joints": [row for row in rows if row.before and stop in (row.stop, row.before)],
        "whole_s": lasted_s,
        "explained": number(explained_s / 60, 1),
        "of_all": number(lasted_s / 60, 1),
        "history": [Told(one.at, one.actor, what_was_done(one), one.pk in gone) for one in entries],
        "undo": last_to_undo(entries),
        "edit": may(request.user, "edit_stop"),
    }


def _rows(whole: Stop, stop: Stop, now: datetime, query: str) -> list[PartRow]:
    whole_s = max(((whole.ends_at or now) - whole.starts_at).total_seconds(), 1e-3)
    rows: list[PartRow] = []
    before: Stop | None = None
    for part in parts_of(whole):
        part.work_center = whole.work_center
        lasted_s = ((part.ends_at or now) - part.starts_at).total_seconds()
        x = (part.starts_at - whole.starts_at).total_seconds() / whole_s * WIDTH
        rows.append(
            PartRow(
                part,
                "" if part.trimmed else reverse("stop", args=[stop_ref(part)]) + (query if query != "?" else ""),
                lasted_s,
                round(x, 2),
                round(max(lasted_s / whole_s * WIDTH, NARROWEST), 2),
                _state(part),
                part.pk == stop.pk,
                instant_ref(part.starts_at) if before else "",
                before,
            )
        )
        before = part
    return rows


def _state(part: Stop) -> str:
    """The palette state of a part: what it counts as."""
    if part.trimmed:
        return "running"
    klass = part.reason.klass if part.reason else ""
    known = {"planned": "planned", "changeover": "setup"}
    if klass in known:
        return known[klass]
    return {"waiting": "waiting", "setup": "setup"}.get(part.kind, "down") if not klass else "down"
