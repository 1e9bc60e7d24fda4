"""Stock keeps the ERP's age and never goes back; master data waits for a person's word unless an option says more."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from erp_sync.errors import MappingMissing
from erp_sync.inbound.mapping import MappingRefused
from erp_sync.inbound.master import item_create, master_due, pull_master, routing_take, unit_factor
from erp_sync.inbound.stock import pull_stock
from erp_sync.messages import MasterKind, Quantity, StockStatement
from erp_sync.models import ErpLot, ErpRecord, SyncRun
from mes.journal.models import JournalEntry
from mes.production.models import Item, StockLevel
from tests.erp_sync.inbound.conftest import Thread
from tests.erp_sync.memory_erp import NOW


def syrup(on_hand: str, minutes: int = 0, lot: str = "", **other: Any) -> StockStatement:
    as_of = NOW + timedelta(minutes=minutes)
    return StockStatement("SYRUP", "", Quantity(Decimal(on_hand), "l"), lot, as_of=as_of, **other)


def stock(thread: Thread, *said: StockStatement) -> SyncRun:
    thread.erp.stock = list(said)
    thread.now += timedelta(minutes=5)
    run = pull_stock(thread.connection, thread.now)
    assert run is not None
    return run


def test_stock_is_said_as_of_the_erps_clock_and_older_words_do_nothing(thread: Thread) -> None:
    coming = {"expected": Quantity(Decimal(500), "l"), "expected_at": NOW + timedelta(days=1)}
    stock(thread, syrup("900", 10, **coming))
    level = StockLevel.objects.get()
    assert (level.on_hand, level.as_of, level.source) == (900, NOW + timedelta(minutes=10), "ERP")
    assert (level.expected_quantity, level.expected_at) == (500, NOW + timedelta(days=1))
    assert stock(thread, syrup("800", 5)).changed == 0
    assert StockLevel.objects.get().on_hand == 900


def test_the_same_stock_said_later_is_younger_but_no_entry(thread: Thread) -> None:
    stock(thread, syrup("900", 10))
    stock(thread, syrup("900", 15))
    assert StockLevel.objects.get().as_of == NOW + timedelta(minutes=15)
    assert JournalEntry.objects.filter(action="stock_say").count() == 1


def test_lots_are_kept_and_add_up_only_where_the_erp_tells_no_whole(thread: Thread) -> None:
    stock(thread, syrup("300", 1, "A"), syrup("200", 2, "B"))
    assert StockLevel.objects.get().on_hand == 500
    stock(thread, syrup("510", 3), syrup("300", 4, "A"), syrup("100", 4, "B"))  # 110 have no lot
    assert StockLevel.objects.get().on_hand == 510
    assert dict(ErpLot.objects.values_list("number", "on_hand")) == {"A": 300, "B": 100}


def test_stock_of_a_site_that_is_not_mapped_is_named_and_the_rest_is_taken(thread: Thread) -> None:
    elsewhere = StockStatement("SYRUP", "WH9", Quantity(Decimal(1), "l"))
    run = stock(thread, elsewhere, syrup("900"))
    assert (run.failed, run.changed) == (1, 1)
    assert "Site WH9 of the ERP has no counterpart here" in run.error


ITEM = {"key": "FG-TEA", "name": "Iced tea", "unit": "u", "active": True}


def master(thread: Thread) -> SyncRun:
    thread.now += timedelta(hours=24)
    run = pull_master(thread.connection, thread.now)
    assert run is not None
    return run


def test_new_items_are_proposed_and_made_by_a_persons_word_once(thread: Thread) -> None:
    thread.erp.master[MasterKind.ITEM] = [ITEM]
    assert master(thread).new == 1
    assert master(thread).unchanged == 1
    assert not Item.objects.filter(code="FG-TEA").exists()
    about = ErpRecord.objects.get()
    made = item_create(about, actor="pia", at=thread.now)
    assert item_create(about, actor="pia", at=thread.now) == made
    assert (made.name, made.unit) == ("Iced tea", "pcs")
    assert thread.connection.mappings.get(ext_key="FG-TEA", valid_to=None).mes_code == "FG-TEA"
    assert JournalEntry.objects.filter(action="item_create").count() == 1


def test_new_items_come_in_by_themselves_where_the_connection_says_so(thread: Thread) -> None:
    thread.connection.options = {"master": "create"}
    thread.erp.master[MasterKind.ITEM] = [
        ITEM,
        ITEM | {"key": "X", "unit": "barrel"},
        ITEM | {"key": "OLD", "active": False},
    ]
    run = master(thread)
    assert list(Item.objects.filter(code__in=("FG-TEA", "X", "OLD")).values_list("code", flat=True)) == ["FG-TEA"]
    assert "Its unit barrel is not mapped" in run.error


def test_an_item_whose_unit_is_unknown_is_refused(thread: Thread) -> None:
    thread.erp.master[MasterKind.ITEM] = [ITEM | {"unit": "barrel"}]
    master(thread)
    with pytest.raises(MappingRefused, match="Its unit barrel is not mapped"):
        item_create(ErpRecord.objects.get(), actor="pia", at=thread.now)


def test_a_routing_of_the_erp_is_taken_for_a_line_whose_machines_are_mapped(thread: Thread) -> None:
    segments = [{"sequence": 10, "code": "PRESS", "work_center": "PR1"}]
    thread.erp.master[MasterKind.ROUTING] = [{"key": "R1", "name": "Pressing", "segments": segments}]
    master(thread)
    about, plant = ErpRecord.objects.get(), thread.plant
    with pytest.raises(MappingMissing):
        routing_take(about, item=plant.cola, line=plant.line_2, actor="pia", at=thread.now)
    thread.map("work-center", "PR1", "PRESS")
    routing = routing_take(about, item=plant.cola, line=plant.line_2, actor="pia", at=thread.now)
    assert [(step.sequence, step.name, step.place.code) for step in routing.steps.all()] == [(10, "PRESS", "PRESS")]


def test_a_pack_of_24_is_24_units_by_the_erps_own_factors(thread: Thread) -> None:
    thread.erp.master[MasterKind.UNIT] = [
        {"key": "u", "name": "Unit", "category": "Units", "factor": "1"},
        {"key": "pk24", "name": "Pack", "category": "Units", "factor": "24"},
        {"key": "kg", "name": "Kilogram", "category": "Weight", "factor": "1"},
    ]
    master(thread)
    unit = {row.key: row for row in ErpRecord.objects.all()}
    assert unit_factor(unit["pk24"], unit["u"]) == 24
    assert unit_factor(unit["pk24"], unit["kg"]) is None


def test_master_data_is_due_at_once_and_then_by_night(thread: Thread) -> None:
    assert master_due(thread.connection, NOW)
    pull_master(thread.connection, NOW)
    assert not master_due(thread.connection, NOW + timedelta(hours=13))
    assert master_due(thread.connection, NOW + timedelta(hours=18))  # 03:00 in Berlin
