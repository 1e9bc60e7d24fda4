"""A file of orders that a person sends: reported first, applied if chosen, in slices, cancelled, sent twice."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from erp_sync import imports
from erp_sync.connections import opened
from erp_sync.imports import (
    ImportRefused,
    error_rows_csv,
    import_apply,
    import_begin,
    import_cancel,
    import_step,
    imports_step,
)
from erp_sync.inbound.pull import pull_orders
from erp_sync.models import ErpConnection, ErpImport, ErpLink, ErpMapping
from mes.journal.models import JournalEntry
from mes.leases.hold import lease_take
from mes.production.models import WorkOrder
from tests.production.small_plant import small_plant

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
HEADER = "Order number;Product;Qty;UoM;Line;Due date\n"
GOOD = "".join(f"WO-{number};FG-COLA;{number}00;pk24;L1;2026-03-03 14:00\n" for number in range(1, 6))
BAD = "WO-6;FG-COLA;1_000;pk24;L1;\nWO-7;FG-COLA;nan;pk24;L1;\n=WO-8;FG-COLA;1,500;pk24;L1;\nWO-1;FG-COLA;5;pk24;L1;\n"


@pytest.fixture
def csv_line(db: None, settings: Any, tmp_path: Path) -> ErpConnection:
    """A live connection over a folder of CSV files, mapped to the small plant."""
    settings.MES_DATA_DIR, settings.ERP_FOLDERS = tmp_path, (str(tmp_path),)
    site = small_plant().line_1.area.site
    connection = ErpConnection.objects.create(
        code="CSV", name="CSV", kind="csv", address="drop", site=site, state="live", checked_at=NOW
    )
    for kind, ext_key, mes_code, factor in (
        ("item", "FG-COLA", "COLA-05", None),
        ("unit", "pk24", "pcs", 24),
        ("work-center", "L1", "LINE-1", None),
    ):
        ErpMapping.objects.create(
            connection=connection,
            kind=kind,
            ext_key=ext_key,
            mes_code=mes_code,
            factor=factor,
            valid_from=NOW - timedelta(days=9),
            by="pia",
        )
    return connection


def begun(connection: ErpConnection, text: str, key: UUID | None = None) -> ErpImport:
    data = text.encode()
    return import_begin(connection=connection, name="a\0b.csv", data=data, key=key or uuid4(), actor="pia", at=NOW)


def orders() -> list[str]:
    return sorted(WorkOrder.objects.filter(number__startswith="WO-").values_list("number", flat=True))


def test_the_good_rows_of_a_partly_bad_file_are_reported_and_if_chosen_applied(csv_line: ErpConnection) -> None:
    sent = begun(csv_line, HEADER + GOOD + BAD)
    assert (sent.state, sent.good, sent.bad, orders()) == ("checked", 5, 4, [])
    rows = list(csv.reader("".join(error_rows_csv(sent)).removeprefix("\ufeff").splitlines()))
    assert rows[0] == ["line", "order", "problem"]
    assert [row[:2] for row in rows[1:]] == [["7", "WO-6"], ["8", "WO-7"], ["9", "'=WO-8"], ["10", "WO-1"]]
    assert "digits only" in rows[1][2]
    assert "line 2 already" in rows[4][2]
    assert import_apply(imported=sent, actor="pia", at=NOW)
    assert not import_apply(imported=sent, actor="pia", at=NOW)
    assert imports_step(NOW) == 1
    assert orders() == ["WO-1", "WO-2", "WO-3", "WO-4", "WO-5"]
    assert WorkOrder.objects.get(number="WO-5").quantity == 500 * 24
    sent.refresh_from_db()
    assert (sent.state, sent.applied, sent.failed) == ("done", 5, 0)
    actions = JournalEntry.objects.filter(kind="erp-import").order_by("seq").values_list("action", flat=True)
    assert list(actions) == ["erp_import_begin", "erp_import_apply", "erp_import_done"]


def test_a_form_sent_twice_is_one_file_and_a_step_too_many_changes_nothing(csv_line: ErpConnection) -> None:
    key = uuid4()
    assert begun(csv_line, HEADER + GOOD, key).pk == begun(csv_line, HEADER + GOOD, key).pk
    sent = ErpImport.objects.get()
    import_apply(imported=sent, actor="pia", at=NOW)
    assert not import_step(sent, NOW)
    entries = JournalEntry.objects.count()
    assert not import_step(sent, NOW)
    assert (JournalEntry.objects.count(), sent.applied) == (entries, 5)


def test_a_file_is_applied_in_slices_and_cancelled_between_them(
    csv_line: ErpConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SLICE", 2)
    sent = begun(csv_line, HEADER + GOOD)
    import_apply(imported=sent, actor="pia", at=NOW)
    assert import_step(sent, NOW, budget_s=0)
    assert (sent.state, sent.applied) == ("applying", 2)
    assert import_cancel(imported=sent, actor="pia", at=NOW)
    assert not import_cancel(imported=sent, actor="pia", at=NOW)
    assert not import_step(sent, NOW)
    assert (orders(), sent.state) == (["WO-1", "WO-2"], "cancelled")


def test_nothing_is_applied_beside_a_pull_or_before_the_connection_is_live(csv_line: ErpConnection) -> None:
    sent = begun(csv_line, HEADER + GOOD)
    ErpConnection.objects.update(state="dry-run")
    with pytest.raises(ImportRefused, match="live"):
        import_apply(imported=sent, actor="pia", at=NOW)
    ErpConnection.objects.update(state="live")
    import_apply(imported=sent, actor="pia", at=NOW)
    lease_take(name="erp:CSV:orders", owner="a pull", seconds=60)
    assert import_step(sent, NOW)
    assert (sent.applied, orders()) == (0, [])


def test_what_waits_for_a_mapping_is_counted_and_named(csv_line: ErpConnection) -> None:
    sent = begun(csv_line, HEADER + "WO-1;FG-NEW;5;pk24;L1;\n")
    import_apply(imported=sent, actor="pia", at=NOW)
    import_step(sent, NOW)
    assert (sent.state, sent.applied, sent.failed) == ("done", 1, 1)
    assert "FG-NEW" in "".join(error_rows_csv(sent))


def test_a_spreadsheet_is_kept_as_refused_and_cannot_be_applied(csv_line: ErpConnection) -> None:
    sent = import_begin(connection=csv_line, name="x.xlsx", data=b"PK\x03\x04", key=uuid4(), actor="pia", at=NOW)
    assert (sent.state, sent.good) == ("refused", 0)
    assert "CSV UTF-8" in sent.refused
    with pytest.raises(ImportRefused):
        import_apply(imported=sent, actor="pia", at=NOW)


def test_only_connections_over_files_take_files(csv_line: ErpConnection) -> None:
    ErpConnection.objects.update(kind="simulated")
    csv_line.refresh_from_db()
    with pytest.raises(ImportRefused, match="CSV or B2MML"):
        begun(csv_line, HEADER + GOOD)


def test_orders_of_a_file_are_known_to_the_folder_and_the_next_pull_finds_them_unchanged(
    csv_line: ErpConnection,
) -> None:
    sent = begun(csv_line, HEADER + GOOD)
    import_apply(imported=sent, actor="pia", at=NOW)
    import_step(sent, NOW)
    import_step(sent, NOW)
    with opened(csv_line) as erp:
        found = erp.get_order("WO-3")
    assert found is not None
    run = pull_orders(csv_line, NOW)
    assert run is not None
    assert (run.read, run.new, run.unchanged, run.error) == (5, 0, 5, "")
    assert ErpLink.objects.get(key="WO-3").version == found.ref.version
