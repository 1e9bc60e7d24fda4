"""Pauses, displacement, operations, holds, requests and entries of orders; each said twice happens once."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from mes.journal.models import JournalEntry
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Shift
from mes.production.changes import change_accept, change_ask, change_refuse, change_withdraw
from mes.production.entries import count_enter, part_report
from mes.production.models import ChangeRequest, ManualCount, OrderPart, Run, SetupPhase, WorkOrder
from mes.production.operation_steps import operation_finish, operation_reopen
from mes.production.operations import StepGiven, operations_set, pool_set, routing_set
from mes.production.order_steps import order_close, order_dispatch, order_hold, order_release_hold, order_reopen
from mes.production.orders import order_cancel, order_complete, order_pause, order_resume, order_start
from mes.production.queries import queue_for
from mes.production.refusals import OrderRefused
from mes.tracking.setups import setups_of
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

HOUR = timedelta(hours=1)


def told(number: str = "WO-1") -> list[str]:
    return list(
        JournalEntry.objects.filter(kind="work-order", code=number).order_by("pk").values_list("action", flat=True)
    )


def now_of(order: WorkOrder) -> WorkOrder:
    return WorkOrder.objects.get(pk=order.pk)


@pytest.fixture
def running(plant: SmallPlant) -> WorkOrder:
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    return now_of(order)


def test_a_pause_ends_the_runs_once_and_a_resume_goes_on_where_it_ran(plant: SmallPlant, running: WorkOrder) -> None:
    ChangedStretch.objects.all().delete()
    assert order_pause(order=running, reason="material", actor="otto", at=SIX + HOUR)
    assert not order_pause(order=running, reason="tool", actor="otto", at=SIX + 2 * HOUR)
    assert (now_of(running).status, now_of(running).pause_reason) == ("paused", "material")
    assert set(Run.objects.values_list("ends_at", flat=True)) == {SIX + HOUR}
    assert ChangedStretch.objects.filter(why="order_pause").count() == 2
    for _twice in range(2):
        again = order_resume(order=running, actor="otto", at=SIX + 2 * HOUR)
        assert sorted(run.work_center.code for run in again) == ["FILL", "PACK"]
    assert Run.objects.count() == 4
    assert told() == ["order_start", "order_pause", "order_resume"]
    assert SetupPhase.objects.count() == 2  # going on with the same order needs no setup


def test_something_else_needs_a_note_and_reasons_are_a_fixed_list(running: WorkOrder) -> None:
    for reason, note in (("other", ""), ("lunch", "x"), ("other", "a\0b"), ("tool", "x" * 201)):
        with pytest.raises(OrderRefused):
            order_pause(order=running, reason=reason, note=note, actor="otto", at=SIX + HOUR)
    assert now_of(running).status == "running"


def test_a_pushed_off_order_says_which_one_went_first_and_is_not_resumed_over_it(
    plant: SmallPlant, running: WorkOrder
) -> None:
    second = plant.order("WO-2")
    order_start(order=second, work_center=plant.filler, actor="otto", at=SIX + HOUR)
    waits = now_of(running)
    assert (waits.status, waits.pause_reason, waits.pause_note) == ("paused", "other-order", "WO-2")
    assert told() == ["order_start", "order_pause"]
    with pytest.raises(OrderRefused, match="WO-2 runs on FILL now: start WO-1 at its station"):
        order_resume(order=running, actor="otto", at=SIX + 2 * HOUR)


def test_r44_a_locked_shift_refuses_a_pause(plant: SmallPlant, running: WorkOrder) -> None:
    Shift.objects.filter(pk=plant.shift.pk).update(closed_at=SIX, locked_at=SIX)
    with pytest.raises(ShiftLocked):
        order_pause(order=running, reason="tool", actor="otto", at=SIX + HOUR)
    assert now_of(running).status == "running"


def test_an_order_sent_to_one_machine_waits_there_only(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    with pytest.raises(OrderRefused, match="PRESS is not on line LINE-1"):
        order_dispatch(order=order, work_center=plant.press, actor="pia", at=SIX)
    assert order_dispatch(order=order, work_center=plant.packer, actor="pia", at=SIX)
    assert not order_dispatch(order=order, work_center=plant.packer, actor="pia", at=SIX)
    assert [list(queue_for(place)) for place in (plant.filler, plant.packer)] == [[], [order]]
    assert order_dispatch(order=order, work_center=None, actor="pia", at=SIX)
    assert list(queue_for(plant.filler)) == [order]


def test_a_stale_page_does_not_change_an_order(running: WorkOrder) -> None:
    with pytest.raises(OrderRefused, match="was changed since this page was opened"):
        order_pause(order=running, reason="tool", actor="otto", at=SIX + HOUR, seen_version=1)
    assert now_of(running).status == "running"


def test_a_reopened_order_has_its_last_operations_open_again(plant: SmallPlant) -> None:
    order = plant.order("WO-1", quantity="10")
    steps = [StepGiven(10, "Fill", work_center=plant.filler), StepGiven(20, "Pack", work_center=plant.packer)]
    first, second = operations_set(order=order, steps=steps, actor="pia", at=SIX)
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    operation_finish(operation=first, actor="otto", at=SIX + HOUR)
    order_start(order=order, work_center=plant.packer, actor="otto", at=SIX + HOUR)
    assert order_complete(order=order, actor="otto", at=SIX + 2 * HOUR)
    assert order_reopen(order=order, why="two are missing", actor="sue", at=SIX + 3 * HOUR)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.done_at, second.done_at, now_of(order).completed_at) == (SIX + HOUR, None, None)
    assert [run.work_center.code for run in order_resume(order=order, actor="otto", at=SIX + 4 * HOUR)] == ["PACK"]


def test_an_operation_that_is_done_ends_its_runs_once_and_pauses_the_order_between(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    steps = [StepGiven(10, "Fill", work_center=plant.filler), StepGiven(20, "Pack", work_center=plant.packer)]
    first, _second = operations_set(order=order, steps=steps, actor="pia", at=SIX)
    assert first in operations_set(order=order, steps=steps, actor="pia", at=SIX)
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    with pytest.raises(OrderRefused, match="was started: its operations stay"):
        operations_set(order=order, steps=steps, actor="pia", at=SIX)
    assert operation_finish(operation=first, actor="otto", at=SIX + HOUR)
    assert not operation_finish(operation=first, actor="otto", at=SIX + 2 * HOUR)
    assert (now_of(order).status, now_of(order).pause_reason) == ("paused", "between")
    with pytest.raises(OrderRefused, match="10 Fill of WO-1 is done already"):
        order_start(order=order, work_center=plant.filler, actor="otto", at=SIX + 2 * HOUR)
    assert operation_reopen(operation=first, actor="otto", at=SIX + 2 * HOUR)
    assert not operation_reopen(operation=first, actor="otto", at=SIX + 2 * HOUR)
    assert told() == ["operations_set", "order_start", "operation_finish", "operation_reopen"]


def test_pools_and_routings_are_said_once_and_refuse_machines_of_other_lines(plant: SmallPlant) -> None:
    both: dict[str, Any] = {"code": "BOTH", "name": "Both", "line": plant.line_1, "actor": "eva", "at": SIX}
    with pytest.raises(OrderRefused, match="needs machines of line LINE-1: PRESS"):
        pool_set(work_centers=[plant.press], **both)
    pool = pool_set(work_centers=[plant.filler, plant.packer], **both)
    pool_set(work_centers=[plant.packer, plant.filler], **both)
    with pytest.raises(OrderRefused, match="FILL serves steps 10 and 20"):
        routing_set(
            item=plant.cola,
            line=plant.line_1,
            steps=[StepGiven(10, "One", pool=pool), StepGiven(20, "Two", work_center=plant.filler)],
            actor="eva",
            at=SIX,
        )
    for _twice in range(2):
        routing_set(item=plant.cola, line=plant.line_1, steps=[StepGiven(10, "One", pool=pool)], actor="eva", at=SIX)
    actions = JournalEntry.objects.filter(action__in=("pool_set", "routing_set"))
    assert sorted(actions.values_list("action", flat=True)) == ["pool_set", "routing_set"]


def test_two_holds_of_different_origin_are_released_one_by_one(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    assert order_hold(order=order, why="label", ref="NCR-1", actor="quinn", at=SIX)
    assert order_hold(order=order, why="crack", ref="NCR-2", actor="quinn", at=SIX)
    assert not order_hold(order=order, why="again", ref="NCR-2", actor="quinn", at=SIX)
    assert order_release_hold(order=order, why="fine", ref="NCR-1", actor="quinn", at=SIX)
    assert not order_release_hold(order=order, why="fine", ref="NCR-1", actor="quinn", at=SIX)
    with pytest.raises(OrderRefused, match=r"on hold \(NCR-2\): crack"):
        order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    order_release_hold(order=order, why="fine", ref="NCR-2", actor="quinn", at=SIX)
    assert order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)


def test_a_request_has_one_answer_whoever_gives_it_and_ends_with_the_order(running: WorkOrder) -> None:
    key = uuid4()
    ask: dict[str, Any] = {"order": running, "quantity": Decimal(1200), "why": "urgent", "actor": "pia", "at": SIX}
    request = change_ask(key=key, **ask)
    assert change_ask(key=key, **ask) == request
    with pytest.raises(OrderRefused, match="waits for its answer"):
        change_ask(key=uuid4(), **ask)
    assert change_refuse(request=request, answer="no caps", actor="otto", at=SIX)
    assert not change_refuse(request=request, answer="no caps", actor="otto", at=SIX)
    with pytest.raises(OrderRefused, match="answered already by otto: refused"):
        change_accept(request=request, actor="sue", at=SIX)
    waiting = change_ask(key=uuid4(), **ask)
    assert change_withdraw(request=waiting, actor="pia", at=SIX)
    change_ask(key=uuid4(), **ask)
    order_cancel(order=running, actor="pia", at=SIX + HOUR)
    assert sorted(ChangeRequest.objects.values_list("status", flat=True)) == ["refused", "withdrawn", "withdrawn"]
    assert now_of(running).quantity == 1000


def test_entries_with_one_key_are_stored_once_and_another_number_under_it_is_refused(
    plant: SmallPlant, running: WorkOrder
) -> None:
    part: dict[str, Any] = {"order": running, "good": Decimal(100), "actor": "otto", "at": SIX, "key": uuid4()}
    assert part_report(quantity=Decimal(60), **part) == part_report(quantity=Decimal(60), **part)
    with pytest.raises(OrderRefused, match="sent before with another number"):
        part_report(quantity=Decimal(61), **part)
    assert OrderPart.objects.get().quantity == 60
    order = plant.order("WO-2", line=plant.line_2)
    steps = [StepGiven(10, "Press", work_center=plant.press, count_source="manual")]
    (operation,) = operations_set(order=order, steps=steps, actor="pia", at=SIX)
    entry: dict[str, Any] = {"operation": operation, "actor": "otto", "at": SIX, "key": uuid4()}
    with pytest.raises(OrderRefused, match="start it before you count"):
        count_enter(good=Decimal(5), scrap=Decimal(1), **entry)
    order_start(order=order, work_center=plant.press, actor="otto", at=SIX)
    for _twice in range(2):
        count_enter(good=Decimal(5), scrap=Decimal(1), **entry)
    with pytest.raises(OrderRefused, match="sent before with other numbers"):
        count_enter(good=Decimal(6), scrap=Decimal(1), **entry)
    assert ManualCount.objects.get().good == 5


def test_setup_ends_with_the_first_good_piece_and_scrap_is_none(plant: SmallPlant, running: WorkOrder) -> None:
    run = Run.objects.get(work_center=plant.packer)
    counted(plant.packer, SIX + timedelta(minutes=4), good=0, scrap=3, order=running)
    assert setups_of([run.pk])[run.pk].ends_at is None
    counted(plant.packer, SIX + HOUR, good=2, order=running)
    assert setups_of([run.pk])[run.pk].ends_at == SIX + HOUR


def test_only_a_completed_order_is_closed_and_then_it_stays(plant: SmallPlant, running: WorkOrder) -> None:
    with pytest.raises(OrderRefused, match="only a completed order is closed"):
        order_close(order=running, actor="pia", at=SIX)
    order_complete(order=running, actor="otto", at=SIX + HOUR)
    assert order_close(order=running, actor="pia", at=SIX + HOUR)
    assert not order_close(order=running, actor="pia", at=SIX + HOUR)
    with pytest.raises(OrderRefused, match="is closed"):
        order_reopen(order=running, why="x", actor="pia", at=SIX + HOUR)


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_the_same_moment_leave_exactly_one() -> None:
    plant = small_plant()
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    request = change_ask(order=order, quantity=Decimal(7), why="x", actor="pia", at=SIX, key=uuid4())
    together, done, refused = threading.Barrier(2), [], []

    def answer(accept: bool) -> None:
        together.wait()
        try:
            act = change_accept if accept else change_refuse
            done.append(act(request=request, answer="so", actor="otto", at=SIX))
        except OrderRefused as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=[accept]) for accept in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (done, len(refused)) == ([True], 1)
