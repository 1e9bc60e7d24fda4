"""What happened on a line since somebody's last shift there: shifts with their output, and what people left behind."""

from dataclasses import dataclass
from datetime import datetime

from mes.handover.models import ActionItem, Handover, HandoverNote
from mes.oee.figures import Figure, figures
from mes.oee.places import line_place
from mes.plant.models import Line, Shift
from mes.quality.models import Hold

MOST_SHIFTS = 12


@dataclass(frozen=True, slots=True)
class Since:
    """From `at`, when the person handed over last, to now."""

    at: datetime
    shifts: list[tuple[Shift, Figure]]
    notes: list[HandoverNote]
    raised: list[ActionItem]
    done: list[ActionItem]
    holds_opened: int
    holds_released: int


def since_my_last(line: Line, actor: str, *, now: datetime) -> Since | None:
    """What happened on the line since `actor` signed out there last; None for who never did.

    At most the latest twelve shifts that ended since; figures of lines without machines are left out.
    """
    mine = Handover.objects.filter(shift__line=line, out_by=actor, out_at__lt=now).order_by("-out_at").first()
    if mine is None or mine.out_at is None:
        return None
    at = mine.out_at
    ended = Shift.objects.filter(line=line, work_center=None, starts_at__gte=mine.shift.ends_at, ends_at__lte=now)
    shifts = list(ended.order_by("-starts_at")[:MOST_SHIFTS])[::-1]
    place = line_place(line)
    found = (
        figures(place, [(shift.starts_at, shift.ends_at) for shift in shifts], now=now) if place.work_centers else []
    )
    items = ActionItem.objects.filter(line=line).select_related("handover__shift")
    notes = HandoverNote.objects.filter(handover__shift__line=line, said_at__gt=at, withdrawn_at=None)
    holds = Hold.objects.filter(work_center__line=line)
    return Since(
        at,
        list(zip(shifts, found, strict=False)),
        list(notes.exclude(said_by=actor).select_related("handover__shift")),
        list(items.filter(raised_at__gt=at).exclude(raised_by=actor)),
        list(items.filter(done_at__gt=at).exclude(done_by=actor)),
        holds.filter(opened_at__gt=at).count(),
        holds.filter(released_at__gt=at).count(),
    )
