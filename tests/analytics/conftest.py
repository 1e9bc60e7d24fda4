"""A line to measure: the small plant with its Monday shift, filled by hand."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from mes.downtime.models import Stop
from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN = timedelta(minutes=1)


def at(minute: float) -> datetime:
    """So many minutes after the Monday shift began."""
    return SIX + minute * MIN


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def state() -> Callable[..., StateInterval]:
    """`state(machine, from_minute, to_minute, kind)`; None as end is still open."""

    def made(place: WorkCenter, start: float, end: float | None, kind: str = "run", **more: object) -> StateInterval:
        until = at(end) if end is not None else None
        return StateInterval.objects.create(
            work_center=place, starts_at=at(start), ends_at=until, state=kind.title(), kind=kind, **more
        )

    return made


@pytest.fixture
def stop() -> Callable[..., Stop]:
    """`stop(machine, from_minute, to_minute, reason=..., explained_at=...)`."""

    def made(place: WorkCenter, start: float, end: float | None, **more: object) -> Stop:
        until = at(end) if end is not None else None
        fields = {"state": "Down", "kind": "down"} | more
        return Stop.objects.create(work_center=place, starts_at=at(start), ends_at=until, **fields)

    return made


def run_on(place: WorkCenter, order: WorkOrder, start: float, end: float | None) -> Run:
    """The machine makes the order in these minutes."""
    until = at(end) if end is not None else None
    return Run.objects.create(
        work_center=place, order=order, item=order.item, starts_at=at(start), ends_at=until, started_by="otto"
    )
