"""The whole way in, over HTTP: orders of the simulated ERP come in, change, are cancelled and deleted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from erp_sync.connections import connection_check, connection_create, connection_dry_run, connection_go_live
from erp_sync.connectors.simulated.service import SimulatedService
from erp_sync.inbound.mapping import mapping_set
from erp_sync.inbound.master import pull_master
from erp_sync.inbound.pull import pull_orders
from erp_sync.inbound.stock import pull_stock
from erp_sync.inbound.sweep import sweep_full, sweep_keys
from erp_sync.models import ErpConnection, ErpLink
from erp_sync.secrets import secrets_keep
from mes.production.models import WorkOrder
from tests.production.small_plant import small_plant

ORDER = {"item": "COLA", "quantity": "400", "unit": "PCE", "line": "L1", "components": []}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[SimulatedService]:
    running = SimulatedService(str(tmp_path / "erp.sqlite"), "token-of-a-test").start()
    yield running
    running.stop()


@pytest.fixture
def connection(db: None, service: SimulatedService, settings: object, tmp_path: Path) -> ErpConnection:
    settings.MES_DATA_DIR = tmp_path  # type: ignore[attr-defined]
    plant, now = small_plant(), timezone.now()
    site = plant.line_1.area.site
    secrets_keep("SIM", {"token": "token-of-a-test"})
    made = connection_create(
        code="SIM", name="Simulated", kind="simulated", site=site, address=service.address, actor="eva", at=now
    )
    for kind, ext_key, code in (("item", "COLA", "COLA-05"), ("unit", "PCE", "pcs"), ("work-center", "L1", "LINE-1")):
        mapping_set(connection=made, kind=kind, ext_key=ext_key, mes_code=code, actor="pia", at=now)
    assert connection_check(made, "eva", now) is not None
    connection_dry_run(made, "eva", now)
    connection_go_live(made, "eva", now)
    return made


def test_orders_come_in_change_are_cancelled_and_deleted(service: SimulatedService, connection: ErpConnection) -> None:
    now = timezone.now()
    first, second, third = service.store.make([ORDER, ORDER, ORDER])
    run = pull_orders(connection, now)
    assert run is not None
    assert (run.new, run.failed, run.error) == (3, 0, "")
    service.store.change(first, {"quantity": "450"})
    service.store.change(second, {"state": "Cancelled"})
    service.store.delete(third)
    pull_orders(connection, now)
    for _sweep in range(2):
        now += timedelta(minutes=15)
        sweep_keys(connection, now)
    links = {link.key: link for link in ErpLink.objects.select_related("order")}
    found = {key: (link.badge, link.order and link.order.status) for key, link in links.items()}
    assert found == {
        str(first): ("in-sync", "released"),
        str(second): ("cancelled", "cancelled"),
        str(third): ("missing", "cancelled"),
    }
    assert WorkOrder.objects.get(erp_link__key=str(first)).quantity == 450
    full = sweep_full(connection, now)
    assert full is not None
    assert (full.error, full.failed) == ("", 0)
    for run in (pull_stock(connection, now), pull_master(connection, now)):
        assert run is not None
        assert run.error == ""
