"""Quantities typed into pages, read as people of the reader's language write them."""

from decimal import Decimal

from django.utils.formats import get_format

from mes.production.typed import quantity_from


def quantity_typed(text: str) -> Decimal:
    """A quantity above zero; Unreadable says what is wrong and how to write it.

    Where the reader's language writes a decimal comma, dots group thousands: '1.234' could be 1234 there and is
    refused, as '1,234' is everywhere. '12,5' and '12.5' can be nothing else and are taken in every language.
    """
    return quantity_from(text, dot_is_decimal=get_format("DECIMAL_SEPARATOR") != ",")
