"""`./manage.py bench ingest|tiles|outage` in their quick forms, on servers of their own: shape and truth only."""

import socket

import psycopg
import pytest

from mes.config.bench.proxy import AWAY, PASS, FaultProxy
from mes.config.bench.result import Result, Table, median_ratio, percentile
from mes.config.bench.tiles import latencies
from tests.config.bench_kit import quick, table


def test_ingest_stands_beside_a_bare_copy_of_the_same_rows() -> None:
    rows = table(quick("ingest"), "20 machines")
    assert {(row["path"], row["polls in a batch"]) for row in rows} == {
        (path, polls) for path in ("readings_of + ingest", "the poller's writer") for polls in (20, 100)
    }
    for row in rows:
        assert row["rows/s"] > 0
        assert 0 < row["/ COPY"] < 1, "storing what readings mean cannot be faster than copying them"


def test_every_change_in_a_controller_reaches_every_watched_socket() -> None:
    found = quick("tiles")
    (row,) = table(found, "From the change")
    assert row["changes"] > 0
    assert row["never came"] == 0
    assert 0 <= row["p50 ms"] <= row["p95 ms"] <= row["p99 ms"]
    (cost,) = table(found, "CPU of each process")
    assert {"valkey", "poller", "live", "web", "scheduler", "virtual controllers"} <= set(cost)


def test_what_was_made_while_the_database_was_away_is_counted_once() -> None:
    found = quick("outage")
    (row,) = table(found, "PostgreSQL away")
    assert row["polls spooled"] > 0
    assert row["parts made"] == row["parts counted"] > 0
    assert found["goals"][0]["met"] is True


def test_a_count_has_arrived_with_the_first_message_that_shows_it_or_a_later_one() -> None:
    changes = [(0, "good", 1, 10.0), (0, "good", 2, 10.5), (1, "good", 1, 10.2), (0, "good", 3, 12.0)]
    one = [(11.0, "M000", "good", 2), (11.5, "M001", "good", 1)]
    other = [(11.1, "M000", "good", 1), (12.1, "M000", "good", 3), (11.6, "M001", "good", 1)]
    counts, states, never = latencies(changes, [one, other])  # type: ignore[arg-type]
    assert counts == pytest.approx([1.0, 0.5, 1.3, 1.1, 1.6, 1.4, 0.1])
    assert (states, never) == ([], 1)


def test_a_state_that_did_not_last_is_left_out() -> None:
    changes = [(0, "state", 11, 10.0), (0, "state", 6, 14.0), (0, "state", 11, 14.5), (0, "state", 6, 20.0)]
    seen = [(11.0, "M000", "state", "down"), (15.5, "M000", "state", "down"), (21.0, "M000", "state", "slow")]
    _, states, never = latencies(changes, [seen])  # type: ignore[arg-type]
    assert states == pytest.approx([1.0, 1.0, 1.0])
    assert never == 0


def test_ratios_are_taken_round_by_round() -> None:
    assert median_ratio([2, 30, 8], [1, 10, 2]) == 3
    assert median_ratio([], []) is None
    assert percentile([4, 1, 3, 2], 0.5) == 3
    assert percentile([], 0.95) == 0


def test_the_page_says_machine_load_and_which_goals_were_not_judged() -> None:
    result = Result("x", quick=True, cores=2, load_before=1.5)
    result.tables.append(Table("Title", ["a", "b"], [["one", 1.23456], ["two", None]]))
    text = result.to_text()
    assert "quick form, says nothing about speed" in text
    assert "2 cores, load 1.5 before" in text
    assert ["one", "1.23"] in [line.split() for line in text.splitlines()]
    assert ["two", "-"] in [line.split() for line in text.splitlines()]


def test_a_cut_proxy_resets_what_is_open_and_refuses_what_comes_until_mended(db: None) -> None:
    from django.db import connection

    told = connection.settings_dict
    proxy = FaultProxy(told["HOST"], int(told["PORT"]))
    login = {"user": told["USER"], "password": told["PASSWORD"], "dbname": told["NAME"], "connect_timeout": 5}
    with psycopg.connect(host="127.0.0.1", port=proxy.port, **login) as line:
        assert line.execute("SELECT 1").fetchone() == (1,)
        proxy.set(AWAY)
        with pytest.raises(psycopg.OperationalError):
            line.execute("SELECT 1")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", proxy.port), 1)
    proxy.set(PASS)
    with psycopg.connect(host="127.0.0.1", port=proxy.port, **login) as line:
        assert line.execute("SELECT 2").fetchone() == (2,)
    proxy.set(AWAY)
