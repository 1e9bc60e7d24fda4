"""The KPI answer of the API and of `./manage.py kpi`: elements, counts, KPIs, coverage, policy and notes."""

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from mes.oee.figures import Figure
from mes.oee.formulas import STANDING_NOTES
from mes.oee.places import Place
from mes.oee.witnessed import bounded, heard_answer, heard_of

_TIMES = (
    *("calendar", "scheduled", "run", "setup", "planned_stop", "unplanned", "micro", "no_order", "unknown"),
    *("unscheduled_run", "waiting", "failure", "order", "ideal_good", "ideal_total", "ideal_total_known"),
)
_NOT_KPIS = ("coverage", "pbt_ms", "known_ms", "policy", "policy_version", "notes")
Answer = dict[str, Any]


def answer_for(place: Place, figure: Figure) -> Answer:
    """`answer_of` with its window and, for a line, the bottleneck of each item."""
    more = {"bottlenecks": dict(figure.bottlenecks)} if place.kind == "line" else {}
    return answer_of(figure) | more | {"from": figure.start, "to": figure.end}


def answer_with_witness(place: Place, figure: Figure) -> Answer:
    """`answer_for` with what witnesses say of the count, and bounds of OEE as wide as they make them."""
    heard = heard_of(place, figure.start, figure.end)
    return answer_for(place, replace(figure, kpi=bounded(figure.kpi, heard))) | {"witness": heard_answer(heard)}


def answer_of(figure: Figure) -> Answer:
    """Elements in seconds, pieces, KPIs by their names, coverage, policy and notes; null where nothing is reported."""
    elements, said, policy = figure.elements, figure.kpi, figure.policy
    seconds = counts = None
    if elements is not None:
        seconds = {f"{name}_s": _seconds(getattr(elements, f"{name}_ms")) for name in _TIMES}
        seconds |= {"planned_s": _seconds(said.pbt_ms), "known_s": _seconds(said.known_ms)}
        counts = {name: _pieces(getattr(elements, name)) for name in ("total", "good", "scrap", "rework")}
    return {
        "elements": seconds,
        "counts": counts,
        "kpi": {name: value for name, value in asdict(said).items() if name not in _NOT_KPIS},
        "coverage": said.coverage,
        "policy": {
            "name": policy.name,
            "version": policy.version,
            "micro_stop_s": policy.micro_threshold_ms / 1000,
            "micro_class": policy.micro_class,
            "mtbf_convention": policy.mtbf_convention,
        },
        "notes": [{"code": note.code, "kpi": note.kpi, "text": note.text} for note in (*said.notes, *STANDING_NOTES)],
    }


def _seconds(ms: int | Decimal) -> float:
    return float(Decimal(ms) / 1000)


def _pieces(quantity: int | Decimal) -> int | str:
    """Whole pieces as a number, anything finer as decimal text without loss."""
    return int(quantity) if quantity == int(quantity) else str(quantity)
