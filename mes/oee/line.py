"""Lines from their machines (pure): serial by the bottleneck of each item and the exit's output, parallel as a sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mes.oee.elements import CountSpan, Elements, add_up, elements_from
from mes.oee.formulas import Kpi, kpi, kpi_of_parts
from mes.oee.policy import Policy
from mes.oee.ratios import Note
from mes.oee.timeline import Owned


@dataclass(frozen=True, slots=True)
class Station:
    """A machine of a line: what owned its time, what it counted (in `unit`), whether the output leaves here."""

    code: str
    unit: str
    owned: Sequence[Owned]
    counts: Sequence[CountSpan]
    is_exit: bool = False


@dataclass(frozen=True, slots=True)
class LineResult:
    """Elements that add like a machine's, the KPIs, and per item the bottleneck whose ideal cycle was used.

    `parts` add up to the elements, each with the policy it is read by (R45).
    """

    elements: Elements
    kpi: Kpi
    bottlenecks: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[Elements, Policy], ...] = ()


def bottleneck_of(item: str, ideal_ms: Mapping[tuple[str, str], Decimal], codes: Sequence[str]) -> str | None:
    """The station with the longest ideal cycle for an item (keys: station, item), or None where none is known.

    `codes` are in the order of flow. Of equally long ones it is the last: nearest to the exit, where good is counted.
    """
    known = [code for code in reversed(codes) if (code, item) in ideal_ms]
    return max(known, key=lambda code: ideal_ms[code, item], default=None)


def line_oee_serial(
    stations: Sequence[Station],
    ideal_ms: Mapping[tuple[str, str], Decimal],
    policy: Policy,
    *,
    window: tuple[int, int] | None = None,
    where: str = "",
) -> LineResult:
    """A serial line (R38): good pieces at its exit x ideal cycle of the item's bottleneck / the line's planned time.

    Time is the time of the bottleneck of the item being made (of the exit where none is); scrap and rework of all
    stations count, good pieces only at the exit: machines in series never add. Units must agree between the exit, the
    bottlenecks and the stations with scrap; where they do not, every KPI made of pieces is None with a note.
    Raises ValueError without exactly one exit.
    """
    owned, counts, narrow = serial_pieces(stations, ideal_ms, where=where)
    elements = elements_from(owned, counts, window=window)
    said = kpi(elements, policy, where=where)
    units = {station.unit for station in stations if station.is_exit or station.code in narrow.values()}
    units |= {station.unit for station in stations if any(count.scrap or count.rework for count in station.counts)}
    said = in_one_unit(said, units, where)
    return LineResult(elements, said, tuple(sorted(narrow.items())), ((elements, policy),))


def serial_pieces(
    stations: Sequence[Station], ideal_ms: Mapping[tuple[str, str], Decimal], *, where: str = ""
) -> tuple[list[Owned], list[CountSpan], dict[str, str]]:
    """What a serial line's elements are made of (R38): its time, its counts, and item to bottleneck.

    An item's bottleneck depends on the ideal cycles alone, never on the window; so the parts of a time add up.
    Raises ValueError without exactly one exit.
    """
    exits = [station for station in stations if station.is_exit]
    if len(exits) != 1:
        raise ValueError(f"Line {where or '?'} has {len(exits)} exits: mark exactly one machine as its exit.")
    codes = [station.code for station in stations]
    items = {count.item for station in stations for count in station.counts} | {piece.item for piece in exits[0].owned}
    found = {item: bottleneck_of(item, ideal_ms, codes) for item in sorted(item for item in items if item is not None)}
    narrow = {item: code for item, code in found.items() if code is not None}
    counts = [
        replace(
            count,
            good=count.good if station.is_exit else 0,
            ideal_cycle_ms=ideal_ms[narrow[count.item], count.item] if count.item in narrow else None,
        )
        for station in stations
        for count in station.counts
        if station.is_exit or count.scrap or count.rework
    ]
    return _line_time(stations, exits[0], narrow), counts, narrow


def _line_time(stations: Sequence[Station], exit_station: Station, narrow: Mapping[str, str]) -> list[Owned]:
    """The exit's time, with each stretch of an item replaced by the same stretch of that item's bottleneck."""
    by_code = {station.code: station for station in stations}
    pieces: list[Owned] = []
    for piece in exit_station.owned:
        code = narrow.get(piece.item or "", exit_station.code)
        source = [piece] if code == exit_station.code else by_code[code].owned
        for other in source:
            start, end = max(piece.start_ms, other.start_ms), min(piece.end_ms, other.end_ms)
            if start < end:
                pieces.append(replace(other, start_ms=start, end_ms=end))
    return pieces


def line_parallel(machines: Sequence[tuple[str, Elements]], policy: Policy, *, where: str = "") -> LineResult:
    """Parallel machines (unit, elements) sum, then divide (R37, R38); mixed units: KPIs made of pieces are None."""
    return line_sum([(unit, [(part, policy)]) for unit, part in machines], where=where)


def line_sum(
    machines: Sequence[tuple[str, Sequence[tuple[Elements, Policy]]]], *, where: str = "", in_turn: bool = False
) -> LineResult:
    """What adds: parallel machines, lines, stretches of one line `in_turn`; each part with its policy (R37, R45)."""
    parts = tuple(part for _, own in machines for part in own)
    said = kpi_of_parts(parts, where=where, in_turn=in_turn)
    units = {unit for unit, _ in machines}
    return LineResult(add_up(part for part, _ in parts), in_one_unit(said, units, where), parts=parts)


_OF_PIECES = (
    "performance",
    "quality",
    "oee",
    "nee",
    "teep",
    "ooe",
    "oee_low",
    "oee_high",
    "headline",
    "effectiveness",
    "quality_ratio",
    "scrap_ratio",
    "rework_ratio",
    "first_pass_yield",
    "throughput_per_h",
)


def in_one_unit(said: Kpi, units: set[str], where: str) -> Kpi:
    """The same KPIs; without those made of pieces, and with a note, where pieces have several units (R38)."""
    if len(units) <= 1:
        return said
    text = f"Pieces in {' and '.join(sorted(units))}{f' on {where}' if where else ''} cannot be added: set one unit."
    nothing = dict.fromkeys(_OF_PIECES)
    return replace(said, **nothing, notes=(*said.notes, Note("mixed-units", "", text)))  # type: ignore[arg-type]
