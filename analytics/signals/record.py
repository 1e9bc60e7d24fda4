"""Stored signals: they open and close once, people say whether they were useful, and each kind has its record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from analytics.models import Outcome, Signal, SignalMark
from mes.journal.write import record
from mes.plant.models import Line, WorkCenter

LONGEST = 200


class MarkRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is so since `began`; `saw`: its figures, ready for JSON."""

    began: datetime
    saw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Right:
    """How often a kind of signal was right at a line: `right` of `judged`; none judged is no record yet."""

    right: int
    judged: int


def signal_open(*, line: Line, work_center: WorkCenter | None, kind: str, found: Found, at: datetime) -> bool:
    """Opens a signal. False where one of the kind is open at the place already: that one stays as it was noticed."""
    if Signal.objects.filter(line=line, work_center=work_center, kind=kind, ended=None).exists():
        return False  # the usual case, kept from failing on the constraint, which alone decides
    began = min(found.began, at)
    try:
        with transaction.atomic():
            Signal.objects.create(
                line=line, work_center=work_center, kind=kind, began=began, noticed_at=at, saw=found.saw
            )
            after = {"kind": kind, "began": began, "saw": found.saw}
            _tell("signal_open", line, work_center, "system", at, before=None, after=after)
    except IntegrityError:
        return False
    return True


def signal_close(*, signal: Signal, at: datetime) -> bool:
    """What it saw is over. True if this call closed it, False if it was closed before."""
    with transaction.atomic():
        ended = max(at, signal.noticed_at)
        if not Signal.objects.filter(pk=signal.pk, ended=None).update(ended=ended):
            return False
        before, after = {"kind": signal.kind, "ended": None}, {"ended": ended}
        _tell("signal_close", signal.line, signal.work_center, "system", at, before=before, after=after)
    return True


def signal_mark(*, signal: Signal, useful: bool, why: str, actor: str, at: datetime, key: UUID) -> bool:
    """A person's word. True if it is new; False for the same form again, and for the same word by the same person.

    Raises MarkRefused for a text that is too long or holds a NUL.
    """
    why = " ".join(why.split())
    if len(why) > LONGEST or "\0" in why:
        raise MarkRefused(_("The text is too long or holds characters that cannot be kept: at most 200 characters."))
    try:
        with transaction.atomic():
            held = Signal.objects.select_for_update(of=("self",)).get(pk=signal.pk)
            last = held.marks.first()
            if last is not None and (last.by, last.useful, last.why) == (actor, useful, why):
                return False
            SignalMark.objects.create(signal=held, useful=useful, why=why, by=actor, at=at, key=key)
            before = None if last is None else {"useful": last.useful, "by": last.by}
            after = {"signal": signal.pk, "kind": signal.kind, "useful": useful}
            _tell("signal_mark", signal.line, signal.work_center, actor, at, before=before, after=after, why=why)
    except IntegrityError:
        return False
    return True


def open_signals(lines: Iterable[Line]) -> QuerySet[Signal]:
    """What is open on these lines, the newest first."""
    rows = Signal.objects.filter(line__in=list(lines), ended=None)
    return rows.select_related("line__area__site", "work_center")


def records_of(lines: Iterable[Line]) -> dict[tuple[int, str], Right]:
    """(line, kind) to how often it was right; what was never judged is missing. Two queries.

    The newest word of a person decides. Without one, the risk of a shift is judged by what the shift came to; all other
    kinds stay unjudged: only a person knows whether they were worth looking.
    """
    newest = SignalMark.objects.filter(signal=OuterRef("pk")).order_by("-pk").values("useful")[:1]
    rows = list(Signal.objects.filter(line__in=list(lines)).annotate(useful=Subquery(newest)))
    came = _came_true([row for row in rows if row.kind == Signal.Kind.TARGET and row.useful is None])
    counts: dict[tuple[int, str], list[bool]] = {}
    for row in rows:
        verdict = row.useful if row.useful is not None else came.get(row.pk)
        if verdict is not None:
            counts.setdefault((row.line_id, row.kind), []).append(verdict)
    return {place: Right(sum(verdicts), len(verdicts)) for place, verdicts in counts.items()}


def _came_true(rows: list[Signal]) -> Mapping[int, bool]:
    starts = {row.pk: datetime.fromisoformat(row.saw["shift_starts_at"]) for row in rows}
    good = {
        (line, starts_at): made
        for line, starts_at, made in Outcome.objects.filter(
            line__in={row.line_id for row in rows}, grain="shift", starts_at__in=set(starts.values())
        ).values_list("line", "starts_at", "good")
        if made is not None
    }
    return {
        row.pk: good[row.line_id, starts[row.pk]] < row.saw["target"]
        for row in rows
        if (row.line_id, starts[row.pk]) in good
    }


def _tell(
    action: str,
    line: Line,
    work_center: WorkCenter | None,
    actor: str,
    at: datetime,
    *,
    before: Any,
    after: Any,
    why: str = "",
) -> None:
    data = {"before": before, "after": after, "why": why, "line": line.code}
    code = work_center.code if work_center else line.code
    record(actor=actor, at=at, action=action, kind="signal", code=code, data=data)
