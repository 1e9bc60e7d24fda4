"""A connection's life: checked, tried dry, live, stopped; every step once, with its entry in the journal."""

from datetime import timedelta

import pytest

from erp_sync.connections import (
    ConnectionRefused,
    connection_change,
    connection_check,
    connection_create,
    connection_dry_run,
    connection_go_live,
    connection_stop,
    posting_blocked,
    skew_words,
)
from erp_sync.errors import TransientError
from erp_sync.models import ErpConnection, SyncRun
from mes.journal.models import JournalEntry
from tests.erp_sync.inbound.conftest import Thread
from tests.erp_sync.memory_erp import NOW


def entries() -> list[str]:
    return list(JournalEntry.objects.filter(kind="erp-connection").order_by("pk").values_list("action", flat=True))


def test_each_step_happens_once_and_is_told(bare: Thread) -> None:
    assert not connection_go_live(bare.connection, "eva", NOW)
    assert connection_stop(bare.connection, "Stocktaking", "eva", NOW)
    assert not connection_stop(bare.connection, "Stocktaking", "eva", NOW)
    assert bare.connection.stopped_because == "Stocktaking"
    assert connection_go_live(bare.connection, "eva", NOW)
    steps = ["erp_connection_create", "erp_connection_check", "erp_dry_run", "erp_go_live", "erp_stop", "erp_go_live"]
    assert entries() == steps


def test_nothing_goes_live_without_a_dry_run_and_no_dry_run_without_a_check(bare: Thread) -> None:
    site = bare.connection.site
    new = connection_create(code="E2", name="Two", kind="memory", site=site, address="memory", actor="eva", at=NOW)
    with pytest.raises(ConnectionRefused, match="check it first"):
        connection_dry_run(new, "eva", NOW)
    assert connection_check(new, "eva", NOW) is not None
    with pytest.raises(ConnectionRefused, match="try it dry first"):
        connection_go_live(new, "eva", NOW)
    assert connection_dry_run(new, "eva", NOW)
    assert connection_go_live(new, "eva", NOW)


def test_a_connection_said_twice_is_one_and_another_under_its_code_is_refused(bare: Thread) -> None:
    same = {
        "code": "ERP",
        "kind": "memory",
        "site": bare.connection.site,
        "address": "memory",
        "actor": "eva",
        "at": NOW,
    }
    assert connection_create(name="Memory", **same) == bare.connection
    with pytest.raises(ConnectionRefused, match="ERP exists already"):
        connection_create(name="Other", **same)
    with pytest.raises(ConnectionRefused, match="A connection is one of"):
        connection_create(name="Other", **same | {"code": "E3", "kind": "telepathy"})


def test_a_check_that_fails_says_why_and_since_when(bare: Thread) -> None:
    bare.erp.down = TransientError("Nobody answers at memory.", said="502 Bad Gateway")
    assert connection_check(bare.connection, "eva", NOW) is None
    stored = ErpConnection.objects.get()
    assert (stored.problem, stored.problem_since) == ("Nobody answers at memory. (502 Bad Gateway)", NOW)
    later = NOW + timedelta(minutes=1)
    connection_check(bare.connection, "eva", later)
    assert ErpConnection.objects.get().problem_since == NOW
    assert SyncRun.objects.filter(kind="check", error__startswith="Nobody").count() == 2


@pytest.mark.parametrize(
    ("skew", "words", "blocked"),
    [
        (30.0, "", False),
        (-31.0, "The ERP's clock is 0:00:31 behind ours: set one of them right.", False),
        (300.0, "The ERP's clock is 0:05:00 ahead of ours: set one of them right.", False),
        (301.0, "The ERP's clock is 0:05:01 ahead of ours: nothing is posted until one of them is set right.", True),
        (None, "", False),
    ],
)
def test_clocks_apart_are_said_above_30_seconds_and_block_above_5_minutes(
    bare: Thread, skew: float | None, words: str, blocked: bool
) -> None:
    bare.erp.skew_s = skew
    connection_check(bare.connection, "eva", NOW)
    stored = ErpConnection.objects.get()
    assert (skew_words(stored), posting_blocked(stored)) == (words, blocked)


def test_another_address_takes_a_connection_out_of_work_and_forgets_its_place(bare: Thread) -> None:
    ErpConnection.objects.update(order_cursor="1007:7")
    assert connection_change(connection=bare.connection, address="elsewhere", actor="eva", at=NOW)
    assert not connection_change(connection=bare.connection, address="elsewhere", actor="eva", at=NOW)
    stored = ErpConnection.objects.get()
    assert (stored.state, stored.order_cursor, stored.checked_at) == ("draft", "", None)
    entry = JournalEntry.objects.get(action="erp_connection_change")
    assert (entry.data["before"]["address"], entry.data["after"]["address"]) == ("memory", "elsewhere")
