"""What whoever runs the benchmark may choose: which lines, whose series, which Python has the peers."""

import re
from dataclasses import dataclass
from pathlib import Path

SEEDS = "7000-7019"
PEER_LINES = 8  # of the lines: peers take most of the time


class BadChoice(ValueError):
    """A choice makes no sense; the text says what does."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`seeds` of the lines; `peer_lines`: how many of them peers are run on; "" or None where there is none."""

    seeds: range
    peer_lines: int
    series: Path | None
    peers_python: str


def wanted_of(*, seeds: str | None, series: Path | None, peers_python: str | None, quick: bool) -> Wanted:
    """Raises BadChoice. Without `seeds` 20 lines, 8 of them with peers; lines that are named are all run with peers."""
    found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", seeds or SEEDS)
    if not found:
        raise BadChoice(f"--seeds is a number or a range such as {SEEDS}, not '{seeds}'.")
    first = int(found[1])
    chosen = range(first, int(found[2] or first) + 1)
    if not chosen:
        raise BadChoice(f"--seeds {seeds} holds no line: the first number is above the second.")
    if series and not series.is_dir():
        raise BadChoice(f"--series {series} is no folder. Name the one that holds the series.")
    if peers_python and not Path(peers_python).is_file():
        raise BadChoice(f"--peers-python {peers_python} is not there. Name the Python that has the peers.")
    if quick:
        chosen = chosen[:2]
    return Wanted(chosen, len(chosen) if seeds or quick else PEER_LINES, series, peers_python or "")
