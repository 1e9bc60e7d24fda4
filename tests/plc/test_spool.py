"""The spool: exact polls in, the same polls out in order, also after a kill -9; full, poisoned and damaged files."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.plc.drivers import Quality, TagValue
from mes.plc.engine import CommState, Poll
from mes.plc.engine_poll import poll_from_json, poll_to_json
from mes.plc.spool import Spool, SpoolError

SIX = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def poll(controller: str, seq: int, good: int = 5) -> Poll:
    values = {"Good": TagValue(good, Quality.GOOD), "Text": TagValue("Größe", Quality.GOOD)}
    return Poll(controller, 3, seq, SIX + timedelta(seconds=seq), 0.004, CommState.ONLINE, values, None, False, "RUN")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "polls.sqlite"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    spool = Spool(path, 10_000_000)
    yield spool
    spool.close()


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
tag_values = st.builds(TagValue, values, st.sampled_from(Quality), st.none() | st.text(max_size=20))


@given(
    st.builds(
        Poll,
        controller=st.text(min_size=1, max_size=10),
        fence=st.integers(0, 2**63 - 1),
        seq=st.integers(1, 2**63 - 1),
        at=st.datetimes(timezones=st.just(UTC)),
        rtt_s=st.floats(0, 100),
        comm=st.sampled_from(CommState),
        values=st.dictionaries(st.text(max_size=20), tag_values, max_size=5),
        error=st.none() | st.text(max_size=20),
        program_changed=st.booleans(),
        keyswitch=st.none() | st.sampled_from(["RUN", "REMOTE PROG"]),
    )
)
def test_a_poll_comes_back_from_json_exactly_as_it_was(original: Poll) -> None:
    back = poll_from_json(poll_to_json(original))
    assert back == original
    for tag, value in original.values.items():
        assert type(back.values[tag].value) is type(value.value)


def test_a_value_that_is_no_number_is_refused_rather_than_stored() -> None:
    bad = poll("A", 1)
    bad.values["Speed"] = TagValue(float("nan"), Quality.GOOD)
    with pytest.raises(ValueError, match="JSON"):
        poll_to_json(bad)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '["A",1,2,"yesterday",0,"online",{},null,false,null]'])
def test_other_text_is_no_poll(text: str) -> None:
    with pytest.raises(ValueError, match="not a stored poll"):
        poll_from_json(text)


def test_polls_come_out_in_the_order_they_went_in(spool: Spool) -> None:
    spool.append([poll("A", 1), poll("B", 1), poll("A", 2)])
    spool.append([poll("B", 2), poll("A", 3)])
    rows = spool.peek(10)
    assert [(p.controller, p.seq) for _, p in rows] == [("A", 1), ("B", 1), ("A", 2), ("B", 2), ("A", 3)]
    assert [row for row, _ in rows] == sorted(row for row, _ in rows)
    assert rows[0][1] == poll("A", 1)
    assert len(spool) == 5
    assert spool.oldest_at == SIX + timedelta(seconds=1)


def test_looking_takes_nothing_away_and_deleting_takes_only_what_was_named(spool: Spool) -> None:
    spool.append(poll("A", n) for n in range(1, 11))
    rows = spool.peek(4)
    assert spool.peek(4) == rows
    spool.delete_through(rows[-1][0])
    assert [p.seq for _, p in spool.peek(100)] == [5, 6, 7, 8, 9, 10]
    assert len(spool) == 6
    spool.delete_through(spool.peek(100)[-1][0])
    assert (len(spool), spool.stored_bytes, spool.oldest_at) == (0, 0, None)


def test_row_numbers_are_never_used_again(spool: Spool) -> None:
    spool.append([poll("A", 1)])
    ((first, _),) = spool.peek(1)
    spool.delete_through(first)
    spool.append([poll("A", 2)])
    ((second, _),) = spool.peek(1)
    assert second > first


def test_what_waits_survives_closing(spool: Spool, path: Path) -> None:
    spool.append([poll("A", 1), poll("A", 2)])
    size = spool.stored_bytes
    spool.close()
    again = Spool(path, 10_000_000)
    assert (len(again), again.stored_bytes) == (2, size)
    assert [p for _, p in again.peek(9)] == [poll("A", 1), poll("A", 2)]
    again.close()


def test_a_full_spool_drops_the_oldest_counts_them_and_warns_before(path: Path) -> None:
    one = len(poll_to_json(poll("A", 100)).encode()) + 64
    spool = Spool(path, 100 * one)
    spool.append(poll("A", n) for n in range(100, 180))
    assert not spool.alarm
    spool.append(poll("A", n) for n in range(180, 190))
    assert spool.alarm
    assert spool.dropped == 0
    spool.append(poll("A", n) for n in range(190, 250))
    assert spool.stored_bytes <= 100 * one
    left = [p.seq for _, p in spool.peek(1000)]
    assert left == list(range(250 - len(left), 250))
    assert spool.dropped == 150 - len(left)
    assert len(left) >= 90
    dropped = spool.dropped
    spool.close()
    again = Spool(path, 100 * one)
    assert (again.dropped, len(again)) == (dropped, len(left))
    again.close()


def test_one_batch_larger_than_the_spool_keeps_its_newest_part(path: Path) -> None:
    one = len(poll_to_json(poll("A", 100)).encode()) + 64
    spool = Spool(path, 10 * one)
    spool.append(poll("A", n) for n in range(100, 200))
    left = [p.seq for _, p in spool.peek(1000)]
    assert left[-1] == 199
    assert 1 <= len(left) <= 10
    assert spool.dropped == 100 - len(left)
    spool.close()


def test_a_row_that_cannot_be_read_is_put_aside_and_the_others_come_out(spool: Spool, path: Path) -> None:
    spool.append([poll("A", 1), poll("A", 2), poll("A", 3)])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE poll SET body = '{\"half' WHERE id = 2")
    db.close()
    assert [p.seq for _, p in spool.peek(10)] == [1, 3]
    assert len(spool) == 2
    ((row, reason, body),) = spool.quarantined()
    assert (row, body) == (2, '{"half')
    assert "not a stored poll" in reason


def test_a_row_the_database_refuses_can_be_put_aside(spool: Spool) -> None:
    spool.append([poll("A", 1), poll("A", 2)])
    spool.quarantine(1, "value too large")
    assert [p.seq for _, p in spool.peek(10)] == [2]
    assert [(row, reason) for row, reason, _ in spool.quarantined()] == [(1, "value too large")]
    spool.quarantine(99, "not there")
    assert len(spool) == 1


def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database " * 500)
    spool = Spool(path, 1_000_000)
    assert spool.set_aside is not None
    assert spool.set_aside.read_bytes().startswith(b"this is no database")
    spool.append([poll("A", 1)])
    assert len(spool) == 1
    spool.close()


def test_a_batch_that_cannot_be_stored_whole_is_not_stored_at_all(spool: Spool) -> None:
    spool.append([poll("A", 1)])

    def broken() -> Iterator[Poll]:
        yield poll("A", 2)
        raise OSError("the queue broke")

    with pytest.raises(OSError, match="queue broke"):
        spool.append(broken())
    assert [p.seq for _, p in spool.peek(10)] == [1]


def test_a_closed_spool_says_so(spool: Spool) -> None:
    spool.close()
    with pytest.raises(SpoolError, match="cannot be used"):
        spool.append([poll("A", 1)])
    assert len(spool) == 0


def test_many_threads_may_append_and_each_keeps_its_order(spool: Spool) -> None:
    def work(code: str) -> None:
        for n in range(1, 101):
            spool.append([poll(code, n)])

    threads = [threading.Thread(target=work, args=(f"C{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = spool.peek(1000)
    for i in range(4):
        assert [p.seq for _, p in rows if p.controller == f"C{i}"] == list(range(1, 101))


WRITER = """
import sys
from pathlib import Path
from tests.plc.test_spool import poll
from mes.plc.spool import Spool
spool = Spool(Path(sys.argv[1]), 10**9)
seq = 0
while True:
    spool.append([poll("A", seq + 1), poll("A", seq + 2), poll("A", seq + 3)])
    seq += 3
    print(seq, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
def test_a_kill_loses_nothing_that_was_acknowledged_and_no_order(path: Path, acknowledged: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = 0
    for _ in range(acknowledged):
        last = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    last = max([last, *(int(line) for line in process.stdout if line.endswith("\n"))])
    process.stdout.close()
    spool = Spool(path, 10**9)
    seqs = [p.seq for _, p in spool.peek(10**6)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert last <= len(seqs) <= last + 3
    assert len(seqs) % 3 == 0
    spool.close()


def test_a_size_limit_of_nothing_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="size limit"):
        Spool(path, 0)
