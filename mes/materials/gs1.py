"""Numbers and texts of GS1: check digits, SSCC, element strings of GTIN, last day, lot, serial; reading them. Pure.

After the GS1 General Specifications: application identifiers 00, 01, 10, 17, 21; an identifier of variable length ends
with a separator (FNC1, which scanners send as GS, character 29) unless it is the last.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

SEPARATOR = "\x1d"
SYMBOLOGY = "]C1"  # what a scanner that is set so sends before a GS1-128
_FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "13": 6, "15": 6, "17": 6}
_VARIABLE = {"10": 20, "21": 20, "30": 8, "37": 8}
_CHARACTERS = re.compile(r"[!\"%-/0-9:-?A-Z_a-z]+")  # GS1's character set 82


class Element(NamedTuple):
    """An application identifier and its value."""

    ai: str
    value: str


class NotGs1(ValueError):
    """A text that is no GS1 element string, or a value that has no place in one; the message says why."""


def check_digit(digits: str) -> str:
    """The last digit of a GTIN or SSCC whose other digits these are: weights 3, 1, 3 ... from the right.

    Worked: 400638133393 -> 3*3 + 9*1 + 3*3 + ... = 89, so 1 makes it 90.
    """
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def gtin_is_good(gtin: str) -> bool:
    """Whether 14 digits are a GTIN: the last one is the check digit."""
    return bool(re.fullmatch(r"[0-9]{14}", gtin)) and check_digit(gtin[:-1]) == gtin[-1]


def sscc(extension: int, company_prefix: str, serial: int) -> str:
    """The 18 digits of a pallet: extension digit, company prefix, serial reference, check digit.

    NotGs1 where the serial reference has more digits than the prefix leaves (16 together).
    """
    room = 16 - len(company_prefix)
    digits = f"{serial:0{room}d}"
    if len(digits) > room:
        raise NotGs1(f"The serial reference {serial} has more than the {room} digits beside prefix {company_prefix}.")
    body = f"{extension}{company_prefix}{digits}"
    return body + check_digit(body)


def lot_elements(*, gtin: str, lot: str, is_serial: bool, expires_on: date | None) -> list[Element]:
    """What a label says of a lot, the only value of variable length last. NotGs1 for a lot GS1 cannot take."""
    if not _CHARACTERS.fullmatch(lot) or len(lot) > 20:
        raise NotGs1(f"Lot {lot} cannot stand in a GS1 code: at most 20 letters, digits and -._/ and the like.")
    day = [Element("17", f"{expires_on:%y%m%d}")] if expires_on is not None else []
    return [Element("01", gtin), *day, Element("21" if is_serial else "10", lot)]


def element_string(elements: Sequence[Element]) -> str:
    """The elements in one text, separators where a value of variable length is not the last."""
    text = ""
    for place, (ai, value) in enumerate(elements):
        text += ai + value
        if ai not in _FIXED and place < len(elements) - 1:
            text += SEPARATOR
    return text


def readable(elements: Sequence[Element]) -> str:
    """The line below the bars: (01)04006381333931(10)A-7."""
    return "".join(f"({ai}){value}" for ai, value in elements)


def elements_of(text: str) -> dict[str, str]:
    """Reads an element string as a scanner sends it. NotGs1 where it is something else."""
    rest = text.removeprefix(SYMBOLOGY).lstrip(SEPARATOR)
    found: dict[str, str] = {}
    while rest:
        ai = rest[:2]
        if ai in _FIXED:
            value, rest = rest[2 : 2 + _FIXED[ai]], rest[2 + _FIXED[ai] :].removeprefix(SEPARATOR)
            if len(value) != _FIXED[ai] or not value.isascii() or not value.isdigit():
                raise NotGs1(f"({ai}) must have {_FIXED[ai]} digits.")
        elif ai in _VARIABLE:
            value, _gap, rest = rest[2:].partition(SEPARATOR)
            if not 0 < len(value) <= _VARIABLE[ai]:
                raise NotGs1(f"({ai}) must have 1 to {_VARIABLE[ai]} characters.")
        else:
            raise NotGs1("It begins with no application identifier that is known here.")
        found[ai] = value
    if not found:
        raise NotGs1("There is nothing in it.")
    return found
