"""Strict reading of what people type or paste for an order: number, quantity, priority, due time. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal

MAX_CODE = 60
MAX_INTEGER_DIGITS = 11  # with three decimals this is the 14 digits that are stored
DECIMALS = 3

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_COULD_BE_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_DUE_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DUE_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(Z|[+-][0-9]{2}:[0-9]{2})?")


class Unreadable(ValueError):
    """A text that is not what it should be; the message says what is wrong and how to write it."""


def code_from(text: str, what: str = "The order number") -> str:
    """A code people share, e.g. WO-17. Raises Unreadable for anything outside letters, digits, '-', '_' and '.'."""
    code = text.strip()
    if not code:
        raise Unreadable(f"{what} is missing: give it one, e.g. WO-17.")
    if len(code) > MAX_CODE:
        raise Unreadable(f"{what} has {len(code)} characters: use at most {MAX_CODE}.")
    if not _CODE.fullmatch(code):
        raise Unreadable(
            f"{what} '{shown(code)}' has characters that do not belong there: "
            "use letters, digits, '-', '_' and '.', starting with a letter or digit."
        )
    return code


def quantity_from(text: str, *, dot_is_decimal: bool = True) -> Decimal:
    """A quantity above zero with at most three decimals, as Decimal.

    A decimal comma is taken where it can be nothing else ('12,5'); '1,234' could mean 1234 and is refused. With
    `dot_is_decimal` false (files separated by semicolons, where dots often group thousands) so is '1.234'.
    """
    plain = text.strip()
    if not plain:
        raise Unreadable("The quantity is missing: write a number above 0, e.g. 1200.")
    if not _PLAIN.fullmatch(plain):
        raise Unreadable(f"'{shown(plain)}' is not a quantity: write digits only, e.g. 1200 or 12.5.")
    if _COULD_BE_THOUSANDS.fullmatch(plain) and ("," in plain or not dot_is_decimal):
        whole, part = re.split("[.,]", plain)
        raise Unreadable(
            f"'{plain}' can be read as {whole}{part} or as {whole} and a fraction: "
            f"write {whole}{part} or {whole}.{part}0."
        )
    whole, _, part = plain.replace(",", ".").partition(".")
    if len(whole.lstrip("0")) > MAX_INTEGER_DIGITS:
        raise Unreadable(f"'{shown(plain)}' is too large: use at most {MAX_INTEGER_DIGITS} digits before the point.")
    part = part.rstrip("0")
    if len(part) > DECIMALS:
        raise Unreadable(f"'{shown(plain)}' has more than {DECIMALS} decimals: round it to {DECIMALS}.")
    value = Decimal(f"{whole}.{part}" if part else whole)
    if value <= 0:
        raise Unreadable("The quantity is 0: write a number above 0.")
    return value


def priority_from(text: str) -> int:
    """A priority from 0 (first) to 32767."""
    plain = text.strip()
    if not re.fullmatch(r"[0-9]{1,5}", plain) or int(plain) > 32_767:
        raise Unreadable(f"'{shown(plain)}' is not a priority: write a whole number from 0 (first) to 32767, e.g. 50.")
    return int(plain)


def due_from(text: str, zone: tzinfo) -> datetime | None:
    """The instant (UTC) something is due; None for an empty text.

    A date alone means the end of that day in `zone`; a time without offset is wall time there. A wall time the clock
    change skips or shows twice is refused unless it carries an offset (R7).
    """
    plain = text.strip()
    if not plain:
        return None
    try:
        if _DUE_DATE.fullmatch(plain):
            next_day = date.fromisoformat(plain) + timedelta(days=1)
            return datetime.combine(next_day, time(), zone).astimezone(UTC)
        found = _DUE_TIME.fullmatch(plain)
        if not found:
            raise ValueError
        wall = datetime.fromisoformat(f"{found[1]}T{found[2]}")
        if found[3]:
            return datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3].replace('Z', '+00:00')}").astimezone(UTC)
        return _from_wall(wall, zone, plain)
    except Unreadable:
        raise
    except (ValueError, OverflowError):
        raise Unreadable(
            f"'{shown(plain)}' is not a due time: write 2026-11-30, 2026-11-30 14:00 or 2026-11-30T14:00+01:00."
        ) from None


def _from_wall(wall: datetime, zone: tzinfo, plain: str) -> datetime:
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise Unreadable(f"'{plain}' does not exist: the clocks go forward over it; write a time before or after.")
    early, late = first.isoformat()[-6:], second.isoformat()[-6:]
    raise Unreadable(f"'{plain}' happens twice as the clocks go back: add the offset, {early} or {late}.")


def shown(text: str) -> str:
    """A text fit for an error message: printable and at most 40 characters."""
    plain = "".join(char if char.isprintable() else "?" for char in text)
    return plain if len(plain) <= 40 else plain[:39] + "…"
