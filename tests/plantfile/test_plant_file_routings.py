"""The sections `pools` and `routings`: read, checked, stored, copied by orders, written back the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mes.plant.models import Line
from mes.plantfile.export import plant_export
from mes.plantfile.read import PlantFileError, plant_read
from mes.plantfile.store import plant_import
from mes.plantfile.write import plant_text
from mes.production.models import Item
from mes.production.order_new import order_create

FIRST = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HEAD = """\
sites: {S: {time_zone: Europe/Berlin}}
areas: {A: {site: S}}
lines: {L: {area: A}, K: {area: A}}
work_centers: {CUT: {line: L}, P1: {line: L}, P2: {line: L}, FAR: {line: K}}
items: {DISC: {}}
"""
FILE = (
    HEAD
    + """\
pools: {PRESSES: {name: Presses, line: L, work_centers: [P2, P1]}}
routings:
  DISC:
    L:
      - {work_center: CUT, name: Cut, setup_min: 15, count: manual}
      - {pool: PRESSES, name: Press, ideal_cycle_s: 2.5}
"""
)


def mistakes(sections: str) -> list[str]:
    with pytest.raises(PlantFileError) as told:
        plant_read(HEAD + sections)
    return [str(one) for one in told.value.mistakes]


@pytest.mark.django_db
def test_a_routing_is_stored_written_back_the_same_and_copied_by_orders() -> None:
    plant_import(plant=plant_read(FILE), source="p.yaml", actor="eva", at=FIRST)
    order = order_create(
        number="WO-1",
        item=Item.objects.get(),
        line=Line.objects.get(code="L"),
        quantity=Decimal(5),
        due_at=None,
        priority=None,
        source="typed",
        actor="pia",
        at=FIRST,
    )
    copied = order.operations.values_list("sequence", "name", "work_center__code", "pool__code", "setup_min")
    assert list(copied) == [(10, "Cut", "CUT", None, 15), (20, "Press", None, "PRESSES", 0)]
    again = plant_read(plant_text(plant_export(at=FIRST + timedelta(days=1))))
    assert again.routings == plant_read(FILE).routings
    outcome = plant_import(plant=again, source="p.yaml", actor="eva", at=FIRST + timedelta(days=1))
    assert (outcome.changed, outcome.created) == (0, 0)
    shorter = plant_read(FILE.replace("      - {work_center: CUT, name: Cut, setup_min: 15, count: manual}\n", ""))
    assert plant_import(plant=shorter, source="p.yaml", actor="eva", at=FIRST + timedelta(days=2)).changed == 1
    assert order.operations.count() == 2  # orders that are there keep theirs


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ("pools: {X: {line: L, work_centers: [FAR]}}", "names work center 'FAR' of another line: use one of L"),
        ("pools: {X: {line: L}}", "has no machines"),
        ("routings: {DISC: {L: [{work_center: CUT, pool: X}]}}", "needs a work_center or a pool, not both"),
        ("routings: {DISK: {L: [{work_center: CUT}]}}", "names item 'DISK', which this file does not define"),
        ("routings: {DISC: {L: [{work_center: CUT, count: upstream}]}}", "nobody upstream counts for it"),
        ("routings: {DISC: {L: [{work_center: CUT}, {work_center: CUT}]}}", "CUT serves steps 10 and 20"),
        ("routings: {DISC: {L: [{work_center: CUT}, {work_center: P1, sequence: 10}]}}", "Step 10 is there twice"),
        ("routings: {DISC: {L: {}}}", "needs a list of steps"),
        ("routings: {DISC: [L]}", "needs its line"),
    ],
)
def test_a_mistake_is_told_with_its_place(sections: str, said: str) -> None:
    assert any(said in one for one in mistakes(sections)), mistakes(sections)
