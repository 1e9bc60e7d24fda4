"""Whether counts can be believed: every counter of every line, and a line's witnesses with its hourly balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mes.oee.formulas import Kpi
from mes.oee.places import machine_place
from mes.oee.witnessed import bounded, heard_of
from mes.people.access import lines_for, may
from mes.plant.models import Line, WorkCenter
from mes.screens import words
from mes.screens.gate import demand, line_or_404
from mes.screens.templatetags.witnessed import oee_range
from mes.screens.witness_balance import balance_of
from mes.witness.judge import Comparison, Status, Verdict, Word, consistency_of, judge
from mes.witness.models import CounterState, Tally
from mes.witness.queries import sentence
from mes.witness.states import LOOK_BACK, evidence_now

BALANCED = timedelta(hours=24)


@dataclass(frozen=True)
class Counter:
    """One machine's counter as the pages show it."""

    place: WorkCenter
    status: str
    since: datetime | None
    sentences: tuple[str, ...] = ()
    advice: str = ""
    tally: Tally | None = None


@dataclass(frozen=True)
class LineCounters:
    """A line and its counters."""

    line: Line
    counters: list[Counter]

    def having(self, status: Status) -> int:
        """How many counters have a status."""
        return sum(one.status == status for one in self.counters)

    @property
    def contradicted(self) -> int:
        """How many are contradicted."""
        return self.having(Status.CONTRADICTED)

    @property
    def unwitnessed(self) -> int:
        """How many nobody vouches for."""
        return self.having(Status.UNWITNESSED)

    @property
    def witnessed(self) -> int:
        """How many are vouched for."""
        return self.having(Status.WITNESSED)


@login_required
@require_safe
def witnesses(request: HttpRequest) -> HttpResponse:
    """`/witness/`: which counters of the person's lines are contradicted, and each line in one row."""
    demand(request.user, "see_floor")
    lines = list(lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"))
    if len(lines) == 1:
        return HttpResponseRedirect(reverse("witness-line", args=[lines[0].code]))
    places = WorkCenter.objects.filter(line__in=lines, archived=False).order_by("position", "code")
    stored = {row.work_center_id: row for row in CounterState.objects.filter(work_center__in=places)}
    of: dict[int, list[Counter]] = {line.pk: [] for line in lines}
    for place in places:
        row = stored.get(place.pk)
        status, since = (row.status, row.since) if row else (Status.UNWITNESSED.value, None)
        of[place.line_id].append(Counter(place, status, since))
    rows = [LineCounters(line, of[line.pk]) for line in lines]
    rows.sort(key=lambda row: (-row.contradicted, -row.unwitnessed))
    context = {
        "rows": rows,
        "doubted": [(row.line, one) for row in rows for one in row.counters if one.status == Status.CONTRADICTED],
        "all": sum(len(row.counters) for row in rows),
        "judged_at": min((row.judged_at for row in stored.values()), default=None),
    }
    return render(request, "witness/witnesses.html", context)


@login_required
@require_safe
def witness_line(request: HttpRequest, code: str) -> HttpResponse:
    """`/witness/<line>/`: each counter with what vouches for it, what to do, and the balance of the last day."""
    demand(request.user, "see_floor")
    line = line_or_404(request.user, code)
    now = datetime.now(UTC)
    places = list(WorkCenter.objects.filter(line=line, archived=False).order_by("position", "code"))
    counters, comparisons = counters_of(places, now)
    balance = balance_of(places, (now - BALANCED, now))
    share = consistency_of(comparisons)
    context = {
        "line": line,
        "zone": line.area.site.time_zone,
        "own": LineCounters(line, counters),
        "balance": balance,
        "share": None if share is None else words.number(int(share * 1000) / 10, 1),  # 100 only where nothing is open
        "hours": LOOK_BACK // timedelta(hours=1),
        "may_count": may(request.user, "enter_tally"),
        "may_edit": may(request.user, "edit_plant"),
    }
    return render(request, "witness/line.html", context)


def doubted_names(user: object) -> list[str]:
    """Names of the machines a person sees whose counts are contradicted now. One query."""
    doubted = WorkCenter.objects.filter(line__in=lines_for(user), archived=False)
    doubted = doubted.filter(counter_state__status=Status.CONTRADICTED)
    return list(doubted.order_by("line__position", "position").values_list("name", flat=True))


def witness_context(place: WorkCenter, tile: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """For a machine's page: what witnesses say of its count in the running shift, and bounds where they doubt it."""
    start = words.parsed(tile["shift_start"]) or now - LOOK_BACK
    heard = heard_of(machine_place(place), start, now)
    shown = Kpi(oee=tile["oee"], oee_low=tile["oee_low"], oee_high=tile["oee_high"])
    doubted = heard.status is Status.CONTRADICTED
    return {"heard": heard, "oee_bounds": oee_range(bounded(shown, heard)) if doubted else ""}


def counters_of(places: Sequence[WorkCenter], now: datetime) -> tuple[list[Counter], list[Comparison]]:
    """A line's counters judged now, each with its evidence and what to do about it."""
    found = evidence_now(places, now)
    said = judge([wc.code for wc in places], found.comparisons)
    stored = {row.work_center_id: row for row in CounterState.objects.filter(work_center__in=places)}
    counters = []
    for wc in places:
        verdict = said[wc.code]
        row = stored.get(wc.pk)
        told = tuple(sentence(one) for one in (*verdict.against, *verdict.for_it))
        blunt = [one for one in found.comparisons if one.word is Word.BLUNT and wc.code in (one.machine, one.other)]
        told += () if told else tuple(sentence(one) for one in blunt)
        since = row.since if row and row.status == verdict.status else None
        counters.append(Counter(wc, verdict.status, since, told, advice(verdict), found.tallies.get(wc.code)))
    return counters, found.comparisons


def advice(verdict: Verdict) -> str:
    """What a person can do about a counter; empty where nothing is to be done."""
    if verdict.status is Status.WITNESSED:
        return ""
    if verdict.status is Status.UNWITNESSED:
        return _("Count by hand for ten minutes, or name a neighbour or a scanner that vouches for it.")
    if any(one.other is None for one in verdict.against) or verdict.for_it:
        return _("Check which tag the counter is bound to and its pieces per count; then count by hand again.")
    return _("Count by hand for ten minutes: that tells which of the two counters is wrong.")
