"""One shift's losses in money, reckoned by hand; supervisor, planner and finance read the same figure."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from mes.downtime.models import Stop
from mes.losses.bill import costs_by_reason, costs_of
from mes.losses.delivery import Delivery, delivery_of
from mes.losses.models import CostRate, ItemCost
from mes.losses.rates import CostRefused, currency_set, item_cost_set, rate_set
from mes.people.models import Role
from mes.plant.models import Site
from mes.production.models import Run, WorkOrder
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

HOUR, MIN = timedelta(hours=1), timedelta(minutes=1)
END, LATER = SIX + 8 * HOUR, SIX + 30 * 24 * HOUR
LONG_AGO = SIX - 300 * 24 * HOUR


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """The packer's early shift (lunch 10:00-10:30): setup 60 min, a jam of 30 min from 9:00, the rest running.

    It ran 120 + 30 + 210 = 360 min = 21,600 s and made 24,000 good and 1,000 scrap at 0.8 s: 20,000 s. So 1,600 s are
    lost speed.
    """
    plant = small_plant()
    order = plant.order("WO-1")
    Run.objects.create(work_center=plant.packer, order=order, item=plant.cola, starts_at=SIX, started_by="x")
    for start, end, kind in (
        (0, 60, "setup"), (60, 180, "run"), (180, 210, "down"), (210, 240, "run"), (240, 270, "idle"), (270, 480, "run")
    ):  # fmt: skip
        StateInterval.objects.create(
            work_center=plant.packer, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=kind, kind=kind
        )
    Stop.objects.create(
        work_center=plant.packer, starts_at=SIX + 180 * MIN, ends_at=SIX + 210 * MIN, state="down", kind="down",
        reason=plant.jam,
    )  # fmt: skip
    counted(plant.packer, SIX + 70 * MIN, good=24_000, scrap=1_000, order=order, shift=plant.shift)
    return plant


@pytest.fixture
def priced(plant: SmallPlant) -> SmallPlant:
    """An hour of the packer costs 90 EUR, a piece of COLA-05 0.15 EUR."""
    site = Site.objects.get()
    currency_set(site=site, code="EUR", actor="fin", at=SIX)
    rate_set(work_center=plant.packer, per_hour=Decimal(90), valid_from=LONG_AGO, actor="fin", at=SIX)
    item_cost_set(item=plant.cola, site=site, per_piece=Decimal("0.15"), valid_from=LONG_AGO, actor="fin", at=SIX)
    return plant


def test_one_shift_costs_what_it_costs_by_hand(priced: SmallPlant) -> None:
    found = costs_of([priced.packer], SIX, END, now=LATER)
    assert {(lost.kind, lost.of): lost.cost for lost in found.bill.losses} == {
        ("setup", ""): 90,  # 1 h
        ("breakdowns", ""): 45,  # 0.5 h
        ("reduced_speed", ""): 40,  # 1,600 s
        ("scrap", "COLA-05"): 150,  # 1,000 pieces
    }
    assert (found.bill.total, found.currency, found.notes) == (325, "EUR", ())
    [jam] = costs_by_reason([priced.packer], SIX, END, now=LATER)
    assert (jam.reason, jam.lost_ms, jam.stops, jam.cost) == ("JAM", 1_800_000, 1, 45)


def test_a_rate_that_changes_within_the_shift_prices_each_minute_by_its_own(priced: SmallPlant) -> None:
    rate_set(work_center=priced.packer, per_hour=Decimal(120), valid_from=SIX + 195 * MIN, actor="fin", at=SIX)
    found = costs_of([priced.packer], SIX, END, now=LATER)
    costs = {lost.kind: lost.cost for lost in found.bill.losses}
    assert costs["breakdowns"] == Decimal("22.5") + 30  # a quarter of an hour at 90, one at 120
    assert costs["setup"] == 90
    assert sum(row.cost or 0 for row in costs_by_reason([priced.packer], SIX, END, now=LATER)) == Decimal("52.5")


def test_what_has_no_rate_is_unknown_and_named_and_never_free(plant: SmallPlant) -> None:
    found = costs_of([plant.packer], SIX, END, now=LATER)
    assert (found.bill.total, found.bill.known, found.currency) == (None, 0, "")
    assert found.notes == ("No cost of a piece of COLA-05 is set.", "No cost of an hour of PACK is set.")
    assert [row.cost for row in costs_by_reason([plant.packer], SIX, END, now=LATER)] == [None]


def test_nothing_lost_needs_no_rate(plant: SmallPlant) -> None:
    found = costs_of([plant.press], SIX, END, now=LATER)
    assert (found.bill.total, found.bill.losses) == (0, ())


def test_a_cost_said_twice_is_stored_once_and_another_at_the_same_instant_is_refused(priced: SmallPlant) -> None:
    site = Site.objects.get()
    rate_set(work_center=priced.packer, per_hour=Decimal(90), valid_from=LONG_AGO, actor="fin", at=SIX)
    item_cost_set(item=priced.cola, site=site, per_piece=Decimal("0.15"), valid_from=LONG_AGO, actor="fin", at=SIX)
    assert not currency_set(site=site, code="EUR", actor="fin", at=SIX)
    assert (CostRate.objects.count(), ItemCost.objects.count()) == (1, 1)
    with pytest.raises(CostRefused, match="begins at that instant"):
        rate_set(work_center=priced.packer, per_hour=Decimal(91), valid_from=LONG_AGO, actor="fin", at=SIX)


@pytest.mark.parametrize("wrong", ["-1", "nan", "inf", "0.00001", "10000001"])
def test_a_cost_that_is_none_is_refused(plant: SmallPlant, wrong: str) -> None:
    with pytest.raises(CostRefused, match="0 to 10,000,000"):
        rate_set(work_center=plant.packer, per_hour=Decimal(wrong), valid_from=SIX, actor="fin", at=SIX)


def test_delivery_counts_orders_that_were_due_by_their_end(plant: SmallPlant) -> None:
    done = WorkOrder.Status.COMPLETED
    for number, due, completed, status, short in (
        ("A", 1, 0.5, done, ""),  # on time and in full
        ("B", 2, 2, done, "material"),  # on time, too little
        ("C", 3, 3.1, done, ""),  # late
        ("D", 4, None, WorkOrder.Status.RUNNING, ""),  # late and open
        ("E", 5, None, WorkOrder.Status.CANCELLED, ""),  # not wanted any more
        ("F", 9, 5, done, ""),  # due after the window
    ):
        order = plant.order(number)
        order.due_at, order.status, order.short_reason = SIX + due * HOUR, status, short
        order.completed_at = None if completed is None else SIX + completed * HOUR
        order.save()
    assert delivery_of([plant.line_1], SIX, END, now=LATER) == Delivery(due=4, on_time=2, in_full=1)
    assert delivery_of([plant.line_2], SIX, END, now=LATER).share is None


ASKED = f"?work_center=PACK&from={SIX:%Y-%m-%dT%H:%M:%SZ}&to={END:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.PLANNER, Role.FINANCE])
def test_supervisor_planner_and_finance_read_the_same_figure_everywhere(
    priced: SmallPlant, client: Client, role: Role
) -> None:
    client.force_login(priced.person(role))
    assert "cost 325.00 EUR." in client.get("/improve/costs/" + ASKED).content.decode()
    answer = client.get("/api/v1/costs/" + ASKED).json()
    assert (answer["total"], answer["currency"], answer["reasons"][0]["cost"]) == ("325.00", "EUR", "45.00")


def test_finance_sets_rates_and_nobody_else_and_not_of_foreign_lines(plant: SmallPlant, client: Client) -> None:
    def post(**form: str) -> int:
        return client.post("/improve/costs/set/", form).status_code

    client.force_login(plant.person(Role.PLANNER))
    assert post(what="work_center:PACK", cost="90") == 403
    client.force_login(plant.person(Role.FINANCE, plant.line_1))
    assert post(what="work_center:PRESS", cost="90") == 404
    assert post(what="work_center:PACK", cost="90,5", **{"from": "2026-01-01"}) == 302
    assert post(what="item:COLA-05@SITE", cost="0.15") == 302
    assert post(what="currency:SITE", currency="eur") == 302
    assert (CostRate.objects.get().per_hour, ItemCost.objects.get().per_piece) == (Decimal("90.5"), Decimal("0.15"))
    wrong = client.post("/improve/costs/set/", {"what": "work_center:PACK", "cost": "x"}, follow=True)
    assert "The cost is a number" in wrong.content.decode()
    client.force_login(plant.person(Role.OPERATOR))
    assert client.get("/improve/costs/").status_code == 403
