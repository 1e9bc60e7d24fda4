"""Reading a CSV file of orders: every mistake has its line, its column and its remedy."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.production.csvfile import MAX_ROWS, read_orders

HEAD = b"number,item,line,quantity,due,priority\n"


def test_a_good_file_is_read_row_by_row_with_its_line_numbers() -> None:
    file = read_orders(HEAD + b"WO-1,COLA-05,LINE-1,1200,2026-11-30,10\n\nWO-2,COLA-05,LINE-1,12.5,,\n")
    assert file.errors == []
    assert [(r.line, r.number, r.quantity, r.due, r.priority) for r in file.rows] == [
        (2, "WO-1", Decimal(1200), "2026-11-30", 10),
        (4, "WO-2", Decimal("12.5"), "", None),
    ]


def test_semicolons_a_byte_order_mark_windows_lines_and_reordered_columns_are_fine() -> None:
    data = "\ufeffDue;Quantity;Line;Item;Number\r\n2026-11-30;12,5;LINE-1;COLA-05;WO-1\r\n".encode()
    file = read_orders(data)
    assert file.errors == []
    assert (file.rows[0].number, file.rows[0].quantity, file.rows[0].priority) == ("WO-1", Decimal("12.5"), None)


def test_each_wrong_cell_is_named_by_line_and_column() -> None:
    rows = b'WO-1,COLA-05,LINE-1,1_000,2026-11-30,1\n"WO\n2",COLA-05,LINE-1,nan,30.11.2026,x\nWO-3,COLA-05,LINE-1,5\n'
    file = read_orders(HEAD + rows)
    assert file.rows == []
    found = [(error.line, error.column) for error in file.errors]
    assert found == [(2, "quantity"), (3, "number"), (3, "quantity"), (3, "due"), (3, "priority"), (5, "")]


def test_german_thousands_in_a_semicolon_file_are_refused_not_guessed() -> None:
    file = read_orders(b"number;item;line;quantity;due\nWO-1;COLA-05;LINE-1;1.200;\nWO-2;COLA-05;LINE-1;1,200;\n")
    assert [str(error)[:16] for error in file.errors] == ["line 2, quantity", "line 3, quantity"]
    assert "write 1200 or 1.2000" in file.errors[0].message


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"", 1, "empty"),
        (b"  \n\n", 1, "empty"),
        (HEAD + b"WO-1,A,B,1,,1\nWO-\x00,A,B,1,,1\n", 3, "NUL"),
        ("number,item".encode("utf-16"), 1, "UTF-16"),
        (HEAD + b"WO-1,K\xf6lsch,B,1,,1\n", 2, "UTF-8"),
        (HEAD + b'WO-1,"A,B,1,,1\n', 2, "quotation"),
        (b"number,item,line,quantity\n", 1, "missing"),
        (b"number,item,line,quantity,due,colour\n", 1, "not known"),
        (b"number,number,item,line,quantity,due\n", 1, "twice"),
        (b"x" * 1_000_001, 1, "bytes"),
    ],
)
def test_a_file_that_is_no_order_file_is_refused_with_its_line(data: bytes, line: int, word: str) -> None:
    file = read_orders(data)
    assert file.rows == []
    assert file.errors[0].line == line
    assert word in file.errors[0].message


def test_a_file_with_too_many_orders_is_refused() -> None:
    rows = b"".join(b"WO-%d,A,B,1,,\n" % n for n in range(MAX_ROWS + 1))
    file = read_orders(HEAD + rows)
    assert [error.line for error in file.errors] == [MAX_ROWS + 2]


@given(st.binary(max_size=300))
def test_any_bytes_whatsoever_give_rows_or_errors_and_never_an_exception(data: bytes) -> None:
    file = read_orders(HEAD + data)
    assert all(error.line >= 1 and error.message for error in file.errors)
    assert all(row.quantity > 0 for row in file.rows)
