"""Data debt of a stretch of the thread: what should be linked and is not, counted in the database."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import ngettext

from mes.downtime.models import Stop
from mes.downtime.queries import NEED_A_REASON
from mes.quality.models import Check
from mes.thread.node import Debt
from mes.thread.scope import Scope
from mes.tracking.models import CountFlag, StateInterval


def stops_missing(scope: Scope) -> list[Debt]:
    """Stops that nobody explained."""
    count = scope.spans(Stop.objects.filter(reason=None, kind__in=NEED_A_REASON)).count()
    return _debt("stop-without-reason", count, _stops(count))


def unknown_missing(scope: Scope) -> list[Debt]:
    """Time in which nothing was heard of a machine."""
    count = scope.spans(StateInterval.objects.filter(kind="unknown")).count()
    text = ngettext(
        "Once nothing was heard of a machine: what it did then is unknown.",
        "%(n)d times nothing was heard of a machine: what it did then is unknown.",
        count,
    )
    return _debt("unknown-time", count, text)


def counts_missing(scope: Scope) -> list[Debt]:
    """Counts that are held back, undecided."""
    rows = CountFlag.objects.filter(kind=CountFlag.Kind.QUARANTINE, decided_at=None)
    count = scope.instants(rows, "to_at").count()
    text = ngettext(
        "One implausible count is held back: nobody decided about it.",
        "%(n)d implausible counts are held back: nobody decided about them.",
        count,
    )
    return _debt("count-held", count, text)


def checks_missing(wanted: Q) -> list[Debt]:
    """Checks that were due and were not made."""
    count = Check.objects.filter(wanted, verdict=Check.Verdict.MISSED, withdrawn_at=None).count()
    text = ngettext("One check was not made.", "%(n)d checks were not made.", count)
    return _debt("check-missed", count, text)


def stretch_missing(scope: Scope) -> Iterable[Debt]:
    """Everything that machines and stops can lack in a scope; three queries."""
    return [*stops_missing(scope), *unknown_missing(scope), *counts_missing(scope)]


def _stops(count: int) -> str:
    return ngettext("One stop has no reason.", "%(n)d stops have no reason.", count)


def _debt(name: str, count: int, text: str) -> list[Debt]:
    return [Debt(name, text % {"n": count} if "%(n)d" in text else text, count)] if count else []
