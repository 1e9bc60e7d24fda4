"""`./manage.py erp demo` on a database with the demo plant: a live connection, twice the same, and its end."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from erp_sync.connections import connection_create
from erp_sync.demo.boxed import boxed_make, tryton_end
from erp_sync.demo.connection import demo_connect
from erp_sync.demo.server import accepts
from erp_sync.models import ErpConnection, ErpLink, ErpMapping
from erp_sync.secrets import secrets_of
from mes.journal.models import JournalEntry
from mes.plant.models import Line, Site
from mes.plantfile.read import plant_read
from mes.plantfile.store import plant_import
from mes.production.models import Item, WorkOrder
from tests.erp_sync.tryton import RunningTryton

PLANT = Path(__file__).resolve().parents[3] / "mes" / "demo" / "plant.yaml"
RAW = (("PREFORM", "pcs"), ("CAP-28", "pcs"), ("SYRUP-LEMON", "kg"), ("LABELS-05", "roll"))


@pytest.fixture
def plant(db: None) -> None:
    """The demo plant and the materials of its lots, without history."""
    plant_import(
        plant=plant_read(PLANT.read_text()), source="plant.yaml", actor="t", at=datetime(2026, 1, 5, tzinfo=UTC)
    )
    Item.objects.bulk_create(Item(code=code, name=code, unit=unit) for code, unit in RAW)


@pytest.fixture
def erp(tryton: RunningTryton, tmp_path: Path, settings: Any) -> Iterator[Callable[..., str]]:
    """The command with a data folder of its own, on the Tryton that is built already; ends what it started."""
    settings.DATA_DIR = tmp_path
    settings.TRYTON_HOME = str(tryton.server.home.folder.parent)

    def say(*options: str) -> str:
        told = StringIO()
        call_command("erp", "demo", *options, stdout=told)
        return told.getvalue()

    yield say
    say("--stop")


def test_one_command_leads_to_a_live_connection_with_the_orders_of_the_demo_plant(
    plant: None, erp: Any, tmp_path: Path
) -> None:
    told = erp()
    connection = ErpConnection.objects.get(code="TRYTON")
    assert (connection.state, connection.problem, connection.kind) == ("live", "", "tryton")
    assert connection.version_seen.startswith("8.2")
    assert connection.address in told
    assert "admin" in told
    assert secrets_of("TRYTON")["user"] == "millwright"
    units = ErpMapping.objects.filter(kind="unit").values_list("ext_key", "mes_code", "factor")
    assert ("pk24", "pcs", Decimal(24)) in set(units)
    # 400 packs of 24 are 9600 bottles here; the item nobody mapped waits and says so.
    assert WorkOrder.objects.filter(item__code="STILL-05", quantity=9600, status="released").exists()
    waiting = ErpLink.objects.get(badge="waiting")
    assert waiting.request["item"] == "TEA-05"
    entries = JournalEntry.objects.exclude(action__in=["erp_connection_check"]).count()
    assert connection.address in erp()  # said twice: the same server, the same connection
    assert JournalEntry.objects.exclude(action__in=["erp_connection_check"]).count() == entries
    tryton_end(tmp_path / "erp", homes=tmp_path)  # as `up` does, which keeps one of its own
    assert erp("--stop") == "No Tryton 8.2 is running here.\n"
    assert (tmp_path / "erp" / "server-8.2" / "erp.sqlite").exists(), "what was entered there stays"


def test_without_a_plant_it_says_what_to_do_first(db: None, erp: Any) -> None:
    assert not Line.objects.exists()
    with pytest.raises(CommandError, match="There is no plant yet"):
        erp()


def test_in_production_there_is_no_demo(db: None, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not for production"):
        call_command("erp", "demo")


def test_the_simulated_erp_takes_the_place_of_tryton_and_everything_it_orders_is_known_here(
    plant: None, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    now = datetime.now(UTC)
    before = connection_create(
        code="TRYTON", name="Tryton", kind="tryton", site=Site.objects.get(), actor="t", at=now, address="http://x"
    )
    boxed = boxed_make("simulated", tmp_path / "erp", homes=tmp_path, today=now.date(), say=print)
    with subprocess.Popen(boxed.command, env=os.environ | boxed.env) as service:
        try:
            until = time.monotonic() + 30
            while not accepts(boxed.port):
                assert service.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            connection = demo_connect(boxed, at=now)
        finally:
            service.terminate()
    assert (connection.code, connection.state, connection.problem) == ("SIMULATED", "live", "")
    badges = ErpLink.objects.filter(connection=connection).values_list("badge", flat=True)
    assert badges
    assert "waiting" not in badges
    before.refresh_from_db()
    assert (before.state, before.stopped_because) == ("stopped", "The demo now uses Simulated ERP.")
