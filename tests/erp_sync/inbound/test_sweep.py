"""Sweeps find what a pull cannot see: deleted, missed and late orders; and they do not believe an empty answer."""

from datetime import timedelta

import pytest

from erp_sync.errors import TransientError
from erp_sync.inbound import sweep
from erp_sync.inbound.differences import open_changes
from erp_sync.inbound.sweep import full_due, sweep_full, sweep_keys
from erp_sync.messages import Capability, RequestState
from erp_sync.models import ErpConnection, ErpLink, SyncRun
from mes.production.models import OrderHold
from mes.production.orders import order_cancel, order_start
from tests.erp_sync.inbound.conftest import Thread
from tests.erp_sync.orders import an_order, packs

Badge = ErpLink.Badge


def swept(thread: Thread) -> SyncRun:
    thread.now += timedelta(minutes=15)
    thread.connection.refresh_from_db()
    run = sweep_keys(thread.connection, thread.now)
    assert run is not None
    return run


def test_an_order_absent_in_two_sweeps_is_deleted_and_cancelled_here(thread: Thread) -> None:
    thread.says(an_order())
    thread.erp.delete("7")
    swept(thread)
    assert (thread.order().status, thread.link().missing_sweeps) == ("released", 1)
    swept(thread)
    assert (thread.order().status, thread.link().badge, thread.link().said) == (
        "cancelled",
        Badge.MISSING,
        "Deleted in the ERP.",
    )


def test_an_order_that_is_back_in_time_is_as_it_was(thread: Thread) -> None:
    thread.says(an_order())
    thread.erp.delete("7")
    swept(thread)
    thread.erp.put(an_order())
    swept(thread)
    thread.erp.delete("7")
    swept(thread)
    assert (thread.order().status, thread.link().missing_sweeps) == ("released", 1)


def test_an_order_deleted_while_it_runs_is_held_and_goes_on_when_it_is_back(thread: Thread) -> None:
    thread.says(an_order())
    order_start(order=thread.order(), work_center=thread.plant.packer, actor="otto", at=thread.now)
    thread.erp.delete("7")
    swept(thread)
    swept(thread)
    assert (thread.order().status, thread.link().badge) == ("running", Badge.MISSING)
    assert "Deleted in the ERP, but it is running here: stop it?" in thread.link().said
    swept(thread)
    assert len(open_changes(thread.link())) == 1
    thread.erp.put(an_order())
    swept(thread)
    assert (thread.link().badge, open_changes(thread.link())) == (Badge.IN_SYNC, [])
    assert not OrderHold.objects.filter(released_at=None).exists()


def test_an_order_that_the_pull_never_saw_is_fetched(thread: Thread) -> None:
    thread.says(an_order("8"))
    thread.erp.put(an_order("9"), tick=1)  # its time is long before the cursor
    assert thread.pull().new == 0
    assert swept(thread).new == 1
    assert thread.order("1009").status == "released"


def test_a_change_that_moved_no_time_is_found_by_its_version(thread: Thread) -> None:
    thread.says(an_order())
    changed = an_order(quantity=packs("410"))
    thread.erp.orders["7"] = type(changed)(
        **{name: getattr(changed, name) for name in changed.__slots__}
        | {"ref": changed.ref.__class__("order", "7", "1007", "v2")}
    )
    thread.erp.ticks["7"] = 1
    assert swept(thread).changed == 1
    assert thread.order().quantity == 9840  # 410 x 24


def test_an_order_that_is_over_in_the_erp_is_no_missing_one(thread: Thread) -> None:
    thread.says(an_order())
    thread.erp.put(an_order(state=RequestState.CANCELLED), tick=1)
    swept(thread)
    assert (thread.order().status, thread.link().badge) == ("cancelled", Badge.CANCELLED)


def test_an_answer_without_most_orders_is_not_believed(thread: Thread) -> None:
    for number in range(20, 32):
        thread.erp.put(an_order(str(number)))
    thread.pull()
    thread.erp.orders.clear()
    run = swept(thread)
    assert run.error.startswith("The ERP knows 12 of 12 open orders no more.")
    assert not ErpLink.objects.filter(missing_sweeps__gt=0).exists()


def test_an_erp_that_breaks_off_in_a_sweep_makes_nothing_missing(thread: Thread) -> None:
    thread.says(an_order())
    thread.erp.down = TransientError("Away.")
    swept(thread)
    assert (thread.link().missing_sweeps, ErpConnection.objects.get().problem) == (0, "Away.")


def test_an_erp_without_single_orders_counts_absence_alone(thread: Thread) -> None:
    thread.erp.can -= {Capability.GET_ORDER}
    thread.says(an_order())
    thread.erp.delete("7")
    swept(thread)
    swept(thread)
    assert thread.link().badge == Badge.MISSING


def test_what_was_settled_here_meanwhile_waits_no_more(thread: Thread) -> None:
    thread.says(an_order())
    order_start(order=thread.order(), work_center=thread.plant.packer, actor="otto", at=thread.now)
    thread.says(an_order(state=RequestState.CANCELLED))
    order_cancel(order=thread.order(), actor="sue", at=thread.now + timedelta(minutes=1))
    swept(thread)
    assert open_changes(thread.link()) == []


def test_the_full_sweep_finds_what_has_no_new_time_a_part_at_a_time(
    thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGE", 2)
    for key in "12345":
        thread.erp.put(an_order(key))
    thread.pull()
    thread.erp.orders["5"] = an_order("5", priority=1)
    runs = [sweep_full(thread.connection, thread.now, pages=1) for _part in range(3)]
    assert [(run.read, run.changed, bool(run.cursor_after)) for run in runs if run is not None] == [
        (2, 0, True),
        (2, 0, True),
        (1, 1, False),
    ]
    assert thread.order("1005").priority == 1
    assert ErpConnection.objects.get().last_full_sweep_at == thread.now


def test_the_full_sweep_is_due_by_night_on_the_sites_clock(thread: Thread) -> None:
    thread.pull()
    assert full_due(thread.connection, thread.now)
    sweep_full(thread.connection, thread.now)
    assert not full_due(thread.connection, thread.now + timedelta(hours=12, minutes=30))  # 21:31 in Berlin
    assert full_due(thread.connection, thread.now + timedelta(hours=18))  # 03:01
