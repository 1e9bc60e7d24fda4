"""The steps of an order by plain forms, sent twice each: life, holds, requests, parts, operations, dispatch lists."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.production.blocks import HOLD, blocks_of
from mes.production.models import ChangeRequest, ManualCount, Operation, OrderPart, Run, StockLevel, Tool, WorkOrder
from mes.production.operations import StepGiven, operations_set, pool_set
from mes.production.order_new import order_receive
from mes.production.order_steps import order_hold
from mes.production.orders import order_start
from mes.production.supply import MaterialGiven, materials_set, stock_say
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

KEY = str(uuid4())


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def sue(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, name="sue"))
    return client


def do(client: Client, verb: str, number: str = "WO-1", **data: object) -> str:
    """Sends the form twice as a double tap does; the page afterwards as text."""
    address = f"/orders/{number}/{verb}/" if verb in ("complete", "cancel") else f"/orders/{number}/do/{verb}/"
    for _tap in range(2):
        assert client.post(address, data).status_code == 302
    return client.get(f"/orders/{number}/").content.decode()


def order_now(number: str = "WO-1") -> WorkOrder:
    return WorkOrder.objects.get(number=number)


def told(number: str = "WO-1") -> list[str]:
    return list(
        JournalEntry.objects.filter(kind="work-order", code=number).order_by("pk").values_list("action", flat=True)
    )


def test_an_order_lives_from_received_to_closed_by_forms_sent_twice(plant: SmallPlant, sue: Client) -> None:
    order_receive(
        number="WO-1",
        item=plant.cola,
        line=plant.line_1,
        quantity=Decimal(100),
        due_at=None,
        priority=None,
        source="erp",
        actor="erp",
        at=SIX,
    )
    do(sue, "release", version="1")
    do(sue, "dispatch", version="2", work_center="FILL")
    assert (order_now().status, order_now().dispatched_to) == ("dispatched", plant.filler)
    order_start(order=order_now(), work_center=plant.filler, actor="otto", at=SIX)
    assert "Material is missing" in do(sue, "pause", reason="material")
    do(sue, "resume")
    assert order_now().status == "running"
    page = do(sue, "complete", short="other", note="customer takes less")
    assert "customer takes less" in page
    do(sue, "reopen", version=str(order_now().version), why="he wants the rest")
    assert order_now().status == "paused"
    do(sue, "complete", short="not-needed")
    do(sue, "close", version=str(order_now().version))
    assert order_now().status == "closed"
    assert told() == [
        *("order_receive", "order_release", "order_dispatch", "order_start", "order_pause", "order_resume"),
        *("order_complete", "order_reopen", "order_complete", "order_close"),
    ]


def test_completing_short_without_a_reason_changes_nothing_and_says_what_is_missing(
    plant: SmallPlant, sue: Client
) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    counted(plant.packer, SIX, good=400, order=order_now())
    assert "Only 400 of 1000 pcs of WO-1 are made" in do(sue, "complete")
    assert order_now().status == "running"


def test_more_than_the_tolerance_is_shown_and_never_cut(plant: SmallPlant, sue: Client) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    counted(plant.packer, SIX, good=1051, order=order_now())  # 5 % over 1000 are 1050
    page = sue.get("/orders/WO-1/").content.decode()
    assert "More is made than the 1,050 pcs that are allowed" in page
    assert "<dd>1,051</dd>" in page
    do(sue, "complete")
    assert JournalEntry.objects.get(action="order_complete").data["verdict"] == "over"


def test_an_order_may_have_tolerances_of_its_own(plant: SmallPlant, sue: Client) -> None:
    data = {"number": "WO-1", "item": "COLA-05", "line": "LINE-1", "quantity": "200", "over": "2.5", "under": "10"}
    assert (
        "Ensure this value is less than or equal to 100"
        in sue.post("/orders/-/new/", data | {"under": "101"}).content.decode()
    )
    for _tap in range(2):
        assert sue.post("/orders/-/new/", data).status_code == 302
    order_start(order=order_now(), work_center=plant.filler, actor="otto", at=SIX)
    counted(plant.packer, SIX, good=180, order=order_now())  # 10 % less than 200
    assert "180 to 205 are all right" in do(sue, "complete")
    assert (order_now().status, order_now().short_reason) == ("completed", "")


def test_a_hold_blocks_start_and_completion_until_it_is_released(plant: SmallPlant, sue: Client) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    assert "On hold: wrong label" in do(sue, "hold", why="wrong label")
    assert "WO-1 is on hold: wrong label" in do(sue, "complete", short="other", note="x")
    assert order_now().status == "running"
    do(sue, "release-hold", why="labels changed", ref="")
    do(sue, "complete", short="not-needed")
    assert order_now().status == "completed"
    assert [a for a in told() if "hold" in a] == ["order_hold", "order_release_hold"]


def test_a_request_on_a_running_order_waits_for_the_floor_and_is_answered_once(plant: SmallPlant, sue: Client) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    version = str(order_now().version)
    do(sue, "change", quantity="1200", priority="10", why="urgent", key=KEY, version=version)
    assert order_now().quantity == 1000
    station = sue.get("/station/FILL/").content.decode()
    assert "sue asks to change this order" in station
    waiting = ChangeRequest.objects.get()
    data = {"request": str(waiting.pk), "verb": "refuse"}
    sue.post("/station/FILL/change/", data)
    assert ChangeRequest.objects.get().status == "open"  # a refusal needs words
    for _tap in range(2):
        sue.post("/station/FILL/change/", {"request": str(waiting.pk), "verb": "accept"})
    assert (order_now().quantity, order_now().priority) == (1200, 10)
    assert told()[-2:] == ["change_ask", "change_accept"]
    assert JournalEntry.objects.get(action="change_accept").data["before"] == {"quantity": "1000.000", "priority": 50}


def test_a_request_on_an_order_that_waits_holds_at_once(plant: SmallPlant, sue: Client) -> None:
    plant.order("WO-1")
    do(sue, "change", due="2026-03-05 14:00", why="later", key=KEY, version="1")
    assert order_now().due_at == SIX.replace(day=5, hour=13)  # 14:00 in Berlin
    assert "Nothing would change" in do(sue, "change", due="2026-03-05 14:00", why="x", key=str(uuid4()), version="2")


def test_a_part_is_reported_once_and_never_more_than_is_made(plant: SmallPlant, sue: Client) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    counted(plant.packer, SIX, good=400, order=order_now())
    do(sue, "part", quantity="300", key=KEY)
    assert OrderPart.objects.get().quantity == 300
    assert "400 are made and 300 are reported already" in do(sue, "part", quantity="101", key=str(uuid4()))
    do(sue, "part", quantity="-50", note="counted twice", key=str(uuid4()))
    assert sum(part.quantity for part in OrderPart.objects.all()) == 250


@pytest.fixture
def routed(plant: SmallPlant) -> WorkOrder:
    """WO-1 on the serial line: filled (counted by people), then packed (the operation before counts)."""
    order = plant.order("WO-1", quantity="100")
    steps = [
        StepGiven(10, "Fill", work_center=plant.filler, count_source="manual", setup_min=15),
        StepGiven(20, "Pack", work_center=plant.packer, count_source="upstream"),
    ]
    operations_set(order=order, steps=steps, actor="pia", at=SIX)
    return order


def test_the_operation_that_counts_drives_the_quantity_by_entries_and_corrections(
    plant: SmallPlant, sue: Client, routed: WorkOrder
) -> None:
    order_start(order=routed, work_center=plant.filler, actor="otto", at=SIX)
    assert list(Run.objects.values_list("work_center__code", flat=True)) == ["FILL"]
    counted(plant.filler, SIX, good=7, order=routed)  # the machine counts strokes here: they are no pieces
    do(sue, "count", sequence="10", good="60", scrap="2", key=KEY)
    page = do(sue, "count", sequence="10", good="-10", note="miscounted", key=str(uuid4()))
    assert ManualCount.objects.count() == 2
    assert "<dt>Good</dt><dd>50</dd>" in page
    assert "<dt>Scrap</dt><dd>2</dd>" in page
    assert "take back at most that many" in do(sue, "count", sequence="10", good="-51", note="x", key=str(uuid4()))
    assert "is not counted by hand" in do(sue, "count", sequence="20", good="1", key=str(uuid4()))


def test_a_later_operation_waits_for_the_earlier_one_in_words(
    plant: SmallPlant, sue: Client, routed: WorkOrder
) -> None:
    page = sue.get("/orders/dispatch/PACK/").content.decode()
    assert "Operation 10 Fill is not done yet" in page
    assert "Operation 10 Fill is not done yet" in sue.get("/station/PACK/orders/").content.decode()
    sue.post("/station/PACK/start/", {"order": "WO-1", "version": str(order_now().version), "running": ""})
    assert not Run.objects.exists()
    do(sue, "operation-done", sequence="10")
    sue.post("/station/PACK/start/", {"order": "WO-1", "version": str(order_now().version), "running": ""})
    assert Run.objects.get().operation == Operation.objects.get(sequence=20)


def test_a_missing_material_and_a_tool_that_is_away_are_told_with_figures_and_passed_over_only_with_words(
    plant: SmallPlant, sue: Client
) -> None:
    order = plant.order("WO-1", line=plant.line_2, quantity="100")
    site = plant.line_2.area.site
    materials_set(order=order, materials=[MaterialGiven(plant.water, per_piece=Decimal("0.5"))], actor="pia", at=SIX)
    stock_say(item=plant.water, site=site, on_hand=Decimal(20), as_of=SIX, source="erp", actor="erp", at=SIX)
    older: dict[str, Any] = {"item": plant.water, "site": site, "source": "erp", "actor": "erp", "at": SIX}
    assert not stock_say(on_hand=Decimal(900), as_of=SIX - timedelta(hours=1), **older)
    Tool.objects.create(code="M-7", name="Mould", state="away", note="in repair").needs.create(item=plant.cola)
    page = sue.get("/orders/dispatch/PRESS/").content.decode()
    assert "Material WATER-05: 50 pcs needed, 20 pcs on hand" in page
    assert "Tool M-7 Mould is not available: in repair" in page
    start = {"order": "WO-1", "version": str(order_now().version), "running": ""}
    sue.post("/station/PRESS/start/", start)
    assert not Run.objects.exists()
    sue.post("/station/PRESS/start/", start | {"despite": "a pallet stands here"})
    assert Run.objects.count() == 1
    assert JournalEntry.objects.get(action="order_start").data["why"] == "a pallet stands here"
    assert StockLevel.objects.get().on_hand == 20


def test_a_tool_that_one_machine_needs_blocks_no_other_line(plant: SmallPlant, sue: Client) -> None:
    tool = Tool.objects.create(code="M-7", name="Mould", state="away")
    tool.needs.create(item=plant.cola, work_center=plant.packer)
    first, second = plant.order("WO-1"), plant.order("WO-2", line=plant.line_2)
    found = {row.number: needs for row, _made, needs in sue.get("/orders/").context["rows"]}
    assert found == {"WO-1": ["tool missing"], "WO-2": []}
    assert [len(blocks_of([first], SIX, work_center=place)[first.pk]) for place in (plant.filler, plant.packer)] == [
        0,
        1,
    ]
    order_start(order=second, work_center=plant.press, actor="otto", at=SIX)


def test_an_operator_does_not_pass_over_what_blocks(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR))
    Tool.objects.create(code="M-7", name="Mould", state="away").needs.create(item=plant.cola)
    plant.order("WO-1", line=plant.line_2)
    assert "Start it all the same" not in client.get("/station/PRESS/orders/").content.decode()
    data = {"order": "WO-1", "version": "1", "running": "", "despite": "I know better"}
    assert client.post("/station/PRESS/start/", data).status_code == 403
    assert not Run.objects.exists()


def test_a_pool_lists_what_any_of_its_machines_may_make(plant: SmallPlant, sue: Client) -> None:
    pool = pool_set(
        code="BOTH", name="Both", line=plant.line_1, work_centers=[plant.filler, plant.packer], actor="pia", at=SIX
    )
    order = plant.order("WO-1")
    operations_set(order=order, steps=[StepGiven(10, "Make", pool=pool)], actor="pia", at=SIX)
    rows = sue.get("/orders/dispatch/BOTH/").context["rows"]
    assert [(row.order.number, str(row.operation), row.blocks) for row, _made in rows] == [("WO-1", "10 Make", [])]
    order_start(order=order, work_center=plant.packer, actor="otto", at=SIX)
    counted(plant.packer, SIX, good=5, order=order)
    row, made = sue.get("/orders/dispatch/BOTH/").context["rows"][0]
    assert (row.runs_on, made.good) == (["PACK"], 5)


def test_setup_is_shown_until_production_starts_or_the_first_good_piece(plant: SmallPlant, sue: Client) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    assert "Setup since 07:00" in sue.get("/station/FILL/").content.decode()
    for _tap in range(2):
        sue.post("/station/FILL/setup/", {"order": "WO-1"})
    assert "Setup since" not in sue.get("/station/FILL/").content.decode()
    assert told().count("setup_end") == 1
    counted(plant.packer, SIX + timedelta(minutes=9), good=1, order=order_now())
    assert "Setup since" not in sue.get("/station/PACK/").content.decode()
    assert ">09:00<" in sue.get("/orders/WO-1/").content.decode()


def test_the_station_asks_why_an_order_is_complete_too_early_and_starts_the_next(
    plant: SmallPlant, sue: Client
) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    plant.order("WO-2")
    data = {"order": "WO-1", "next": "WO-2", "version": "1"}
    asked = sue.post("/station/FILL/complete/", data)
    assert asked.status_code == 422
    assert "Only 0 of 1000" in asked.content.decode()
    for _tap in range(2):
        sue.post("/station/FILL/complete/", data | {"short": "machine"})
    assert (order_now().status, order_now().short_reason) == ("completed", "machine")
    assert set(Run.objects.filter(ends_at=None).values_list("order__number", flat=True)) == {"WO-2"}


def test_the_station_pauses_its_order_for_a_reason_once(plant: SmallPlant, sue: Client) -> None:
    order_start(order=plant.order("WO-1"), work_center=plant.filler, actor="otto", at=SIX)
    assert sue.post("/station/FILL/pause/", {"order": "WO-1", "reason": "other"}).status_code == 422
    for _tap in range(2):
        assert sue.post("/station/FILL/pause/", {"order": "WO-1", "reason": "tool"}).status_code == 302
    assert (order_now().status, order_now().pause_reason) == ("paused", "tool")
    assert told().count("order_pause") == 1


def test_orders_and_lists_of_other_lines_do_not_exist_and_rights_hold(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    plant.order("WO-2", line=plant.line_2)
    plant.order("WO-1")
    assert client.get("/orders/dispatch/PRESS/").status_code == 404
    assert client.get("/orders/dispatch/%00/").status_code == 404
    assert client.post("/orders/WO-2/do/pause/", {"reason": "tool"}).status_code == 404
    assert client.post("/orders/WO-1/do/fly/").status_code == 404
    for verb in ("release", "dispatch", "close", "change", "hold", "reopen"):
        assert client.post(f"/orders/WO-1/do/{verb}/", {"version": "1", "why": "x"}).status_code == 403
    assert (order_now().version, order_now("WO-2").version) == (1, 1)


def test_words_that_cannot_be_stored_are_refused_in_words(plant: SmallPlant, sue: Client) -> None:
    plant.order("WO-1")
    assert "Say in up to 200 characters why" in do(sue, "hold", why="x" * 201)
    assert "Say in up to 200 characters why" in do(sue, "hold", why="a\0b")
    assert "The page was incomplete" in do(sue, "change", quantity="5", why="x", key="no", version="1")
    assert told() == []


def test_a_hold_of_another_room_shows_its_reference(plant: SmallPlant, sue: Client) -> None:
    order = plant.order("WO-1")
    assert order_hold(order=order, why="crack", ref="NCR-9", actor="quinn", at=SIX)
    assert not order_hold(order=order, why="crack", ref="NCR-9", actor="quinn", at=SIX)
    row, _made = sue.get("/orders/dispatch/FILL/").context["rows"][0]
    assert [(block.kind, block.firm) for block in row.blocks] == [(HOLD, True)]
    assert "NCR-9" in sue.get("/orders/WO-1/").content.decode()
