"""What an action on a lot answers when it cannot be done, and the strict reading of the words it is given."""

from decimal import Decimal

from django.utils.translation import gettext as _

MAX_WHY = 200
LARGEST = Decimal(10) ** 11


class LotRefused(Exception):
    """Nothing was changed. The text says what, where and how to mend it; `field` names the form field, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def words(text: str, most: int, field: str, *, needed: str = "") -> str:
    """The text with single spaces. LotRefused where it is too long, cannot be stored, or is `needed` and missing."""
    plain = " ".join(text.split())
    if len(plain) > most or "\0" in plain:
        raise LotRefused(
            _("'%(field)s' is too long or has a character that cannot be stored: use at most %(most)s letters.")
            % {"field": field, "most": most},
            field,
        )
    if needed and not plain:
        raise LotRefused(needed, field)
    return plain


def positive(quantity: Decimal) -> Decimal:
    """The quantity if it lies above 0, can be stored, and has at most three decimals; else LotRefused."""
    if not quantity.is_finite() or not Decimal(0) < quantity < LARGEST or quantity != round(quantity, 3):
        raise LotRefused(_("The quantity must be above 0 with at most three decimals: check the number."), "quantity")
    return quantity


def shown(quantity: Decimal) -> str:
    """A quantity without trailing zeros: 1200, 12.5."""
    return f"{quantity.normalize():f}" if quantity else "0"
