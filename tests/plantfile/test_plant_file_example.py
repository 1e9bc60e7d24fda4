"""The example of the documentation is a plant file: checked, imported, exported and imported again without a change."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from mes.downtime.models import Reason
from mes.journal.models import JournalEntry
from mes.people.models import Person
from mes.plant.models import Holiday, Line, Shift, WorkCenter
from mes.plantfile.read import plant_read
from mes.plantfile.store import plant_import
from mes.plc.models import Controller, StateMapEntry, TagBinding
from mes.production.models import IdealCycle

DOCUMENT = Path(__file__).parents[2] / "docs" / "plant-file.md"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    found = re.search(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    path = tmp_path / "plant.yaml"
    path.write_text(found[1])
    return path


def _said(action: str, path: Path) -> str:
    out = StringIO()
    call_command("plant", action, str(path), stdout=out)
    return out.getvalue()


def test_the_example_has_no_mistakes_and_needs_no_database(example: Path) -> None:
    assert "no mistakes: 1 site, 1 area, 1 line, 3 work centers, 2 controllers, 19 tag bindings" in _said(
        "check", example
    )


@pytest.mark.django_db
def test_the_example_is_stored_as_it_says(example: Path) -> None:
    _said("import", example)
    assert [
        (row.code, row.position, row.is_exit, row.micro_stop_s) for row in WorkCenter.objects.order_by("position")
    ] == [
        ("FILL-1", 0, False, 60),
        ("CAP-1", 1, False, 60),
        ("PACK-1", 2, True, 120),
    ]
    filler = {row.role: row.tag for row in TagBinding.objects.filter(work_center__code="FILL-1")}
    assert filler == {
        "heartbeat": "FILL_1.Heartbeat",
        "epoch": "FILL_1.Epoch",
        "good": "FILL_1.Good",
        "scrap": "FILL_1.Scrap",
        "total": "FILL_1.Total",
        "state": "FILL_1.State",
        "reason": "FILL_1.ReasonCode",
        "order": "FILL_1.OrderId",
        "speed": "FILL_1.Speed",
    }
    capper = {row.role: row for row in TagBinding.objects.filter(work_center__code="CAP-1")}
    assert capper["scrap"].tag == "Program:Capper.Rejects"
    assert (capper["scrap"].modulus, capper["good"].modulus, capper["heartbeat"].modulus) == (65536, 65536, None)
    assert "speed" not in capper
    good = TagBinding.objects.get(work_center__code="PACK-1", role="good")
    assert (good.tag, good.modulus, good.floor, good.factor) == ("N7:0", 65536, -32768, Decimal(12))
    assert StateMapEntry.objects.get(state_map__code="packml-tr88", raw_code=6).state == "Execute"
    assert StateMapEntry.objects.get(state_map__code="OWN", raw_code=2).kind == "waiting"
    assert IdealCycle.objects.get(work_center__code="FILL-1").ideal_cycle_s == Decimal("0.1")
    assert Controller.objects.get(code="PLC-1").period_s == Decimal("0.5")
    valve = Reason.objects.get(code="VALVE")
    assert (valve.parent and valve.parent.code, valve.klass, valve.plc_code) == ("MECH", "failure", 21)
    assert Reason.objects.get(code="FORMAT").semi_e10 == "scheduled-down"
    assert Holiday.objects.get().date == date(2026, 12, 25)
    otto = Person.objects.get(username="otto")
    assert (otto.first_name, otto.last_name, otto.role) == ("Otto", "Lang", "operator")
    assert [line.code for line in otto.lines.all()] == ["BOTTLE-1"]
    assert not otto.has_usable_password()
    assert Person.objects.get(username="anna").all_lines
    early = Line.objects.get().area.site.shift_pattern.rules.get(name="Early")  # type: ignore[union-attr]
    assert (early.days, early.starts, early.breaks.get().ends) == ([0, 1, 2, 3, 4], time(6), time(10, 30))


@pytest.mark.django_db
def test_an_import_leaves_one_journal_entry_and_makes_the_shifts(example: Path) -> None:
    plant_import(
        plant=plant_read(example.read_text()), source="p.yaml", actor="eva", at=datetime(2026, 3, 2, tzinfo=UTC)
    )
    entry = JournalEntry.objects.get(action="plant_import")
    assert (entry.actor, entry.code) == ("eva", "p.yaml")
    assert {"kind": "line", "code": "BOTTLE-1"}.items() <= next(
        change for change in entry.data["changes"] if change["kind"] == "line"
    ).items()
    assert Shift.objects.filter(production_date=date(2026, 3, 2)).count() == 2


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing(example: Path) -> None:
    first = _said("import", example)
    rows = list(TagBinding.objects.order_by("pk").values())
    again = _said("import", example)
    assert " 0 changed, 0 unchanged" in first
    assert " 0 created, 0 changed" in again
    assert list(TagBinding.objects.order_by("pk").values()) == rows
    assert JournalEntry.objects.filter(action="plant_import").count() == 1


@pytest.mark.django_db
def test_what_is_exported_and_imported_is_exported_the_same(example: Path, tmp_path: Path) -> None:
    _said("import", example)
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    _said("export", one)
    assert plant_read(one.read_text()) == plant_read(example.read_text())
    assert " 0 created, 0 changed" in _said("import", one)
    _said("export", two)
    assert one.read_text() == two.read_text()
    assert "CAP-1: {controller: PLC-1, udt: CAP_1, state_map: packml-tr88, modulus: 65536" in one.read_text()
