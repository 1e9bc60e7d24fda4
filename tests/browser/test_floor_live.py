"""The live floor in Chromium: first paint, protocol, staleness, clocks, order, size. The demo plant feeds it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser.conftest import Product, Visitor

LIVE = re.compile("^live$")
TICKING = ("timer", "age", "target", "ahead_pcs", "ahead_min", "good", "oee", "availability", "performance")


def live(page: Page) -> Page:
    """Waits until the page hears the server."""
    expect(page.locator("#link")).to_have_attribute("data-link", LIVE, timeout=30_000)
    return page


def wait_until(page: Page, holds: Callable[[], bool], within_ms: int = 30_000) -> None:
    """Lets the browser work until a condition of this side holds."""
    for _ in range(within_ms // 100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not within {within_ms} ms")


def texts(page: Page) -> dict[str, str]:
    """Every text of every tile: 'FILL-1 word' -> 'Running'."""
    return page.eval_on_selector_all(
        "[data-tile] [data-f]",
        """all => Object.fromEntries(all.map(
            e => [`${e.closest('[data-tile]').dataset.tile} ${e.dataset.f}`, e.textContent]))""",
    )


def figure(text: str) -> str:
    """A text with every number replaced, so that only its form is left."""
    return re.sub(r"\d[\d,.:]*", "0", text)


class Tap:
    """Stands between page and server: lets messages through until told to hold or change them."""

    def __init__(self) -> None:
        self.holding = False
        self.skip = 0
        self.sent: list[str] = []
        self.opened = 0
        self.last: dict[str, Any] = {}
        self.page_side: WebSocketRoute | None = None

    def attach(self, page: Page) -> None:
        """Routes the live socket of a page through this tap."""
        page.route_web_socket(re.compile("/ws/live/"), self._open)

    def _open(self, route: WebSocketRoute) -> None:
        self.opened += 1
        self.page_side, server = route, route.connect_to_server()

        def up(message: str | bytes) -> None:
            self.sent.append(str(message))
            server.send(message)

        def down(message: str | bytes) -> None:
            told = json.loads(message)
            if self.holding:
                return
            if self.skip and told["type"] == "tiles":
                self.skip -= 1
                return
            self.last = told
            route.send(message)

        route.on_message(up)
        server.on_message(down)


def test_the_first_paint_is_complete_without_script(visit: Visitor) -> None:
    page = visit("/floor/", java_script_enabled=False).page
    tiles = page.locator("[data-tile]")
    assert tiles.count() == 12
    assert all(text for text in page.locator("[data-f=word]").all_inner_texts())
    assert page.locator("noscript").count() == 1
    assert page.locator("[data-ribbon] path:not([d=''])").count() >= 12


def test_server_and_browser_write_the_same_words(visit: Visitor) -> None:
    plain = texts(visit("/floor/", prepare=lambda page: page.route(re.compile("live.js"), lambda r: r.abort())).page)
    alive = texts(live(visit("/floor/").page))
    steady = {key: value for key, value in plain.items() if key.split()[1] not in (*TICKING, "word", "detail", "note")}
    assert len(steady) >= 12
    assert steady.items() <= alive.items()
    counted = [key for key in plain if key.split()[1] in ("target", "good", "oee")]
    assert [figure(plain[key]) for key in counted] == [figure(alive[key]) for key in counted]


def test_counts_move_by_themselves(visit: Visitor) -> None:
    page = live(visit("/floor/").page)
    before = page.locator("[data-f=good]").all_inner_texts()
    wait_until(page, lambda: page.locator("[data-f=good]").all_inner_texts() != before)


def test_the_link_between_tile_and_machine_page(visit: Visitor) -> None:
    page = live(visit("/floor/").page)
    name = page.locator("[data-tile] h3 a").first.inner_text()
    page.locator("[data-tile]").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    live(page)
    explained = page.locator("#h-time + small").inner_text()
    done, full = re.findall(r"[\d,]+\.\d", explained)
    assert done == full, explained


def test_a_silent_server_makes_the_page_stale_and_keeps_the_values(visit: Visitor) -> None:
    tap = Tap()
    page = live(visit("/floor/", prepare=tap.attach).page)
    tap.holding = True
    kept = page.locator("[data-f=good]").all_inner_texts()
    expect(page.locator("#banner")).to_be_visible(timeout=10_000)
    expect(page.locator("[data-tile]").first).to_have_attribute("data-age", re.compile("stale|old"), timeout=10_000)
    expect(page.locator("[data-tile] [data-f=age]").first).to_contain_text("STALE")
    assert page.locator("[data-f=good]").all_inner_texts() == kept
    tap.holding = False
    live(page)
    expect(page.locator("#banner")).to_be_hidden()


def test_a_lost_message_leads_to_a_new_snapshot(visit: Visitor) -> None:
    tap = Tap()
    page = live(visit("/floor/", prepare=tap.attach).page)
    tap.skip = 1
    wait_until(page, lambda: any("resync" in text for text in tap.sent))
    live(page)


def test_a_closed_socket_comes_back(visit: Visitor) -> None:
    tap = Tap()
    page = live(visit("/floor/", prepare=tap.attach).page)
    assert tap.page_side is not None
    tap.page_side.close()
    wait_until(page, lambda: tap.opened >= 2)
    live(page)


def test_a_kiosk_clock_that_is_a_year_off_changes_nothing(visit: Visitor) -> None:
    shift = "const real = Date.now; Date.now = () => real() - 365 * 86400e3;"
    page = live(visit("/floor/", prepare=lambda page: page.add_init_script(shift)).page)
    expect(page.locator("[data-tile] [data-f=age]", has_text=LIVE).first).to_be_visible(timeout=15_000)
    timers = page.locator("[data-f=timer]").all_inner_texts()
    assert not [text for text in timers if " d " in text and int(text.split()[0]) > 300]


def test_filters_live_in_the_address_and_the_back_button_restores_them(visit: Visitor, product: Product) -> None:
    page = live(visit("/floor/").page)
    page.click("[data-filter=running]")
    assert page.url.endswith("?state=running")
    others = "[data-tile]:not([data-state=running]):visible"
    expect(page.locator(others)).to_have_count(0)
    page.go_back()
    expect(page.locator("[data-tile]:visible")).to_have_count(12)
    page.goto(product.url + "/floor/?state=running")
    expect(page.locator("[data-filter=running]")).to_have_attribute("aria-current", "true")
    expect(page.locator(others)).to_have_count(0)


def test_trouble_first_never_moves_a_tile_under_the_pointer(visit: Visitor) -> None:
    page = live(visit("/floor/?sort=needs").page)
    order = "() => [...document.querySelectorAll('[data-tile]')].map(e => e.dataset.tile)"
    page.locator("[data-tile]").nth(1).hover()
    before = page.evaluate(order)
    last = before[-1]
    page.evaluate("code => { const t = window.Mes.tiles.get(code); t.rank = -1; }", last)
    page.evaluate("document.dispatchEvent(new CustomEvent('mes:painted'))")
    page.wait_for_timeout(1500)
    assert page.evaluate(order) == before


def test_nothing_shifts_while_values_change(visit: Visitor) -> None:
    watch = """window.shifts = 0;
        const add = list => list.getEntries().forEach(e => { window.shifts += e.value; });
        new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});"""
    page = live(visit("/floor/", prepare=lambda page: page.add_init_script(watch)).page)
    page.wait_for_timeout(3000)
    assert page.evaluate("window.shifts") < 0.005  # 0.00 as Web Vitals reads it


def test_the_first_load_is_small(visit: Visitor, product: Product) -> None:
    page = visit("/floor/").page
    page.goto("about:blank")  # nothing that the page before still asks for is counted
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: dict[str, int] = {}
    session.on(
        "Network.loadingFinished", lambda event: sizes.__setitem__(event["requestId"], event["encodedDataLength"])
    )
    page.goto(product.url + "/floor/", wait_until="networkidle")
    assert sum(sizes.values()) <= 60_000, sizes
    assert len(sizes) <= 12


def test_a_socket_from_another_origin_is_refused(browser: Browser, product: Product) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.route("http://elsewhere.test/", lambda r: r.fulfill(body="<title>x</title>", content_type="text/html"))
        page.goto("http://elsewhere.test/")
        answer = page.evaluate(
            """url => new Promise(told => {
                const one = new WebSocket(url);
                one.onopen = () => told('open');
                one.onerror = () => told('refused');
            })""",
            product.url.replace("http", "ws") + "/ws/live/",
        )
        assert answer == "refused"
    finally:
        context.close()


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720)])
def test_the_wall_fits_its_screen(visit: Visitor, size: tuple[int, int]) -> None:
    page = visit("/floor/", width=size[0], height=size[1]).page
    page.locator(".line-head a[href^='/wall/']").first.click()
    live(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = page.eval_on_selector_all(
        ".big dd", "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    )
    assert cut == []
