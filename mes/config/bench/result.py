"""What a benchmark hands back: tables, goals with what was measured, peers that are absent; as text and as JSON."""

import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one kind. `note` says how they were taken."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """A promise and what was measured; `met` None where this run was too small to judge it."""

    text: str
    measured: str
    met: bool | None


@dataclass(slots=True)
class Result:
    """Everything one benchmark found. `load` is the machine's load average over the last minute, before and after."""

    name: str
    quick: bool
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    load_before: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))
    load_after: float = 0.0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return asdict(self)

    def to_text(self) -> str:
        """A readable page."""
        kind = "quick form, says nothing about speed" if self.quick else "full form"
        lines = [
            f"== bench {self.name} ({kind}; {self.cores} cores, load {self.load_before} before, {self.load_after} "
            f"after; {self.seconds:.0f} s)"
        ]
        for table in self.tables:
            lines += ["", table.title, *aligned([table.columns, *table.rows])]
            lines += [f"  {table.note}"] if table.note else []
        lines += [""] if self.goals else []
        for goal in self.goals:
            verdict = {True: "met", False: "MISSED", None: "not judged"}[goal.met]
            lines.append(f"goal: {goal.text}: {goal.measured} ({verdict})")
        return "\n".join([*lines, *(f"absent: {text}" for text in self.absent)]) + "\n"


def aligned(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Columns of equal width, the first to the left and all others to the right."""
    texts = [[shown(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in texts) for place in range(len(texts[0]))]
    return [
        "  " + "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in pairs).rstrip()
        for pairs in (list(enumerate(zip(row, widths, strict=True))) for row in texts)
    ]


def shown(cell: Cell) -> str:
    """Three significant digits for fractions; a dash for nothing."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:.0f}"
    return f"{cell}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed (nearest rank); 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Median over rounds of ours / theirs, each pair taken right after one another; None without rounds."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=True) if b]
    return statistics.median(pairs) if pairs else None
