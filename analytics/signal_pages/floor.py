"""What stands of open signals beside a line's forecast, on the floor, the wall and where planners look."""

from collections.abc import Iterable

from analytics.models import Signal
from analytics.signal_pages.words import place_text
from analytics.signals.record import open_signals
from mes.plant.models import Line

MOST = 2  # more words would hide the forecast; the page of signals has them all


def signal_words(lines: Iterable[Line]) -> dict[int, list[str]]:
    """Line (by id) to the words of its open signals, at most two and how many more; none open: missing. One query."""
    found: dict[int, list[Signal]] = {}
    for signal in open_signals(lines):
        found.setdefault(signal.line_id, []).append(signal)
    return {pk: _words(rows) for pk, rows in found.items()}


def _words(rows: list[Signal]) -> list[str]:
    told = [_word(row) for row in rows[:MOST]]
    return [*told, f"+{len(rows) - MOST}"] if len(rows) > MOST else told


def _word(row: Signal) -> str:
    return f"{place_text(row)}: {row.get_kind_display()}" if row.work_center else str(row.get_kind_display())
