"""What the verdicts do to the order, the link, and what waits for a planner; and what the planner's word does then."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from erp_sync.inbound.decisions import difference_resolve, erp_value_accept, notice_seen
from erp_sync.inbound.differences import open_changes
from erp_sync.messages import RequestState
from erp_sync.models import ErpLink, OutboxMessage
from mes.journal.models import JournalEntry
from mes.production.models import OrderHold
from mes.production.order_steps import order_release_hold
from mes.production.orders import order_complete, order_start
from mes.production.refusals import OrderRefused
from tests.erp_sync.inbound.conftest import Thread
from tests.erp_sync.memory_erp import booked
from tests.erp_sync.orders import DUE, an_order, needs, packs
from tests.production.small_plant import counted

Badge = ErpLink.Badge


def running(thread: Thread, made: int = 4800) -> None:
    """Order 1007 runs, and so many pieces are made of it (4800 pieces are 200 packs)."""
    thread.says(an_order())
    order_start(order=thread.order(), work_center=thread.plant.packer, actor="otto", at=thread.now)
    if made:
        counted(thread.plant.packer, thread.now, good=made, order=thread.order())


def holds(thread: Thread) -> list[str]:
    return list(OrderHold.objects.filter(order=thread.order(), released_at=None).values_list("ref", flat=True))


def waits(thread: Thread) -> list[tuple[str, str, str]]:
    return [(one.field, one.mes_value, one.erp_value) for one in open_changes(thread.link())]


def test_an_order_that_waits_takes_date_quantity_item_and_line_of_the_erp(thread: Thread) -> None:
    thread.says(an_order())
    later = DUE + timedelta(days=2)
    thread.says(an_order(due_at=later, quantity=packs("500"), item="FG-WATER", work_center="L2", priority=3))
    order = thread.order()
    assert (order.due_at, order.quantity, order.priority) == (later, 12000, 3)
    assert (order.item.code, order.line.code, thread.link().badge) == ("WATER-05", "LINE-2", Badge.IN_SYNC)
    entry = JournalEntry.objects.get(action="order_amend")
    assert (entry.actor, entry.data["before"]["item"], entry.data["after"]["item"]) == (
        "erp:ERP",
        "COLA-05",
        "WATER-05",
    )


def test_more_of_a_running_order_is_applied_with_a_notice_that_somebody_reads(thread: Thread) -> None:
    running(thread)
    thread.says(an_order(quantity=packs("450"), materials=(needs("SYRUP", "1350"),)))
    link = thread.link()
    assert (thread.order().quantity, link.badge, waits(thread)) == (10800, Badge.CHANGED, [])
    assert "quantity 400 pk24 → 450 pk24" in link.said
    assert thread.order().materials.get().total == 1350
    assert notice_seen(link, actor="pia", at=thread.now)
    assert not notice_seen(link, actor="pia", at=thread.now)


def test_less_than_is_made_leaves_a_running_order_untouched_until_a_planner_decides(thread: Thread) -> None:
    running(thread)  # 200 packs
    thread.says(an_order(quantity=packs("150"), due_at=None))
    assert (thread.order().quantity, thread.order().due_at) == (9600, None)  # the date is applied, the quantity waits
    assert waits(thread) == [("change:quantity", "400 pk24", "150 pk24")]
    assert (thread.link().badge, holds(thread)) == (Badge.CONFLICT, [])
    thread.pull()
    assert len(waits(thread)) == 1
    difference = open_changes(thread.link())[0]
    assert erp_value_accept(difference, actor="pia", at=thread.now)
    assert not erp_value_accept(difference, actor="pia", at=thread.now)
    assert (thread.order().quantity, thread.link().badge) == (3600, Badge.IN_SYNC)
    assert JournalEntry.objects.filter(action="erp_value_accept").count() == 1


def test_a_planner_keeps_ours_with_a_reason_and_is_not_asked_again(thread: Thread) -> None:
    running(thread)
    thread.says(an_order(quantity=packs("150")))
    difference = open_changes(thread.link())[0]
    assert difference_resolve(difference, why="Customer takes all of it", actor="pia", at=thread.now)
    assert not difference_resolve(difference, why="Customer takes all of it", actor="pia", at=thread.now)
    thread.says(an_order(quantity=packs("150"), priority=1))
    assert (thread.order().quantity, thread.order().priority, waits(thread)) == (9600, 1, [])
    difference.refresh_from_db()
    assert (difference.resolution, difference.resolved_by, difference.why) == ("mes", "pia", "Customer takes all of it")


def test_a_conflict_is_gone_when_the_erp_takes_it_back(thread: Thread) -> None:
    running(thread)
    thread.says(an_order(quantity=packs("150")))
    thread.says(an_order())
    assert (waits(thread), thread.link().badge) == ([], Badge.IN_SYNC)
    assert thread.link().differences.get().resolution == "gone"


def test_another_bill_after_the_start_holds_the_order_until_it_is_accepted(thread: Thread) -> None:
    running(thread)
    thread.says(an_order(materials=(needs("SUGAR", "60", "kg"),)))
    assert (thread.link().badge, holds(thread)) == (Badge.CONFLICT, ["ERP-ERP"])
    assert erp_value_accept(thread.link(), actor="pia", at=thread.now)
    assert [row.item.code for row in thread.order().materials.all()] == ["SUGAR"]
    assert (thread.link().badge, holds(thread)) == (Badge.IN_SYNC, [])


def test_a_bill_that_was_not_said_for_a_while_is_remembered(thread: Thread) -> None:
    running(thread)
    thread.says(an_order(materials=()))
    thread.says(an_order(materials=(needs("SUGAR", "60", "kg"),)))
    assert waits(thread) == [("change:bill", "SYRUP 1200", "SUGAR 60")]


def test_another_item_after_the_start_cannot_be_accepted_and_says_what_to_do(thread: Thread) -> None:
    running(thread)
    thread.says(an_order(item="FG-WATER"))
    with pytest.raises(OrderRefused, match="was started: its item and line stay"):
        erp_value_accept(thread.link(), actor="pia", at=thread.now)
    assert waits(thread) == [("change:item", "FG-COLA", "FG-WATER")]


def test_an_order_cancelled_before_its_start_is_cancelled_here(thread: Thread) -> None:
    thread.says(an_order())
    thread.says(an_order(state=RequestState.CANCELLED))
    assert (thread.order().status, thread.link().badge, waits(thread)) == ("cancelled", Badge.CANCELLED, [])


def test_an_order_taken_back_into_planning_is_held_and_let_go_when_released(thread: Thread) -> None:
    thread.says(an_order())
    thread.says(an_order(state=RequestState.PLANNED))
    assert (holds(thread), thread.order().status) == (["ERP-ERP"], "released")
    thread.says(an_order())
    assert (holds(thread), thread.link().badge) == ([], Badge.IN_SYNC)


def cancelled_while_running(thread: Thread) -> OutboxMessage:
    running(thread)
    message = OutboxMessage.objects.create(
        event_id="8d4f1a5e-0000-4000-8000-000000000001",
        link=thread.link(),
        sequence=1,
        payload={"posting_date": "2026-03-02"},
        cause="interval",
        created_at=thread.now,
        due_at=thread.now,
    )
    thread.says(an_order(state=RequestState.CANCELLED, erp_state="cancelled"))
    message.refresh_from_db()
    return message


def test_an_order_cancelled_while_it_runs_goes_on_with_a_banner_and_posts_nothing(thread: Thread) -> None:
    message = cancelled_while_running(thread)
    assert (thread.order().status, holds(thread), message.status) == ("running", ["ERP-ERP"], "parked")
    assert thread.link().badge == Badge.CANCELLED
    assert "stop it?" in thread.link().said
    assert waits(thread) == [("change:state", "waiting", "cancelled")]
    assert erp_value_accept(thread.link(), actor="sue", at=thread.now)
    assert (thread.order().status, waits(thread), holds(thread)) == ("cancelled", [], [])


def test_a_cancellation_that_is_taken_back_lets_order_and_messages_go_on(thread: Thread) -> None:
    message = cancelled_while_running(thread)
    thread.says(an_order())
    message.refresh_from_db()
    assert (waits(thread), holds(thread), message.status) == ([], [], "pending")
    assert thread.link().badge == Badge.IN_SYNC


def test_a_cancelled_order_may_be_finished_all_the_same(thread: Thread) -> None:
    cancelled_while_running(thread)
    difference_resolve(open_changes(thread.link())[0], why="The tank is full", actor="sue", at=thread.now)
    thread.says(an_order(state=RequestState.CANCELLED, erp_state="cancelled", customer="Rossi"))
    assert (holds(thread), thread.link().badge, waits(thread)) == ([], Badge.CANCELLED, [])
    assert OutboxMessage.objects.get().status == "parked"


def test_a_notice_stays_until_it_is_read_and_a_dead_message_stays_a_conflict(thread: Thread) -> None:
    running(thread)
    thread.says(an_order(quantity=packs("450")))
    thread.says(an_order(quantity=packs("450"), segments=()))
    assert (thread.link().badge, "450 pk24" in thread.link().said) == (Badge.CHANGED, True)
    link = thread.link()
    OutboxMessage.objects.create(
        event_id="8d4f1a5e-0000-4000-8000-000000000002",
        link=link,
        sequence=1,
        payload={},
        cause="interval",
        status="dead",
        created_at=thread.now,
        due_at=thread.now,
    )
    ErpLink.objects.filter(pk=link.pk).update(badge=Badge.CONFLICT, said="Refused.")
    thread.says(an_order(quantity=packs("450"), segments=(), customer="Rossi"))
    assert (thread.link().badge, thread.link().said) == (Badge.CONFLICT, "Refused.")


def test_an_order_finished_here_and_cancelled_there_is_a_difference(thread: Thread) -> None:
    running(thread, made=9600)
    order_complete(order=thread.order(), actor="otto", at=thread.now + timedelta(minutes=2), good=Decimal(9600))
    thread.now += timedelta(minutes=5)
    thread.says(an_order(state=RequestState.CANCELLED))
    assert (thread.link().badge, len(waits(thread)), thread.order().status) == (Badge.CANCELLED, 1, "completed")


def test_both_sides_cancelled_is_nothing_to_settle(thread: Thread) -> None:
    thread.says(an_order())
    thread.says(an_order(state=RequestState.CANCELLED))
    thread.says(an_order(state=RequestState.CANCELLED, priority=9))
    assert waits(thread) == []


@pytest.mark.parametrize(("good", "status", "left"), [("200", "completed", 0), ("210", "running", 1)])
def test_closed_by_hand_while_it_runs_equal_totals_close_it(thread: Thread, good: str, status: str, left: int) -> None:
    running(thread)  # 200 packs
    thread.erp.booked["7"] = booked(RequestState.CLOSED, good)
    thread.says(an_order(state=RequestState.CLOSED, erp_state="done"))
    assert (thread.order().status, len(waits(thread))) == (status, left)
    if left:
        assert "Closed in the ERP with 210 pk24, but 200 pk24 are made here" in thread.link().said
        assert erp_value_accept(thread.link(), actor="pia", at=thread.now)
        assert thread.order().status == "completed"


def test_closed_in_the_erp_before_anything_was_made_is_cancelled_here(thread: Thread) -> None:
    thread.says(an_order())
    thread.says(an_order(state=RequestState.CLOSED))
    assert thread.order().status == "cancelled"


@pytest.mark.parametrize("change", [{"due_at": None}, {"priority": 1}, {"work_center": "L2"}])
def test_what_comes_after_the_end_is_only_noted(thread: Thread, change: dict[str, Any]) -> None:
    running(thread, made=9600)
    order_complete(order=thread.order(), actor="otto", at=thread.now + timedelta(minutes=2), good=Decimal(9600))
    thread.now += timedelta(minutes=5)
    before = thread.order().version
    thread.says(an_order(**change))
    assert (thread.order().version, waits(thread), thread.link().badge) == (before, [], Badge.IN_SYNC)


def test_the_unit_is_frozen_when_the_order_comes(thread: Thread) -> None:
    running(thread, made=0)
    thread.connection.mappings.filter(ext_key="pk24").update(factor=Decimal(12))
    thread.says(an_order(priority=2))
    assert (thread.link().factor, thread.order().quantity) == (24, 9600)


def test_a_held_order_is_still_held_by_others(thread: Thread) -> None:
    running(thread)
    OrderHold.objects.create(order=thread.order(), ref="NCR-1", why="Taste", held_at=thread.now, held_by="quinn")
    thread.says(an_order(materials=(needs("SUGAR", "60", "kg"),)))
    thread.says(an_order())
    assert holds(thread) == ["NCR-1"]
    order_release_hold(order=thread.order(), why="Fine", ref="NCR-1", actor="quinn", at=thread.now)


def test_rows_of_the_erp_made_anew_change_nothing(thread: Thread) -> None:
    thread.says(an_order())
    version = thread.order().version
    order = an_order()
    rows = tuple(replace(row, line_key="24") for row in order.materials)
    thread.says(replace(order, materials=rows, ref=replace(order.ref, version="v2")))
    assert (thread.order().version, thread.link().version) == (version, "v2")
