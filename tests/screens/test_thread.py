"""The page of a node: complete or not at first sight, links both ways, pages of its story."""

from datetime import timedelta

import pytest
from django.test import Client

from mes.downtime.models import Stop
from mes.people.models import Role
from mes.production.orders import order_start
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.filler, actor="otto", at=SIX)
    counted(plant.filler, SIX, good=600, order=order)
    Stop.objects.bulk_create(
        Stop(
            work_center=plant.filler, starts_at=SIX + timedelta(minutes=n), ends_at=SIX + timedelta(minutes=n + 1),
            state="fault",
        )
        for n in range(1, 120)
    )  # fmt: skip
    return plant


def test_the_page_says_first_what_is_missing_and_leads_down_and_up(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    page = client.get("/thread/order/WO-1/").content.decode()
    assert page.index("things are missing") < page.index("What happened")
    assert "119 stops have no reason." in page
    assert "/thread/machine-hour/FILL@2026-03-02T06/" in page
    assert "/thread-pack/WO-1/" in page
    assert "/thread/person/otto/" in page
    hour = client.get("/thread/machine-hour/FILL@2026-03-02T06/").content.decode()
    assert "/thread/order/WO-1/" in hour


def test_the_story_goes_on_page_by_page(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    first = client.get("/thread/order/WO-1/")
    following = first.context["node"].following
    second = client.get("/thread/order/WO-1/", {"after": following})
    told = [len(page.context["node"].events) for page in (first, second)]
    assert (told[0], second.context["node"].following) == (100, "")
    assert "From the beginning" in second.content.decode()
    assert client.get("/thread/order/WO-1/", {"after": "\0nonsense"}).status_code == 200


def test_an_operator_reads_the_thread_but_not_what_people_did(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    page = client.get("/thread/order/WO-1/").content.decode()
    assert "/thread/person/" not in page
    assert "/thread-pack/" not in page
    assert client.get("/thread/person/otto/").status_code == 403
    assert client.get("/thread/person/nobody/").status_code == 404
    assert client.get("/api/v1/thread/person/otto/").status_code == 403
    assert client.get("/api/v1/work-orders/WO-1/thread/").json()["missing"][0]["name"] == "no-erp-order"
