"""Both sides compared: equal, on its way, or somebody must see it; differences open and close by themselves."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from erp_sync.errors import RejectedError
from erp_sync.inbound.decisions import difference_resolve
from erp_sync.models import Difference, ErpLink, SyncRun
from erp_sync.outbound.compare import Found, LotSides, Sides, compare, compare_lots
from erp_sync.outbound.report import compared_orders, report_csv, sums_of
from erp_sync.outbound.write import message_write
from erp_sync.reconcile import nobody_knows, reconcile
from mes.materials.lots import lot_produce
from mes.production.models import WorkOrder
from tests.erp_sync.outbound.booking_erp import Book, failing
from tests.erp_sync.outbound.conftest import NOON, Floor

LATER = NOON + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("erp", "mes", "confirmed", "written", "more_comes", "stuck", "expected"),
    [
        (100, 100, 90, None, False, False, None),
        (90, 100, 90, 100, False, False, Found.IN_FLIGHT),  # a message is on its way
        (100, 110, 90, 100, False, False, Found.IN_FLIGHT),  # it arrived, its answer did not
        (90, 100, 90, None, True, False, Found.IN_FLIGHT),  # the order runs: the interval will tell it
        (90, 100, 90, None, False, False, Found.MES_AHEAD),
        (90, 100, 90, 100, False, True, Found.MES_AHEAD),  # it waits for a planner
        (95, 100, 90, 100, True, False, Found.MES_AHEAD),  # somebody booked 5 there
        (120, 100, 90, 100, True, False, Found.ERP_AHEAD),
    ],
)
def test_only_what_messages_explain_is_in_flight(
    erp: int, mes: int, confirmed: int, written: int | None, more_comes: bool, stuck: bool, expected: Found | None
) -> None:
    sides = Sides(
        Decimal(erp), Decimal(mes), Decimal(confirmed), None if written is None else Decimal(written), more_comes
    )
    assert compare(sides, stuck=stuck) == expected


@pytest.mark.parametrize(
    ("erp", "mes", "confirmed", "written", "more_comes", "stuck", "expected"),
    [
        ("A B", "A B", "A", None, False, False, None),
        ("A B", "", "", None, False, False, None),  # the ERP numbers its lots by itself
        ("A", "A B", "A", "A B", False, False, Found.IN_FLIGHT),
        ("A B", "A B C", "A", "A B", False, False, Found.IN_FLIGHT),
        ("A", "A B", "A", None, True, False, Found.IN_FLIGHT),
        ("A", "A B", "A", None, False, False, Found.MES_AHEAD),
        ("A", "A B", "A", "A B", False, True, Found.MES_AHEAD),
        ("A X", "A B", "A", "A B", True, False, Found.ERP_AHEAD),
    ],
)
def test_lots_are_compared_by_their_numbers(
    erp: str, mes: str, confirmed: str, written: str | None, more_comes: bool, stuck: bool, expected: Found | None
) -> None:
    there, here, known = (frozenset(names.split()) for names in (erp, mes, confirmed))
    on_its_way = None if written is None else frozenset(written.split())
    assert compare_lots(LotSides(there, here, known, on_its_way, more_comes), stuck=stuck) == expected


def compared(floor: Floor) -> SyncRun:
    run = reconcile(floor.connection, LATER)
    assert run is not None
    assert run.error == ""
    return run


def fields() -> list[tuple[str, str, Decimal | None]]:
    return list(Difference.objects.filter(resolved_at=None).order_by("field").values_list("field", "kind", "amount"))


def told(floor: Floor, link: ErpLink) -> None:
    message_write(link, "test", NOON)
    floor.deliver()


def completed(link: ErpLink) -> None:
    WorkOrder.objects.filter(pk=link.order_id).update(status="completed", completed_at=NOON)


def test_what_is_on_its_way_is_in_flight_and_gone_when_it_arrived(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400, scrap=24)
    message_write(link, "test", NOON)
    run = compared(floor)
    assert (run.read, run.unchanged, run.changed, run.failed) == (1, 0, 1, 0)
    assert fields() == [("good", "in-flight", -100), ("scrap", "in-flight", -1)]
    assert not nobody_knows(Difference.objects.all())
    floor.deliver()
    run = compared(floor)
    assert (run.unchanged, fields()) == (1, [])
    assert set(Difference.objects.values_list("resolution", flat=True)) == {"gone"}


def test_what_somebody_booked_in_the_erp_is_unexplained_until_it_is_gone(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    told(floor, link)
    floor.erp.books["7"].good = Decimal(103)
    assert (compared(floor).failed, fields()) == (1, [("good", "erp-ahead", 3)])
    compared(floor)
    assert Difference.objects.count() == 1
    assert [row.amount for row in nobody_knows(Difference.objects.all())] == [3]
    floor.erp.books["7"].good = Decimal(100)
    compared(floor)
    assert not nobody_knows(Difference.objects.all())


def test_a_message_that_waits_for_a_planner_is_the_reason_that_is_told(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    floor.erp.before = failing(RejectedError("Over tolerance."))
    told(floor, link)
    compared(floor)
    row = Difference.objects.get()
    assert (row.kind, row.amount) == ("mes-ahead", -100)
    assert "Over tolerance." in row.why
    assert not nobody_knows(Difference.objects.all())


def test_consumption_is_compared_for_the_materials_that_we_book(floor: Floor) -> None:
    link = floor.link()
    floor.uses(link, "80")
    told(floor, link)
    assert (compared(floor).unchanged, fields()) == (1, [])
    floor.erp.books["7"].consumed = (("SYRUP", Decimal(1200)), ("CAPS", Decimal(5)))
    compared(floor)
    assert fields() == [("consumed:SYRUP", "erp-ahead", 1120)]


def test_a_lot_that_only_one_side_has_is_a_difference_until_both_have_it(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 4800)
    about = {"item": floor.plant.cola, "work_center": floor.plant.packer, "order": link.order, "actor": "ana"}
    for number, quantity in (("L-1", 2400), ("L-2", 2400)):
        lot_produce(number=number, quantity=Decimal(quantity), at=NOON, key=uuid4(), **about)
    message_write(link, "test", NOON)
    compared(floor)
    assert fields() == [("good", "in-flight", -200), ("lots", "in-flight", None)]
    floor.deliver()
    assert (compared(floor).unchanged, fields()) == (1, [])
    floor.erp.books["7"].lots = frozenset({"L-1", "X-9"})
    compared(floor)
    row = Difference.objects.get(resolved_at=None)
    assert (row.field, row.kind, row.erp_value, row.mes_value) == ("lots", "erp-ahead", "X-9", "L-2")


def test_what_a_person_settled_with_a_reason_opens_again_only_when_a_side_changes(floor: Floor) -> None:
    link = floor.link()
    floor.counts(link, 2400)
    told(floor, link)
    floor.erp.books["7"].good = Decimal(103)
    compared(floor)
    assert difference_resolve(Difference.objects.get(), why="three packs of samples", actor="paula", at=LATER)
    run = compared(floor)
    assert (run.unchanged, fields()) == (1, [])
    floor.erp.books["7"].good = Decimal(104)
    compared(floor)
    assert fields() == [("good", "erp-ahead", 4)]


def test_an_order_that_is_cancelled_here_and_open_there_is_a_difference(floor: Floor) -> None:
    link = floor.link()
    WorkOrder.objects.filter(pk=link.order_id).update(status="cancelled")
    assert (compared(floor).failed, fields()) == (1, [("order-state", "state", None)])


def test_an_order_that_the_erp_lost_and_one_that_still_runs_there_are_differences(floor: Floor) -> None:
    lost, ended = floor.link("7"), floor.link("8")
    told(floor, ended)
    completed(ended)
    del floor.erp.orders["7"]
    compared(floor)
    found = {(row.link_id, row.field, row.kind) for row in Difference.objects.all()}
    assert found == {(lost.pk, "order", "missing-erp"), (ended.pk, "order-state", "state")}


def test_an_order_nobody_began_on_either_side_is_equal(floor: Floor) -> None:
    floor.link(status="released")
    assert (compared(floor).unchanged, fields()) == (1, [])


def test_the_nightly_comparison_takes_old_orders_once_a_night(floor: Floor) -> None:
    link = floor.link()
    completed(link)
    ErpLink.objects.update(last_seen_at=LATER - timedelta(days=29))
    WorkOrder.objects.update(completed_at=LATER - timedelta(days=29))
    reads = [run.read for _n in range(2) if (run := reconcile(floor.connection, LATER, everything=True))]
    assert reads == [1, 0]
    assert compared(floor).read == 1  # an open difference is looked at again: it is final here and runs there


def test_the_report_adds_up_per_line_and_day_and_its_csv_names_each_difference(floor: Floor) -> None:
    first, second = floor.link("7"), floor.link("8")
    floor.counts(first, 2400, scrap=24)
    floor.counts(second, 240, minutes=60)
    told(floor, first)
    told(floor, second)
    floor.erp.books["8"] = Book(9, Decimal(12))
    compared(floor)
    rows = compared_orders(floor.connection, [floor.plant.line_1], date(2026, 3, 2), date(2026, 3, 2))
    total = sums_of(rows, "line")[0]
    assert (total.name, total.unit, total.orders, total.missing) == ("LINE-1", "pk24", 2, 0)
    assert (total.good_erp, total.good_mes, total.good_open, total.scrap_open) == (112, 110, 2, 0)
    assert [day.name for day in sums_of(rows, "day")] == ["2026-03-02"]
    lines = list(csv.DictReader(report_csv(rows)))
    assert [(line["order"], line["class"], line["good_erp"], line["good_mes"]) for line in lines] == [
        ("1007", "equal", "100", "100"),
        ("1008", "erp-ahead", "12", "10"),
    ]
    assert compared_orders(floor.connection, [floor.plant.line_2], date(2026, 3, 2), date(2026, 3, 2)) == []


def test_a_reason_that_looks_like_a_formula_is_text_in_the_csv(floor: Floor) -> None:
    link = floor.link()
    ErpLink.objects.update(number="=1+1")
    floor.counts(link, 2400)
    told(floor, link)
    compared(floor)
    rows = compared_orders(floor.connection, [floor.plant.line_1], date(2026, 3, 2), date(2026, 3, 2))
    assert next(iter(csv.DictReader(report_csv(rows))))["order"] == "'=1+1"
