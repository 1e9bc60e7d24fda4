"""Archived plans, looks at readings and stored reports: each once, and never changed."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from analytics.looks import looks_forget, readings_look
from analytics.models import PlanSnapshot, ReadinessReport, ReadingLook
from analytics.plans import plans_archive, slot_of
from analytics.readiness.report import history_of, latest_reports, lines_due, readiness_measure
from mes.journal.models import JournalEntry
from mes.plant.models import Line
from mes.plc.models import Controller, ControllerHealth, TagBinding
from mes.production.models import WorkOrder
from mes.tracking.models import MachineCursor
from tests.analytics.conftest import at
from tests.production.small_plant import SIX, SmallPlant, counted

Made = Callable[..., object]


def of_line_1() -> list[PlanSnapshot]:
    return list(PlanSnapshot.objects.filter(line__code="LINE-1").order_by("taken_at"))


def test_every_line_has_one_plan_a_day_from_the_first_day(plant: SmallPlant) -> None:
    assert plans_archive(at=SIX) == 2
    assert plans_archive(at=SIX) == 0
    assert plans_archive(at=at(60)) == 0
    # the day ends at midnight in Berlin, which is 23:00 UTC
    assert plans_archive(at=SIX.replace(hour=22, minute=59)) == 0
    assert plans_archive(at=SIX.replace(hour=23)) == 2
    assert [(row.kind, row.day) for row in of_line_1()] == [("daily", date(2026, 3, 2)), ("daily", date(2026, 3, 3))]


def test_an_archived_plan_tells_queue_progress_shifts_and_ideal_rates(plant: SmallPlant) -> None:
    first = plant.order("WO-1")
    WorkOrder.objects.filter(pk=first.pk).update(status="running", priority=10, due_at=at(600))
    plant.order("WO-2", quantity="250.5")
    done = plant.order("WO-0")
    WorkOrder.objects.filter(pk=done.pk).update(status="completed")
    counted(plant.packer, SIX, good=100, scrap=3, order=first)
    plans_archive(at=at(30))
    (row,) = of_line_1()
    assert [order["number"] for order in row.orders] == ["WO-1", "WO-2"]
    assert row.orders[0] == {
        "number": "WO-1", "item": "COLA-05", "unit": "pcs", "quantity": "1000.000", "good": "100", "scrap": "3",
        "due_at": "2026-03-02T16:00:00+00:00", "priority": 10, "status": "running", "source": "typed",
    }  # fmt: skip
    assert row.orders[1]["quantity"] == "250.500"
    assert row.ideals == {"COLA-05": {"FILL": "0.800000", "PACK": "0.800000"}}
    # 06:30 to 14:00 less half an hour of break
    assert [(shift["name"], shift["planned_s"]) for shift in row.shifts] == [("Early", 7 * 3600)]


def test_a_changed_queue_is_archived_at_most_every_quarter_of_an_hour(plant: SmallPlant) -> None:
    order = plant.order("WO-1")
    plans_archive(at=SIX)
    counted(plant.packer, SIX, good=100, order=order)
    assert plans_archive(at=at(20)) == 0  # what is made is no change of plan
    WorkOrder.objects.filter(pk=order.pk).update(priority=1)
    assert plans_archive(at=at(31)) == 1
    plant.order("WO-2")
    assert plans_archive(at=at(44)) == 0
    assert plans_archive(at=at(45)) == 1
    assert plans_archive(at=at(61)) == 0
    assert [(row.kind, row.slot, len(row.orders)) for row in of_line_1()] == [
        ("daily", SIX, 1),
        ("change", at(30), 1),
        ("change", at(45), 2),
    ]
    assert slot_of(at(14.9)) == SIX


def test_archiving_costs_the_same_for_a_long_queue(
    plant: SmallPlant, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(20):
        plant.order(f"WO-{number}")
    with django_assert_max_num_queries(25):
        plans_archive(at=SIX)


@pytest.fixture
def polled(plant: SmallPlant) -> SmallPlant:
    """The packer is polled every two seconds by a controller that answers."""
    plc = Controller.objects.create(
        code="PLC-1", name="Packer", site=plant.line_1.area.site, address="127.0.0.1:1", period_s=Decimal(2)
    )
    ControllerHealth.objects.create(controller=plc, comm="online")
    for role in ("good", "scrap"):
        TagBinding.objects.create(controller=plc, work_center=plant.packer, role=role, tag=role, valid_from=SIX)
    for place in (plant.packer, plant.filler):
        MachineCursor.objects.create(work_center=place, heard_at=SIX)
    return plant


def test_readings_are_prompt_up_to_two_polls_late(polled: SmallPlant) -> None:
    # the newest reading may be a poll old already when nothing is late: 3 x 2 s
    for second, heard in ((30, 24), (60, 53.9), (90, 92), (120, 122.1)):
        MachineCursor.objects.update(heard_at=SIX + timedelta(seconds=heard))
        assert readings_look(at=SIX + timedelta(seconds=second)) == 1
    (row,) = ReadingLook.objects.all()
    assert (row.work_center, row.hour, row.looks, row.prompt) == (polled.packer, SIX, 4, 2)


def test_a_look_that_comes_twice_counts_once(polled: SmallPlant) -> None:
    assert [readings_look(at=SIX), readings_look(at=SIX + timedelta(seconds=1))] == [1, 0]
    assert readings_look(at=at(60)) == 1
    assert ReadingLook.objects.count() == 2


def test_a_controller_that_does_not_answer_is_missing_and_not_late(polled: SmallPlant) -> None:
    ControllerHealth.objects.update(comm="offline")
    assert readings_look(at=at(10)) == 0


def test_old_looks_are_dropped(polled: SmallPlant) -> None:
    readings_look(at=SIX)
    assert looks_forget(at=SIX + timedelta(days=99)) == 0
    assert looks_forget(at=SIX + timedelta(days=101)) == 1


def test_a_report_is_stored_once_a_day_with_its_inputs_and_a_journal_entry(plant: SmallPlant, state: Made) -> None:
    state(plant.packer, 0, 120)
    report = readiness_measure(line=plant.line_1, actor="system", at=at(120))
    assert report is not None
    assert (report.r, report.phase, report.day) == (0, 0, date(2026, 3, 2))
    assert report.inputs["days"][0]["heard_ms"] == 120 * 60_000
    assert [blocker["phase"] for blocker in report.blockers] == [1, 1]
    assert readiness_measure(line=plant.line_1, actor="system", at=at(200)) is None
    entry = JournalEntry.objects.get(action="readiness_measure")
    assert (entry.actor, entry.code, entry.data["phase"]) == ("system", "LINE-1", 0)


def test_a_form_sent_twice_measures_once(plant: SmallPlant) -> None:
    key = uuid4()
    assert readiness_measure(line=plant.line_1, actor="mia", at=at(10), key=key) is not None
    assert readiness_measure(line=plant.line_1, actor="mia", at=at(11), key=key) is None
    assert readiness_measure(line=plant.line_1, actor="system", at=at(12)) is not None
    latest = latest_reports([plant.line_1])[plant.line_1.pk]
    assert latest.asked_by == "system"
    assert [row.asked_by for row in history_of(plant.line_1, at(20))] == ["system"]


def test_a_line_is_due_at_once_and_then_each_night(plant: SmallPlant) -> None:
    def due(moment: float) -> set[str]:
        return {line.code for line in lines_due(at(moment))}

    assert due(0) == {"LINE-1", "LINE-2"}
    for line in Line.objects.select_related("area__site"):
        readiness_measure(line=line, actor="system", at=at(0))
    assert due(60) == set()
    # 06:00 UTC + 18:59 is 01:59 in Berlin, a minute later it is night run
    assert due(18 * 60 + 59) == set()
    assert due(19 * 60) == {"LINE-1", "LINE-2"}


def _delete(row: ReadinessReport | PlanSnapshot) -> None:
    """Past Django, which would refuse before PostgreSQL is asked."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608 - a name of ours


@pytest.mark.parametrize("change", ["update", "delete"])
def test_reports_and_archived_plans_cannot_be_changed(plant: SmallPlant, change: str) -> None:
    readiness_measure(line=plant.line_1, actor="system", at=at(10))
    plans_archive(at=SIX)
    for rows in (ReadinessReport.objects.all(), PlanSnapshot.objects.all()):
        first = rows.get(line=plant.line_1)
        alter = partial(rows.update, day=date(2026, 1, 1)) if change == "update" else partial(_delete, first)
        with pytest.raises(DatabaseError, match="stay as they are"), transaction.atomic():
            alter()
