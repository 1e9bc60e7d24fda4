"""Lots in a browser: material at the station without JavaScript, a recall by clicks, codes that scanners can read."""

import base64
from urllib.parse import quote

import pytest
import zxingcpp
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, Visitor
from tests.browser.test_every_page import violations

_PIXELS = """async png => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), draw = canvas.getContext('2d');
  draw.drawImage(image, 0, 0);
  const rgba = draw.getImageData(0, 0, image.width, image.height).data, grey = new Uint8Array(rgba.length / 4);
  for (let n = 0; n < grey.length; n++) grey[n] = rgba[4 * n];
  let text = '';
  for (let n = 0; n < grey.length; n += 32768) text += String.fromCharCode(...grey.subarray(n, n + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def decoded(page: Page, blank: Page) -> dict[str, set[str]]:
    """What a scanner reads on the paper as it is printed: ]C0 (Code 128), ]C1 (GS1-128), ]Q1 (QR) -> texts."""
    page.emulate_media(media="print")
    png = page.locator(".paper").screenshot()
    width, height, grey = blank.evaluate(_PIXELS, base64.b64encode(png).decode())
    pixels = base64.b64decode(grey)  # the view below does not keep it
    image = zxingcpp.ImageView(pixels, width, height, zxingcpp.ImageFormat.Lum)
    found: dict[str, set[str]] = {}
    for code in zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain):
        found.setdefault(code.symbology_identifier, set()).add(code.text)
    return found


def lot_of(page: Page, product: Product, text: str) -> tuple[str, str]:
    """Number and item of the first lot that a search lists."""
    page.goto(f"{product.url}/materials/?q={quote(text)}")
    row = page.locator("table.list tbody tr").first
    return row.locator("a").inner_text(), (row.locator("td").nth(1).text_content() or "").split()[0]


def test_the_codes_of_a_label_are_read_from_its_print(visit: Visitor, product: Product) -> None:
    """Still water has a GTIN; the pallet gets the next number of its prefix. At 288 dpi, as label printers have."""
    seen = visit("/floor/", role="planner", device_scale_factor=3)
    page, blank = seen.page, seen.context.new_page()
    number, item = lot_of(page, product, "STILL-05")
    page.goto(f"{product.url}/materials/lots/{number}/label/?item={item}")
    page.get_by_role("button", name="Give it a pallet number (SSCC)").click()
    until = page.locator(".paper dl div", has_text="Use until").locator("dd").inner_text().replace("-", "")[2:]
    pallet = page.locator(".bars p", has_text="(00)").inner_text().removeprefix("(00)")
    assert len(pallet) == 18
    bars = {f"010409999900001217{until}10{number}", f"00{pallet}"}
    for size in ("a6", "a4"):
        page.goto(f"{product.url}/materials/lots/{number}/label/?item={item}&size={size}")
        found = decoded(page, blank)
        assert found == {"]C1": bars, "]Q1": {f"{product.url}/materials/lots/{number}/?item=STILL-05"}}, size
    assert seen.complaints == []


def test_the_codes_of_a_traveller_are_read_from_its_print(visit: Visitor, product: Product) -> None:
    seen = visit("/orders/", role="supervisor", device_scale_factor=3, color_scheme="dark")
    page, blank = seen.page, seen.context.new_page()
    number = page.locator("table.list tbody a").first.inner_text()
    for size in ("a6", "a4"):
        page.goto(f"{product.url}/orders/{number}/traveller/?size={size}")
        assert decoded(page, blank) == {"]C0": {number}, "]Q1": {f"{product.url}/orders/{number}/"}}, size
    assert violations(page) == []


def test_material_is_used_at_the_station_without_javascript(visit: Visitor, product: Product) -> None:
    """Scan, use a part, take it back: at 360 px."""
    page = visit("/station/FILL-1/material/", role="operator", width=360, java_script_enabled=False).page
    page.fill("#lot", "PREFORM-NONE")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("no such lot")
    store = visit("/materials/?q=PREFORM", role="operator").page
    number = store.locator("table.list tbody a").last.inner_text()

    page.fill("#lot", number)
    page.keyboard.press("Enter")
    page.fill("#quantity", "5")
    page.get_by_role("button", name="Use this quantity").click()

    expect(page.locator("main")).to_contain_text(f"5 pcs of {number} went into")
    page.get_by_role("button", name=f"Take back {number}").first.click()
    expect(page.locator("main")).to_contain_text("Taken back: the quantity is on hand again.")


def test_a_recall_holds_its_lots_by_clicks_and_ends_again(visit: Visitor, product: Product) -> None:
    page = visit("/floor/", role="quality").page
    number, _item = lot_of(page, product, "SYRUP-LEMON")
    page.locator("table.list tbody a").last.click()
    page.get_by_role("link", name="Recall: where is it all?").click()
    expect(page.locator("h1")).to_contain_text("Recall of lot SYRUP-LEMON")
    page.locator("summary", has_text="Hold what is here").click()
    page.fill("#recall-why", "Supplier reports glass")
    page.get_by_role("button", name="Hold all of them").click()
    expect(page.locator("main")).to_contain_text("This recall holds")
    page.locator("summary", has_text="End the recall").click()
    page.fill("#release-why", "Another supplier's lot was meant")
    page.get_by_role("button", name="Release all of them").click()
    expect(page.locator("main")).to_contain_text("The recall holds")
    assert number


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_pages_of_lots_are_accessible_and_fit(visit: Visitor, product: Product, scheme: str, width: int) -> None:
    seen = visit("/materials/?state=all", role="quality", width=width, color_scheme=scheme)
    preform = seen.page.goto(product.url + "/materials/?q=PREFORM") and seen.page.locator("tbody a").last.inner_text()
    held = seen.page.goto(product.url + "/materials/?state=held") and seen.page.locator("tbody a").first.inner_text()
    problems = []
    for path in (
        *("/materials/?state=all", "/materials/-/receive/", f"/materials/lots/{preform}/", f"/materials/lots/{held}/"),
        *(
            f"/materials/recall/{preform}/",
            f"/materials/lots/{preform}/label/",
            f"/station/FILL-1/material/?lot={held}",
        ),
    ):
        seen.page.goto(product.url + path)
        problems += [f"{path}: {text}" for text in violations(seen.page) + seen.complaints]
        seen.complaints.clear()
        if seen.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append(f"{path}: wider than {width} px")
    assert problems == []
