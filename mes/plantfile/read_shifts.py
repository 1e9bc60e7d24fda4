"""Reads shift patterns of a plant file and tries each on two weeks, so that an impossible one is found at once."""

from datetime import date
from zoneinfo import ZoneInfo

from mes.plant.calendar import BreakRule, CalendarError, ShiftRule, materialise
from mes.plantfile.document import BreakRow, PatternRow, ShiftRow
from mes.plantfile.fields import Fields, entries
from mes.plantfile.tree import Listing, Mistakes, Node

PATTERN_FIELDS = ("name", "shifts")
SHIFT_FIELDS = ("name", "days", "from", "to", "breaks")
BREAK_FIELDS = ("name", "from", "to")
# Two weeks from a Monday in UTC: every weekly rule meets each of its neighbours, and no clock changes.
_TRIAL = (date(2026, 1, 5), date(2026, 1, 18))


def patterns_from(node: Node | None, mistakes: Mistakes) -> tuple[PatternRow, ...]:
    """The section `shift_patterns`."""
    rows = []
    for code, line, content in entries(node, "shift pattern", mistakes):
        before = len(mistakes.found)
        fields = Fields(content, f"shift pattern {code}", mistakes, PATTERN_FIELDS)
        shifts = tuple(_shifts(fields, mistakes))
        row = PatternRow(code, fields.text("name", code), shifts, line)
        if len(mistakes.found) == before:
            _try(row, mistakes)
        rows.append(row)
    return tuple(rows)


def _shifts(fields: Fields, mistakes: Mistakes) -> list[ShiftRow]:
    node = fields.part("shifts")
    if not isinstance(node, Listing):
        fields.wrong("shifts", "needs a list of 'shifts', each {name: Early, days: mon-fri, from: 06:00, to: 14:00}.")
        return []
    rows: list[ShiftRow] = []
    for item in node.items:
        shift = Fields(item, f"a shift of {fields.subject}", mistakes, SHIFT_FIELDS)
        name = shift.text("name", longest=60)
        shift.subject = f"shift {name} of {fields.subject}"
        if name in {row.name for row in rows}:
            shift.wrong("name", "is there twice: give each shift of a pattern its own name.")
        days, starts, ends = shift.days("days"), shift.clock("from"), shift.clock("to")
        rows.append(ShiftRow(name, days, starts, ends, tuple(_breaks(shift, mistakes)), item.line))
    return sorted(rows, key=lambda row: (row.starts, row.name))


def _breaks(shift: Fields, mistakes: Mistakes) -> list[BreakRow]:
    node = shift.part("breaks")
    if node is None:
        return []
    if not isinstance(node, Listing):
        shift.wrong("breaks", "needs its breaks as a list, each {name: Lunch, from: 10:00, to: 10:30}.")
        return []
    rows = []
    for item in node.items:
        pause = Fields(item, f"a break of {shift.subject}", mistakes, BREAK_FIELDS)
        rows.append(BreakRow(pause.text("name", "Break", longest=60), pause.clock("from"), pause.clock("to")))
    return sorted(rows, key=lambda row: row.starts)


def _try(pattern: PatternRow, mistakes: Mistakes) -> None:
    rules = [
        ShiftRule(
            row.name,
            frozenset(row.days),
            row.starts,
            row.ends,
            tuple(BreakRule(pause.name, pause.starts, pause.ends) for pause in row.breaks),
        )
        for row in pattern.shifts
    ]
    try:
        materialise(rules, ZoneInfo("UTC"), *_TRIAL)
    except CalendarError as error:
        mistakes.add(pattern.line, f"shift pattern {pattern.code} cannot be: {error}")
