"""The section `witnesses`: read, checked with its lines, stored effective-dated, and written back the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mes.plantfile.export import plant_export
from mes.plantfile.read import PlantFileError, plant_read
from mes.plantfile.store import plant_import
from mes.plantfile.write import plant_text
from mes.witness.models import Witness

FIRST = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LATER = FIRST + timedelta(days=10)
HEAD = """\
sites: {S: {time_zone: Europe/Berlin}}
areas: {A: {site: S}}
lines: {L: {area: A}, K: {area: A}}
work_centers: {FILL: {line: L}, PACK: {line: L}, OTHER: {line: K}}
items: {SIX: {}, TWELVE: {}}
"""
FILE = (
    HEAD
    + """\
witnesses:
  FILL: {into: PACK, pack: {SIX: 6, TWELVE: 24/2}, buffer: 1200}
  PACK: {scans: {pieces_per_pallet: 80, tolerance_percent: 1}, tally: {tolerance_percent: 0.25}}
"""
)


def mistakes(section: str) -> list[str]:
    with pytest.raises(PlantFileError) as told:
        plant_read(HEAD + "witnesses:\n" + section)
    return [str(one) for one in told.value.mistakes]


def stored() -> list[tuple[object, ...]]:
    rows = Witness.objects.filter(valid_to=None).order_by("work_center__code", "kind", "item__code")
    return [
        (row.work_center.code, row.kind, row.item and row.item.code, row.numerator, row.denominator, row.buffer)
        for row in rows
    ]


@pytest.mark.django_db
def test_witnesses_are_stored_and_written_back_the_same() -> None:
    plant_import(plant=plant_read(FILE), source="p.yaml", actor="eva", at=FIRST)
    assert stored() == [
        ("FILL", "neighbour", "SIX", 6, 1, 1200),
        ("FILL", "neighbour", "TWELVE", 24, 2, 1200),
        ("PACK", "scan", None, 1, 1, 0),
        ("PACK", "tally", None, 1, 1, 0),
    ]
    scan = Witness.objects.get(kind="scan")
    assert (scan.pieces_per_pallet, scan.tolerance_percent) == (80, Decimal(1))
    again = plant_read(plant_text(plant_export(at=LATER)))
    assert again.witnesses == plant_read(FILE).witnesses
    assert plant_import(plant=again, source="p.yaml", actor="eva", at=LATER).changed == 0


@pytest.mark.django_db
def test_a_changed_buffer_holds_from_then_on_and_what_is_not_listed_any_more_ends() -> None:
    plant_import(plant=plant_read(FILE), source="p.yaml", actor="eva", at=FIRST)
    text = HEAD + "witnesses:\n  FILL: {into: PACK, pack: {SIX: 6}, buffer: 900}\n"
    plant_import(plant=plant_read(text), source="p.yaml", actor="eva", at=LATER)
    six = Witness.objects.filter(item__code="SIX").order_by("valid_from")
    assert [(row.buffer, row.valid_from, row.valid_to) for row in six] == [(1200, FIRST, LATER), (900, LATER, None)]
    assert Witness.objects.get(item__code="TWELVE").valid_to == LATER
    assert Witness.objects.filter(work_center__code="PACK", valid_to=None).count() == 2  # not listed: as it was


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("  FILL: {into: PAKC}\n", "line 7: the witness of FILL names work center 'PAKC', which this file does not"),
        ("  FIL: {into: PACK}\n", "line 7: the witness of FIL names work center 'FIL', which this file does not"),
        ("  PACK: {into: FILL}\n", "line 7: the witness of PACK goes into FILL: name a machine after PACK on line L."),
        (
            "  FILL: {into: OTHER}\n",
            "line 7: the witness of FILL goes into OTHER: name a machine after FILL",
        ),
        ("  FILL: {into: PACK, pack: 0}\n", "line 7: the witness of FILL has the pack '0'"),
        ("  FILL: {into: PACK, pack: six}\n", "line 7: the witness of FILL has the pack 'six'"),
        ("  FILL: {into: PACK, pack: {SEVEN: 7}}\n", "line 7: the witness of FILL names item 'SEVEN'"),
        ("  FILL: {into: PACK, buffer: -1}\n", "line 7: the witness of FILL has '-1' for 'buffer'"),
        ("  FILL: {into: PACK, tolerance_percent: 51}\n", "line 7: the witness of FILL tolerates more than 50 percent"),
        ("  FILL: {buffer: 20}\n", "line 7: the witness of FILL has 'buffer' but no 'into'"),
        ("  FILL: {}\n", "line 7: the witness of FILL names none"),
        ("  FILL: {into: PACK, bufer: 2}\n", "line 7: the witness of FILL has an unknown field 'bufer'. Did you mean"),
        ("  FILL: {scans: {pallet: 2}}\n", "line 7: the scan witness of FILL has an unknown field 'pallet'."),
    ],
)
def test_a_mistake_is_told_with_its_line(section: str, said: str) -> None:
    assert [text for text in mistakes(section) if text.startswith(said)], mistakes(section)
