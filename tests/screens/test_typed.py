"""Numbers as people write them: '12,5' everywhere, and nothing that could be read in two ways."""

from decimal import Decimal

import pytest
from django.utils import translation

from mes.production.typed import Unreadable
from mes.screens.typed import quantity_typed


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_decimal_comma_and_a_decimal_point_are_taken_where_they_can_be_nothing_else(language: str) -> None:
    with translation.override(language):
        assert [quantity_typed(text) for text in ("12,5", "12.5", "0,125", "1200")] == [
            *(Decimal("12.5"), Decimal("12.5"), Decimal("0.125"), Decimal(1200)),
        ]


def test_a_dot_that_could_group_thousands_is_refused_where_the_language_writes_a_comma() -> None:
    with translation.override("en"):
        assert quantity_typed("1.234") == Decimal("1.234")
    with translation.override("es"), pytest.raises(Unreadable, match="can be read as 1234 or as 1 and a fraction"):
        quantity_typed("1.234")
    for language in ("en", "es"):
        with translation.override(language), pytest.raises(Unreadable, match=r"write 1234 or 1\.2340"):
            quantity_typed("1,234")
