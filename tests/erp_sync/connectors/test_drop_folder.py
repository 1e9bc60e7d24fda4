"""A drop folder: each file in counts once, each confirmation goes out once, also after a death at any point."""

from pathlib import Path

import pytest

from erp_sync.connectors.drop.folder import DropFolder
from erp_sync.errors import AddressError, TransientError
from erp_sync.messages import Outcome
from tests.erp_sync.contract.rig import everything, said
from tests.erp_sync.contract.rig_csv import HEADER, CsvRig


@pytest.fixture
def rig(tmp_path: Path) -> CsvRig:
    return CsvRig(tmp_path)


def drop(rig: CsvRig, place: str) -> list[Path]:
    return sorted((rig.root / "drop" / place).iterdir())


def test_a_confirmation_that_the_erp_took_away_is_not_written_again(rig: CsvRig) -> None:
    key, erp = rig.make(), rig.connect()
    order = erp.get_order(key)
    assert order is not None
    last = said(rig, order.ref, 1, 96, 4, 100, final=True)
    assert erp.push_response(last).outcome == Outcome.APPLIED
    assert [file.name for file in drop(rig, "out")] == [f"{last.event_id}.csv"]
    assert rig.books(key).over
    drop(rig, "out")[0].unlink()
    assert rig.connect().push_response(last).outcome == Outcome.ALREADY_APPLIED
    assert drop(rig, "out") == []


def test_a_death_before_the_file_is_shown_is_mended_by_the_repeat(rig: CsvRig, monkeypatch: pytest.MonkeyPatch) -> None:
    order = rig.connect().get_order(rig.make())
    assert order is not None
    message = said(rig, order.ref, 1, 40, 3, 43)
    with monkeypatch.context() as dying:
        dying.setattr(DropFolder, "publish", lambda _folder, _name: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rig.connect().push_response(message)
    assert drop(rig, "out") == []
    assert rig.connect().push_response(message).outcome == Outcome.APPLIED
    assert rig.books(order.ref.key).good == 40


def test_the_same_file_again_and_a_half_written_record_change_nothing(rig: CsvRig) -> None:
    key = rig.make()
    before, cursor = everything(rig.connect())
    done = drop(rig, "done")[0]
    (rig.root / "drop" / "in" / "again.csv").write_bytes(done.read_bytes())
    with (rig.root / "drop" / "work" / "orders.jsonl").open("a") as ledger:
        ledger.write('{"key": "half')
    assert everything(rig.connect(), cursor) == ({}, cursor)
    assert everything(rig.connect())[0] == before
    assert list(before) == [key]


def test_a_file_that_cannot_be_used_is_refused_with_a_report_beside_it(rig: CsvRig) -> None:
    (rig.root / "drop" / "in" / "a.csv").write_text(f"{HEADER}\nA;X;1_000;PCE;;\n")
    (rig.root / "drop" / "in" / "b.tmp").write_text("is being written")
    page = rig.connect().pull_orders("")
    assert [row.key for row in page.unreadable] == ["A"]
    report = next(file for file in drop(rig, "refused") if file.suffix == ".txt")
    assert "line 2: '1_000' is not a quantity" in report.read_text()
    assert [file.name for file in drop(rig, "in")] == ["b.tmp"]


def test_a_share_that_is_away_is_tried_later_and_a_folder_elsewhere_is_refused(rig: CsvRig) -> None:
    erp = rig.connect()
    (rig.root / "drop").rename(rig.root / "away")
    (rig.root / "drop").write_text("no folder")
    with pytest.raises(TransientError):
        erp.pull_orders("")
    (rig.root / "drop").unlink()
    (rig.root / "drop").symlink_to("/etc")
    with pytest.raises(AddressError):
        rig.connect()
