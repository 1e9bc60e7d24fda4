"""Stored raw state codes read by another map (pure): new intervals and stops for a stretch of a machine's past."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mes.tracking.states import kind_of, settle
from mes.tracking.track import NO_PRODUCTION, STOPPING_KINDS

Meanings = Mapping[int, tuple[str, str]]
Codes = Sequence[tuple[datetime, int]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A state interval as stored. `ends_at` None: it still lasts."""

    starts_at: datetime
    ends_at: datetime | None
    state: str
    kind: str
    raw_code: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """A standstill: touching intervals in which the machine did not run, named after the first."""

    starts_at: datetime
    ends_at: datetime | None
    state: str
    kind: str


def reread(
    pieces: Sequence[Piece], codes: Codes, meanings: Meanings, start: datetime, end: datetime | None
) -> list[Piece]:
    """The intervals with the codes of [start, end) read by `meanings` (`end` None: to the last one).

    Silence and unreadable time stay unknown; a standstill "No production" stays where the code still says running, and
    an interval whose code nobody kept stays as it is. Acting states belong to the state they leave or enter, as live.
    """
    codes = sorted({*codes, *((piece.starts_at, piece.raw_code) for piece in pieces if piece.raw_code is not None)})
    instants = [at for at, _ in codes]
    told: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.starts_at):
        for part, inside in _parts(piece, start, end):
            if not inside or (part.kind == "unknown" and part.why):
                _append(told, part)
                continue
            for bit, code in _bits(part, codes, instants):
                _append(told, _read(bit, code, meanings, told))
    return told


def halts_of(pieces: Sequence[Piece]) -> list[Halt]:
    """The standstills that intervals make, in order of time."""
    halts: list[Halt] = []
    for piece in pieces:
        if piece.kind not in STOPPING_KINDS:
            continue
        if halts and halts[-1].ends_at == piece.starts_at:
            halts[-1] = replace(halts[-1], ends_at=piece.ends_at)
        else:
            halts.append(Halt(piece.starts_at, piece.ends_at, piece.state, piece.kind))
    return halts


def seconds_by_state(pieces: Sequence[Piece], start: datetime, end: datetime) -> dict[str, float]:
    """Seconds per state in [start, end), for a preview."""
    found: dict[str, float] = {}
    for piece in pieces:
        inside = min(piece.ends_at or end, end) - max(piece.starts_at, start)
        if inside.total_seconds() > 0:
            found[piece.state] = found.get(piece.state, 0.0) + inside.total_seconds()
    return found


def _parts(piece: Piece, start: datetime, end: datetime | None) -> list[tuple[Piece, bool]]:
    """The interval cut at the borders of the stretch, and which part lies inside."""
    cuts = [at for at in (start, end) if at is not None and _within(piece, at)]
    edges = [piece.starts_at, *cuts]
    ends = [*cuts, piece.ends_at]
    return [
        (replace(piece, starts_at=a, ends_at=b), a >= start and (end is None or a < end))
        for a, b in zip(edges, ends, strict=True)
    ]


def _within(piece: Piece, at: datetime) -> bool:
    return piece.starts_at < at and (piece.ends_at is None or at < piece.ends_at)


def _bits(part: Piece, codes: Codes, instants: list[datetime]) -> list[tuple[Piece, int | None]]:
    """The part cut where the code changed, each bit with its code; None where no code is known."""
    first = bisect_right(instants, part.starts_at) - 1
    changes = [(at, code) for at, code in codes[first + 1 :] if part.ends_at is None or at < part.ends_at]
    said = [(part.starts_at, codes[first][1] if first >= 0 else None), *changes]
    ends = [*(at for at, _ in changes), part.ends_at]
    return [
        (replace(part, starts_at=at, ends_at=until, raw_code=code if code is not None else part.raw_code), code)
        for (at, code), until in zip(said, ends, strict=True)
    ]


def _read(bit: Piece, code: int | None, meanings: Meanings, told: Sequence[Piece]) -> Piece:
    if code is None:
        return bit
    name, kind = meanings.get(code, (f"Code {code} (not in the state map)", "unknown"))
    if kind == "acting":
        last = told[-1] if told and told[-1].ends_at == bit.starts_at and told[-1].kind != "unknown" else None
        name = settle(last.state if last else None, name, acting=True)
        kind = last.kind if last is not None and last.state == name else str(kind_of(name))
    if bit.state == NO_PRODUCTION and kind == "run":
        return bit
    return replace(bit, state=name, kind=kind, why="")


def _append(told: list[Piece], piece: Piece) -> None:
    last = told[-1] if told else None
    if last is not None and last.ends_at == piece.starts_at and _same(last, piece):
        told[-1] = replace(last, ends_at=piece.ends_at)
    else:
        told.append(piece)


def _same(one: Piece, other: Piece) -> bool:
    return (one.state, one.kind, one.why) == (other.state, other.kind, other.why)
