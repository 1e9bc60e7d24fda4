"""A supervisor of line 1 of the small plant, whose shift runs now."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from mes.people.models import Role
from mes.plant.models import Shift
from tests.analytics.forecast_pages.made import HOUR
from tests.production.small_plant import SmallPlant


@pytest.fixture
def now() -> datetime:
    """Pages read the clock themselves, so the rows stand around the present hour."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def running(plant: SmallPlant, now: datetime) -> Shift:
    """A shift of line 1 that began two hours ago."""
    begun = now - 2 * HOUR
    return Shift.objects.create(
        line=plant.line_1, name="Early", production_date=begun.date(), starts_at=begun, ends_at=begun + 8 * HOUR
    )


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client
