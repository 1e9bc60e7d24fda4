"""Material is taken once, never more than there is, never held or expired, and mistakes are counter-entries."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from mes.journal.models import JournalEntry
from mes.materials.consume import lot_consume, lot_consume_undo
from mes.materials.holds import lot_hold, lot_release
from mes.materials.lots import lot_correct, lot_merge, lot_move, lot_receive, lot_split
from mes.materials.models import Consumption, Lot, LotHold
from mes.materials.refusals import LotRefused
from mes.production.models import Item, OrderMaterial
from tests.materials.conftest import Store
from tests.production.small_plant import SIX


def test_material_goes_into_what_runs_on_the_machine_and_less_is_on_hand(store: Store) -> None:
    used = store.use(store.raw(), "30")

    lot = Lot.objects.get(number="SYR-1")
    assert (lot.on_hand, lot.status) == (Decimal(70), "free")
    assert (used.order, used.line, used.run is None) == (store.order, store.plant.line_1, False)
    entry = JournalEntry.objects.get(action="lot_consume")
    assert (entry.code, entry.data["before"], entry.data["after"]) == ("SYR-1", "100.000", "70.000")


def test_a_consumption_sent_twice_is_taken_once(store: Store) -> None:
    lot, key = store.raw(), uuid4()

    first, second = store.use(lot, "30", key=key), store.use(lot, "30", key=key)

    assert first == second
    assert Lot.objects.get(pk=lot.pk).on_hand == Decimal(70)
    assert JournalEntry.objects.filter(action="lot_consume").count() == 1
    with pytest.raises(LotRefused, match="open the page again"):
        store.use(lot, "31", key=key)


def test_more_than_is_left_is_refused_and_the_database_refuses_it_too(store: Store) -> None:
    lot = store.raw(quantity="20")
    store.use(lot, "15")

    with pytest.raises(LotRefused, match="has 5 kg left, not 6"):
        store.use(lot, "6")
    with pytest.raises(IntegrityError), transaction.atomic():
        Lot.objects.filter(pk=lot.pk).update(consumed=21)

    store.use(lot, "5")
    assert Lot.objects.get(pk=lot.pk).status == "consumed"
    with pytest.raises(LotRefused, match="used up"):
        store.use(lot, "0.001")


def test_a_held_lot_cannot_be_used_until_everyone_who_holds_it_released_it(store: Store) -> None:
    lot = store.raw()
    for _twice in range(2):
        lot_hold(lot=lot, why="wrong colour", actor="quinn", at=SIX, source="ncr:NCR-1")
    lot_hold(lot=lot, why="leaks", actor="otto", at=SIX)
    assert LotHold.objects.count() == 2

    with pytest.raises(LotRefused, match="on hold: wrong colour"):
        store.use(lot, "1")
    for expected in (True, False):
        assert lot_release(lot=lot, why="measured", actor="quinn", at=SIX, source="ncr:NCR-1") is expected
    with pytest.raises(LotRefused, match="on hold: leaks"):
        store.use(lot, "1")
    lot_release(lot=lot, why="tightened", actor="quinn", at=SIX)

    store.use(lot, "1")
    assert JournalEntry.objects.filter(action__in=("lot_hold", "lot_release")).count() == 4
    with pytest.raises(LotRefused, match="not held"):
        lot_release(lot=store.raw("SYR-2"), why="why not", actor="quinn", at=SIX)


def test_an_expired_lot_is_used_only_with_a_reason(store: Store) -> None:
    """SIX is 2 March, 7:00 at the site: a lot whose last day is 1 March is expired, one of 2 March is not."""
    store.use(store.raw("TODAY", expires_on=date(2026, 3, 2)), "1")
    old = store.raw("OLD", expires_on=date(2026, 3, 1))

    with pytest.raises(LotRefused, match="expired on 2026-03-01"):
        store.use(old, "1")

    assert store.use(old, "1", because="laboratory says good").why == "laboratory says good"


def test_undoing_is_a_counter_entry_and_happens_once(store: Store) -> None:
    lot = store.raw(quantity="10")
    used = store.use(lot, "10")

    for expected in (True, False):
        done = lot_consume_undo(consumption=used, why="wrong lot", actor="otto", at=SIX, key=uuid4())
        assert done is expected

    assert [row.quantity for row in Consumption.objects.order_by("id")] == [Decimal(10), Decimal(-10)]
    fresh = Lot.objects.get(pk=lot.pk)
    assert (fresh.on_hand, fresh.status) == (Decimal(10), "free")
    counter = Consumption.objects.get(undoes=used)
    with pytest.raises(LotRefused, match="cannot be taken back"):
        lot_consume_undo(consumption=counter, why="again", actor="otto", at=SIX, key=uuid4())


def test_a_lot_never_goes_into_what_it_was_made_of(store: Store) -> None:
    one, two, three = (store.made(f"C-{n}", order=None) for n in (1, 2, 3))
    store.use(one, "1", into=two)
    store.use(two, "1", into=three)

    with pytest.raises(LotRefused, match="C-3 was made with C-1"):
        store.use(three, "1", into=one)
    own = store.made("WO-1-X", order=store.order)
    with pytest.raises(LotRefused, match="cannot go into it"):
        store.use(own, "1", order=store.order)
    with pytest.raises(LotRefused, match="was received"):
        store.use(one, "1", into=store.raw())


def test_only_what_the_order_needs_goes_into_it_where_somebody_said_what_it_needs(store: Store) -> None:
    caps = Item.objects.create(code="CAPS", name="Caps")
    OrderMaterial.objects.create(order=store.order, item=caps, per_piece=1)

    with pytest.raises(LotRefused, match=r"WO-1 does not need SYRUP .*: it needs CAPS"):
        store.use(store.raw(), "1")


def test_without_an_order_there_is_nothing_to_use_material_for(store: Store) -> None:
    idle = {"work_center": store.plant.packer, "quantity": Decimal(1), "actor": "otto", "at": SIX, "key": uuid4()}

    with pytest.raises(LotRefused, match="No order runs here"):
        lot_consume(lot=store.raw(), **idle)


def test_a_part_of_a_lot_becomes_its_own_and_lots_are_merged(store: Store) -> None:
    lot, key = store.raw(expires_on=date(2026, 4, 1)), uuid4()

    for _twice in range(2):
        part = lot_split(lot=lot, quantity=Decimal(40), number="SYR-1B", actor="stan", at=SIX, key=key)
    assert (part.quantity, part.expires_on) == (Decimal(40), date(2026, 4, 1))
    assert Lot.objects.get(pk=lot.pk).on_hand == Decimal(60)

    merge_key = uuid4()
    other = store.raw("SYR-9", "5", expires_on=date(2026, 3, 20))
    for _twice in range(2):
        merged = lot_merge(lots=[part, other], number="MIX", actor="stan", at=SIX, key=merge_key)
    assert (merged.quantity, merged.expires_on) == (Decimal(45), date(2026, 3, 20))
    assert Lot.objects.get(pk=part.pk).status == Lot.objects.get(pk=other.pk).status == "consumed"
    assert Consumption.objects.count() == 3


def test_a_number_is_taken_once_per_item_and_the_same_form_again_is_the_same_lot(store: Store) -> None:
    key = uuid4()
    said = {
        "item": store.syrup, "number": "SYR-5", "quantity": Decimal(5), "site": store.plant.line_1.area.site,
        "supplier": "", "supplier_lot": "", "expires_on": None, "actor": "stan", "at": SIX,
    }  # fmt: skip

    assert lot_receive(**said, key=key) == lot_receive(**said, key=key)
    with pytest.raises(LotRefused, match="SYR-5 of SYRUP already"):
        lot_receive(**said, key=uuid4())
    assert lot_receive(**{**said, "item": store.plant.water}, key=uuid4()).number == "SYR-5"
    with pytest.raises(LotRefused, match="supplier"):
        lot_receive(**{**said, "number": "SYR-6", "supplier": "Sw\0eet"}, key=uuid4())


def test_made_lots_take_the_next_number_of_their_order(store: Store) -> None:
    assert [store.made("", order=store.order).number for _n in range(3)] == ["WO-1-001", "WO-1-002", "WO-1-003"]


def test_a_corrected_quantity_keeps_what_was_used(store: Store) -> None:
    lot, key = store.raw(quantity="10"), uuid4()
    store.use(lot, "6")
    said = {"lot": lot, "why": "spilled", "actor": "stan", "at": SIX}

    assert [lot_correct(**said, change=Decimal(-4), key=key) for _twice in range(2)] == [True, False]
    fresh = Lot.objects.get(pk=lot.pk)
    assert (fresh.quantity, fresh.on_hand, fresh.status) == (Decimal(6), Decimal(0), "consumed")
    with pytest.raises(LotRefused, match="only 0 kg left"):
        lot_correct(**said, change=Decimal(-1), key=uuid4())


def test_a_lot_moves_to_a_line_and_back_to_the_store(store: Store) -> None:
    lot = store.raw()

    moves = [lot_move(lot=lot, to_line=to, actor="stan", at=SIX) for to in (store.plant.line_2,) * 2 + (None,) * 2]

    assert moves == [True, False, True, False]
