"""Orders are pulled: new ones come in, known ones are unchanged, bad ones wait, and nothing is lost on the way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from erp_sync.errors import AuthError, TransientError
from erp_sync.inbound import pull
from erp_sync.inbound.pull import dry_run, pull_orders
from erp_sync.inbound.units import to_erp
from erp_sync.messages import RequestState, Unreadable
from erp_sync.models import ErpConnection, ErpLink, SyncRun
from mes.journal.models import JournalEntry
from mes.leases.hold import lease_give_back, lease_take
from mes.production.models import WorkOrder
from tests.erp_sync.inbound.conftest import Thread
from tests.erp_sync.orders import DUE, an_order, needs, packs, step

Badge = ErpLink.Badge


def counts(run: SyncRun) -> tuple[int, int, int, int, int]:
    return run.read, run.new, run.changed, run.unchanged, run.failed


def test_400_packs_of_24_come_in_as_9600_pieces_on_their_line(thread: Thread) -> None:
    run = thread.says(an_order())
    order = thread.order()
    assert (order.quantity, order.item.code, order.line.code) == (Decimal(9600), "COLA-05", "LINE-1")
    assert (order.due_at, order.priority, order.status, order.source) == (DUE, 20, "released", "ERP")
    assert [(row.item.code, row.total) for row in order.materials.all()] == [("SYRUP", Decimal(1200))]
    link = thread.link()
    assert (link.badge, link.factor, link.erp_unit, to_erp(link, Decimal(4800))) == (Badge.IN_SYNC, 24, "pk24", 200)
    assert counts(run) == (1, 1, 0, 0, 0)
    assert JournalEntry.objects.get(action="order_create", code="1007").actor == "erp:ERP"


def test_a_planned_order_is_received_and_released_when_the_erp_releases_it(thread: Thread) -> None:
    thread.says(an_order(state=RequestState.PLANNED))
    assert thread.order().status == "received"
    thread.says(an_order())
    assert thread.order().status == "released"


def test_a_planned_order_without_a_number_is_visible_and_comes_in_when_it_has_one(thread: Thread) -> None:
    draft = an_order(state=RequestState.PLANNED)
    thread.says(replace(draft, ref=replace(draft.ref, number="")))
    assert thread.link().order is None
    thread.says(draft)
    assert thread.order().status == "received"


def test_the_overlap_brings_an_order_again_and_it_is_unchanged(thread: Thread) -> None:
    thread.says(an_order())
    entries = JournalEntry.objects.count()
    version = thread.order().version
    assert counts(thread.pull()) == (1, 0, 0, 1, 0)
    assert (thread.order().version, JournalEntry.objects.count()) == (version, entries)


def test_unchanged_orders_get_the_versions_that_our_own_confirmations_made(thread: Thread) -> None:
    thread.says(an_order("7"), an_order("8"), an_order("9"))
    seven, nine = (replace(an_order(key), ref=replace(an_order(key).ref, version=f"v{key}")) for key in "79")
    before = thread.link("8").version
    assert counts(thread.says(seven, nine))[1:] == (0, 0, 3, 0)
    assert [thread.link(key).version for key in "789"] == ["v7", before, "v9"]


def test_an_order_that_was_committed_late_is_found(thread: Thread) -> None:
    thread.says(an_order("8"))
    thread.erp.put(an_order("9"), tick=thread.erp.tick - 200)
    assert thread.pull().new == 1


def test_an_order_that_ended_before_it_was_ever_seen_leaves_nothing(thread: Thread) -> None:
    thread.says(an_order(state=RequestState.COMPLETED))
    assert not ErpLink.objects.exists()


def test_what_is_not_mapped_waits_and_names_everything_at_once(bare: Thread) -> None:
    run = bare.says(an_order())
    link = bare.link()
    assert (run.failed, link.badge, link.order) == (1, Badge.WAITING, None)
    assert "item FG-COLA" in link.said
    assert "line or work center L1" in link.said
    assert not WorkOrder.objects.exists()


def test_a_unit_of_another_kind_is_refused_with_a_sentence(thread: Thread) -> None:
    thread.says(an_order(quantity=replace(packs("400"), unit="l")))
    assert thread.link().badge == Badge.WAITING
    assert "FG-COLA is counted in pcs here, but the ERP orders it in l" in thread.link().said


def test_one_bad_record_never_stops_the_others(thread: Thread) -> None:
    thread.erp.broken = [Unreadable("66", "Its quantity 'many' is no number.")]
    run = thread.says(
        an_order("1"), an_order("2", quantity=packs("0")), an_order("3", quantity=packs("9" * 20)), an_order("4")
    )
    assert counts(run) == (5, 2, 0, 0, 3)
    assert {link.key: link.badge for link in ErpLink.objects.all()} == {
        "1": Badge.IN_SYNC,
        "2": Badge.WAITING,
        "3": Badge.WAITING,
        "4": Badge.IN_SYNC,
        "66": Badge.WAITING,
    }
    assert thread.link("66").said == "Its quantity 'many' is no number."


def test_texts_that_cannot_be_stored_cost_nobody_else_anything(thread: Thread) -> None:
    broken = {"1": an_order("1", customer="a\0b"), "2": an_order("2", customer="\ud800"), "x\0": an_order("x\0")}
    run = thread.says(*broken.values(), an_order("4"))
    assert (run.read, run.new, run.failed) == (4, 1, 3)
    assert thread.link("1").request["customer"] == "a b"
    assert {link.key for link in ErpLink.objects.filter(badge=Badge.WAITING)} == {"1", "2", "x "}
    assert thread.pull().failed == 3


def test_a_number_that_another_order_has_gets_the_connections_code_before_it(thread: Thread) -> None:
    thread.plant.order("1007")
    thread.says(an_order())
    assert thread.link().order == thread.order("ERP-1007")


def test_operations_come_in_by_sequence_where_the_line_runs_machine_by_machine(thread: Thread) -> None:
    thread.map("work-center", "PR1", "PRESS")
    thread.map("work-center", "HAND", "-")
    thread.says(an_order(work_center="L2", segments=(step(10, "MIX", "HAND"), step(20, "PRESS", "PR1"))))
    operations = thread.order().operations.all()
    assert [(one.sequence, one.name, one.work_center and one.work_center.code) for one in operations] == [
        (20, "Press", "PRESS")
    ]


def test_a_pallet_of_one_item_is_not_a_pallet_of_another(thread: Thread) -> None:
    thread.map("unit", "pal", "pcs", "480")
    thread.map("unit", "pal of FG-WATER", "pcs", "600")
    pallets = replace(packs("2"), unit="pal")
    thread.says(an_order("1", quantity=pallets), an_order("2", item="FG-WATER", quantity=pallets))
    assert (thread.order("1001").quantity, thread.order("1002").quantity) == (960, 1200)


def test_a_change_that_is_not_mapped_changes_nothing_until_it_is(thread: Thread) -> None:
    thread.says(an_order())
    thread.says(an_order(quantity=packs("500"), materials=(needs("GLUE", "3", "kg"),)))
    assert thread.order().quantity == 9600
    assert (thread.link().badge, "GLUE" in thread.link().said) == (Badge.WAITING, True)
    thread.map("item", "GLUE", "-")
    thread.pull()
    assert (thread.order().quantity, thread.link().badge) == (12000, Badge.IN_SYNC)


def test_more_orders_than_a_run_takes_come_in_with_the_next_runs(
    thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "PAGE", 2)
    for key in "12345":
        thread.erp.put(an_order(key), tick=500)
    first = pull_orders(thread.connection, thread.now, pages=1)
    assert first is not None
    assert (first.new, thread.connection.order_more) == (2, True)
    second = pull_orders(thread.connection, thread.now, pages=1)
    assert second is not None
    assert second.new == 2
    thread.pull()
    assert WorkOrder.objects.count() == 5
    assert not ErpConnection.objects.get().order_more


def test_only_one_pull_at_a_time(thread: Thread) -> None:
    assert lease_take(name="erp:ERP:orders", owner="other", seconds=60) is not None
    assert pull_orders(thread.connection, thread.now) is None
    lease_give_back(names=["erp:ERP:orders"], owner="other")
    assert pull_orders(thread.connection, thread.now) is not None


def test_an_erp_out_of_reach_is_said_since_when_and_the_cursor_stays(thread: Thread) -> None:
    thread.says(an_order())
    cursor = ErpConnection.objects.get().order_cursor
    thread.erp.down = TransientError("The ERP does not answer.")
    failed = thread.pull()
    since = thread.now
    thread.pull()
    stored = ErpConnection.objects.get()
    assert (failed.error, stored.problem) == ("The ERP does not answer.", "The ERP does not answer.")
    assert (stored.problem_since, stored.order_cursor) == (since, cursor)
    assert stored.last_pull_at == since - timedelta(minutes=1)
    thread.erp.down = None
    thread.pull()
    stored.refresh_from_db()
    assert (stored.problem, stored.problem_since, stored.last_pull_at) == ("", None, thread.now)


def test_a_refused_login_stops_the_connection_with_its_reason(thread: Thread) -> None:
    thread.erp.down = AuthError("The login of mes is refused.")
    thread.pull()
    stored = ErpConnection.objects.get()
    assert (stored.state, stored.stopped_because) == ("stopped", "The login of mes is refused.")
    assert JournalEntry.objects.get(action="erp_stop").data["why"] == "The login of mes is refused."
    assert pull_orders(stored, thread.now) is None


def test_a_dry_run_says_what_would_happen_and_writes_nothing(bare: Thread) -> None:
    ErpConnection.objects.update(state="dry-run")
    bare.connection.refresh_from_db()
    bare.erp.put(an_order("1"))
    bare.erp.put(an_order("2", state=RequestState.CANCELLED))
    found = dry_run(bare.connection, bare.now)
    assert found.missing[("item", "FG-COLA")] == 1
    assert [number for number, _problem in found.problems] == ["1001"]
    assert not ErpLink.objects.exists()
    assert ErpConnection.objects.get().order_cursor == ""
