"""What is said of an hour: why it went so, what is done against it, by whom and until when; and that it is done."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.hourly.clock_hours import clock_hours
from mes.hourly.models import HourNote
from mes.hourly.places import BoardPlace, shift_named
from mes.hourly.typed import HoursRefused, plain
from mes.journal.write import record
from mes.plant.models import Line, Shift

KIND = "hour"
MOST_TEXT, MOST_NAME = 300, 80


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one hour as a form gives them."""

    comment: str = ""
    countermeasure: str = ""
    owner: str = ""
    due: date | None = None


def hour_comment(
    *, place: BoardPlace, shift: Shift, starts_at: datetime, said: Said, version: int, actor: str, at: datetime
) -> HourNote:
    """Keeps what is said of the hour that begins at `starts_at`; `version` is the one the person saw (0: none yet).

    The same words said twice are kept once. Raises HoursRefused where there is no such hour or it has not begun, for an
    owner or a due day without a countermeasure, after the sign-off, and when somebody else said something meanwhile.
    """
    words = Said(
        plain(said.comment, MOST_TEXT, _("The comment")),
        plain(said.countermeasure, MOST_TEXT, _("The countermeasure")),
        plain(said.owner, MOST_NAME, _("The owner")),
        said.due,
    )
    _refuse(place, shift, starts_at, words, at)
    fields = {"comment": words.comment, "countermeasure": words.countermeasure, "owner": words.owner, "due": words.due}
    key = {"line": place.line, "work_center": place.work_center, "shift": shift, "starts_at": starts_at}
    known = HourNote.objects.filter(**key).first()
    if known is not None and all(getattr(known, name) == value for name, value in fields.items()):
        return known
    try:
        with transaction.atomic():
            if known is None and version == 0:
                HourNote.objects.create(**key, **fields, said_by=actor, said_at=at)
            else:
                mine = HourNote.objects.filter(**key, version=version)
                if not mine.update(**fields, said_by=actor, said_at=at, version=version + 1):
                    raise IntegrityError
            before = _told(known) if known is not None else None
            data: dict[str, Any] = {"hour": starts_at, "before": before, "after": fields, "why": words.comment}
            record(actor=actor, at=at, action="hour_comment", kind=KIND, code=shift_named(place, shift), data=data)
    except IntegrityError as taken:
        raise HoursRefused(_("Somebody else wrote about this hour meanwhile: read it, then write again.")) from taken
    return HourNote.objects.get(**key)


def countermeasure_done(*, note: HourNote, actor: str, at: datetime) -> bool:
    """The countermeasure is done; False where it was before. Raises HoursRefused for an hour without one."""
    if not note.countermeasure:
        raise HoursRefused(_("This hour has no countermeasure: there is nothing to be done."))
    with transaction.atomic():
        if not HourNote.objects.filter(pk=note.pk, done_at=None).update(done_at=at, done_by=actor):
            return False
        data = {"hour": note.starts_at, "before": None, "after": at, "why": note.countermeasure}
        record(actor=actor, at=at, action="countermeasure_done", kind=KIND, code=str(note), data=data)
        return True


def open_countermeasures(line: Line) -> list[HourNote]:
    """What was promised on a line and its machines and is not done, the earliest due day first."""
    rows = HourNote.objects.filter(line=line, done_at=None).exclude(countermeasure="")
    found = rows.select_related("work_center", "line", "shift")
    return sorted(found, key=lambda note: (note.due or date.max, note.starts_at))


def _refuse(place: BoardPlace, shift: Shift, starts_at: datetime, words: Said, at: datetime) -> None:
    hours = clock_hours(shift.starts_at, shift.ends_at, place.zone)
    if starts_at not in [start for start, _end in hours]:
        raise HoursRefused(_("The shift has no hour that begins then: open the board again."))
    if starts_at > at:
        raise HoursRefused(_("This hour has not begun: re-plan it instead."))
    if not words.countermeasure and (words.owner or words.due):
        raise HoursRefused(_("An owner or a due day needs a countermeasure: say what is to be done."))
    signed = place.signed([shift]).first()
    if signed is not None:
        raise HoursRefused(_("%(who)s signed this shift off: nothing is added to it.") % {"who": signed.signed_by})


def _told(note: HourNote) -> dict[str, Any]:
    names = ("comment", "countermeasure", "owner", "due", "said_by")
    return {name: getattr(note, name) for name in names}
