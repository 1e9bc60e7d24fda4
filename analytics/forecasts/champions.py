"""Which method stands for a line: promoted by rule (and approval), sent back after worse days; each in the journal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from analytics.forecasts.champion_rules import Verdict, goes_back, verdict
from analytics.forecasts.record import Came, by_day, figures
from analytics.forecasts.shown import came_of, champion_of
from analytics.models import Approver, Champion, Grain, ReadinessReport
from mes.journal.write import record
from mes.plant.models import Line

SYSTEM = "system"


class NotPromoted(Exception):
    """Nothing was changed: the rule is not met. The text says which part."""


def champion_promote(
    *, line: Line, grain: str, method: str, actor: str, at: datetime, why: str, data: dict[str, Any] | None = None
) -> Champion:
    """Makes a method the champion of a line and grain from `at` on. Said twice, it is champion once."""
    with transaction.atomic():
        Line.objects.select_for_update(of=("self",)).get(pk=line.pk)
        now = champion_of(line, grain)
        if now is not None and now.method == method:
            return now
        Champion.objects.filter(line=line, grain=grain, until=None).update(until=at)
        new = Champion.objects.create(line=line, grain=grain, method=method, since=at, why=why, by=actor)
        told = {"grain": grain, "before": now.method if now else None, "after": method, "why": why} | (data or {})
        record(actor=actor, at=at, action="champion_promote", kind="line", code=line.code, data=told)
    return new


def champion_approve(*, line: Line, grain: str, method: str, actor: str, at: datetime) -> Champion:
    """A named person lets a challenger take over. The rule must hold: raises NotPromoted where it does not."""
    now = champion_of(line, grain)
    came = came_of(line, grain, at)
    found = _verdict(line, came.get(now.method if now else "", []), came.get(method, []), at, approved=True)
    if found.answer != "promote":
        raise NotPromoted(
            f"{method} does not take over on {line.code}: it must be at least 2 % better over 28 planned days, by more"
            f" than chance, on a line that is ready ({found.why})."
        )
    return champion_promote(line=line, grain=grain, method=method, actor=actor, at=at, why="approved")


def champions_judge(*, line: Line, at: datetime, challengers: Sequence[str], first: str) -> list[Champion]:
    """Once a night: names the first champion, sends a worse one back, promotes a better challenger.

    With a named approver a better challenger waits for `champion_approve`. Returns the champions that are new.
    """
    new = []
    for grain in Grain.values:
        now = champion_of(line, grain)
        if now is None:
            new.append(champion_promote(line=line, grain=grain, method=first, actor=SYSTEM, at=at, why="first"))
            continue
        came = came_of(line, grain, at)
        method, why = _next(line, now, came, at, challengers)
        if method:
            new.append(champion_promote(line=line, grain=grain, method=method, actor=SYSTEM, at=at, why=why))
    return new


def _next(
    line: Line, now: Champion, came: dict[str, list[Came]], at: datetime, challengers: Sequence[str]
) -> tuple[str, str]:
    """The method that takes over, and why; empty where the champion stays."""
    mine = came.get(now.method, [])
    before = Champion.objects.filter(line=line, grain=now.grain, until=now.since).order_by("-since").first()
    if before is not None:
        since = [row for row in mine if row.starts_at >= now.since]
        if goes_back(by_day(came.get(before.method, []), since)):
            return before.method, "rolled_back"
    for name in challengers:
        if name != now.method and _verdict(line, mine, came.get(name, []), at).answer == "promote":
            return name, "promoted"
    return "", ""


def _verdict(line: Line, mine: list[Came], theirs: list[Came], at: datetime, *, approved: bool = False) -> Verdict:
    report = ReadinessReport.objects.filter(line=line, computed_at__lte=at).order_by("-computed_at").first()
    return verdict(
        by_day(mine, theirs),
        (_held(mine), _held(theirs)),
        report.r if report else 0.0,
        approver=Approver.objects.filter(line=line, until=None).exists(),
        approved=approved,
    )


def _held(rows: list[Came]) -> float | None:
    found = figures(rows, len(rows) or 1)
    return found.held / found.judged if found.judged else None
