"""The demo's real ERP: built once, seeded with the demo plant, reset, ended without a trace, with few rights."""

import socket
import sqlite3
import stat
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from erp_sync.demo.boxed import boxed_make
from erp_sync.demo.home import TrytonHome, database_restore
from erp_sync.demo.series import NEWEST
from tests.erp_sync.tryton import Refused, RunningTryton


def test_orders_in_every_state_belong_to_the_demo_plant(each_tryton: RunningTryton) -> None:
    """The planner sees thirteen orders: two done, one running, one assigned, six waiting, two drafts, one cancelled."""
    found = each_tryton.service().find("production", [], ["state", "quantity", "product.code", "work_center.name"])
    states = [row["state"] for row in found]
    assert {state: states.count(state) for state in set(states)} == {
        "done": 2, "running": 1, "assigned": 1, "waiting": 6, "draft": 2, "cancelled": 1
    }  # fmt: skip
    first = found[0]
    assert (first["product."]["code"], first["work_center."]["name"], first["quantity"]) == (
        "STILL-05", "BOTTLE-1", 12000.0
    )  # fmt: skip


def test_a_reset_forgets_what_was_entered(each_tryton: RunningTryton) -> None:
    before = {row["id"] for row in each_tryton.admin().find("production", [], ["id"])}
    each_tryton.admin().call("production.copy", [max(before)])
    assert len(each_tryton.admin().find("production", [], ["id"])) == len(before) + 1
    each_tryton.reset()
    assert {row["id"] for row in each_tryton.admin().find("production", [], ["id"])} == before


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("production.bom.write", ([1], {"name": "cheaper"})),
        ("production.delete", ([11],)),
        ("production.copy", ([11],)),
        ("product.product.write", ([1], {"suffix_code": "X", "code": "X"})),
        ("production.work.center.write", ([1], {"name": "X"})),
        ("stock.location.write", ([1], {"name": "X"})),
        ("stock.inventory.create", ([{"location": 1}],)),
        ("res.user.write", ([1], {"name": "X"})),
    ],
)
def test_the_account_of_millwright_may_not(each_tryton: RunningTryton, method: str, params: tuple[Any, ...]) -> None:
    """It confirms what was made; bills, items, places, people and the making of orders are not its own."""
    with pytest.raises(Refused) as refusal:
        each_tryton.service().call(method, *params)
    assert refusal.value.kind == "UserError"
    assert "access" in str(refusal.value)


def test_a_stop_leaves_no_process_and_no_listener_and_a_start_finds_everything_again(tryton: RunningTryton) -> None:
    (before, *_) = tryton.admin().find("production", [], ["id", "write_date"])
    assert processes_of(tryton.server.folder)
    tryton.stop()
    assert processes_of(tryton.server.folder) == []
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", tryton.server.port))
    assert not tryton.server.stop(), "nothing is running, so nothing is stopped"
    tryton.start()
    assert tryton.server.version() is not None
    assert tryton.admin().find("production", [], ["id", "write_date"])[0] == before


def test_passwords_and_configuration_are_for_their_owner_only(tryton: RunningTryton) -> None:
    private = [tryton.server.home.folder / "built.json", tryton.server.folder / "trytond.conf"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600] * 2
    assert not (tryton.server.home.folder / "work").exists(), "the password file of the making is gone"


def test_the_days_of_the_orders_lie_around_today_however_old_the_snapshot_is(
    tryton: RunningTryton, tmp_path: Path
) -> None:
    """Seeded days lie from one before to four after the day of the making; ten days later, ten days later each."""
    made = date.fromisoformat(tryton.built.on)
    for later in (0, 10):
        database_restore(tryton.server.home, tmp_path / "copy.sqlite", today=made + timedelta(days=later))
        with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as database:
            (first, last) = database.execute("SELECT min(planned_date), max(planned_date) FROM production").fetchone()
        assert (first, last) == (
            (made + timedelta(days=later - 1)).isoformat(), (made + timedelta(days=later + 4)).isoformat()
        )  # fmt: skip


def test_without_a_way_to_the_packages_one_sentence_is_said_and_the_simulated_erp_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_NO_INDEX": "1", "PIP_NO_CACHE_DIR": "1",
        "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    said: list[str] = []
    boxed = boxed_make("8.2", tmp_path / "erp", homes=tmp_path, today=date(2026, 11, 23), say=said.append)
    assert (boxed.code, boxed.kind, boxed.name) == ("SIMULATED", "simulated", "Simulated ERP")
    assert len(said) == 2
    assert "cannot be installed" in said[1]
    assert said[1].endswith("The demo uses the simulated ERP instead.")
    assert TrytonHome(NEWEST, tmp_path / "tryton-8.2").built() is None


def processes_of(folder: Path) -> list[int]:
    """Pids whose command names the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in told:
                found.append(int(entry.name))
    return found
