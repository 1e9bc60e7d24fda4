"""A CSV file becomes orders: whole or not at all, once however often it is sent."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mes.journal.models import JournalEntry
from mes.production.imports import orders_import_csv, orders_import_preview
from mes.production.models import WorkOrder
from tests.production.small_plant import SIX, SmallPlant

HEAD = "number,item,line,quantity,due\n"
GOOD = HEAD + "WO-1,COLA-05,LINE-1,1200,2026-11-30 14:00\nWO-2,WATER-05,LINE-2,12.5,\n"


def load(text: str, **options: object) -> object:
    return orders_import_csv(data=text.encode(), actor="pia", at=SIX, **options)  # type: ignore[arg-type]


def test_a_good_file_creates_its_orders_in_the_time_zone_of_the_site(plant: SmallPlant) -> None:
    report = load(GOOD)
    assert report.applied
    assert [order.number for order in report.new] == ["WO-1", "WO-2"]
    stored = WorkOrder.objects.get(number="WO-1")
    assert stored.due_at.isoformat() == "2026-11-30T13:00:00+00:00"
    assert (stored.source, stored.status, stored.priority) == ("csv", "released", 50)


def test_the_same_file_twice_changes_nothing(plant: SmallPlant) -> None:
    load(GOOD)
    before = list(WorkOrder.objects.order_by("pk").values())
    report = load(GOOD)
    assert (report.new, report.unchanged, report.errors) == ([], ["WO-1", "WO-2"], [])
    assert list(WorkOrder.objects.order_by("pk").values()) == before
    assert JournalEntry.objects.count() == 2


def test_one_bad_row_keeps_everything_out_and_says_why(plant: SmallPlant) -> None:
    report = load(GOOD + "WO-3,COKE,LINE-9,1,\nWO-4,COLA-05,LINE-1,0,\n")
    assert not report.applied
    assert [(error.line, error.column) for error in report.errors] == [(4, "item"), (4, "line"), (5, "quantity")]
    assert not WorkOrder.objects.exists()
    assert not JournalEntry.objects.exists()


def test_with_partial_the_good_rows_are_written(plant: SmallPlant) -> None:
    report = load(GOOD + "WO-3,COKE,LINE-1,1,\n", partial=True)
    assert report.applied
    assert [error.line for error in report.errors] == [4]
    assert WorkOrder.objects.count() == 2


def test_a_number_that_is_taken_by_another_content_is_an_error_in_file_and_database(plant: SmallPlant) -> None:
    plant.order("WO-1", quantity="7")
    report = load(GOOD + "WO-2,WATER-05,LINE-2,13,\n")
    assert [(error.line, error.column) for error in report.errors] == [(2, "number"), (4, "number")]
    assert "its quantity is 7" in report.errors[0].message
    assert WorkOrder.objects.count() == 1


def test_a_line_that_is_not_the_planners_reads_as_unknown(plant: SmallPlant) -> None:
    report = load(GOOD, lines=[plant.line_1])
    assert [str(error) for error in report.errors] == [
        "line 3, line: There is no line LINE-2 that you may plan: check its code."
    ]


def test_a_preview_writes_nothing(plant: SmallPlant) -> None:
    assert len(orders_import_preview(data=GOOD.encode()).new) == 2
    assert not WorkOrder.objects.exists()


def test_a_wall_time_the_clock_change_skips_is_an_error_of_its_row(plant: SmallPlant) -> None:
    report = load(HEAD + "WO-1,COLA-05,LINE-1,1,2026-03-29 02:30\n")
    assert [(error.line, error.column) for error in report.errors] == [(2, "due")]


def test_the_command_imports_a_file_and_reports_errors_with_their_lines(plant: SmallPlant, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(GOOD)
    out = io.StringIO()
    call_command("orders", "import", str(file), stdout=out)
    assert out.getvalue() == "2 created, 0 unchanged, 0 errors.\n"
    file.write_text(HEAD + "WO-9,COLA-05,LINE-1,1e400,\n")
    errors = io.StringIO()
    with pytest.raises(CommandError, match="0 good and not written, 0 unchanged, 1 errors"):
        call_command("orders", "import", str(file), stderr=errors)
    assert "line 2, quantity: '1e400' is not a quantity" in errors.getvalue()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("orders", "import", str(tmp_path / "none.csv"))
