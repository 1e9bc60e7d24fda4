"""`./manage.py bench kpi` in its quick form: its roll-ups are the roller's own, and both ways give the same sums."""

from typing import Any

import pytest

from tests.config.bench_kit import quick, table


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return quick("kpi")


def test_what_is_made_by_sql_is_proven_before_it_is_measured(found: dict[str, Any]) -> None:
    said = {goal["text"]: goal for goal in found["goals"]}
    assert said["both give the same seven sums"]["met"] is True
    proven = said["the roll-ups made by SQL equal the roller's own, to the bit"]
    assert proven["met"] is True
    assert proven["measured"] == "120 compared, 0 differ"


def test_a_quick_run_measures_and_judges_no_speed(found: dict[str, Any]) -> None:
    assert [goal["met"] for goal in found["goals"][:3]] == [None, None, None]
    assert all(row["p50 ms"] > 0 for row in table(found, "GET /api/v1/kpi/"))
    sizes = {row["table"]: row["rows"] for row in table(found, "Facts and roll-ups")}
    assert sizes["oee_hourfact"] == 6 * 3 * 7 * 24  # four machines and two lines, three weeks
