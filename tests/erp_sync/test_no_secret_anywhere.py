"""S1: a secret stands in no row, no log and no admin page, although the ERP throws it back in every error."""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from erp_sync.connections import connection_check
from erp_sync.connectors import KINDS
from erp_sync.errors import ErpError
from erp_sync.inbound.pull import pull_orders
from erp_sync.messages import ExternalRef
from erp_sync.models import Attempt, ErpConnection, SyncRun
from erp_sync.outbound.deliver import deliver_due
from erp_sync.secrets import secrets_keep
from erp_sync.wire import plain as as_json
from mes.people.models import Role
from tests.erp_sync.contract.rig import said
from tests.erp_sync.contract.rig_simulated import SimulatedRig
from tests.erp_sync.erp_rows import connection, link, message
from tests.erp_sync.http_server import Server, echo, plain
from tests.production.small_plant import small_plant

SECRET = "Correct/Horse-Battery 42"
STATUSES = (401, 422, 500, 302, 200)
RIG: Any = SimulatedRig
SPELT = (SECRET, base64.b64encode(SECRET.encode()).decode()[:20], "Correct%2FHorse", "Correct\\/Horse")


def friendly_until_the_login(
    answer: Callable[[BaseHTTPRequestHandler], None],
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Tells its version (Tryton's and Odoo's way) to everybody; whatever else is asked gets the answer."""

    def either(handler: BaseHTTPRequestHandler) -> None:
        body: bytes = handler.server.asked[-1][3]  # type: ignore[attr-defined]
        version: Any = "8.2.1" if b"common.server.version" in body else {"server_version": "17.0"}
        if b"version" in body:
            plain(200, json.dumps({"id": 1, "jsonrpc": "2.0", "result": version}).encode())(handler)
        else:
            answer(handler)

    return either


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


def rows() -> str:
    """Every row of the ERP rooms and of the journal, as text."""
    models = [*apps.get_app_config("erp_sync").get_models(), apps.get_model("journal", "JournalEntry")]
    return "\n".join(repr(row) for model in models for row in model._default_manager.values())


def pages(client: Client, erp: ErpConnection) -> Iterator[str]:
    """What an admin sees of the connection and of one message, in the admin and on the planner's pages."""
    tried = Attempt.objects.exclude(sent="").latest("pk")
    admin = (f"/admin/erp_sync/attempt/{tried.pk}/change/", "/admin/erp_sync/syncrun/")
    for path in (*admin, f"/planning/erp/{erp.code}/setup/", f"/planning/erp/messages/{tried.message.event_id}/"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        yield answer.content.decode()


@pytest.mark.parametrize("kind", ["simulated", "tryton", "odoo", "b2mml"])
def test_an_erp_that_echoes_the_login_cannot_make_it_known(
    db: None, server: Server, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str, client: Client
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.DATA_DIR, now = tmp_path, timezone.now()
    secrets_keep("LEAK", dict.fromkeys(KINDS[kind].secrets, SECRET))
    options = {"database": "mes", "user": "mes"}
    plant = small_plant()
    erp = connection(plant.line_1.area.site, now, "LEAK", kind=kind, address=server.address, options=options)
    for status in STATUSES:
        server.answer = friendly_until_the_login(
            echo(status, Location=f"http://elsewhere/?{SECRET}", Set_Cookie=f"session={SECRET}")
        )
        told = link(erp, str(status), now, version="1")
        message(told, now, payload=as_json(said(RIG, ExternalRef("order", told.key), 1, 10)))
        connection_check(erp, "ana", now)
        for exchange in (pull_orders, lambda erp, now: deliver_due(now)):
            ErpConnection.objects.update(state="live", problem="", clock_skew_s=None)  # a refused login stops it
            erp.refresh_from_db()
            with suppress(ErpError):
                exchange(erp, now)
    assert SyncRun.objects.exclude(error="").count() >= len(STATUSES)
    assert Attempt.objects.exclude(sent="").count() == len(STATUSES)
    assert any(SECRET in repr(asked) or SPELT[1] in repr(asked) for asked in server.asked)  # it did come back
    client.force_login(plant.person(Role.ADMIN))
    found = "\n".join([rows(), caplog.text, *pages(client, erp)])
    assert [spelling for spelling in SPELT if spelling in found] == []
