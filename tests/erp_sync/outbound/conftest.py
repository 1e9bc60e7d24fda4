"""A small plant whose orders came from an ERP that books what it is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from erp_sync.models import ErpConnection, ErpLink, ErpMapping, OutboxMessage
from erp_sync.outbound.deliver import deliver_due
from erp_sync.outbound.follow import follow
from erp_sync.wire import content_hash, plain
from mes.journal.seal import seal
from mes.materials.consume import lot_consume
from mes.materials.lots import lot_receive
from mes.materials.models import Consumption, Lot
from mes.production.models import Item, Run, WorkOrder
from tests.erp_sync.orders import an_order
from tests.erp_sync.outbound.booking_erp import BookingErp, booking_erp
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

NOON = SIX + timedelta(hours=6)


@dataclass
class Floor:
    """The plant, its ERP, and the two ways between them."""

    plant: SmallPlant
    erp: BookingErp
    connection: ErpConnection
    syrup: Item

    def link(self, key: str = "7", *, factor: str = "24", status: str = "running") -> ErpLink:
        """An order of 9600 bottles that the ERP ordered as 400 packs of 24, and that runs."""
        request = an_order(key)
        self.erp.put(request)
        order = self.plant.order(f"100{key}", quantity="9600")
        WorkOrder.objects.filter(pk=order.pk).update(status=status, started_at=SIX)
        order.refresh_from_db()
        return ErpLink.objects.create(
            connection=self.connection,
            key=key,
            number=request.ref.number,
            version="v0",
            order=order,
            request=plain(request),
            content_hash=content_hash(request),
            erp_unit="pk24",
            mes_unit="pcs",
            factor=Decimal(factor),
            first_seen_at=SIX,
            last_seen_at=SIX,
        )

    def counts(self, link: ErpLink, good: int, scrap: int = 0, minutes: int = 0) -> None:
        """Pieces at the exit of the line."""
        at = SIX + timedelta(minutes=minutes)
        counted(self.plant.packer, at, good=good, scrap=scrap, order=link.order)

    def runs(self, link: ErpLink, start: datetime = SIX, end: datetime | None = None) -> Run:
        """The order runs on the packer."""
        item = self.plant.cola
        return Run.objects.create(
            work_center=self.plant.packer,
            order=link.order,
            item=item,
            starts_at=start,
            ends_at=end,
            started_by="ana",
        )

    def uses(self, link: ErpLink, quantity: str, lot: str = "S-1") -> Consumption:
        """Somebody scans syrup into the order."""
        known = Lot.objects.filter(number=lot).first() or lot_receive(
            item=self.syrup,
            number=lot,
            quantity=Decimal(5000),
            site=self.plant.line_1.area.site,
            supplier="",
            supplier_lot="",
            expires_on=None,
            actor="ana",
            at=SIX,
            key=uuid4(),
        )
        return lot_consume(lot=known, quantity=Decimal(quantity), order=link.order, key=uuid4(), actor="ana", at=NOON)

    def follow(self, at: datetime = NOON) -> int:
        """Seals the journal and follows it."""
        seal()
        return follow(at)

    def deliver(self, at: datetime = NOON) -> int:
        """Sends what is due."""
        return deliver_due(at)

    def messages(self, link: ErpLink) -> list[tuple[int, str, str]]:
        """Sequence, status and good of each message."""
        rows = OutboxMessage.objects.filter(link=link).order_by("sequence")
        return [(row.sequence, row.status, row.payload["cumulative"]["good"]["value"]) for row in rows]


def map_to(connection: ErpConnection, kind: str, ext_key: str, mes_code: str, **fields: object) -> ErpMapping:
    """A code of the ERP means one of ours, since ever."""
    long_ago = SIX - timedelta(days=30)
    return ErpMapping.objects.create(
        connection=connection, kind=kind, ext_key=ext_key, mes_code=mes_code, valid_from=long_ago, by="paula", **fields
    )


@pytest.fixture
def floor(db: None, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """A live connection that posts at the tap; items, units and reasons mapped."""
    plant, erp = small_plant(), booking_erp(monkeypatch)
    connection = ErpConnection.objects.create(
        code="ERP", name="ERP", kind="booking", address="books", site=plant.line_1.area.site, state="live"
    )
    syrup = Item.objects.create(code="SYRUP-5", name="Syrup", unit="l")
    map_to(connection, "item", "FG-COLA", "COLA-05")
    map_to(connection, "item", "SYRUP", "SYRUP-5")
    map_to(connection, "unit", "pk24", "pcs", factor=Decimal(24))
    map_to(connection, "unit", "l", "l", factor=Decimal(1))
    map_to(connection, "unit", "hl", "l", factor=Decimal(100))
    map_to(connection, "reason", "T-17", "MACHINE")
    return Floor(plant, erp, connection, syrup)
