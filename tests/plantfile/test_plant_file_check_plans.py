"""The section `check_plans`: read, checked with its lines, stored with its triggers, and written back the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mes.plantfile.export import plant_export
from mes.plantfile.read import PlantFileError, plant_read
from mes.plantfile.store import plant_import
from mes.plantfile.write import plant_text
from mes.quality.models import Characteristic

FIRST = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LATER = FIRST + timedelta(days=10)
HEAD = """\
sites: {S: {time_zone: Europe/Berlin}}
areas: {A: {site: S}}
lines: {L: {area: A}}
work_centers: {FILL: {line: L}, PACK: {line: L}}
items: {COLA: {}}
"""
FILE = (
    HEAD
    + """\
check_plans:
  FILL-W: {name: Fill weight, work_center: PACK, item: COLA, unit: g, decimals: 1, nominal: 10.2, lower: 10,
    upper: 10.4, pieces: 5, when: {pieces: 500, stop: 10, first-piece: true}, reaction: Stop and call quality.}
  LABEL: {name: Label, work_center: PACK, kind: yes-no, pieces: 50, accept: 1, chart: np, rules: "N1, N2"}
  TEMP: {name: Temperature, work_center: FILL, lower: -5.5, rules: none}
"""
)


def mistakes(section: str) -> list[str]:
    with pytest.raises(PlantFileError) as told:
        plant_read(HEAD + "check_plans:\n" + section)
    return [str(one) for one in told.value.mistakes]


@pytest.mark.django_db
def test_check_plans_are_stored_and_written_back_the_same() -> None:
    plant_import(plant=plant_read(FILE), source="p.yaml", actor="eva", at=FIRST)
    weight = Characteristic.objects.get(code="FILL-W")
    assert (weight.chart, weight.rules, weight.lsl, weight.usl, weight.subgroup_size, weight.item.code) == (
        "means-ranges", ["N1", "N2", "N5"], Decimal(10), Decimal("10.4"), 5, "COLA",
    )  # fmt: skip
    assert dict(weight.triggers.values_list("kind", "every")) == {"pieces": 500, "stop": 10, "first-piece": None}
    assert Characteristic.objects.get(code="LABEL").rules == ["N1", "N2"]
    temperature = Characteristic.objects.get(code="TEMP")
    assert (temperature.lsl, temperature.usl, temperature.rules) == (Decimal("-5.5"), None, [])
    again = plant_read(plant_text(plant_export(at=LATER)))
    assert {row.code: row for row in again.check_plans} == {row.code: row for row in plant_read(FILE).check_plans}
    outcome = plant_import(plant=again, source="p.yaml", actor="eva", at=LATER)
    assert (outcome.changed, outcome.created) == (0, 0)


@pytest.mark.django_db
def test_a_changed_trigger_replaces_the_old_ones_and_plans_not_listed_stay() -> None:
    plant_import(plant=plant_read(FILE), source="p.yaml", actor="eva", at=FIRST)
    text = (
        HEAD + "check_plans:\n  TEMP: {name: Heat, work_center: FILL, lower: -5.5, rules: none, when: {minutes: 30}}\n"
    )
    assert plant_import(plant=plant_read(text), source="p.yaml", actor="eva", at=LATER).created == 1
    assert dict(Characteristic.objects.get(code="TEMP").triggers.values_list("kind", "every")) == {"minutes": 30}
    assert Characteristic.objects.filter(archived=False).count() == 3


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("  X: {name: X, work_center: PAKC}\n", "line 7: check plan X names work center 'PAKC'"),
        ("  X: {name: X, work_center: PACK, item: COLLA}\n", "line 7: check plan X names item 'COLLA'"),
        ("  X: {name: X, work_center: PACK, lower: 2, upper: 1}\n", "line 7: check plan X has an upper limit 1"),
        ("  X: {name: X, work_center: PACK, chart: p}\n", "line 7: check plan X has the chart p, which does not fit"),
        ("  X: {name: X, work_center: PACK, rules: N9}\n", "line 7: check plan X has the run rule 'N9'"),
        ("  X: {name: X, work_center: PACK, when: {pieces: 0}}\n", "line 7: 'when' of check plan X has '0'"),
        ("  X: {name: X, work_center: PACK, when: {hours: 1}}\n", "line 7: 'when' of check plan X has an unknown"),
        ("  X: {work_center: PACK}\n", "line 7: check plan X has no 'name': add one."),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(section: str, said: str) -> None:
    found = mistakes(section)
    assert len(found) == 1
    assert found[0].startswith(said)
