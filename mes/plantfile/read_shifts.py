"""Reads shift patterns of a plant file and tries each on two weeks, so that an impossible one is found at once."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mes.plant.calendar import BreakRule, CalendarError, CycleRule, ShiftRule, cycle_days, materialise
from mes.plantfile.document import BreakRow, CrewRow, PatternRow, ShiftRow
from mes.plantfile.fields import Fields, day_from, entries
from mes.plantfile.tree import Listing, Mapping, Mistakes, Node, Scalar

PATTERN_FIELDS = ("name", "shifts")
SHIFT_FIELDS = ("name", "days", "from", "to", "breaks", "crews")
BREAK_FIELDS = ("name", "from", "to")
# Two weeks from a Monday in UTC: every weekly rule meets each of its neighbours, and no clock changes.
_TRIAL = (date(2026, 1, 5), date(2026, 1, 18))
_YEAR = timedelta(days=366)  # no cycle is longer; crews of equal cycles that ever meet on a shift meet in it


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
        crews = tuple(_crews(shift, mistakes))
        rows.append(ShiftRow(name, days, starts, ends, tuple(_breaks(shift, mistakes)), crews, item.line))
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


def _crews(shift: Fields, mistakes: Mistakes) -> list[CrewRow]:
    """{A: 2-2-3 from 2026-03-02}: lengths of days on and off, and a first day."""
    node = shift.part("crews")
    if node is None:
        return []
    if not isinstance(node, Mapping):
        shift.wrong("crews", "needs its crews as {A: 2-2-3 from 2026-03-02, B: 2-2-3 from 2026-03-09}.")
        return []
    rows = []
    for name, value in node.items.items():
        text = value.value if isinstance(value, Scalar) else ""
        cycle, _from, day = text.partition(" from ")
        anchor = day_from(day.strip())
        if anchor is None or not 0 < len(name) <= 40:
            mistakes.add(value.line, f"crew {name} of {shift.subject} has '{text}': write 2-2-3 from 2026-03-02.")
            continue
        try:
            cycle_days(cycle)
        except CalendarError as error:
            mistakes.add(value.line, f"crew {name} of {shift.subject}: {error}")
            continue
        rows.append(CrewRow(name, cycle.strip(), anchor))
    return sorted(rows, key=lambda row: row.name)


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
        first, last = _TRIAL
        cycles = [
            CycleRule(crew.name, row.name, crew.anchor, cycle_days(crew.cycle))
            for row in pattern.shifts
            for crew in row.crews
        ]
        materialise(rules, ZoneInfo("UTC"), first, first + _YEAR if cycles else last, cycles=cycles)
    except CalendarError as error:
        mistakes.add(pattern.line, f"shift pattern {pattern.code} cannot be: {error}")
