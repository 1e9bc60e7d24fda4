"""Engine tests begin without any tag list known from an earlier controller on the same port."""

import pytest

from mes.plc.drivers.tagtable import _tables


@pytest.fixture(autouse=True)
def no_tag_list_is_known_beforehand() -> None:
    """Ports come again: the tag list of an earlier test's controller must not be taken for this one's."""
    _tables.clear()
