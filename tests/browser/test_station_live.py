"""The station while the machine changes: state, counts and the reason sheet come by themselves."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Page

from mes.downtime.models import Stop
from mes.leases.hold import lease_take
from mes.live.broadcast import Broadcaster
from mes.people.models import Role
from mes.plant.models import Shift
from mes.production.orders import order_start
from mes.tracking.models import MachineCursor, StateInterval
from tests.production.small_plant import SmallPlant, counted, shift_around, small_plant

pytestmark = pytest.mark.django_db(transaction=True)
MIN = timedelta(minutes=1)
PATIENCE_MS = 30_000


@pytest.fixture
def plant(transactional_db: None) -> SmallPlant:
    """The packer runs with an order on it."""
    plant, now = small_plant(), datetime.now(UTC)
    Shift.objects.all().delete()
    plant.shift = shift_around(plant.line_1, now)
    order = plant.order("WO-1")
    order_start(order=order, work_center=plant.packer, actor="otto", at=now - 60 * MIN)
    counted(plant.packer, now - 30 * MIN, good=100, order=order, shift=plant.shift)
    MachineCursor.objects.create(work_center=plant.packer, heard_at=now, silence_s=3600)
    StateInterval.objects.create(work_center=plant.packer, starts_at=now - 60 * MIN, state="Execute", kind="run")
    return plant


@pytest.fixture
def origin(plant: SmallPlant, redis_url: str) -> Iterator[str]:
    """Daphne on the test database, and the broadcaster in this process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    database = urlsplit(os.environ["MES_DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"]).geturl()
    env = os.environ | {"MES_DATABASE_URL": database, "MES_ORIGINS": url, "MES_ENV": "test"}
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "mes.config.asgi:application"]
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    fence = lease_take(name="broadcast", owner="test")
    assert fence is not None
    broadcaster = Broadcaster("test", fence)
    try:
        until = time.monotonic() + 120
        while not _answers(url):
            assert child.poll() is None, "Daphne ended at once: start it by hand to see why"
            assert time.monotonic() < until, "Daphne did not start"
            time.sleep(0.05)
        yield url
    finally:
        broadcaster.stop()
        child.terminate()
        child.wait(10)


def _answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url + "/healthz", timeout=1).status == 200
    except OSError:
        return False


@pytest.fixture
def page(plant: SmallPlant, origin: str, browser: Browser) -> Iterator[Page]:
    client = Client()
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    context = browser.new_context(base_url=origin)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": origin}])
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def breaks_down(plant: SmallPlant) -> None:
    """The packer went down three minutes ago."""
    at = datetime.now(UTC) - 3 * MIN
    StateInterval.objects.filter(ends_at=None).update(ends_at=at)
    StateInterval.objects.create(work_center=plant.packer, starts_at=at, state="Aborted", kind="down")
    Stop.objects.create(work_center=plant.packer, starts_at=at, state="Aborted", plc_code=17)


def test_a_breakdown_brings_the_reason_sheet_by_itself_and_two_taps_explain_it(plant: SmallPlant, page: Page) -> None:
    page.goto("/station/PACK/")
    page.locator('#link[data-link="live"]').wait_for()
    page.evaluate("window.untouched = true")
    assert page.locator(".sheet").count() == 0
    breaks_down(plant)
    page.locator(".sheet").wait_for()
    assert page.evaluate("window.untouched"), "the page was loaded anew"
    assert page.locator(".state-bar [data-f=word]").inner_text() == "Stopped"
    page.get_by_text("Machine", exact=True).click()
    page.get_by_role("button", name="Motor fault").click()
    page.get_by_text("PACK: Motor fault").wait_for()
    assert Stop.objects.get().reason == plant.motor


def test_counts_of_the_order_card_follow_the_machine(plant: SmallPlant, page: Page) -> None:
    page.goto("/station/PACK/")
    page.locator('#link[data-link="live"]').wait_for()
    counted(plant.packer, datetime.now(UTC) - 90 * MIN, good=50, order=plant.line_1.orders.get(), shift=plant.shift)
    page.get_by_text("150", exact=True).wait_for()
    assert page.locator("#order .amounts dd").all_inner_texts() == ["150", "0", "850"]


def test_an_open_reason_category_is_not_closed_by_news(plant: SmallPlant, page: Page) -> None:
    breaks_down(plant)
    page.goto("/station/PACK/")
    page.locator('#link[data-link="live"]').wait_for()
    page.get_by_text("Machine", exact=True).click()
    counted(plant.packer, datetime.now(UTC) - 90 * MIN, good=50, order=plant.line_1.orders.get(), shift=plant.shift)
    page.get_by_text("150", exact=True).wait_for()
    assert page.get_by_role("button", name="Motor fault").is_visible()
