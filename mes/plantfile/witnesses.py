"""The section `witnesses` of a plant file: which independent source vouches for which machine's counter."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mes.plantfile.document import Plant, Ref, WitnessRow
from mes.plantfile.fields import Fields, entries
from mes.plantfile.tree import Mapping, Mistakes, Node, Scalar, did_you_mean

NEIGHBOUR, SCAN, TALLY = "neighbour", "scan", "tally"
FIELDS = ("into", "pack", "buffer", "tolerance_percent", "scans", "tally")
SCAN_FIELDS = ("pieces_per_pallet", "buffer", "tolerance_percent")
TALLY_FIELDS = ("tolerance_percent",)
TOLERANCE = Decimal("0.5")
MOST = 1_000_000
_PACK = re.compile(r"([0-9]{1,6})(?:\s*/\s*([0-9]{1,6}))?")


def witnesses_from(node: Node | None, mistakes: Mistakes) -> tuple[tuple[WitnessRow, ...], tuple[Ref, ...]]:
    """The rows, and the machines whose witnesses the file lists completely."""
    rows: list[WitnessRow] = []
    listed: list[Ref] = []
    for code, line, content in entries(node, "witness", mistakes):
        place = Ref(code, line)
        listed.append(place)
        fields = Fields(content, f"the witness of {code}", mistakes, FIELDS)
        rows += _neighbours(place, fields, mistakes)
        for kind, key, known in ((SCAN, "scans", SCAN_FIELDS), (TALLY, "tally", TALLY_FIELDS)):
            part = fields.part(key)
            if part is not None:
                inner = Fields(part, f"the {kind} witness of {code}", mistakes, known)
                pallet = inner.whole("pieces_per_pallet", None, least=1, most=MOST) if kind == SCAN else None
                rows.append(_row(place, kind, inner, pieces_per_pallet=pallet))
        if not any(fields.has(key) for key in ("into", "scans", "tally")):
            mistakes.add(line, f"{fields.subject} names none: write into: MACHINE, scans: {{...}} or tally: {{...}}.")
    return tuple(rows), tuple(listed)


def _neighbours(place: Ref, fields: Fields, mistakes: Mistakes) -> list[WitnessRow]:
    into = fields.ref("into", required=False)
    if into is None:
        for key in ("pack", "buffer", "tolerance_percent"):
            if fields.has(key):
                fields.wrong(key, f"has '{key}' but no 'into': name the machine into which the pieces go.")
        return []
    packs: list[tuple[Ref | None, int, int]] = []
    node = fields.part("pack")
    if isinstance(node, Mapping):
        for item, value in node.items.items():
            packs.append((Ref(item, node.key_lines[item]), *_pack(value, fields, mistakes)))
    else:
        packs.append((None, *_pack(node, fields, mistakes)))
    return [_row(place, NEIGHBOUR, fields, into=into, item=item, pack=(n, d)) for item, n, d in packs]


def _pack(node: Node | None, fields: Fields, mistakes: Mistakes) -> tuple[int, int]:
    if node is None:
        return 1, 1
    text = node.value.strip() if isinstance(node, Scalar) else ""
    found = _PACK.fullmatch(text)
    numerator, denominator = (int(found[1]), int(found[2] or 1)) if found else (0, 0)
    if not numerator or not denominator:
        said = f"{fields.subject} has the pack '{text}': write how many pieces make one, e.g. 6, or 24/4 for 24 to 4."
        mistakes.add(node.line, said)
        return 1, 1
    return numerator, denominator


def _row(
    place: Ref,
    kind: str,
    fields: Fields,
    *,
    into: Ref | None = None,
    item: Ref | None = None,
    pack: tuple[int, int] = (1, 1),
    pieces_per_pallet: int | None = None,
) -> WitnessRow:
    buffer = fields.whole("buffer", 0, least=0, most=MOST) if kind != TALLY else 0
    percent = fields.decimal("tolerance_percent", TOLERANCE, least=Decimal(0), places=2, digits=4)
    if percent is not None and percent > 50:
        fields.wrong("tolerance_percent", "tolerates more than 50 percent: such a witness says nothing.")
    return WitnessRow(
        work_center=place,
        kind=kind,
        neighbour=into,
        item=item,
        numerator=pack[0],
        denominator=pack[1],
        buffer=buffer or 0,
        pieces_per_pallet=pieces_per_pallet,
        tolerance_percent=TOLERANCE if percent is None else percent,
        line=place.line,
    )


def witnesses_check(plant: Plant, listed: Sequence[Ref], mistakes: Mistakes) -> None:
    """Notes machines and items that are not there, and neighbours that do not come later on the same line."""
    places = {row.code: (row.at_line.code, number) for number, row in enumerate(plant.work_centers)}
    items = [row.code for row in plant.items]
    for ref in listed:
        _known(ref, f"the witness of {ref.code}", "work center", places, mistakes)
    for row in plant.witnesses:
        code, subject = row.work_center.code, f"the witness of {row.work_center.code}"
        _known(row.item, subject, "item", items, mistakes)
        if row.neighbour is None or not _known(row.neighbour, subject, "work center", places, mistakes):
            continue
        here, there = places.get(code), places[row.neighbour.code]
        if here is not None and (here[0] != there[0] or here[1] >= there[1]):
            said = f"{subject} goes into {row.neighbour.code}: name a machine after {code} on line {here[0]}."
            mistakes.add(row.neighbour.line, said)


def _known(ref: Ref | None, subject: str, noun: str, known: Any, mistakes: Mistakes) -> bool:
    if ref is None or ref.code in known:
        return True
    hint = did_you_mean(ref.code, known) or f" Define it under '{noun.replace(' ', '_')}s' or correct the name."
    mistakes.add(ref.line, f"{subject} names {noun} '{ref.code}', which this file does not define.{hint}")
    return False


def witness_fields(rows: Sequence[WitnessRow]) -> dict[str, Any]:
    """What a machine's witnesses are in a plant file, defaults left out."""
    found: dict[str, Any] = {}
    neighbours = [row for row in rows if row.kind == NEIGHBOUR]
    if neighbours:
        first = neighbours[0]
        found["into"] = first.neighbour.code if first.neighbour else None
        if first.item is None:
            found["pack"] = None if (first.numerator, first.denominator) == (1, 1) else _pack_text(first)
        else:
            found["pack"] = {row.item.code: _pack_text(row) for row in neighbours if row.item}
        found |= _shared(first)
    for row in rows:
        if row.kind == SCAN:
            found["scans"] = _given({"pieces_per_pallet": row.pieces_per_pallet} | _shared(row)) or {"buffer": 0}
        elif row.kind == TALLY:
            found["tally"] = {"tolerance_percent": row.tolerance_percent}
    return found


def _shared(row: WitnessRow) -> dict[str, Any]:
    percent = None if row.tolerance_percent == TOLERANCE else row.tolerance_percent
    return {"buffer": row.buffer or None, "tolerance_percent": percent}


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _pack_text(row: WitnessRow) -> Any:
    return row.numerator if row.denominator == 1 else f"{row.numerator}/{row.denominator}"
