"""The small plant and its filler as a machine that is read every second."""

import pytest

from tests.production.small_plant import SIX, SmallPlant, small_plant
from tests.tracking.ingest_kit import Told


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Fresh for each test."""
    return small_plant()


@pytest.fixture
def told(plant: SmallPlant) -> Told:
    """The filler from six o'clock on."""
    return Told(plant.filler, SIX)
