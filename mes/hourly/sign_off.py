"""The leader signs a shift's board off: its rows are kept as they were, and what changes later is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.hourly.board import Board, shift_board
from mes.hourly.models import HoursSigned
from mes.hourly.places import BoardPlace, shift_named
from mes.hourly.typed import HoursRefused, plain
from mes.journal.write import record
from mes.plant.models import Shift

KIND = "hour-plan"
BEFORE_END = timedelta(minutes=30)
"""So long before the end of the shift its leader may sign: the next one waits at the end."""

MAX_NOTE = 300


@dataclass(frozen=True, slots=True)
class ChangedHour:
    """An hour whose good pieces are known otherwise now than when it was signed."""

    start: datetime
    signed: int | None
    known: int | None


def hours_sign(*, place: BoardPlace, shift: Shift, note: str, actor: str, at: datetime) -> HoursSigned:
    """Signs the board of a place and shift. The same person's second signature changes nothing.

    Raises HoursRefused before the last half hour of the shift, and where somebody else signed.
    """
    note = plain(note, MAX_NOTE, _("The note"))
    if at < shift.ends_at - BEFORE_END:
        when = f"{(shift.ends_at - BEFORE_END).astimezone(place.zone):%H:%M}"
        raise HoursRefused(_("This shift can be signed off from %(when)s on.") % {"when": when})
    rows = signed_rows(shift_board(place, shift, now=at))
    try:
        with transaction.atomic():
            made = HoursSigned.objects.create(
                line=place.line,
                work_center=place.work_center,
                shift=shift,
                signed_at=at,
                signed_by=actor,
                note=note,
                rows=rows,
            )
            data: dict[str, Any] = {"before": None, "after": rows, "why": note}
            record(actor=actor, at=at, action="hours_sign", kind=KIND, code=shift_named(place, shift), data=data)
            return made
    except IntegrityError:
        known = place.signed([shift]).get()
        if known.signed_by != actor:
            who = {"who": known.signed_by}
            raise HoursRefused(_("%(who)s signed this shift off before: yours is not needed.") % who) from None
        return known


def signed_rows(board: Board) -> list[dict[str, Any]]:
    """The rows of a board as plain values."""
    rows = [row.figures.made for row in board.rows]
    return [
        {
            "start": row.start.isoformat(),
            "plan": row.plan,
            "original": row.original,
            "good": row.good,
            "scrap": row.scrap,
        }
        for row in rows
    ]


def changed_since(signed: HoursSigned, board: Board) -> list[ChangedHour]:
    """Hours that were over when they were signed and have another number of good pieces now."""
    known = {row.figures.made.start: row.figures.made for row in board.rows}
    found = []
    for row in signed.rows:
        start = datetime.fromisoformat(row["start"])
        now = known.get(start)
        if now is not None and now.end <= signed.signed_at and now.good != row["good"]:
            found.append(ChangedHour(start, row["good"], now.good))
    return found
