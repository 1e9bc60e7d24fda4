"""The hour-by-hour board of a machine or a line, by shift or by day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mes.hourly.board import Board, HourRow, ShiftPlan, day_board, shift_board
from mes.hourly.loss_words import loss_word
from mes.hourly.places import BoardPlace, line_board, machine_board
from mes.hourly.sign_off import BEFORE_END, changed_since
from mes.people.access import may
from mes.plant.calendar import local_label
from mes.plant.models import Shift
from mes.screens.gate import line_or_404, machine_or_404, storable

LOOK_BACK = timedelta(days=3)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class Row(NamedTuple):
    """An hour as the page shows it."""

    hour: HourRow
    label: str
    ref: str
    top: str
    lost_s: float
    planned: int | None
    shift_ref: str
    may_comment: bool
    may_plan: bool


@login_required
@require_safe
def machine_hours(request: HttpRequest, code: str) -> HttpResponse:
    """`/floor/<work-center>/hours/`; `?shift=DATE/NAME` or `?day=DATE`, else the running shift."""
    return _page(request, machine_board(machine_or_404(request.user, code)))


@login_required
@require_safe
def line_hours(request: HttpRequest, code: str) -> HttpResponse:
    """`/hours/<line>/`: the same of a line."""
    return _page(request, line_board(line_or_404(request.user, code)))


def _page(request: HttpRequest, place: BoardPlace) -> HttpResponse:
    now = datetime.now(UTC)
    if request.GET.get("day"):
        day = day_asked(request.GET["day"])
        board = day_board(place, day, now=now)
        context = context_of(request, board, now) | {"day": day, "before": day - DAY, "after": day + DAY}
        return render(request, "hours/board.html", context)
    shift = shift_asked(place, request.GET.get("shift", ""), now)
    if shift is None:
        return render(request, "hours/board.html", {"place": place, "address": address_of(place), "board": None})
    board = shift_board(place, shift, now=now)
    context = context_of(request, board, now)
    return render(request, "hours/board.html", context | _neighbours(place, shift, now))


def context_of(request: HttpRequest, board: Board, now: datetime) -> dict[str, Any]:
    """Everything the board's page shows."""
    user = request.user
    may_comment, may_plan = may(user, "comment_hours"), may(user, "replan_hours")
    plans = {one.shift.pk: one for one in board.shifts}
    rows = [_row(board, row, plans, now, may_comment=may_comment, may_plan=may_plan) for row in board.rows]
    shown = board.shifts[0] if len(board.shifts) == 1 and board.start == board.shifts[0].shift.starts_at else None
    signed = shown.signed if shown else None
    silent = [row for row in rows if row.hour.figures.behind and not row.hour.running and row.hour.note is None]
    return {
        "place": board.place,
        "address": address_of(board.place),
        "board": board,
        "rows": rows,
        "zone": board.place.line.area.site.time_zone,
        "sum": board.last_compared,
        "shown": shown,
        "signed": signed,
        "late": changed_since(signed, board) if signed else [],
        "silent": len(silent),
        "may_comment": may_comment,
        "may_plan": any(row.may_plan for row in rows),
        "may_sign": shown is not None and signed is None and now >= board.end - BEFORE_END and may(user, "sign_hours"),
        "sign_from": board.end - BEFORE_END,
        "shift_ref": shift_ref(shown.shift) if shown else "",
    }


def _row(
    board: Board, row: HourRow, plans: dict[int, ShiftPlan], now: datetime, *, may_comment: bool, may_plan: bool
) -> Row:
    made = row.figures.made
    open_one = row.shift is not None and plans[row.shift.pk].signed is None
    label = f"{local_label(made.start, board.place.zone)}–{local_label(made.end, board.place.zone)}"
    return Row(
        row,
        label,
        hour_ref(made.start),
        loss_word(row.top.reason) if row.top else "",
        row.top.lost_ms / 1000 if row.top else 0.0,
        made.plan if row.shift is not None and plans[row.shift.pk].versions else None,
        shift_ref(row.shift) if row.shift else "",
        may_comment and open_one and made.start <= now,
        may_plan and open_one and made.end > now,
    )


def address_of(place: BoardPlace) -> str:
    """The address of a place's board."""
    if place.work_center is not None:
        return reverse("hours-machine", args=[place.work_center.code])
    return reverse("hours-line", args=[place.line.code])


def hour_ref(start: datetime) -> str:
    """How forms name an hour: microseconds since 1970, because overtime may begin at any instant."""
    return str((start - EPOCH) // timedelta(microseconds=1))


def shift_ref(shift: Shift) -> str:
    """How an address names a shift of a place: DATE/NAME."""
    return f"{shift.production_date.isoformat()}/{shift.name}"


def shift_address(place: BoardPlace, shift: Shift) -> str:
    """The board of one shift."""
    return f"{address_of(place)}?shift={quote(shift_ref(shift))}"


def day_asked(text: str) -> date:
    """The day of an address; 404 for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Http404(text) from error
    if not EARLIEST < day < LATEST:
        raise Http404(text)
    return day


def shift_asked(place: BoardPlace, text: str, now: datetime) -> Shift | None:
    """The shift DATE/NAME of the place (404 where there is none); without a text the running or the last one."""
    if not text:
        begun = place.shifts(now - LOOK_BACK, now + timedelta(seconds=1))
        return begun[-1] if begun else None
    day_text, _slash, name = storable(text).partition("/")
    day = day_asked(day_text)
    around = place.shifts(*(datetime(day.year, day.month, day.day, tzinfo=UTC) + n * DAY for n in (-2, 3)))
    found = next((shift for shift in around if shift.production_date == day and shift.name == name), None)
    if found is None:
        raise Http404(text)
    return found


def _neighbours(place: BoardPlace, shift: Shift, now: datetime) -> dict[str, str]:
    before = [
        one for one in place.shifts(shift.starts_at - LOOK_BACK, shift.starts_at) if one.ends_at <= shift.starts_at
    ]
    after = [one for one in place.shifts(shift.ends_at, min(now, shift.ends_at + LOOK_BACK)) if one.starts_at <= now]
    return {
        "earlier": shift_address(place, before[-1]) if before else "",
        "later": shift_address(place, after[0]) if after and after[0].pk != shift.pk else "",
    }
