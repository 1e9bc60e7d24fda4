"""Facts across the border of a shift."""

from datetime import date, timedelta

import pytest

from mes.oee.facts import window_facts
from mes.plant.models import Shift
from mes.production.models import IdealCycle, Item, Run
from tests.live.conftest import NOW, Floor

pytestmark = pytest.mark.django_db


def test_a_gap_across_the_end_of_a_shift_belongs_to_both_and_loses_no_piece(floor: Floor) -> None:
    end = Shift.objects.get(line=floor.filler.line).ends_at
    later = end + timedelta(hours=8)
    Shift.objects.create(
        line=floor.filler.line, name="Late", production_date=date(2026, 3, 4), starts_at=end, ends_at=later
    )
    floor.hear(end - timedelta(seconds=100), good=50)
    floor.hear(end + timedelta(seconds=200), good=60)  # 10 pieces in 300 s without a word
    floor.hear(end + timedelta(seconds=201), good=61)
    now = end + timedelta(seconds=202)
    start = end - timedelta(hours=8)
    early = window_facts([floor.filler], start, end, now=now)["FILL-1"]
    late = window_facts([floor.filler], end, later, now=now)["FILL-1"]
    both = window_facts([floor.filler], start, later, now=now)["FILL-1"]
    assert (early.good, late.good, both.good) == (3, 8, 11)
    assert early.elements.good + late.elements.good == both.elements.good == 11


def test_the_target_is_open_where_items_of_different_units_ran(floor: Floor) -> None:
    run = Run.objects.get()
    crate = Item.objects.create(code="CRATE", name="Crate", unit="crates")
    IdealCycle.objects.create(
        item=crate, work_center=floor.filler, ideal_cycle_s=20, valid_from=NOW - timedelta(days=1)
    )
    Run.objects.filter(pk=run.pk).update(ends_at=NOW - timedelta(hours=1))
    Run.objects.create(
        work_center=floor.filler, order=floor.order, item=crate, starts_at=NOW - timedelta(hours=1), started_by="x"
    )
    facts = window_facts([floor.filler], NOW - timedelta(hours=2), NOW, now=NOW)["FILL-1"]
    assert facts.target is None
