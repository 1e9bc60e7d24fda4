"""Wherever the chain breaks, the tile says so within three seconds and keeps its last value; then it lives again."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from mes.config.bench.proxy import PASS, SILENT
from mes.plc.simulator.plant import SimulatedPlant, utc_now_ms
from tests.acceptance.stack import PASSWORD, PERSON, Stack, until

pytestmark = pytest.mark.timeout(400)

CONTROLLER, MACHINE = "PLC-3", "CAP-1"
TILE = f'[data-tile="{MACHINE}"]'
SIMULATED = """
controllers:
  PLC-3:
    machines:
      CAP_1:
        script:
          - {run: 100000, cycle_s: 0.9, item: CAP, order: WO-3}
"""
PLANT = """
sites:
  TEST: {{name: Test, time_zone: Europe/Berlin}}
areas:
  HALL-3: {{name: Hall 3, site: TEST}}
lines:
  LINE-3: {{name: Line 3, area: HALL-3}}
work_centers:
  CAP-1: {{name: Capper, line: LINE-3, exit: true}}
controllers:
  PLC-3: {{name: Capper, address: "{address}", period_s: 1, site: TEST}}
bindings:
  CAP-1: {{controller: PLC-3, udt: CAP_1, state_map: packml-tr88}}
"""
# A page that notes by its own clock when the tile turned stale or a watched text changed: no polling from outside.
WATCH = """(selector) => {
  const tile = document.querySelector(selector);
  window.changes = [];
  new MutationObserver(() => {
    const state = [tile.dataset.state, tile.dataset.age].join(" ");
    if (window.changes.at(-1)?.[1] !== state) window.changes.push([Date.now(), state]);
  }).observe(tile, { attributes: true });
}"""


@pytest.fixture(scope="module")
def plant(stack: Stack) -> Iterator[SimulatedPlant]:
    """A capper that runs until it is told otherwise."""
    simulated = stack.simulate(SIMULATED)
    stack.import_plant(PLANT.format(address=simulated.controller(CONTROLLER).address))
    until("the machine is heard", lambda: stack.heard(CONTROLLER), 60)
    yield simulated
    simulated.pause()


@pytest.fixture
def page(stack: Stack, plant: SimulatedPlant, browser: Browser) -> Iterator[Page]:
    """The floor in Chromium, live."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next=/floor/")
    page.fill("[name=username]", PERSON)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector(f'{TILE}[data-age="live"]', timeout=30_000)
    page.wait_for_timeout(1500)
    page.evaluate(WATCH, TILE)
    yield page
    context.close()


def broken_and_mended(page: Page, break_it: Callable[[], None], mend: Callable[[], None], back_s: float = 20) -> float:
    """Breaks the chain, waits for the badge, mends it, waits for life; seconds from the break to the badge."""
    good = page.inner_text(f'{TILE} [data-f="good"]')
    page.evaluate("window.changes = []")
    break_it()
    broken_ms = utc_now_ms()
    page.wait_for_selector(f'{TILE}:not([data-age="live"])', timeout=8000)
    stale_ms = next(moment for moment, state in page.evaluate("window.changes") if not state.endswith("live"))
    assert "STALE" in page.inner_text(f'{TILE} [data-f="age"]')
    assert int(page.inner_text(f'{TILE} [data-f="good"]').replace(",", "")) >= int(good.replace(",", ""))
    mend()
    page.wait_for_selector(f'{TILE}[data-age="live"]', timeout=back_s * 1000)
    return (stale_ms - broken_ms) / 1000


def test_a_break_at_the_controller(stack: Stack, page: Page, plant: SimulatedPlant) -> None:
    seconds = broken_and_mended(page, lambda: plant.black_hole(CONTROLLER), lambda: plant.open_port(CONTROLLER), 60)
    assert seconds <= 3


def test_a_break_at_the_poller(stack: Stack, page: Page) -> None:
    pid = stack.pid("poller")
    seconds = broken_and_mended(page, lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT), 40)
    assert seconds <= 3


def test_a_break_at_redis(stack: Stack, page: Page) -> None:
    seconds = broken_and_mended(page, lambda: stack.redis.set(SILENT), lambda: stack.redis.set(PASS), 40)
    assert seconds <= 3


def test_a_break_at_the_web_process(stack: Stack, page: Page) -> None:
    seconds = broken_and_mended(page, lambda: os.kill(stack.pid("web"), signal.SIGKILL), lambda: None, 40)
    assert seconds <= 3


def test_a_break_of_the_network(stack: Stack, page: Page) -> None:
    pid = stack.pid("web")  # a process that answers nothing looks from the browser like a cable that was pulled
    seconds = broken_and_mended(page, lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT), 40)
    assert seconds <= 3


def test_every_change_at_the_controller_reaches_the_pixel(stack: Stack, page: Page, plant: SimulatedPlant) -> None:
    """Forty changes of state at random phases arrive, none is skipped; how fast is measured by `bench tiles`."""
    page.wait_for_selector(f'{TILE}[data-age="live"]', timeout=40_000)
    for change in range(20):
        for kind, palette in (("breakdown", "down"), ("run", "running")):
            plant.force("CAP_1", kind, reason=3)
            page.wait_for_selector(f'{TILE}[data-state="{palette}"]', timeout=8000)
            page.wait_for_timeout(37 * (change % 11))
