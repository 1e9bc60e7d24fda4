"""The nightly work on each line: who has it, how far it is. Taken by one worker at a time, done once a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from analytics.models import Forecast, Refit
from analytics.plant_day import day_at
from mes.journal.write import record
from mes.plant.models import Line, Shift
from mes.screens.frame import zone_named

NIGHT_HOUR = 3  # local; readiness was measured an hour before
LEASE = timedelta(seconds=60)  # longer than any one step
ATTEMPTS = 3
BEGUN = timedelta(minutes=30)
GAVE_UP = (
    "The forecasts of this line were begun three times and never finished: its worker was stopped each time. Look at"
    " the worker's log and its memory, then ask for a new run."
)


@dataclass(frozen=True, slots=True)
class Held:
    """A run that this worker has. `attempt` is its fence: whoever took the run over has a higher one."""

    pk: int
    line_id: int
    attempt: int


def refits_offer(*, at: datetime) -> int:
    """Puts up today's work of every line, from three in the night at its plant on; returns how many are new.

    Machines put it up, and the row itself is its record. Said twice, it is there once.
    """
    due = [
        Refit(line=line, day=day_at(line, at), asked_by="system", asked_at=at)
        for line in Line.objects.select_related("area__site")
        if at.astimezone(zone_named(line.area.site.time_zone)).hour >= NIGHT_HOUR
    ]
    had = set(Refit.objects.filter(key=None, day__in={row.day for row in due}).values_list("line_id", "day"))
    new = [row for row in due if (row.line_id, row.day) not in had]
    Refit.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def refit_ask(*, line: Line, key: UUID, actor: str, at: datetime) -> Refit:
    """A person asks for a run now. The form's key makes a repeat the same run."""
    with transaction.atomic():
        told = {"line": line, "day": day_at(line, at), "asked_by": actor, "asked_at": at}
        refit, new = Refit.objects.get_or_create(key=key, defaults=told)
        if new:
            data = {"before": None, "after": "waiting", "why": "asked"}
            record(actor=actor, at=at, action="refit_ask", kind="line", code=line.code, data=data)
    return refit


def refit_claim(*, at: datetime) -> Held | None:
    """Takes the oldest run that waits, or whose worker was not heard for a minute; None if there is none.

    Runs that three workers began in vain are given up here, with a sentence.
    """
    free = Q(state=Refit.State.WAITING) | Q(state=Refit.State.RUNNING, held_until__lt=at)
    Refit.objects.filter(free, attempts__gte=ATTEMPTS).update(
        state=Refit.State.FAILED, error=GAVE_UP, finished_at=at, held_until=None
    )
    with transaction.atomic():
        # Asked ones first: somebody waits for them.
        rows = Refit.objects.select_for_update(skip_locked=True).filter(free)
        refit = rows.order_by(F("key").asc(nulls_last=True), "asked_at", "pk").first()
        if refit is None:
            return None
        refit.state, refit.attempts, refit.held_until = Refit.State.RUNNING, refit.attempts + 1, at + LEASE
        refit.save(update_fields=["state", "attempts", "held_until"])
    return Held(refit.pk, refit.line_id, refit.attempts)


def refit_step(held: Held, step: str, done_share: float, *, at: datetime) -> bool:
    """Says how far the run is and keeps it for another minute; False where another worker has it by now."""
    return _mine(held).update(step=step[:100], done_share=done_share, held_until=at + LEASE) == 1


def refit_done(held: Held, *, at: datetime, cpu_s: float) -> bool:
    """The run is done; False where another worker has it by now, whose word counts."""
    done = {"state": Refit.State.DONE, "done_share": 1.0, "finished_at": at, "held_until": None, "error": ""}
    return _mine(held).update(cpu_s=cpu_s, step="", **done) == 1


def refit_fail(held: Held, error: str, *, at: datetime) -> bool:
    """An attempt failed: it waits for the next one, and after the third it is given up with the last error."""
    last = held.attempt >= ATTEMPTS
    state = Refit.State.FAILED if last else Refit.State.WAITING
    return _mine(held).update(state=state, error=error, held_until=None, finished_at=at if last else None) == 1


def _mine(held: Held) -> QuerySet[Refit]:
    return Refit.objects.filter(pk=held.pk, state=Refit.State.RUNNING, attempts=held.attempt)


def shifts_to_forecast(*, at: datetime) -> list[tuple[Line, datetime]]:
    """Lines whose shift began within the last half hour and has no forecast from its beginning, with that instant."""
    begun = Shift.objects.filter(work_center=None, starts_at__gt=at - BEGUN, starts_at__lte=at)
    said = Forecast.objects.filter(line=OuterRef("line"), grain="shift", origin=OuterRef("starts_at"), shown=True)
    rows = begun.filter(~Exists(said)).select_related("line__area__site").order_by("starts_at", "pk")
    return [(shift.line, shift.starts_at) for shift in rows]


def work_waits(*, at: datetime) -> bool:
    """Whether there is anything to do: only then is the child with the statistics started, which needs memory."""
    free = Q(state=Refit.State.WAITING) | Q(state=Refit.State.RUNNING, held_until__lt=at)
    return Refit.objects.filter(free).exists() or bool(shifts_to_forecast(at=at))
