"""The shift's page closes, locks and reopens it by role, and tells what changed since it was reported."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from mes.downtime.actions import stop_explain
from mes.downtime.models import Stop
from mes.downtime.queries import stop_ref
from mes.oee.closing import shift_close
from mes.oee.rollup import roll_all
from mes.people.models import Role
from mes.plant.changes import changed
from mes.plant.models import Shift
from mes.tracking.corrections import state_correct
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, small_plant

ADDRESS = "/shift/LINE-1/2026-03-02/Early/"
STATE = "/shift-state/LINE-1/2026-03-02/Early/"
MIN = timedelta(minutes=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def as_a(plant: SmallPlant, role: Role) -> Client:
    client = Client()
    client.force_login(plant.person(role, plant.line_1))
    return client


def page(client: Client) -> str:
    return client.get(ADDRESS).content.decode()


def test_r44_a_supervisor_closes_a_manager_locks_and_reopens_with_a_reason(plant: SmallPlant) -> None:
    mia, eva, now = as_a(plant, Role.SUPERVISOR), as_a(plant, Role.MANAGER), datetime.now(UTC)
    Shift.objects.update(starts_at=now - timedelta(hours=9), ends_at=now - timedelta(hours=3))
    assert "Not closed yet" in page(mia)
    assert mia.post(STATE, {"verb": "lock"}).status_code == 403
    assert "not closed yet" in eva.post(STATE, {"verb": "lock"}, follow=True).content.decode()
    assert "Closed: these figures are reported" in mia.post(STATE, {"verb": "close"}, follow=True).content.decode()
    assert "Locked: these figures are final" in eva.post(STATE, {"verb": "lock"}, follow=True).content.decode()
    assert mia.post(STATE, {"verb": "reopen", "why": "x"}).status_code == 403
    assert "Say why" in eva.post(STATE, {"verb": "reopen"}, follow=True).content.decode()
    assert "open for corrections" in eva.post(STATE, {"verb": "reopen", "why": "scrap"}, follow=True).content.decode()
    plant.shift.refresh_from_db()
    assert plant.shift.locked_at is None
    assert plant.shift.closed_by == "supervisor"


def test_others_and_odd_requests_change_nothing(plant: SmallPlant) -> None:
    assert as_a(plant, Role.OPERATOR).post(STATE, {"verb": "close"}).status_code == 403
    outside = Client()
    outside.force_login(plant.person(Role.MANAGER, plant.line_2, name="paul"))
    assert outside.post(STATE, {"verb": "close"}).status_code == 404
    mia = as_a(plant, Role.SUPERVISOR)
    assert mia.post(STATE, {"verb": "melt"}).status_code == 400
    assert mia.post(STATE.replace("Early", "%00"), {"verb": "close"}).status_code == 404
    assert mia.get(STATE).status_code == 405


def test_r44_late_changes_of_a_locked_shift_are_shown_waiting(plant: SmallPlant) -> None:
    now = datetime.now(UTC)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=now, closed_by="mia", locked_at=now)
    for minute in range(3):
        changed([(plant.filler.pk, SIX + minute * MIN, SIX + minute * MIN)], why="ingest")
    assert "3 late changes wait." in page(as_a(plant, Role.SUPERVISOR))


def test_r46_the_edits_since_the_report_are_listed_with_before_and_after(plant: SmallPlant) -> None:
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 10 * MIN, state="Down")
    closed_at = SIX + timedelta(days=1)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=closed_at, closed_by="mia")
    stop_explain(stop_id=stop.pk, reason=plant.jam, note="", actor="otto", at=closed_at + timedelta(days=21), version=1)
    text = page(as_a(plant, Role.SUPERVISOR))
    assert "1 edit since then" in text
    assert "reason: – → JAM" in text


def test_r46_a_correction_three_weeks_later_shows_as_reported_beside_as_known_now(plant: SmallPlant) -> None:
    """450 planned minutes: 390 run, 60 down, so A = 86.7 %; then 30 of them turn out to be running: 93.3 %."""
    for begin, until, kind in ((0, 100, "run"), (100, 160, "down"), (160, 240, "run"), (270, 480, "run")):
        for place in (plant.filler, plant.packer):
            StateInterval.objects.create(
                work_center=place, starts_at=SIX + begin * MIN, ends_at=SIX + until * MIN, state=kind, kind=kind
            )
    closed_at = SIX + timedelta(hours=10)
    shift_close(shift_id=plant.shift.pk, actor="mia", at=closed_at)
    mia = as_a(plant, Role.SUPERVISOR)
    assert "Nothing differs from what was reported." in page(mia)
    later = closed_at + timedelta(days=21)
    state_correct(
        work_center=plant.packer,
        start=SIX + 110 * MIN,
        end=SIX + 140 * MIN,
        kind="run",
        reason=None,
        why="sensor was blocked",
        actor="otto",
        at=later,
        key=uuid4(),
    )
    text = page(mia)  # known at once, before anything is rolled again
    row = '<th scope="row">Availability</th><td class="num">86.7 %</td><td class="num">93.3 %</td>'
    assert row in text
    assert "sensor was blocked" in text
    roll_all(now=closed_at + timedelta(days=1))
    assert row in page(mia)


def test_r44_an_edit_of_a_locked_shift_is_refused_in_a_clear_sentence_on_page_and_api(plant: SmallPlant) -> None:
    stop = Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 10 * MIN, state="Down")
    now = datetime.now(UTC)
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=now, closed_by="mia", locked_at=now)
    mia = as_a(plant, Role.SUPERVISOR)
    ref = stop_ref(stop)
    answer = mia.post(f"/downtime/{ref}/reason/", {"reason": "JAM", "version": "1"}, follow=True)
    assert "is locked: its figures are final" in answer.content.decode()
    answer = mia.post(f"/api/v1/stops/{ref}/explain/", {"reason": "JAM", "note": "", "version": 1}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "locked")
    stop.refresh_from_db()
    assert stop.reason is None
