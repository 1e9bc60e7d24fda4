"""QR and Code 128 as one SVG path each, in modules: no styles, so the content security policy lets them be. Pure.

The one door to segno and python-barcode.
"""

import logging
from typing import NamedTuple

import segno

from mes.materials.gs1 import SEPARATOR

logging.getLogger("pyBarcode").setLevel(logging.WARNING)  # it tells every process that it draws no bitmaps
from barcode.codex import Code128, Gs1_128  # noqa: E402

QUIET_BARS = 10  # modules of white on both sides of bars (ISO/IEC 15417)
QUIET_QR = 4  # modules of white around a QR code (ISO/IEC 18004)
FNC1 = Gs1_128.FNC1_CHAR


class Drawing(NamedTuple):
    """A path of black modules in a field of `width` x `height` modules, white around it included."""

    d: str
    width: int
    height: int


def qr(text: str) -> Drawing:
    """A QR code that survives 15 % of damage (level M)."""
    rows = segno.make_qr(text, error="m").matrix
    parts = []
    for y, row in enumerate(rows):
        bits = "".join("1" if module else "0" for module in row)
        parts += [f"M{x + QUIET_QR} {y + QUIET_QR}h{width}v1h-{width}z" for x, width in _runs(bits)]
    size = len(rows) + 2 * QUIET_QR
    return Drawing("".join(parts), size, size)


def code128(text: str) -> Drawing:
    """Bars of a plain text; its height is 1 and is stretched by who draws it. ValueError for what it cannot say."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("Code 128 takes plain letters, digits and signs.")
    return _bars(Code128(text).build()[0])


def gs1_128(element_string: str) -> Drawing:
    """Bars of a GS1 element string: FNC1 first and in place of each separator."""
    return _bars(Gs1_128(element_string.replace(SEPARATOR, FNC1)).build()[0])


def _bars(bits: str) -> Drawing:
    path = "".join(f"M{x + QUIET_BARS} 0h{width}v1h-{width}z" for x, width in _runs(bits))
    return Drawing(path, len(bits) + 2 * QUIET_BARS, 1)


def _runs(bits: str) -> list[tuple[int, int]]:
    """Where ones begin and how many follow one another: '0110' is [(1, 2)]."""
    found, x = [], 0
    for run in bits.replace("01", "0 1").replace("10", "1 0").split(" "):
        if run.startswith("1"):
            found.append((x, len(run)))
        x += len(run)
    return found
