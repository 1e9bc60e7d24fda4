"""Scrap entered by hand moves pieces from good to scrap; an order's pieces are counted where its line's output is."""

from datetime import timedelta
from uuid import UUID

import pytest

from mes.journal.models import JournalEntry
from mes.tracking.models import CountFlag
from mes.tracking.order_counts import made_of
from mes.tracking.scrap import ScrapRefused, last_scrap, scrap_enter, scrap_undo
from tests.production.small_plant import SIX, SmallPlant, counted

KEY, OTHER = UUID(int=1), UUID(int=2)
AT = SIX + timedelta(hours=1)


def enter(plant: SmallPlant, quantity: int, *, key: UUID = KEY, order: object = None) -> CountFlag:
    return scrap_enter(work_center=plant.packer, quantity=quantity, order=order, actor="otto", at=AT, key=key)  # type: ignore[arg-type]


def test_scrap_by_hand_takes_from_good_what_it_adds_to_scrap(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    counted(plant.packer, AT, good=100, scrap=4, order=order, shift=plant.shift)
    enter(plant, 3, order=order)
    made = made_of([order])[order.pk]
    assert (made.good, made.scrap, made.remaining) == (97, 7, 903)
    assert set(CountFlag.objects.values_list("role", "quantity", "shift")) == {
        ("scrap", 3, plant.shift.pk),
        ("good", -3, plant.shift.pk),
    }


def test_the_same_form_sent_twice_counts_once(plant: SmallPlant) -> None:
    counted(plant.packer, AT, good=100, shift=plant.shift)
    assert enter(plant, 3).pk == enter(plant, 3).pk
    assert CountFlag.objects.count() == 2
    assert JournalEntry.objects.count() == 1
    with pytest.raises(ScrapRefused, match="sent before"):
        enter(plant, 4)


def test_good_never_becomes_negative(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    counted(plant.packer, AT, good=5, order=order, shift=plant.shift)
    enter(plant, 4, order=order)
    with pytest.raises(ScrapRefused, match="Only 1 good pieces were counted for WO-1 on PACK"):
        enter(plant, 2, key=OTHER, order=order)
    with pytest.raises(ScrapRefused, match="from 1"):
        enter(plant, 0, key=OTHER)
    assert made_of([order])[order.pk].good == 1


def test_an_entry_is_taken_back_once_and_by_its_exact_opposite(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    counted(plant.packer, AT, good=100, order=order, shift=plant.shift)
    enter(plant, 3, order=order)
    assert last_scrap(plant.packer, SIX) is not None
    assert scrap_undo(key=KEY, actor="mia", at=AT + timedelta(minutes=1))
    assert not scrap_undo(key=KEY, actor="mia", at=AT + timedelta(minutes=2))
    made = made_of([order])[order.pk]
    assert (made.good, made.scrap) == (100, 0)
    assert last_scrap(plant.packer, SIX) is None
    assert list(JournalEntry.objects.order_by("pk").values_list("action", flat=True)) == ["scrap_enter", "scrap_undo"]
    with pytest.raises(ScrapRefused, match="does not exist"):
        scrap_undo(key=OTHER, actor="mia", at=AT)


def test_a_serial_line_counts_good_at_its_exit_and_scrap_everywhere(plant: SmallPlant) -> None:
    order = plant.order("WO-1", quantity="90")
    counted(plant.filler, AT, good=120, scrap=2, order=order)
    counted(plant.packer, AT, good=100, scrap=5, order=order)
    made = made_of([order])[order.pk]
    assert (made.good, made.scrap, made.remaining, made.share) == (100, 7, 0, 1.0)


def test_machines_side_by_side_add_up(plant: SmallPlant) -> None:
    plant.line_1.flow = "parallel"
    plant.line_1.save()
    order = plant.order("WO-1")
    counted(plant.filler, AT, good=120, order=order)
    counted(plant.packer, AT, good=100, order=order)
    assert made_of([order])[order.pk].good == 220


def test_quarantined_counts_are_in_no_orders_total(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    common = {"work_center": plant.packer, "role": "good", "from_at": SIX, "to_at": AT, "order": order}
    CountFlag.objects.create(kind="quarantine", quantity=999, **common)
    CountFlag.objects.create(kind="gap", quantity=20, **common)
    assert made_of([order])[order.pk].good == 20
