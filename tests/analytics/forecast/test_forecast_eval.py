"""`forecast_eval` from files to a file, without a database, and the sentences for files that cannot be used."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from analytics.forecast.calendar_cells import CALENDAR, HISTORY, ORDERS, BadFile, read_history, read_orders
from tests.analytics.forecast.kit import small_line

Files = dict[str, Path]


def ds(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def write(path: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The small line twice: PLAIN has neither items nor ideal rates, and no queue."""
    folder = tmp_path_factory.mktemp("lines")
    past, ahead, queues, _ = small_line(weeks=8)
    history: list[tuple[object, ...]] = []
    for name, told in (("L1", True), ("PLAIN", False)):
        for n, start in enumerate(past.start_ms):
            known = (past.item[n], past.ideal[n]) if told else ("", 0)
            history.append((name, ds(start), past.planned_min[n], past.good[n], 1, *known, "", "", past.chg_min[n]))
    calendar = [
        (name, ds(start), ahead.planned_min[n]) for name in ("L1", "PLAIN") for n, start in enumerate(ahead.start_ms)
    ]
    orders = [
        ("L1", ds(queue.taken_ms), n, one.item, one.remaining, one.ideal_per_h, one.changeover_min)
        for queue in queues
        for n, one in enumerate(queue.orders)
    ]
    return {
        "history": write(folder / "history.csv", HISTORY, history),
        "calendar": write(folder / "calendar.csv", CALENDAR, calendar),
        "orders": write(folder / "orders.csv", ORDERS, orders),
        "out": folder / "Q.csv",
    }


def told(files: Files, **more: object) -> dict[str, object]:
    return {**files, "grain": "shift", "horizon": 21, **more}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_line_gets_the_highest_rung_that_it_earns(files: Files) -> None:
    call_command("forecast_eval", **told(files))
    rows = rows_of(files["out"])
    assert ",".join(rows[0]) == "line,ds,q025,q10,q20,q30,q40,q50,q60,q70,q80,q90,q975,level,skill,method"
    assert [(row["line"], row["ds"]) for row in rows[:4]] == [
        ("L1", "2026-03-02 06:00:00"),
        ("L1", "2026-03-02 14:00:00"),
        ("L1", "2026-03-02 22:00:00"),
        ("L1", "2026-03-03 06:00:00"),
    ]
    assert len(rows) == 42
    planned = rows[0]
    assert (planned["level"], planned["method"]) == ("4", "ens2")
    assert float(planned["skill"]) > 0.2
    # Nothing tells this line's items apart: a model of it saves nothing, and the plain rate is shown.
    assert {(row["level"], row["method"], row["skill"]) for row in rows[21:]} == {("2", "rate28", "")}
    assert {rows[2][name] for name in rows[2] if name.startswith("q")} == {"0.000"}  # a night without a shift


def test_a_method_may_be_asked_for_and_says_the_same_twice(files: Files) -> None:
    call_command("forecast_eval", **told(files, method="mes_rate", grain="day", horizon=3))
    first = files["out"].read_bytes()
    assert {(row["level"], row["method"]) for row in rows_of(files["out"])} == {("3", "mes_rate")}
    assert [row["ds"] for row in rows_of(files["out"])][:2] == ["2026-03-02 06:00:00", "2026-03-03 06:00:00"]
    call_command("forecast_eval", **told(files, method="mes_rate", grain="day", horizon=3))
    assert files["out"].read_bytes() == first


def test_a_line_of_one_day_says_its_plan_without_a_band_or_is_refused(files: Files, tmp_path: Path) -> None:
    hours = [ds(1_772_344_800_000 + n * 3_600_000) for n in range(24)]  # 1 March, from 6 o'clock
    rows: list[tuple[object, ...]] = [("L1", hour, 60, 50, 1, "A", 60, "", "", "") for hour in hours]
    rows += [("PLAIN", hour, 60, 50, 1, "", 0, "", "", "") for hour in hours]
    young = write(tmp_path / "young.csv", HISTORY, rows)
    call_command("forecast_eval", **told(files, history=young, orders=None))
    first, last = rows_of(files["out"])[0], rows_of(files["out"])[-1]
    # 8 hours at 60 an hour
    assert (first["level"], first["method"], first["q50"], first["q10"]) == ("1", "plan", "480.000", "")
    assert (last["level"], last["method"], last["q50"]) == ("0", "refused", "")


def test_without_calendar_and_orders_each_line_is_a_plain_series(tmp_path: Path) -> None:
    hours = np.arange(3 * 168)
    good = [("" if n == 100 else 10 + n % 24) for n in hours]  # 10 at midnight to 33, one hour lost
    rows = [("S", ds(1_767_571_200_000 + int(n) * 3_600_000), good[n]) for n in hours if n != 200]  # and one left out
    series = write(tmp_path / "series.csv", ("line", "ds", "good"), rows)
    out = tmp_path / "Q.csv"
    call_command("forecast_eval", history=series, grain="hour", horizon=5, out=out)
    found = rows_of(out)
    assert [row["ds"] for row in found][:2] == ["2026-01-26 00:00:00", "2026-01-26 01:00:00"]
    assert [float(row["q50"]) for row in found] == pytest.approx([10, 11, 12, 13, 14], abs=0.3)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("planned_min,good", "planned,good", "line 1: The column 'planned_min' is missing. The first line must name"),
        ("L1,2026-01-05 07:00:00,60.0", "L1,2026-01-05 07:00:00,x", "line 3: 'x' in the column 'planned_min' is not a"),
        (
            "L1,2026-01-05 07:00:00,60.0",
            "L1,2026-01-05 07:00:00,61",
            "line 3: 61 in the column 'planned_min' cannot be",
        ),
        ("L1,2026-01-05 07:00:00,60.0", "L1,2026-01-05 07:00:00,nan", "line 3: 'nan' in the column 'planned_min'"),
        ("L1,2026-01-05 07:00:00", "L1,2026-01-05 06:00:00", "line 3: The time is not after that of the row before."),
        ("L1,2026-01-05 07:00:00", "L1,2026-01-05 07:30:00", "line 3: '2026-01-05 07:30:00' is not a full hour."),
        ("L1,2026-01-05 07:00:00", "L1,yesterday", "line 3: 'yesterday' is not a time. Write it as"),
        ("L1,2026-01-05 07:00:00", ",2026-01-05 07:00:00", "line 3: The line has no name."),
        ("L1,2026-01-05 07:00:00,", "L1,2026-01-05 07:00:00,1,", "line 3: There are 11 values, and the head names 10"),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_how_to_mend_it(
    files: Files, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    text = files["history"].read_text()
    assert old in text
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(text.replace(old, new, 1))
    with pytest.raises(CommandError) as told_off:
        call_command("forecast_eval", **told(files, history=wrong, out=tmp_path / "Q.csv"))
    assert f"{wrong}, {sentence}" in str(told_off.value)
    assert not (tmp_path / "Q.csv").exists()


def test_what_is_asked_must_make_sense(files: Files, tmp_path: Path) -> None:
    def refusal(**more: object) -> str:
        with pytest.raises(CommandError) as told_off:
            call_command("forecast_eval", **told(files, **more))
        return str(told_off.value)

    assert "1 or more" in refusal(horizon=0)
    assert "one of best, ens2, mes_rate, rate28" in refusal(method="arima")
    assert "--orders needs --calendar" in refusal(calendar=None)
    assert "cannot be read: No such file or directory" in refusal(history=tmp_path / "none.csv")
    assert "cannot be written" in refusal(out=tmp_path / "none" / "Q.csv")
    one_line = write(tmp_path / "c.csv", CALENDAR, [("L1", "2026-03-02 06:00:00", 60)])
    assert "the line PLAIN of the history is missing" in refusal(calendar=one_line)
    before = write(tmp_path / "b.csv", CALENDAR, [("L1", "2026-02-02 06:00:00", 60)])
    assert "begins before its history ends" in refusal(calendar=before)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "is not text in UTF-8" in refusal(history=binary)
    empty = write(tmp_path / "empty.csv", HISTORY, [])
    assert "There are no rows below the head" in refusal(history=empty)


def test_an_hour_without_communication_is_missing_whatever_stands_in_it(tmp_path: Path) -> None:
    lost = ("L1", "2026-01-05 06:00:00", 60, 40, 0, "A", 60, "", "", "")
    empty = ("L1", "2026-01-05 07:00:00", 60, "", 1, "A", 60, "", "", "")
    assert np.isnan(read_history(write(tmp_path / "h.csv", HISTORY, [lost, empty]))["L1"].good).all()


def test_orders_stand_in_the_order_of_their_positions(tmp_path: Path) -> None:
    rows = [("L1", "2026-01-05 06:00:00", n, item, 5, 60, 0) for n, item in ((10, "C"), (2, "B"), (0, "A"))]
    (queue,) = read_orders(write(tmp_path / "o.csv", ORDERS, rows))["L1"]
    assert [order.item for order in queue.orders] == ["A", "B", "C"]
    with pytest.raises(BadFile, match="line 2: -5 in the column 'qty_remaining' cannot be"):
        read_orders(write(tmp_path / "o.csv", ORDERS, [("L1", "2026-01-05 06:00:00", 0, "A", -5, 60, 0)]))
