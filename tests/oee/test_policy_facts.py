"""What orders and reasons say of a shift's time: trials (R36) and limits of planned stops (R14), from stored rows."""

from datetime import timedelta

import pytest
from django.test import Client

from mes.downtime.actions import stop_clear_reason, stop_explain
from mes.downtime.models import Reason, Stop
from mes.journal.models import JournalEntry
from mes.oee.facts import WindowFacts, window_facts
from mes.people.models import Role
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Shift
from mes.production.models import Run, WorkOrder
from mes.production.order_kind import order_kind_set
from mes.production.refusals import OrderRefused
from tests.oee.explain_kit import EIGHT_H, MIN, shift_story
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

NOW = SIX + timedelta(hours=12)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    shift_story(plant)
    return plant


def _facts(plant: SmallPlant) -> WindowFacts:
    return window_facts([plant.packer], *EIGHT_H, now=NOW)["PACK"]


def test_r36_a_trial_orders_time_and_pieces_are_in_no_kpi(plant: SmallPlant) -> None:
    """From minute 360 on a trial runs: 120 of the 330 min run and 4,000 of the 25,000 good leave the KPIs."""
    Run.objects.filter(work_center=plant.packer).update(ends_at=SIX + 360 * MIN)
    trial = plant.order("TRIAL-1")
    Run.objects.create(
        work_center=plant.packer,
        order=trial,
        item=plant.cola,
        starts_at=SIX + 360 * MIN,
        ends_at=SIX + 480 * MIN,
        started_by="otto",
    )
    plant.packer.counts.filter(hour=SIX + 360 * MIN).update(order=trial)
    assert _facts(plant).kpi.oee == pytest.approx(25000 * 0.8 / (450 * 60))
    assert order_kind_set(order=trial, kind="trial", why="new caps", actor="eva", at=NOW)
    elements = _facts(plant).elements
    assert (elements.run_ms, elements.planned_stop_ms) == (210 * 60_000, 150 * 60_000)
    assert elements.good == 21000
    assert elements.order_ms == 360 * 60_000
    assert _facts(plant).kpi.oee == pytest.approx(21000 * 0.8 / (330 * 60))
    marked = ChangedStretch.objects.get()
    assert (marked.work_center, marked.starts_at, marked.ends_at) == (plant.packer, SIX + 360 * MIN, SIX + 480 * MIN)
    entry = JournalEntry.objects.get(action="order_kind_set")
    assert (entry.code, entry.data["before"], entry.data["after"]) == ("TRIAL-1", "production", "trial")
    assert entry.data["why"] == "new caps"


def test_r36_said_twice_it_happens_once(plant: SmallPlant) -> None:
    order = WorkOrder.objects.get()
    assert order_kind_set(order=order, kind="engineering", why="tests", actor="eva", at=NOW)
    assert not order_kind_set(order=order, kind="engineering", why="tests", actor="eva", at=NOW)
    assert JournalEntry.objects.filter(action="order_kind_set").count() == 1


def test_r36_a_trial_has_no_target(plant: SmallPlant) -> None:
    order_kind_set(order=WorkOrder.objects.get(), kind="trial", why="caps", actor="eva", at=NOW)
    assert _facts(plant).target is None


@pytest.mark.parametrize(("kind", "why"), [("holiday", "x"), ("trial", " "), ("trial", "x" * 201), ("trial", "a\0")])
def test_r36_mistakes_are_refused_in_words(plant: SmallPlant, kind: str, why: str) -> None:
    with pytest.raises(OrderRefused):
        order_kind_set(order=WorkOrder.objects.get(), kind=kind, why=why, actor="eva", at=NOW)


def test_r44_an_order_that_ran_in_a_locked_shift_keeps_its_kind(plant: SmallPlant) -> None:
    Shift.objects.update(locked_at=NOW)
    with pytest.raises(ShiftLocked):
        order_kind_set(order=WorkOrder.objects.get(), kind="trial", why="x", actor="eva", at=NOW)
    assert WorkOrder.objects.get().kind == "production"


def test_r36_the_orders_page_says_it_and_who_may(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.PLANNER, plant.line_1))
    text = client.post("/orders/WO-1/kind/", {"kind": "trial", "why": "new caps"}, follow=True).content.decode()
    assert "Trial: in no KPI" in text
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    assert client.post("/orders/WO-1/kind/", {"kind": "trial", "why": "x"}).status_code == 403


def test_r14_a_planned_stop_is_unplanned_beyond_the_limit_of_its_reason(plant: SmallPlant) -> None:
    """Cleaning may take 25 min: of the 40 min from minute 100 on, 15 are an unplanned overrun."""
    Reason.objects.filter(code="CLEAN").update(planned_limit_min=25)
    stop = Stop.objects.get()
    clean = Reason.objects.get(code="CLEAN")
    stop = stop_explain(stop_id=stop.pk, reason=clean, note="", actor="mia", at=NOW, version=stop.version)
    elements = _facts(plant).elements
    assert (elements.planned_stop_ms, elements.unplanned_ms) == ((30 + 25) * 60_000, (15 + 59) * 60_000)
    assert [piece.duration_ms // 60_000 for piece in _facts(plant).owned if piece.klass == "overrun"] == [15]
    Reason.objects.filter(code="CLEAN").update(planned_limit_min=5)  # a later limit changes no history
    assert _facts(plant).elements.planned_stop_ms == 55 * 60_000
    stop_clear_reason(stop_id=stop.pk, actor="mia", at=NOW, version=stop.version)
    assert Stop.objects.get().planned_limit_min is None


def test_r30_performance_above_100_percent_is_kept_and_said(plant: SmallPlant) -> None:
    counted(plant.packer, SIX + 90 * MIN, good=6000, order=WorkOrder.objects.get(), shift=plant.shift)
    kpi = _facts(plant).kpi
    assert kpi.performance == pytest.approx(30500 * 0.8 / (331 * 60))
    assert kpi.performance > 1
    assert "performance-over-100" in [note.code for note in kpi.notes]
