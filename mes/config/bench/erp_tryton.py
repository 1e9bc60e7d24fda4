"""The process of `bench erp` that speaks to a real Tryton: our whole way there, beside bare HTTP of such exchanges."""

import gzip
import http.client
import json
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django

from erp_sync.connector import Settings
from erp_sync.connectors.tryton.connector import Tryton
from erp_sync.demo.home import Built, TrytonHome
from erp_sync.demo.series import ALL
from erp_sync.messages import OperationsRequest, OperationsResponse
from erp_sync.transport.client import Answer, HttpDoor
from erp_sync.wire import plain, response_from
from mes.config.bench.child import answer_lines
from mes.config.bench.erp_chaos import ITEM, Erp, materials_of, orders_make, served
from mes.config.bench.erp_ledger import Ledger

CODE = "TRYTON"
SEED = 20260102
PAGE = 200


class BareDoor(HttpDoor):
    """The same requests by `http.client` on one kept line; `spent_s` is from the request to the last byte."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._line = http.client.HTTPConnection(urlsplit(settings.address).netloc)
        self.spent_s, self.exchanges = 0.0, 0

    def send(self, method: str, path: str, content: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """RuntimeError where nothing was measured."""
        began = time.perf_counter()
        self._line.request(method, path, content, {"Accept-Encoding": "gzip", **(headers or {})})
        answer = self._line.getresponse()
        body = answer.read()
        self.spent_s += time.perf_counter() - began
        self.exchanges += 1
        if answer.status not in (200, 404, 405):  # a series is found by asking at the address of the other one too
            raise RuntimeError(f"{answer.status}: {body[:200]!r}")
        packed = answer.headers.get("Content-Encoding") == "gzip"
        return Answer(answer.status, answer.headers, gzip.decompress(body) if packed else body)

    def close(self) -> None:
        """Gives the line back."""
        self._line.close()
        super().close()


class Real:
    """Answers of this process. One Tryton; the orders of both sides take turns there."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._erp: Any = None
        self._settings: Any = None
        self._bare: list[OperationsResponse] = []

    def make(self, series: str, home: str, orders: int) -> dict[str, Any]:
        """A fresh Tryton, and so many new orders for each side. The database is migrated already."""
        tryton = TrytonHome(ALL[series], Path(home))
        there: Built = tryton.build(today=datetime.now(UTC).date(), say=lambda text: None)
        erp = self._open.enter_context(served(tryton, there))
        keys = orders_make(erp, 2 * orders)
        self._settings = erp.settings
        os.environ[f"MES_ERP_SECRET_{CODE}"] = json.dumps(dict(erp.settings.secrets))
        with closing(Tryton(erp.settings)) as connector:
            requests = [request for page in _pages(connector) for request in page]
        self._erp = _connection(erp, requests)
        self._first_pull_s = self._pulled()
        self._messages(erp, keys, {request.ref.key: request.ref.version for request in requests})
        return {}

    def pull(self) -> dict[str, Any]:
        """Seconds of all orders again, unchanged: ours applied, bare only fetched."""
        self._erp.order_cursor = ""
        self._erp.save(update_fields=["order_cursor"])
        ours_s = self._pulled()
        with self._barely() as (connector, door):
            pages = list(_pages(connector))
        orders = sum(len(page) for page in pages)
        return {"orders": orders, "pages": len(pages), "ours_s": ours_s, **_spent(door), "new_s": self._first_pull_s}

    def drain(self, messages: int) -> dict[str, Any]:
        """Seconds of so many messages by `deliver`, and of as many other orders' exchanges on a bare line."""
        from erp_sync.outbound.deliver import Clock, deliver_connection

        mine, self._bare = self._bare[:messages], self._bare[messages:]
        with self._barely() as (connector, door):
            for message in mine:
                connector.push_response(message)
        began = time.perf_counter()
        sent = deliver_connection(self._erp, Clock(datetime.now(UTC)), messages, budget_s=600)
        return {"sent": sent, "ours_s": time.perf_counter() - began, **_spent(door)}

    def ended(self) -> dict[str, Any]:
        """How many arrived; the server is stopped."""
        from erp_sync.models import OutboxMessage

        arrived = OutboxMessage.objects.filter(link__connection=self._erp, status=OutboxMessage.Status.SENT).count()
        self._open.close()
        return {"sent": arrived}

    @contextmanager
    def _barely(self) -> Iterator[tuple[Tryton, BareDoor]]:
        """A connector that logs in, asks and logs out as ours does each time, on a bare line."""
        door = BareDoor(self._settings)
        with closing(Tryton(self._settings, door)) as connector:
            yield connector, door

    def _pulled(self) -> float:
        from erp_sync.inbound.pull import pull_orders

        began = time.perf_counter()
        while True:
            run = pull_orders(self._erp, datetime.now(UTC))
            if run is None or run.error:
                raise RuntimeError(run.error if run else "Another pull is under way.")
            if not self._erp.order_more:
                return time.perf_counter() - began

    def _messages(self, erp: Erp, keys: Sequence[str], versions: Mapping[str, str]) -> None:
        """One confirmation of every order, with lots made and used; every second order is ours."""
        from erp_sync.models import ErpLink, OutboxMessage

        dice, materials = random.Random(SEED), materials_of(erp)  # noqa: S311 - a die that can be thrown again
        links = {link.key: link for link in ErpLink.objects.filter(connection=self._erp)}
        now = datetime.now(UTC)
        for number, key in enumerate(keys):
            ledger = Ledger(key, ITEM)
            ledger.goes_on(dice, materials, corrected=False)
            said = json.loads(json.dumps(plain(ledger.message(final=False))))
            message = response_from(said)
            if number % 2:
                self._bare.append(replace(message, order=replace(message.order, version=versions[key])))
                continue
            OutboxMessage.objects.create(
                event_id=message.event_id, link=links[key], sequence=1, payload=said, cause="bench", created_at=now,
                due_at=now,
            )  # fmt: skip


def _spent(door: BareDoor) -> dict[str, Any]:
    return {"bare_s": door.spent_s, "exchanges": door.exchanges}


def _pages(connector: Tryton) -> Iterator[tuple[OperationsRequest, ...]]:
    cursor, more = "", True
    while more:
        page = connector.pull_orders(cursor, overlap_s=0, limit=PAGE)
        yield page.requests
        cursor, more = page.cursor, page.more


def _connection(erp: Erp, requests: Sequence[OperationsRequest]) -> Any:
    """A live connection whose orders are all mapped: each of the ERP's codes is called the same here."""
    from erp_sync.models import ErpConnection, ErpMapping
    from mes.plant.models import Line, Site
    from mes.production.models import Item

    options = {**erp.settings.options, "default_line": Line.objects.get().code}
    made = ErpConnection.objects.create(
        code=CODE, name="Tryton", kind="tryton", address=erp.settings.address, options=options, site=Site.objects.get(),
        state=ErpConnection.State.LIVE,
    )  # fmt: skip
    units = {request.item: request.quantity.unit for request in requests}
    for request in requests:
        for need in request.materials:
            units[need.item] = need.quantity.unit if need.quantity is not None else units.get(need.item, "u")
    places = {request.work_center for request in requests}
    places |= {step.work_center for request in requests for step in request.segments}
    Item.objects.bulk_create(Item(code=code, name=code, unit=unit) for code, unit in units.items())
    said = [("item", code, code, None) for code in units] + [("unit", unit, unit, 1) for unit in set(units.values())]
    said += [("work-center", place, "M1", None) for place in places if place]
    ErpMapping.objects.bulk_create(
        ErpMapping(
            connection=made, kind=kind, ext_key=ext, mes_code=code, factor=factor, by="bench",
            valid_from=datetime(2020, 1, 1, tzinfo=UTC),
        )
        for kind, ext, code, factor in said
    )  # fmt: skip
    return made


def main() -> None:
    """Serves its parent."""
    django.setup()
    real = Real()
    answer_lines({name: getattr(real, name) for name in ("make", "pull", "drain", "ended")})


if __name__ == "__main__":
    main()
