"""A live connection between the small plant and an ERP in memory, with everything mapped."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from erp_sync.connections import connection_check, connection_create, connection_dry_run, connection_go_live
from erp_sync.inbound.pull import pull_orders
from erp_sync.messages import OperationsRequest
from erp_sync.models import ErpConnection, ErpLink, ErpMapping, SyncRun
from mes.production.models import Item, WorkOrder
from tests.erp_sync.memory_erp import NOW, MemoryErp, memory_erp
from tests.production.small_plant import SmallPlant, small_plant


@dataclass(slots=True)
class Thread:
    """The plant, the ERP, and the connection between them."""

    plant: SmallPlant
    erp: MemoryErp
    connection: ErpConnection
    now: datetime = NOW

    def pull(self) -> SyncRun:
        """A minute later, what changed is pulled."""
        self.now += timedelta(minutes=1)
        self.connection.refresh_from_db()
        run = pull_orders(self.connection, self.now)
        assert run is not None
        return run

    def says(self, *requests: OperationsRequest) -> SyncRun:
        """The ERP has these orders now, and they are pulled."""
        for request in requests:
            self.erp.put(request)
        return self.pull()

    def link(self, key: str = "7") -> ErpLink:
        """The link of an order."""
        return ErpLink.objects.get(connection=self.connection, key=key)

    def order(self, number: str = "1007") -> WorkOrder:
        """The order as it is here."""
        return WorkOrder.objects.get(number=number)

    def map(self, kind: str, ext_key: str, mes_code: str, factor: str | None = None) -> None:
        """A mapping that was there before."""
        self.mapping(kind, ext_key, mes_code, factor).save()

    def mapping(self, kind: str, ext_key: str, mes_code: str, factor: str | None) -> ErpMapping:
        """As `map`, not stored."""
        return ErpMapping(
            connection=self.connection,
            kind=kind,
            ext_key=ext_key,
            mes_code=mes_code,
            factor=None if factor is None else Decimal(factor),
            valid_from=NOW - timedelta(days=9),
            by="pia",
        )


def live(thread: Thread) -> None:
    """Checked, tried dry, live."""
    connection_check(thread.connection, "eva", NOW)
    connection_dry_run(thread.connection, "eva", NOW)
    connection_go_live(thread.connection, "eva", NOW)


@pytest.fixture
def bare(db: None, monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path: object) -> Thread:
    """A live connection with nothing mapped."""
    settings.MES_DATA_DIR = tmp_path  # type: ignore[attr-defined]
    plant, erp = small_plant(), memory_erp(monkeypatch)
    site = plant.line_1.area.site
    connection = connection_create(
        code="ERP", name="Memory", kind="memory", site=site, address="memory", actor="eva", at=NOW
    )
    thread = Thread(plant, erp, connection)
    live(thread)
    return thread


@pytest.fixture
def thread(bare: Thread) -> Thread:
    """A live connection with the codes of `an_order` mapped."""
    Item.objects.create(code="SYRUP", name="Syrup", unit="l")
    Item.objects.create(code="SUGAR", name="Sugar", unit="kg")
    codes = (
        ("item", "FG-COLA", "COLA-05", None),
        ("item", "FG-WATER", "WATER-05", None),
        ("item", "SYRUP", "SYRUP", None),
        ("item", "SUGAR", "SUGAR", None),
        ("work-center", "L1", "LINE-1", None),
        ("work-center", "L2", "LINE-2", None),
        ("unit", "pk24", "pcs", "24"),
        ("unit", "u", "pcs", "1"),
        ("unit", "l", "l", "1"),
        ("unit", "kg", "kg", "1"),
    )
    ErpMapping.objects.bulk_create(bare.mapping(*code) for code in codes)
    return bare
