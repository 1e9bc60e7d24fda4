"""Figures and the witnesses of their counts: what vouches for an output, and bounds where a count is contradicted.

A contradicted count leaves every number as it was counted and widens the bounds of OEE to what the witnesses allow.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from mes.oee.formulas import Kpi
from mes.oee.places import Place, exit_of
from mes.oee.ratios import Note
from mes.witness.judge import Status, Verdict
from mes.witness.models import CounterState
from mes.witness.queries import sentence, verdicts


@dataclass(frozen=True, slots=True)
class Heard:
    """What witnesses say of a place's output in a stretch.

    `machine` is the one whose counter makes the output (a serial line's exit); "" where several machines add up: then
    only how many machines are in which status now is told, and `status` is None unless all are alike.
    """

    machine: str
    status: Status | None
    start: datetime
    end: datetime
    sentences: tuple[str, ...] = ()
    low_share: Decimal = Decimal(1)
    high_share: Decimal | None = Decimal(1)
    machines: dict[str, int] | None = None


def heard_of(place: Place, start: datetime, end: datetime) -> Heard:
    """What is known of the place's count in [start, end); of a long stretch its last 31 days. A few queries."""
    output = _output_of(place)
    if output is None:
        return _many(place, start, end)
    judged = verdicts([output], start, end)[output.code]
    return heard_from(judged.verdict, output.code, judged.start, judged.end)


def heard_from(verdict: Verdict, code: str, start: datetime, end: datetime) -> Heard:
    """The same from a verdict that is at hand."""
    told = tuple(sentence(one) for one in (*verdict.against, *verdict.for_it))
    return Heard(code, verdict.status, start, end, told, verdict.low_share, verdict.high_share)


def _output_of(place: Place) -> Any:
    """The machine whose counter makes the place's output; None where several add up."""
    if len(place.work_centers) == 1:
        return place.work_centers[0]
    if place.kind == "line" and place.work_centers[0].line.flow == "serial":
        return exit_of(place.work_centers)
    return None


def _many(place: Place, start: datetime, end: datetime) -> Heard:
    """Several machines whose outputs add up: how many are in which status now. One query."""
    known = dict(
        CounterState.objects.filter(work_center__in=place.work_centers).values_list("work_center__code", "status")
    )
    counted = Counter(known.get(wc.code, Status.UNWITNESSED.value) for wc in place.work_centers)
    alike = Status(next(iter(counted))) if len(counted) == 1 else None
    return Heard("", alike, start, end, machines={status.value: counted[status.value] for status in Status})


def bounded(said: Kpi, heard: Heard) -> Kpi:
    """The KPIs with wider bounds of OEE and a note where the count is contradicted; otherwise as they are.

    Worked: OEE 0.40 by a counter that made 500 where a witness saw 1000 and allows 7 more: between 0.40 and
    0.40 x 1007 / 500 = 0.8056. Where the counter stood at 0 there is no upper bound: oee_high is None.
    """
    if heard.status is not Status.CONTRADICTED:
        return said
    low = None if said.oee_low is None else said.oee_low * float(heard.low_share)
    high = None
    if said.oee_high is not None and heard.high_share is not None:
        high = said.oee_high * float(heard.high_share)
    why = heard.sentences[0] if heard.sentences else ""
    text = f"The count of {heard.machine} is contradicted, so OEE is only known within its bounds. {why}".strip()
    return replace(said, oee_low=low, oee_high=high, notes=(*said.notes, Note("contradicted", "oee", text)))


def heard_answer(heard: Heard) -> dict[str, Any]:
    """What the API says of it."""
    return {
        "status": None if heard.status is None else heard.status.value,
        "machine": heard.machine or None,
        "evidence": list(heard.sentences),
        "judged_from": heard.start,
        "judged_to": heard.end,
        "machines": heard.machines,
    }
