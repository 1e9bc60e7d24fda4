"""What a scanner sends for a lot: its number, a GS1 element string, or the address in its QR code. Pure."""

from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from mes.materials.gs1 import NotGs1, elements_of

PATH = "/materials/lots/"


class Scanned(NamedTuple):
    """What the text says of a lot; what it does not say is empty."""

    number: str = ""
    item: str = ""
    gtin: str = ""
    sscc: str = ""


def read(text: str) -> list[Scanned]:
    """What the text may mean, the most special first: an address, a GS1 element string, a plain lot number.

    A lot number can look like an element string by chance (1012 may be lot 12), so both are given.
    """
    plain = text.strip()
    if PATH in plain:
        parts = urlsplit(plain)
        number = unquote(parts.path.partition(PATH)[2].split("/")[0])
        return [Scanned(number=number, item=parse_qs(parts.query).get("item", [""])[0])]
    found = []
    try:
        elements = elements_of(plain)
        number = elements.get("10") or elements.get("21") or ""
        if number or "00" in elements:
            found.append(Scanned(number=number, gtin=elements.get("01", ""), sscc=elements.get("00", "")))
    except NotGs1:
        pass
    return [*found, Scanned(number=plain)]
