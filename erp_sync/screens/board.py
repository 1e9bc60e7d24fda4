"""`/planning/`: the schedule board of the person's lines, late orders first. It only reads, and needs no ERP."""

from datetime import UTC, datetime
from typing import NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from erp_sync.schedule.board import BoardRow, LineBoard, boards
from erp_sync.screens import words
from erp_sync.screens.found import chosen_line
from erp_sync.screens.page import erp_page
from mes.people.access import lines_for
from mes.screens.gate import demand

OF_EACH, OF_ONE = 12, 200
"""Orders that did not start which are shown of each line, and of the one that was chosen."""


class ShownRow(NamedTuple):
    """An order with its outlook in words."""

    row: BoardRow
    state: str
    said: str


class ShownLine(NamedTuple):
    """A line's orders."""

    board: LineBoard
    zone: str
    rows: list[ShownRow]
    late_word: str


@login_required
@require_safe
def planning(request: HttpRequest) -> HttpResponse:
    """`/planning/?line=`: every line of the person with its orders, or one line with all of them."""
    demand(request.user, "see_erp")
    now = datetime.now(UTC)
    lines = list(lines_for(request.user).select_related("area__site").order_by("area__code", "position", "code"))
    line = chosen_line(request.user, request.GET.get("line", ""))
    found = boards([line] if line else lines, now, limit=OF_ONE if line else OF_EACH)
    shown = [_line(board) for board in found]
    late = sum(board.late for board in found)
    address = reverse("planning")
    context = {
        "line": line,
        "late": late,
        "late_word": _late(late) if late else _("Nothing is late"),
        "boards": sorted(shown, key=lambda one: -one.board.late),
        "chips": [(one.name, f"{address}?line={one.code}", one == line) for one in lines] if len(lines) > 1 else [],
        "every": address,
    }
    return erp_page(request, "board", "erp/board.html", context, now)


def _line(board: LineBoard) -> ShownLine:
    rows = [_shown(row) for row in board.rows]
    return ShownLine(board, board.line.area.site.time_zone, rows, _late(board.late))


def _late(orders: int) -> str:
    return ngettext("%d order is late", "%d orders are late", orders) % orders


def _shown(row: BoardRow) -> ShownRow:
    return ShownRow(row, words.outlook_state(row.outlook), words.outlook_said(row.outlook))
