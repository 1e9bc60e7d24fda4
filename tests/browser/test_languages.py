"""No text is cut where a language needs 40 % more room; Spanish stands on the page of who chose it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Product, Visitor
from tests.browser.pseudo import CODE, MARK
from tests.browser.test_every_page import PAGES, WIDE, WIDTHS, address

# Texts that can be translated (they carry the mark) and reach beyond something that cuts them.
CUT = """(mark) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const cut = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.includes(mark) || !node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    for (let box = node.parentElement; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.position === "absolute" && box.getBoundingClientRect().width <= 1) break;
      if (![style.overflowX, style.overflowY].includes("hidden")) continue;
      const edge = box.getBoundingClientRect();
      if (text.right > edge.right + 1 || text.bottom > edge.bottom + 1 || text.left < edge.left - 1) {
        cut.push(node.data.trim().slice(0, 60) + " in " + box.className);
        break;
      }
    }
  }
  return cut;
}"""


@pytest.mark.timeout(400)
def test_no_text_is_cut_where_words_are_longer(visit: Visitor, product: Product) -> None:
    problems, marks = [], 0
    for role in sorted({role for role, _ in PAGES}):
        page = visit("/floor/", role=role, width=WIDTHS[0], locale="en-XA").page
        for _, name in (row for row in PAGES if row[0] == role):
            page.set_viewport_size({"width": WIDTHS[0], "height": 800})
            page.goto(product.url + address(name, page, product))
            if page.locator("html").get_attribute("lang") != CODE:
                problems.append(f"{name} {role}: not in the language the browser asks for")
            marks += page.content().count(MARK)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                problems += [f"{name} {role} {width}: {cut}" for cut in page.evaluate(CUT, MARK)]
                problems += [f"{name} {role}: {wide}" for wide in page.evaluate(WIDE)]
    assert marks > 100
    assert problems == [], "\n".join(problems)


def test_spanish_stays_with_the_person_and_server_and_browser_say_the_same(visit: Visitor, product: Product) -> None:
    page = visit("/downtime/", role="supervisor").page
    page.click(".menu summary")
    page.get_by_role("button", name="Español").click()
    try:
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.locator(".rail")).to_contain_text("Paros")
        elsewhere = visit("/floor/", role="supervisor").page  # another browser of the same person
        expect(elsewhere.locator("#link")).to_have_attribute("data-link", "live", timeout=30_000)
        expect(elsewhere.locator('[data-tile][data-state="running"] [data-f="word"]').first).to_have_text("En marcha")
        plain = visit("/floor/", role="supervisor", java_script_enabled=False).page
        assert plain.locator('[data-tile][data-state="running"] [data-f="word"]').first.inner_text() == "En marcha"
        assert plain.goto(product.url + "/controllers/NONE/").status == 404  # type: ignore[union-attr]
        expect(plain.locator("main")).to_contain_text("Esta página no existe")
    finally:
        page.click(".menu summary")
        page.get_by_role("button", name="Como el navegador").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
