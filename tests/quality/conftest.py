"""A packer whose fill weight and label are checked, with an order that runs since six o'clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from mes.production.models import Run, WorkOrder
from mes.quality.checks import Recorded, check_record
from mes.quality.judging import Reading
from mes.quality.models import Characteristic
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN = timedelta(minutes=1)


@dataclass
class Laboratory:
    """The plant, what is checked, and the order."""

    plant: SmallPlant
    weight: Characteristic
    label: Characteristic
    order: WorkOrder

    def weigh(
        self, minute: float, *values: str, key: UUID | None = None, note: str = "", now: datetime | None = None
    ) -> Recorded:
        """A check of the weight so many minutes after six."""
        at = SIX + minute * MIN
        said: Sequence[Decimal] = tuple(Decimal(value) for value in values)
        reading = Reading(values=tuple(said))
        return check_record(
            characteristic=self.weight, reading=reading, taken_at=at, actor="quinn", at=now or at, note=note,
            key=key or uuid4(),
        )  # fmt: skip


@pytest.fixture
def laboratory(db: None) -> Laboratory:
    """FILL-W on PACK: 10.0 to 10.4 g, one piece a check. LABEL: 50 pieces, one bad accepted. WO-1 runs since 6:00."""
    plant = small_plant()
    weight = Characteristic.objects.create(
        code="FILL-W", name="Fill weight", work_center=plant.packer, unit="g", decimals=1, nominal=Decimal("10.2"),
        lsl=Decimal("10.0"), usl=Decimal("10.4"), chart="individuals",
    )  # fmt: skip
    label = Characteristic.objects.create(
        code="LABEL", name="Label", work_center=plant.packer, kind="yes-no", subgroup_size=50, accept=1, chart="p"
    )
    order = plant.order("WO-1")
    Run.objects.create(work_center=plant.packer, order=order, item=plant.cola, starts_at=SIX, started_by="otto")
    return Laboratory(plant, weight, label, order)
