"""Labels in ZPL II, the language of Zebra's and many other label printers, at 203 dpi (8 dots a millimetre). Pure.

Texts are written with hexadecimal escapes (^FH), so nothing in them can be a command.
"""

from collections.abc import Sequence

from mes.materials.gs1 import SEPARATOR, Element, element_string

DOTS_MM = 8
WIDTH_MM, HEIGHT_MM = 105, 148
MARGIN = 6 * DOTS_MM
BAR_HEIGHT = 18 * DOTS_MM
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;/()+-%*='?!\"&#@")


def label(*, lines: Sequence[str], qr: str, bars: Sequence[tuple[str, str]]) -> str:
    """A label of 105 x 148 mm: lines of text (the first large), a QR code, then bars with the text below each.

    `bars` are the contents of ^BC fields (`plain_field`, `gs1_field`) with the line people read.
    """
    parts = ["^XA", "^CI28", f"^PW{WIDTH_MM * DOTS_MM}", f"^LL{HEIGHT_MM * DOTS_MM}"]
    y = MARGIN
    for place, line in enumerate(lines):
        size = 60 if place == 0 else 34
        parts.append(f"^FO{MARGIN},{y}^A0N,{size},{size}^FH_^FD{_text(line)}^FS")
        y += size + 14
    parts.append(f"^FO{(WIDTH_MM - 40) * DOTS_MM},{y}^BQN,2,6^FH_^FDMA,{_text(qr)}^FS")
    y += 40 * DOTS_MM
    for field, below in bars:
        parts.append(f"^FO{MARGIN},{y}^BY2^BCN,{BAR_HEIGHT},N,N,N^FD{field}^FS")
        parts.append(f"^FO{MARGIN},{y + BAR_HEIGHT + 10}^A0N,28,28^FH_^FD{_text(below)}^FS")
        y += BAR_HEIGHT + 60
    return "\n".join([*parts, "^XZ"]) + "\n"


def plain_field(text: str) -> str:
    """A Code 128 field in subset B: lot and order numbers, which have letters, digits and -_. only."""
    return ">:" + text.replace(">", ">0")


def gs1_field(elements: Sequence[Element]) -> str:
    """A GS1-128 field: start in subset C, FNC1 (>8), digits in pairs, then subset B (>6) from the first other sign."""
    text = element_string(elements)
    digits = next((place for place, sign in enumerate(text) if not sign.isdigit()), len(text))
    digits -= digits % 2
    rest = text[digits:].replace(">", ">0").replace(SEPARATOR, ">8")
    return ">;>8" + text[:digits] + (">6" + rest if rest else "")


def _text(text: str) -> str:
    """Every byte that is no plain sign as _ and two hexadecimal digits."""
    return "".join(sign if sign in _PLAIN else "".join(f"_{byte:02X}" for byte in sign.encode()) for sign in text)
