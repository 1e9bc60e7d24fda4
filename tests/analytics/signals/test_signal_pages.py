"""The page of signals and its API: who sees which, what people say of them, and how far they can be trusted."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from analytics.models import Signal, SignalMark
from analytics.signals.record import Found, MarkRefused, Right, records_of, signal_close, signal_mark, signal_open
from mes.andon.models import Call, CallCategory
from mes.journal.models import JournalEntry
from mes.people.models import Role
from tests.analytics.forecast_pages.made import came
from tests.production.small_plant import SIX, SmallPlant

HOUR = timedelta(hours=1)
SLOW = {"slower": 0.218, "down_min": 12, "changeover_min": 5, "micro_min": 8, "until": SIX.isoformat()}


def seen(plant: SmallPlant, kind: str, saw: dict, *, machine=None, line=None, at=SIX) -> Signal:
    line = line or plant.line_1
    assert signal_open(line=line, work_center=machine, kind=kind, found=Found(at, saw), at=at)
    return Signal.objects.get(line=line, work_center=machine, kind=kind, ended=None)


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client


def test_the_page_says_what_was_seen_since_when_and_its_record_and_only_of_own_lines(plant, mia):
    seen(plant, "slow", SLOW)
    seen(plant, "silent", {}, machine=plant.press, line=plant.line_2)
    page = mia.get("/improve/signals/").content.decode()
    assert "1 signal is open." in page
    assert "22 % less than is its habit" in page
    assert "12 min of stops, 8 min of micro-stops and 5 min of changing over" in page
    assert "no record yet" in page
    assert "Press" not in page
    assert "Runs slower than usual" in mia.get("/improve/forecast/-/floor/").content.decode()


def test_a_word_counts_once_and_the_record_is_right_one_of_two(plant, mia):
    row = seen(plant, "slow", SLOW)
    key = str(uuid4())
    for _again in range(2):
        assert (
            mia.post(f"/improve/signals/{row.pk}/mark/", {"useful": "yes", "why": "Belt", "key": key}).status_code
            == 302
        )
    assert [(mark.useful, mark.by, mark.why) for mark in SignalMark.objects.all()] == [(True, "mia", "Belt")]
    assert JournalEntry.objects.get(action="signal_mark").data["after"]["useful"] is True
    signal_close(signal=row, at=SIX + HOUR)
    other = seen(plant, "slow", SLOW, at=SIX + HOUR)
    said = {"signal": other, "actor": "otto", "at": SIX, "why": ""}
    assert signal_mark(**said, useful=True, key=uuid4())
    assert signal_mark(**said, useful=False, key=uuid4())
    assert not signal_mark(**said, useful=False, key=uuid4())
    assert records_of([plant.line_1]) == {(plant.line_1.pk, "slow"): Right(1, 2)}
    assert "right 1 of 2" in mia.get("/improve/signals/").content.decode()


def test_the_risk_of_a_shift_is_judged_by_what_it_came_to_until_somebody_says_otherwise(plant):
    saw = {"risk": 0.9, "target": 800, "made": 1, "expected": 2, "shift": "Early", "shift_starts_at": SIX.isoformat()}
    row = seen(plant, "target", saw)
    assert records_of([plant.line_1]) == {}
    came(plant.line_1, SIX, 799)
    assert records_of([plant.line_1]) == {(plant.line_1.pk, "target"): Right(1, 1)}
    signal_mark(signal=row, useful=False, why="Knew it", actor="otto", at=SIX, key=uuid4())
    assert records_of([plant.line_1]) == {(plant.line_1.pk, "target"): Right(0, 1)}


def test_a_word_is_never_changed_and_one_that_cannot_be_kept_is_refused(plant, mia):
    row = seen(plant, "slow", SLOW)
    signal_mark(signal=row, useful=True, why="", actor="otto", at=SIX, key=uuid4())
    with pytest.raises(DatabaseError, match="UPDATE is refused"), transaction.atomic():
        SignalMark.objects.update(useful=False)
    for why in ("x" * 201, "a\0b"):
        with pytest.raises(MarkRefused, match="at most 200"):
            signal_mark(signal=row, useful=False, why=why, actor="otto", at=SIX, key=uuid4())
    for posted in ({}, {"useful": "maybe", "key": str(uuid4())}, {"useful": "no", "key": "x"}):
        assert mia.post(f"/improve/signals/{row.pk}/mark/", posted).status_code == 302
    assert SignalMark.objects.count() == 1


def test_a_signal_becomes_a_call_only_by_a_persons_tap(plant, mia):
    category = CallCategory.objects.create(code="FIX", name="Maintenance")
    seen(plant, "still", {"minutes": 12, "cycle_s": 0.8}, machine=plant.filler)
    assert not Call.objects.exists()
    page = mia.get("/improve/signals/").content.decode()
    assert 'action="/station/FILL/call/"' in page
    note = "Counter stands still: The machine runs, but no counter has moved for 12 minutes."
    assert f'value="{note}"' in page
    mia.post("/station/FILL/call/", {"category": category.code, "note": note, "key": str(uuid4())})
    assert Call.objects.get().note == note


def test_the_api_tells_open_and_past_signals_of_a_line_with_their_figures(plant, mia):
    closed = seen(plant, "falls", {"falls": 3, "held": 1}, machine=plant.filler)
    signal_close(signal=closed, at=datetime.now(UTC))
    seen(plant, "clock", {"ahead_s": 0.0, "looks": 100, "prompt": 94}, machine=plant.packer)
    told = mia.get("/api/v1/lines/LINE-1/signals/").json()
    (now,), (past,) = told["open"], told["past"]
    assert (now["kind"], now["work_center"], now["ended"]) == ("clock", "PACK", None)
    assert now["message"] == "6 of 100 looks found no reading in time."
    assert (now["right"], now["judged"]) == (None, 0)
    assert past["message"] == "The counter fell back 3 times; 1 count was held back within an hour."
    assert mia.get("/api/v1/lines/LINE-2/signals/").status_code == 404
    assert "from 2026-03-02 07:00 until" in " ".join(mia.get("/improve/signals/").content.decode().split())
