"""Every page of the supervisor, operator and engineer: nothing for axe, for the policy, or beyond the right edge."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, Visitor

AXE = (Path(__file__).resolve().parents[1] / "vendor/axe.min.js").read_text()
RULES = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']"
COLOURS = "['color-contrast','link-in-text-block']"  # all that another scheme can change

PAGES = [
    ("supervisor", "/floor/"),
    ("supervisor", "/floor/?state=needs&sort=needs"),
    ("supervisor", "MACHINE"),
    ("supervisor", "WALL"),
    ("supervisor", "/downtime/"),
    ("supervisor", "/downtime/rules/"),
    ("supervisor", "/orders/"),
    ("supervisor", "/planning/"),
    ("supervisor", "/planning/erp/"),
    ("supervisor", "/planning/erp/totals/"),
    ("supervisor", "/materials/"),
    ("supervisor", "/shift/"),
    ("supervisor", "/handover/"),
    ("supervisor", "/andon/"),
    ("supervisor", "HANDOVER"),
    ("supervisor", "/hours/BOTTLE-1/"),
    ("supervisor", "/improve/costs/"),
    ("supervisor", "/improve/phases/"),
    ("supervisor", "/improve/signals/"),
    ("supervisor", "/improve/forecast/"),
    ("supervisor", "/improve/forecast/BOTTLE-1/"),
    ("operator", "/station/"),
    ("engineer", "/controllers/"),
    ("supervisor", "/orders/-/new/"),
    ("supervisor", "/orders/-/import/"),
    ("supervisor", "/orders/dispatch/FILL-1/"),
    ("supervisor", "/orders/?status=running > /orders/WO-"),
    ("supervisor", "/materials/-/receive/"),
    ("supervisor", "/materials/ > /materials/lots/"),
    ("supervisor", "/materials/ > /materials/lots/ > /materials/recall/"),
    ("supervisor", "/orders/?status=running > /orders/WO- > /thread/order/"),
    ("supervisor", "/orders/?status=running > /orders/WO- > /thread/order/ > /thread/machine-hour/"),
    ("supervisor", "/downtime/ > /downtime/2|/downtime/BLOW|/downtime/CAP|/downtime/FILL|/downtime/MULTI"),
    ("supervisor", "/downtime/line/BOTTLE-1/"),
    ("supervisor", "/floor/FILL-1/hours/"),
    ("operator", "/station/FILL-1/"),
    ("operator", "/station/FILL-1/scrap/"),
    ("operator", "/station/FILL-1/call/"),
    ("operator", "/station/FILL-1/people/"),
    ("operator", "/station/FILL-1/orders/"),
    ("operator", "/station/FILL-1/material/"),
    ("operator", "/station/FILL-1/tally/"),
    ("operator", "/station/FILL-1/instructions/"),
    ("operator", "/station/FILL-1/checklists/"),
    ("operator", "/station/FILL-1/checklists/ > /station/FILL-1/checklists/F"),
    ("operator", "/station/FILL-1/checks/"),
    ("operator", "/station/FILL-1/checks/FILL-1-WEIGHT/"),
    ("engineer", "/quality/"),
    ("engineer", "/quality/FILL-1-WEIGHT/"),
    ("engineer", "/quality/-/ncr/"),
    ("engineer", "/quality/-/ncr/?state=all > " + "|".join(f"/quality/-/ncr/{digit}" for digit in range(1, 10))),
    ("supervisor", "/no-such-page/"),
]


WIDTHS = (360, 1280)
# What makes a page wider than the screen: the outermost elements that reach beyond it.
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 4).map(e => `wider than ${innerWidth} px: ${e.outerHTML.slice(0, 160)}`)"""
_FOUND: dict[tuple[str, str], str] = {}  # links are looked for once in a run, not by every test anew


def address(page_name: str, page: Page, product: Product) -> str:
    """The real address of a page of the table."""
    key = (product.url, page_name)
    if key not in _FOUND:
        _FOUND[key] = _looked_up(page_name, page, product)
    return _FOUND[key]


def _looked_up(page_name: str, page: Page, product: Product) -> str:
    """The real address of a machine's page or a wall, as the floor links to it; or of the first handover.

    "A > B" is the first link on A whose address begins with B; with `|` either of several beginnings.
    """
    path, *links = page_name.split(" > ")
    for link in links:
        page.goto(product.url + path)
        beginnings = ", ".join(f"#main a[href^='{one}']" for one in link.split("|"))
        path = page.locator(beginnings).first.get_attribute("href", timeout=5_000) or ""
    if links:
        return path
    if page_name == "HANDOVER":
        page.goto(product.url + "/handover/")
        return page.locator(".handovers a").first.get_attribute("href") or ""
    if page_name not in ("MACHINE", "WALL"):
        return page_name
    page.goto(product.url + "/floor/")
    where = "[data-tile] h3 a" if page_name == "MACHINE" else ".line-head a[href^='/wall/']"
    return page.locator(where).first.get_attribute("href") or ""


def violations(page: Page, rules: str = RULES) -> list[str]:
    """What axe finds, one line per rule. evaluate() and not a script tag: the page's policy would refuse that."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {{runOnly: {rules}}})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:200]}" for one in found]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("role", ["supervisor", "operator", "engineer"])
def test_pages_are_accessible_fit_and_keep_the_policy(visit: Visitor, product: Product, role: str) -> None:
    """Each page is opened once, on a phone, and made as wide as a desk: most of the time goes into opening."""
    problems = []
    seen = visit("/floor/", role=role, width=WIDTHS[0], reduced_motion="reduce")
    for _, name in (row for row in PAGES if row[0] == role):
        path = address(name, seen.page, product)
        seen.complaints.clear()
        seen.page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        seen.page.goto(product.url + path)
        if seen.page.locator("body[data-topics]").count():
            expect(seen.page.locator("#link")).to_have_attribute("data-link", "live", timeout=30_000)
        found = [text for text in seen.complaints if "404" not in text]
        for width in WIDTHS:
            seen.page.set_viewport_size({"width": width, "height": 800})
            for scheme, rules in (("light", RULES), ("dark", COLOURS)):
                seen.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                found += [f"{width} {scheme}: {text}" for text in violations(seen.page, rules)]
            found += seen.page.evaluate(WIDE)
        problems += [f"{path}: {text}" for text in found]
    assert problems == [], "\n".join(problems)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_log_in_is_accessible_and_says_what_is_wrong(visit: Visitor, product: Product, scheme: str) -> None:
    seen = visit("/floor/", color_scheme=scheme, width=360)
    seen.context.clear_cookies()
    seen.page.goto(product.url + "/floor/")
    assert "/login/?next=/floor/" in seen.page.url
    seen.page.fill("#id_username", "nobody")
    seen.page.fill("#id_password", "wrong-password")
    seen.page.click("button.primary")
    expect(seen.page.get_by_role("alert")).to_contain_text("Name and password do not match")
    assert violations(seen.page) == []


def test_the_floor_reflows_at_320_px(visit: Visitor) -> None:
    page = visit("/floor/", width=320).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("[data-tile]").first.is_visible()


def test_targets_on_the_floor_are_at_least_44_px(visit: Visitor) -> None:
    page = visit("/floor/", width=360).page
    sizes = page.eval_on_selector_all(
        ".rail a, .chip, .menu summary, .button",
        "all => all.map(e => e.getBoundingClientRect()).map(r => [r.width, r.height])",
    )
    assert [size for size in sizes if size[0] and min(size) < 44] == []


def test_each_role_starts_at_its_own_page(visit: Visitor, product: Product) -> None:
    homes = {"supervisor": "/floor/", "operator": "/station/", "planner": "/planning/", "manager": "/floor/"}
    there = {role: visit("/", role=role).page.url.removeprefix(product.url) for role in homes}
    assert there == homes


def test_the_choice_of_dark_lasts_on_this_device(visit: Visitor, product: Product) -> None:
    page = visit("/floor/", color_scheme="light").page
    page.click(".menu summary")
    page.click("[data-set-theme=dark]")
    page.goto(product.url + "/downtime/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"


def test_an_open_page_of_calls_shows_a_call_by_itself_until_it_is_resolved(visit: Visitor, product: Product) -> None:
    watching = visit("/andon/").page
    card = watching.locator(".call-card", has_text="Filler")
    expect(card).to_have_count(0)
    station = visit("/station/FILL-1/call/", role="operator").page
    station.get_by_role("button", name="Material").click()
    expect(station.get_by_text("Material is called.")).to_be_visible()
    expect(card).to_have_count(1, timeout=30_000)
    station.goto(product.url + "/andon/")
    station.locator(".call-card", has_text="Filler").get_by_role("button", name="Not needed").click()
    expect(card).to_have_count(0, timeout=30_000)
