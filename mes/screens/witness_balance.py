"""A line's mass balance hour by hour as a table: out of one machine, into the next, and where pieces are missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from mes.plant.models import WorkCenter
from mes.screens import words
from mes.witness.judge import Comparison, Word, summed
from mes.witness.models import Kind, Witness, WitnessHour
from mes.witness.queries import comparison_of, hour_of, link_of


@dataclass(frozen=True)
class Cell:
    """One hour of one witness. `difference`: what the witness saw more (+) or less (-); `off`: nothing explains it."""

    counted: int
    said: Decimal
    difference: str
    off: bool = False
    blind: bool = False


@dataclass(frozen=True)
class Column:
    """One witness: from which machine to what, what may lie between them, and the sum over all hours shown."""

    witness: Witness
    title: str
    allowed: str
    total: Comparison | None


@dataclass(frozen=True)
class Row:
    """One hour with a cell for each witness; None where it says nothing of that hour."""

    hour: datetime
    cells: list[Cell | None]


@dataclass(frozen=True)
class Balance:
    """The table, newest hour first, and a sentence for each hour that does not balance."""

    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    off: list[tuple[datetime, str]] = field(default_factory=list)


def balance_of(places: Sequence[WorkCenter], window: tuple[datetime, datetime]) -> Balance:
    """The balance of a line's machines over the hours in a window in which anything was made. One query."""
    mine = Q(witness__work_center__in=places)
    stored = WitnessHour.objects.filter(mine, hour__gt=window[0] - timedelta(hours=1), hour__lt=window[1])
    rows = list(stored.select_related("witness__work_center", "witness__neighbour", "witness__item").order_by("hour"))
    order = {wc.pk: place for place, wc in enumerate(places)}
    named = sorted({row.witness for row in rows}, key=lambda one: (order[one.work_center_id], one.pk))
    of = {(row.witness_id, row.hour): row for row in rows}
    hours = sorted({row.hour for row in rows if row.counted or row.said or row.blind}, reverse=True)
    cells = [Row(hour, [_cell(of.get((one.pk, hour))) for one in named]) for hour in hours]
    columns = [_column(one, [row for row in rows if row.witness_id == one.pk]) for one in named]
    off = [
        (row.hour, _sentence(column, cell))
        for row in cells
        for column, cell in zip(columns, row.cells, strict=True)
        if cell is not None and cell.off
    ]
    return Balance(columns, cells, off)


def _cell(row: WitnessHour | None) -> Cell | None:
    if row is None:
        return None
    said = comparison_of(row)
    if said is None:
        return Cell(row.counted, row.said, words.NONE, blind=True)
    return Cell(row.counted, row.said, words.signed(float(-said.difference)), off=said.word is Word.DIFFERS)


def _column(one: Witness, rows: list[WitnessHour]) -> Column:
    to = one.neighbour.name if one.neighbour else _("scanned pallets")
    title = f"{one.work_center.name} → {to}" + (f" ({one.item.code})" if one.item else "")
    link = link_of(one)
    total = summed(link, [hour_of(row) for row in rows])
    return Column(one, title, words.number(float(link.standing)), total)


def _sentence(column: Column, cell: Cell) -> str:
    one = column.witness
    pieces = words.number(abs(float(cell.said) - cell.counted))
    missing = cell.counted > cell.said
    names = {"pieces": pieces, "here": one.work_center.name, "there": one.neighbour.name if one.neighbour else ""}
    if one.kind == Kind.SCAN:
        if missing:
            return _("%(here)s counted %(pieces)s pieces that no pallet carried.") % names
        return _("%(pieces)s pieces more than %(here)s counted were on the pallets.") % names
    if missing:
        return _("%(pieces)s pieces left %(here)s and did not reach %(there)s.") % names
    return _("%(there)s took in %(pieces)s pieces more than left %(here)s.") % names
