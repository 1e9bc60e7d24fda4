"""Every reading is stored exactly once: repeats, old fences, clocks set back, two writers, a crash in between."""

import threading
from typing import Any

import pytest
from django.db import connection

from mes.downtime.models import Stop
from mes.tracking import store
from mes.tracking.models import CountHour, MachineCursor, Sample, SignalCursor, StateInterval, StreamCursor
from tests.production.small_plant import SIX, small_plant
from tests.tracking.ingest_kit import HELD, Told


def test_a_batch_said_twice_is_stored_once_r24(told: Told) -> None:
    batch = [told.reading(s, HELD if s == 3 else ("Execute", "run"), good=s * 2) for s in range(6)]
    first, again = told.store(*batch), told.store(*batch)
    assert (first.accepted, first.duplicates) == (6, 0)
    assert (again.accepted, again.duplicates, again.touched) == (0, 6, set())
    assert told.good() == 10
    assert Stop.objects.count() == 1


def test_a_batch_that_overlaps_the_last_one_adds_only_what_is_new(told: Told) -> None:
    told.store(*[told.reading(s, good=s) for s in range(5)])
    taken = told.store(*[told.reading(s, good=s) for s in range(3, 9)])
    assert (taken.accepted, taken.duplicates, told.good()) == (4, 2, 8)


def test_a_poller_with_a_lower_fence_is_ignored(told: Told) -> None:
    told.fence = 2
    told.store(told.reading(0, good=0), told.reading(1, good=1))
    told.fence = 1
    taken = told.store(told.reading(2, good=50, seq=999_999))
    assert (taken.accepted, taken.duplicates, told.good()) == (0, 1, 1)
    cursor = StreamCursor.objects.get()
    assert (cursor.stream, cursor.fence, cursor.seq, cursor.at) == ("plc:PLC-1", 2, 1000, told.at(1))


def test_readings_of_a_batch_are_taken_in_the_order_of_their_stream(told: Told) -> None:
    batch = [told.reading(s, good=s * 3) for s in range(5)]
    told.store(*reversed(batch))
    assert (told.good(), told.flags()) == (12, [])


def test_a_clock_that_was_set_back_does_not_turn_history_round(told: Told) -> None:
    told.store(told.reading(100, good=0), told.reading(101, HELD, good=2))
    told.store(told.reading(50, good=4, seq=200_000), told.reading(51, HELD, good=5, seq=200_001))
    assert told.good() == 5
    spans = told.states()
    assert all(end is None or begin < end for begin, end, *_ in spans)
    assert [row[2] for row in spans] == ["Execute", "Held", "Execute", "Held"]


def test_a_batch_that_fails_on_the_way_leaves_nothing_r21(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("cut off")

    batch = [told.reading(0, good=0), told.reading(1, HELD, good=4)]
    with monkeypatch.context() as patch:
        patch.setattr(store, "samples_copy", fail)
        with pytest.raises(RuntimeError, match="cut off"):
            told.store(*batch)
    for model in (CountHour, StateInterval, Stop, Sample, SignalCursor, MachineCursor, StreamCursor):
        assert not model.objects.exists(), model.__name__
    assert told.store(*batch).accepted == 2
    assert told.good() == 4


@pytest.mark.django_db(transaction=True)
def test_a_session_killed_inside_its_transaction_leaves_nothing_r21(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(small_plant().filler, SIX)
    Sample.objects.all().delete()
    batch = [told.reading(0, good=0), told.reading(1, good=4)]

    def kill_own_session(*_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(store, "samples_copy", kill_own_session)
        with pytest.raises(Exception, match=r"terminat|closed"):
            told.store(*batch)
    connection.close()
    assert (CountHour.objects.count(), StreamCursor.objects.count(), Sample.objects.count()) == (0, 0, 0)
    assert (told.store(*batch).accepted, told.good()) == (2, 4)


@pytest.mark.django_db(transaction=True)
def test_two_writers_on_one_stream_store_each_reading_once() -> None:
    told = Told(small_plant().filler, SIX)
    Sample.objects.all().delete()  # not a table Django empties after a test with real commits
    readings = [told.reading(s, good=s) for s in range(60)]
    start, accepted, errors = threading.Barrier(2), [0, 0], []

    def write(which: int) -> None:
        try:
            start.wait(10)
            for first in range(0, 60, 5):
                accepted[which] += told.store(*readings[first : first + 5]).accepted
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert (sum(accepted), told.good(), told.flags()) == (60, 59, [])
    assert Sample.objects.filter(role="good").count() == 60
