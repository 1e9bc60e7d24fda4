"""A serial line of five machines whose counters are told hour by hour, as the recorder would have stored them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from mes.plant.models import Area, Line, Site, WorkCenter
from mes.production.models import Item
from mes.tracking.models import CountHour, MachineCursor
from mes.witness.models import Kind, Witness

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = SIX + 8 * HOUR + timedelta(minutes=30)


@dataclass
class Chain:
    """The line, its machines M-1 ... M-5 and the witnesses between them."""

    line: Line
    machines: list[WorkCenter]
    item: Item

    def link(self, first: int, *, buffer: int = 20, **values: object) -> Witness:
        """What leaves machine `first` (from 1) goes into the next one."""
        return Witness.objects.create(
            work_center=self.machines[first - 1],
            kind=Kind.NEIGHBOUR,
            neighbour=self.machines[first],
            buffer=buffer,
            valid_from=SIX - timedelta(days=30),
            **values,
        )

    def count(
        self, machine: int, hours: Sequence[int], *, scrap: int = 0, start: datetime = SIX, item: Item | None = None
    ) -> None:
        """Good pieces of a machine (from 1) in one hour after the other; heard until now."""
        place = self.machines[machine - 1]
        for number, good in enumerate(hours):
            minutes = [good // 60 + (minute < good % 60) for minute in range(60)]
            scraps = [scrap, *[0] * 59]
            CountHour.objects.create(
                work_center=place, hour=start + number * HOUR, item=item or self.item,
                good=minutes, scrap=scraps, good_sum=good, scrap_sum=scrap,
            )  # fmt: skip
        MachineCursor.objects.update_or_create(work_center=place, defaults={"heard_at": NOW})


@pytest.fixture
def chain(db: None) -> Chain:
    """Five machines without any witness yet."""
    site = Site.objects.create(code="SITE", name="Site", time_zone="Europe/Berlin")
    line = Line.objects.create(code="LINE", name="Line", area=Area.objects.create(code="AREA", name="Area", site=site))
    machines = [
        WorkCenter.objects.create(code=f"M-{n}", name=f"Machine {n}", line=line, position=n, is_exit=n == 5)
        for n in range(1, 6)
    ]
    return Chain(line, machines, Item.objects.create(code="BOTTLE", name="Bottle"))
