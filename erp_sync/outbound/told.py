"""Which entries of the journal tell something that the ERP wants to know, and of which orders."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from mes.journal.models import JournalEntry
from mes.materials.models import Lot
from mes.production.models import Run

ENDS = frozenset({"order_complete", "order_close", "order_cancel", "order_reopen"})
"""An order is over, or not any more: told at once, whatever the site chose for the way there."""
CLOSES = frozenset({"shift_close"})
TAPS = ENDS | frozenset(
    {
        # of orders
        *("order_start", "order_pause", "order_resume", "part_report", "count_enter", "setup_end"),
        *("operation_finish", "operation_reopen", "sign_on", "sign_off", "crew_set"),
        # of machines
        *("scrap_enter", "scrap_undo", "scrap_decide", "count_correct", "counts_assign", "gap_split"),
        *("count_released", "count_discarded", "count_assigned", "state_correct", "state_correction_withdraw"),
        # of stops
        *("stop_explain", "stop_explain_by_rule", "stop_clear_reason"),
        *("stop_split", "stop_merge", "stop_trim", "stop_undo"),
        # of lots
        *("lot_produce", "lot_consume", "lot_consume_undo", "lot_correct"),
        "bom_policy_set",
    }
)
"""Somebody entered something that changes what an order made, used or took."""


def numbers_told(entries: Iterable[JournalEntry]) -> dict[str, str]:
    """Number of each order that the entries tell of, with the action told last. A few queries for all entries."""
    entries = list(entries)
    found = _lots(entry for entry in entries if entry.kind == "lot")
    places: list[tuple[str, datetime, datetime, str]] = []
    for entry in entries:
        for number in _named(entry):
            found[number] = entry.action
        place = _place(entry)
        if place:
            places.append((place, *_stretch(entry), entry.action))
    return found | _ran(places)


def numbers_of_shift(entries: Iterable[JournalEntry]) -> dict[str, str]:
    """Orders that ran on the lines of the shifts that these entries close."""
    found: dict[str, str] = {}
    for entry in entries:
        start, end = _stretch(entry)
        line, _at, machine = entry.code.partition("/")[0].partition("@")
        runs = Run.objects.filter(_overlaps(start, end), work_center__line__code=line)
        runs = runs.filter(work_center__code=machine) if machine else runs
        found |= dict.fromkeys(runs.values_list("order__number", flat=True).distinct().order_by(), entry.action)
    return found


def _named(entry: JournalEntry) -> set[str]:
    """Orders that the entry names itself."""
    names: set[str] = {entry.code} if entry.kind == "work-order" else set()
    data: dict[str, Any] = entry.data if isinstance(entry.data, dict) else {}
    after = data.get("after")
    for said in (data.get("order"), after.get("order") if isinstance(after, dict) else None):
        if isinstance(said, str) and said:
            names.add(said)
    return names


def _lots(entries: Iterable[JournalEntry]) -> dict[str, str]:
    """Orders that made the lots these entries are about, or into which material went. One query, none without lots."""
    actions: dict[str, str] = {}
    for entry in entries:
        actions[entry.code] = entry.action
        if isinstance(entry.data.get("into"), str):
            actions[entry.data["into"]] = entry.action
    if not actions:
        return {}
    made = Lot.objects.filter(number__in=actions).exclude(order=None).values_list("number", "order__number")
    return {order: actions[number] for number, order in made}


def _place(entry: JournalEntry) -> str:
    """The machine whose time the entry tells of; empty for entries about orders and lots."""
    if entry.kind == "work-center":
        return entry.code
    return entry.code.partition("@")[0] if entry.kind == "stop" else ""


def _stretch(entry: JournalEntry) -> tuple[datetime, datetime]:
    start, end = (parse_datetime(str(entry.data.get(name) or "")) for name in ("from", "to"))
    if start is None and entry.kind == "stop":
        start = parse_datetime(entry.code.partition("@")[2])
    start = start or entry.at
    return start, max(end or entry.at, start)


def _ran(places: list[tuple[str, datetime, datetime, str]]) -> dict[str, str]:
    """Orders that ran on a machine in a stretch, ends included: a press at a border may belong to either."""
    if not places:
        return {}
    wanted = Q()
    for code, start, end, _action in places:
        wanted |= Q(work_center__code=code) & _overlaps(start, end)
    found: dict[str, str] = {}
    runs = Run.objects.filter(wanted).select_related("order", "work_center")
    for run in runs:
        actions = [action for code, *_stretch, action in places if code == run.work_center.code]
        found[run.order.number] = actions[-1]
    return found


def _overlaps(start: datetime, end: datetime) -> Q:
    return Q(starts_at__lte=end) & (Q(ends_at=None) | Q(ends_at__gte=start))
