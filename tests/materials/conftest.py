"""Raw lots in the store and an order that runs on the filler since six o'clock."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from mes.materials.consume import lot_consume
from mes.materials.lots import lot_produce, lot_receive
from mes.materials.models import Consumption, Lot
from mes.plant.models import WorkCenter
from mes.production.models import Item, Run, WorkOrder
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN = timedelta(minutes=1)


@dataclass
class Store:
    """The plant, its syrup, and short words for what tests do most."""

    plant: SmallPlant
    syrup: Item
    order: WorkOrder

    def raw(self, number: str = "SYR-1", quantity: str = "100", expires_on: date | None = None) -> Lot:
        """A lot of syrup in the store."""
        return lot_receive(
            item=self.syrup, number=number, quantity=Decimal(quantity), site=self.plant.line_1.area.site,
            supplier="Sweet AG", supplier_lot="S-77", expires_on=expires_on, actor="stan", at=SIX, key=uuid4(),
        )  # fmt: skip

    def made(self, number: str, *, order: WorkOrder | None, quantity: str = "50", at: WorkCenter | None = None) -> Lot:
        """A lot of cola."""
        return lot_produce(
            item=self.plant.cola, number=number, quantity=Decimal(quantity), work_center=at or self.plant.filler,
            order=order, actor="otto", at=SIX + 30 * MIN, key=uuid4(),
        )  # fmt: skip

    def use(
        self, lot: Lot, quantity: str, *, order: WorkOrder | None = None, into: Lot | None = None,
        key: UUID | None = None, because: str = "",
    ) -> Consumption:  # fmt: skip
        """Takes from a lot, for what runs on the filler unless said otherwise."""
        return lot_consume(
            lot=lot, quantity=Decimal(quantity), work_center=None if order or into else self.plant.filler, order=order,
            into=into, actor="otto", at=SIX + 10 * MIN, key=key or uuid4(), expired_because=because,
        )  # fmt: skip


@pytest.fixture
def store(db: None) -> Store:
    """WO-1 makes cola on FILL since 6:00; nothing says which materials it needs."""
    plant = small_plant()
    syrup = Item.objects.create(code="SYRUP", name="Syrup", unit="kg")
    order = plant.order("WO-1")
    Run.objects.create(work_center=plant.filler, order=order, item=plant.cola, starts_at=SIX, started_by="otto")
    return Store(plant, syrup, order)
