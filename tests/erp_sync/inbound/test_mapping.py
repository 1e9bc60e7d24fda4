"""Codes are mapped by people: what waited comes in, what was mapped can be told, and suggestions are only offered."""

from datetime import timedelta
from decimal import Decimal

import pytest

from erp_sync.inbound.mapping import MappingRefused, Unmapped, mapping_end, mapping_set, unmapped
from erp_sync.models import ErpMapping, ErpRecord
from mes.journal.models import JournalEntry
from mes.production.models import Item
from tests.erp_sync.inbound.conftest import Thread
from tests.erp_sync.orders import an_order


def set_it(thread: Thread, kind: str, ext_key: str, mes_code: str, factor: str | None = None) -> bool:
    thread.now += timedelta(seconds=1)
    return mapping_set(
        connection=thread.connection,
        kind=kind,
        ext_key=ext_key,
        mes_code=mes_code,
        factor=None if factor is None else Decimal(factor),
        actor="pia",
        at=thread.now,
    )


def test_an_order_comes_in_as_soon_as_the_last_code_is_mapped(bare: Thread) -> None:
    Item.objects.create(code="SYRUP", name="Syrup", unit="l")
    bare.says(an_order())
    assert set_it(bare, "item", "FG-COLA", "COLA-05")
    assert set_it(bare, "unit", "pk24", "pcs", "24")
    assert set_it(bare, "work-center", "L1", "LINE-1")
    assert set_it(bare, "item", "SYRUP", "SYRUP")
    assert bare.link().said == "Not mapped yet: unit l. Say what they are here, then the order comes in."
    assert set_it(bare, "unit", "l", "l")
    assert (bare.order().quantity, bare.link().badge) == (9600, "in-sync")


def test_a_mapping_said_twice_is_one_and_another_one_ends_it(bare: Thread) -> None:
    assert set_it(bare, "item", "FG-COLA", "COLA-05")
    assert not set_it(bare, "item", "FG-COLA", "COLA-05")
    assert set_it(bare, "item", "FG-COLA", "WATER-05")
    rows = ErpMapping.objects.order_by("valid_from").values_list("mes_code", "valid_to", "by")
    first, second = rows
    assert (first[0], second[0], second[1], second[2]) == ("COLA-05", "WATER-05", None, "pia")
    assert first[1] == bare.now
    entry = JournalEntry.objects.filter(action="erp_mapping_set").order_by("pk").last()
    assert entry is not None
    assert entry.data["before"]["mes_code"] == "COLA-05"


def test_an_ended_mapping_lets_new_orders_wait(thread: Thread) -> None:
    row = ErpMapping.objects.get(ext_key="FG-COLA")
    assert mapping_end(mapping=row, why="Recipe is new", actor="pia", at=thread.now)
    assert not mapping_end(mapping=row, why="Recipe is new", actor="pia", at=thread.now)
    thread.says(an_order())
    assert thread.link().badge == "waiting"


@pytest.mark.parametrize(
    ("kind", "key", "code", "factor", "field"),
    [
        ("item", "FG", "NONE-SUCH", None, "mes_code"),
        ("item", "", "COLA-05", None, "ext_key"),
        ("item", "F\0G", "COLA-05", None, "ext_key"),
        ("item", "FG", "CO\0LA", None, "mes_code"),
        ("unit", "pk", "pcs", "0", "factor"),
        ("unit", "pk", "pcs", "NaN", "factor"),
        ("unit", "pk", "", None, "mes_code"),
        ("work-center", "L1", "NO-LINE", None, "mes_code"),
        ("colour", "L1", "LINE-1", None, "kind"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(
    bare: Thread, kind: str, key: str, code: str, factor: str | None, field: str
) -> None:
    with pytest.raises(MappingRefused) as refused:
        set_it(bare, kind, key, code, factor)
    assert refused.value.field == field
    assert not ErpMapping.objects.exists()


def test_codes_that_read_the_same_are_offered_and_nothing_is_mapped(bare: Thread) -> None:
    bare.says(an_order("1", item="cola-05"), an_order("2", item="cola-05"), an_order("3", item="OTHER"))
    ErpRecord.objects.create(
        connection=bare.connection,
        kind="item",
        key="WATER-05",
        name="Still water",
        first_seen_at=bare.now,
        changed_at=bare.now,
        seen_at=bare.now,
    )
    found = {(one.kind, one.ext_key): one for one in unmapped(bare.connection, bare.now)}
    assert found["item", "cola-05"] == Unmapped("item", "cola-05", "", 2, "COLA-05")
    assert found["item", "OTHER"].suggestion == ""
    assert found["item", "WATER-05"] == Unmapped("item", "WATER-05", "Still water", 0, "WATER-05")
    assert (found["unit", "pk24"].orders, found["unit", "l"].orders) == (3, 3)
    assert not ErpMapping.objects.exists()
