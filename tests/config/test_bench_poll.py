"""`./manage.py bench poll` in its quick form: what it measures and how it says it, never how fast it was."""

from typing import Any

import pytest

from tests.config.bench_kit import bench, quick, table


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return quick("poll")


def test_every_shape_is_read_by_ours_and_by_both_stock_clients(found: dict[str, Any]) -> None:
    rows = table(found, "CPU of the client's process")
    assert {row["read"] for row in rows} == {"1 tag", "10 tags", "100 tags", "1 UDT"}
    assert {row["client"] for row in rows} == {"ours", "ours (pylogix)", "pycomm3", "pylogix"}
    own = [row for row in rows if row["client"] == "ours"]
    assert all(row["ours / pycomm3"] > 0 and row["ours / pylogix"] > 0 and row["CPU us"] > 0 for row in own)


def test_paced_polls_are_counted_against_what_was_due(found: dict[str, Any]) -> None:
    for row in table(found, "One UDT per controller"):
        assert abs(row["polls"] + row["missed"] + row["failed"] - row["due"]) <= 8 * 2, row
        assert row["p95 ms"] <= row["p99 ms"]
        assert row["RSS MB"] > 1


def test_the_hung_controller_is_measured_in_pairs(found: dict[str, Any]) -> None:
    rows = table(found, "One hung controller of 5")
    assert [row["round"] for row in rows] == [1, 2]
    assert all(row["grown by"] == pytest.approx(row["one hangs"] - row["none hangs"]) for row in rows)


def test_a_quick_run_names_the_promises_and_judges_none(found: dict[str, Any]) -> None:
    assert len(found["goals"]) == 4
    assert {goal["met"] for goal in found["goals"]} == {None}
    assert any("without Django" in goal["measured"] for goal in found["goals"])
    assert found["absent"] == []


def test_a_benchmark_that_does_not_exist_is_refused_with_the_list() -> None:
    done = bench("soup")
    assert done.returncode == 1
    assert "There is no benchmark 'soup'; choose from poll" in done.stderr
