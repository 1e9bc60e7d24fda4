"""The handover as plain values: what the shift made, lost and leaves behind, as it is known at an instant."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mes.handover.left_open import calls, countermeasures, holds, late_orders, open_stops, orders_made
from mes.handover.staffing import staffing
from mes.hourly.top_loss import losses, sorted_losses
from mes.oee.facts import WindowFacts, window_facts
from mes.oee.figures import figures
from mes.oee.formulas import Kpi
from mes.oee.places import line_place
from mes.oee.sources import to_ms
from mes.oee.witnessed import bounded, heard_of
from mes.plant.models import Shift, WorkCenter

TOP = 5
SHARES = ("availability", "performance", "quality", "oee", "oee_low", "oee_high", "coverage")

Document = dict[str, Any]


def handover_document(shift: Shift, *, now: datetime) -> Document:
    """The shift up to `now` (at most its end) and what is open at `now`. JSON values only, so that it can be signed.

    Shares are numbers with four decimals or None where they cannot be known; times are ISO 8601 in UTC.
    """
    place = line_place(shift.line)
    machines = list(place.work_centers)
    end = max(min(shift.ends_at, now), shift.starts_at)
    facts = window_facts(machines, shift.starts_at, shift.ends_at, now=now)
    return {
        "line": shift.line.code,
        "line_name": shift.line.name,
        "shift": shift.name,
        "production_date": shift.production_date.isoformat(),
        "crew": shift.crew,
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "as_of": now.isoformat(),
        "figures": _line_figures(shift, machines, facts, now),
        "machines": [_machine(wc, facts[wc.code]) for wc in machines],
        "losses": _losses(facts.values(), shift),
        "orders": orders_made(machines, shift.starts_at, end),
        "open_stops": open_stops(machines, shift.starts_at, end, now),
        "holds": holds(machines),
        "calls": calls(shift.line, shift.starts_at, end),
        "late_orders": late_orders(shift.line, now),
        "staffing": staffing(machines, shift.starts_at, shift.ends_at, now=now),
        "countermeasures": countermeasures(shift.line),
    }


def digest(document: Document) -> str:
    """SHA-256 of the document in one canonical form, as hexadecimal text."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _line_figures(
    shift: Shift, machines: Sequence[WorkCenter], facts: dict[str, WindowFacts], now: datetime
) -> Document | None:
    """None for a line without machines, and for a serial one without exactly one exit: nobody could name its output."""
    line = shift.line
    if not machines or (line.flow == "serial" and sum(wc.is_exit for wc in machines) != 1):
        return None
    place = line_place(line)
    [result] = figures(place, [(shift.starts_at, shift.ends_at)], now=now)
    said = bounded(result.kpi, heard_of(place, shift.starts_at, max(min(shift.ends_at, now), shift.starts_at)))
    leaving = [facts[wc.code] for wc in machines if wc.is_exit or line.flow == "parallel"]
    targets = [fact.target for fact in leaving if fact.target is not None]
    good, scrap = sum(fact.good for fact in leaving), sum(fact.scrap for fact in facts.values())
    target = int(sum(targets)) if targets else None
    return {
        **_amounts(good, scrap, target),
        **_shares(said),
        "policy": f"{said.policy} {said.policy_version}",
        "notes": [note.text for note in said.notes],
    }


def _machine(wc: WorkCenter, fact: WindowFacts) -> Document:
    target = int(fact.target) if fact.target is not None else None
    return {"code": wc.code, "name": wc.name, **_amounts(fact.good, fact.scrap, target), **_shares(fact.kpi)}


def _amounts(good: int, scrap: int, target: int | None) -> Document:
    return {"good": good, "scrap": scrap, "target": target, "to_target": None if target is None else good - target}


def _shares(said: Kpi) -> Document:
    values = {name: getattr(said, name) for name in SHARES}
    return {name: None if value is None else round(float(value), 4) for name, value in values.items()}


def _losses(facts: Any, shift: Shift) -> list[Document]:
    """The five reasons that cost the most time over all machines, in whole seconds."""
    lost: dict[str, int] = {}
    for fact in facts:
        for loss in losses(fact.owned, to_ms(shift.starts_at), to_ms(shift.ends_at)):
            lost[loss.reason] = lost.get(loss.reason, 0) + loss.lost_ms
    return [{"reason": loss.reason, "lost_s": loss.lost_ms // 1000} for loss in sorted_losses(lost)[:TOP]]
