"""The small plant for tests of orders."""

import pytest

from tests.production.small_plant import SmallPlant, small_plant


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Fresh for each test."""
    return small_plant()
