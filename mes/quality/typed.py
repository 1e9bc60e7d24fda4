"""Strict reading of what people type for a check: measured values and numbers of pieces. Pure."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from mes.quality.judging import Reading

MOST_DIGITS = 11
MOST_DEFECTS = 100_000
_VALUE = re.compile(r"-?[0-9]{1,11}(?:[.,][0-9]+)?")
_WHOLE = re.compile(r"[0-9]{1,6}")


class Unreadable(ValueError):
    """A text that is not what it should be; the message says what is wrong and how to write it."""


def value_from(text: str, decimals: int) -> Decimal:
    """A measured value; point or comma before the decimals, of which there are at most `decimals`.

    Unreadable for anything else: no sign but '-', no unit, no separators of thousands.
    """
    plain = text.strip()
    if not _VALUE.fullmatch(plain):
        said = {"text": _shown(plain), "example": f"{Decimal('12.345'):.{decimals}f}"}
        raise Unreadable(_("'%(text)s' is not a number: write digits only, e.g. %(example)s.") % said)
    whole, _point, part = plain.replace(",", ".").partition(".")
    if len(part) > decimals:
        raise Unreadable(
            _("'%(text)s' has more than %(n)d decimals: write what the gauge shows.")
            % {"text": _shown(plain), "n": decimals}
        )
    return Decimal(f"{whole}.{part}" if part else whole)


def pieces_from(text: str, most: int) -> int:
    """A number of pieces from 0 to `most`."""
    plain = text.strip()
    if not _WHOLE.fullmatch(plain) or int(plain) > most:
        said = {"text": _shown(plain), "n": most}
        raise Unreadable(_("'%(text)s' is not such a number: write a whole number from 0 to %(n)d.") % said)
    return int(plain)


def reading_from(texts: list[str], *, measured: bool, decimals: int, pieces: int, defects: bool = False) -> Reading:
    """What was typed for one check; empty fields are left out, all empty is a gap. A piece may have many `defects`.

    Worked: "10,2" and "" for a measured value of 2 pieces: one value 10.2. "3" for yes or no of 50: 3 bad of 50.
    """
    given = [text for text in texts if text.strip()]
    if measured:
        return Reading(values=tuple(value_from(text, decimals) for text in given))
    most = MOST_DEFECTS if defects else pieces
    return Reading(found=pieces_from(given[0], most), size=pieces) if given else Reading()


def _shown(text: str) -> str:
    plain = "".join(char if char.isprintable() else "?" for char in text)
    return plain if len(plain) <= 20 else plain[:19] + "…"
