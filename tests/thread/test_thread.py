"""The thread from an order down to the samples and back up, on rows laid out by hand."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.downtime.models import Stop
from mes.materials.models import Lot
from mes.people.access import lines_for
from mes.people.models import Role
from mes.plant.models import Line
from mes.plc.models import Controller, TagBinding
from mes.production.models import Run, WorkOrder
from mes.production.orders import order_start
from mes.thread.find import node_of
from mes.thread.node import DOWN, UP, Node
from mes.tracking.models import Sample, StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN, NOW = timedelta(minutes=1), SIX + timedelta(hours=3)
RUN, HOUR = "FILL@2026-03-02T06:00:00.000000Z", "FILL@2026-03-02T06"


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def order(plant: SmallPlant) -> WorkOrder:
    """WO-1 runs on the filler from six; 600 pieces in its first hour, a stop of five minutes without a reason."""
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    counted(plant.filler, SIX + 5 * MIN, good=600, scrap=3, order=order, shift=plant.shift)
    stop = Stop(work_center=plant.filler, starts_at=SIX + 10 * MIN, ends_at=SIX + 15 * MIN, state="fault")
    stop.save()
    return order


def sampled(plant: SmallPlant, count: int, *, every: timedelta = MIN) -> None:
    """Readings of the filler's good counter from six on: 0, 1, 2, ..."""
    controller = Controller.objects.create(code="PLC-1", name="PLC", address="127.0.0.1", site=plant.line_1.area.site)
    TagBinding.objects.create(
        controller=controller, work_center=plant.filler, role="good", tag="FILL_1.Good", valid_from=SIX
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tracking_sample (at, work_center_id, role, stream, fence, seq, raw, quality)"
            " VALUES (%s, %s, 'good', 'plc:PLC-1', 1, %s, %s, 'good')",
            [(SIX + every * number, plant.filler.pk, number, number) for number in range(count)],
        )


def found(kind: str, code: str, *lines: Line, after: str = "") -> Node:
    node = node_of(kind, code, Line.objects.filter(pk__in=[line.pk for line in lines]), now=NOW, after=after)
    assert node is not None
    return node


def links(node: Node, way: str) -> list[tuple[str, str]]:
    return [(link.kind, link.code) for link in node.links if link.way == way]


def owed(node: Node) -> list[str]:
    return [debt.name for debt in node.debts]


def test_from_the_order_one_comes_down_to_a_reading_and_back_up(plant: SmallPlant, order: WorkOrder) -> None:
    sampled(plant, 3)
    top = found("order", "WO-1", plant.line_1)
    assert ("run", RUN) in links(top, DOWN)
    assert ("machine-hour", HOUR) in links(found("run", RUN, plant.line_1), DOWN)
    hour = found("machine-hour", HOUR, plant.line_1)
    assert [(one.at, one.tag, one.value, one.quality) for one in hour.samples] == [
        (SIX, "FILL_1.Good", "0", "good"),
        (SIX + MIN, "FILL_1.Good", "1", "good"),
        (SIX + 2 * MIN, "FILL_1.Good", "2", "good"),
    ]
    assert links(hour, UP) == [
        ("order", "WO-1"), ("run", RUN), ("shift", "LINE-1~2026-03-02~Early"),
    ]  # fmt: skip
    assert links(found("run", RUN, plant.line_1), UP) == [("order", "WO-1")]
    assert ("order", "WO-1") in links(found("shift", "LINE-1~2026-03-02~Early", plant.line_1), DOWN)


def test_the_order_says_what_was_made_who_acted_and_what_stopped_it(plant: SmallPlant, order: WorkOrder) -> None:
    node = found("order", "WO-1", plant.line_1)
    facts = {fact.name: fact.value for fact in node.facts}
    assert facts["scrap"] == "3 pcs"
    assert ("person", "otto") in links(node, DOWN)
    told = [(event.kind, event.who) for event in node.events]
    assert ("edit", "otto") in told
    assert node.events[-1].code == "FILL@2026-03-02T06:10:00.000000Z"
    assert node.events[-1].detail == "0:05:00"
    stop = found("stop", "FILL@2026-03-02T06:10:00.000000Z", plant.line_1)
    assert ("run", RUN) in links(stop, UP)
    assert ("machine-hour", HOUR) in links(stop, DOWN)


def test_broken_links_are_listed_as_missing_and_go_away_when_mended(plant: SmallPlant, order: WorkOrder) -> None:
    lot = Lot.objects.create(
        number="L-1", item=plant.cola, quantity=50, unit="pcs", site=plant.line_1.area.site, line=plant.line_1,
        order=order, at=SIX + 20 * MIN, actor="otto", key=uuid4(),
    )  # fmt: skip
    StateInterval.objects.create(
        work_center=plant.filler, starts_at=SIX + 20 * MIN, ends_at=SIX + 21 * MIN, state="unknown", kind="unknown"
    )
    node = found("order", "WO-1", plant.line_1)
    assert owed(node) == [
        "no-erp-order", "stop-without-reason", "unknown-time", "lot-without-parent", "samples-missing"
    ]  # fmt: skip
    assert owed(found("lot", f"COLA-05~{lot.number}", plant.line_1)) == ["lot-without-parent"]
    Stop.objects.update(reason=plant.jam)
    sampled(plant, 1)
    later = found("order", "WO-1", plant.line_1)
    assert owed(later) == ["no-erp-order", "unknown-time", "lot-without-parent", "samples-missing"]
    assert (node.debts[-1].count, later.debts[-1].count) == (2, 1)  # the line's packer ran too, and has no readings


def test_pieces_of_no_order_and_old_readings_are_missing_in_the_hour(plant: SmallPlant) -> None:
    counted(plant.filler, SIX, good=7)
    node = found("machine-hour", HOUR, plant.line_1)
    assert owed(node) == ["counts-without-order", "samples-missing"]
    assert node.debts[0].count == 7
    lines = Line.objects.filter(pk=plant.line_1.pk)
    later = node_of("machine-hour", HOUR, lines, now=SIX + timedelta(days=120))
    assert later is not None
    assert owed(later) == ["counts-without-order", "samples-gone"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("order", "WO-1"), ("run", RUN), ("machine-hour", HOUR), ("stop", "FILL@2026-03-02T06:10:00.000000Z"),
        ("shift", "LINE-1~2026-03-02~Early"), ("person", "otto"),
    ],
)  # fmt: skip
def test_nothing_of_another_line_exists(plant: SmallPlant, order: WorkOrder, kind: str, code: str) -> None:
    assert found(kind, code, plant.line_1).code == code
    other = lines_for(plant.person(Role.SUPERVISOR, plant.line_2))
    assert node_of(kind, code, other, now=NOW) is None


@pytest.mark.parametrize(
    "code", ["", "\0", "x" * 300, "FILL@", "FILL@2026-13-99T06", "~", "~~", "FILL~2026-13-01~x", "9" * 18, "é"]
)
def test_codes_that_mean_nothing_are_not_found(plant: SmallPlant, code: str) -> None:
    for kind in ("order", "run", "machine-hour", "stop", "shift", "check", "lot", "edit", "person", "nothing"):
        assert node_of(kind, code, Line.objects.all(), now=NOW) is None


def test_an_order_of_three_days_with_many_readings_costs_as_many_queries_as_a_short_one(
    plant: SmallPlant, order: WorkOrder
) -> None:
    def cost(kind: str, code: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found(kind, code, plant.line_1)
        return len(asked)

    short = [cost("order", "WO-1"), cost("run", RUN)]
    sampled(plant, 20_000, every=timedelta(seconds=13))  # 72 h
    Stop.objects.bulk_create(
        Stop(work_center=plant.filler, starts_at=SIX + n * MIN, ends_at=SIX + (n + 1) * MIN, state="fault")
        for n in range(20, 1000)
    )
    assert [cost("order", "WO-1"), cost("run", RUN)] == short
    assert max(short) <= 40
    assert cost("machine-hour", HOUR) <= 15


def test_the_pages_of_a_story_give_every_event_once(plant: SmallPlant, order: WorkOrder) -> None:
    Stop.objects.bulk_create(
        Stop(work_center=plant.filler, starts_at=SIX + n * MIN, ends_at=SIX + (n + 1) * MIN, state="fault")
        for n in range(20, 250)
    )
    seen, after, pages = [], "", 0
    while True:
        node = found("order", "WO-1", plant.line_1, after=after)
        seen += [event.code for event in node.events if event.kind == "stop"]
        pages, after = pages + 1, node.following
        if not after:
            break
    assert (len(seen), len(set(seen)), pages) == (231, 231, 3)


def test_readings_are_paged_within_the_hour(plant: SmallPlant, order: WorkOrder) -> None:
    sampled(plant, 250, every=timedelta(seconds=10))
    values, after = [], ""
    for _ in range(10):
        node = found("machine-hour", HOUR, plant.line_1, after=after)
        values += [int(one.value) for one in node.samples]
        after = node.following
        if not after:
            break
    assert values == list(range(250))
    assert Sample.objects.count() == 250


def test_a_run_counts_the_pieces_of_its_own_hours(plant: SmallPlant, order: WorkOrder) -> None:
    run = Run.objects.get(order=order, work_center=plant.filler)
    run.ends_at = SIX + timedelta(hours=1)
    run.save()
    counted(plant.filler, SIX + timedelta(hours=2), good=50, order=order, shift=plant.shift)
    facts = {fact.name: fact.value for fact in found("run", RUN, plant.line_1).facts}
    assert (facts["good"], Decimal(facts["scrap"])) == ("600", 3)
