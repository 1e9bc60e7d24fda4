"""The process of `bench erp`: a plant, a connection to the simulated ERP, and bare HTTP to its twin."""

import http.client
import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import django
from django.core.management import call_command
from django.db import connection as database

from mes.config.bench.child import answer_lines

PAGE = 200
CODE = "BENCH"


class Bare:
    """One kept connection, JSON there and back, and nothing else."""

    def __init__(self, address: str, token: str) -> None:
        self._line = http.client.HTTPConnection(urlsplit(address).netloc)
        self._head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def anew(self) -> None:
        """The next exchange opens the line again: the service closes one that was quiet for a minute."""
        self._line.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; RuntimeError for anything but 200."""
        self._line.request(method, path, None if body is None else json.dumps(body), self._head)
        answer = self._line.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {text[:200]!r}")
        return json.loads(text)


class Orders:
    """Answers of this process."""

    def __init__(self) -> None:
        self._erp: Any = None
        self._lines: list[Bare] = []
        self._bodies: list[tuple[str, Any]] = []

    def make(self, orders: int, ours: str, bare: str, token: str) -> dict[str, Any]:
        """Migrates the scratch database; the same orders in both ERPs, and a live connection to one of them."""
        call_command("migrate", interactive=False, verbosity=0)
        self._erp = _connection(ours)
        self._lines = [Bare(ours, token), Bare(bare, token)]
        rows = [_order(number) for number in range(orders)]
        for line in self._lines:
            for start in range(0, orders, 1000):
                line.ask("POST", "/desk/make", {"orders": rows[start : start + 1000], "modified": 1000 + start})
        return {}

    def pull(self) -> dict[str, Any]:
        """Seconds of the same pages, bare, new and unchanged."""
        began, after, pages, orders = time.perf_counter(), (-1, -1), 0, 0
        while True:
            path = f"/orders?since=0&after={after[0]}&after_key={after[1]}&limit={PAGE}"
            rows = self._lines[1].ask("GET", path)
            pages, orders = pages + 1, orders + len(rows)
            if len(rows) < PAGE:
                break
            after = rows[-1]["modified"], rows[-1]["key"]
        told = {"bare_s": time.perf_counter() - began, "pages": pages, "orders": orders}
        told["new_s"] = self._pulled()
        with database.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self._erp.order_cursor = ""
        self._erp.save(update_fields=["order_cursor"])
        told["again_s"] = self._pulled()
        return told

    def write(self) -> dict[str, Any]:
        """Every order runs and has counts; seconds until each has its message."""
        from erp_sync.models import OutboxMessage
        from erp_sync.outbound.follow import follow

        _run_all()
        began = time.perf_counter()
        messages = follow(datetime.now(UTC))
        took = time.perf_counter() - began
        self._bodies = [_body(message) for message in OutboxMessage.objects.select_related("link").order_by("pk")]
        return {"messages": messages, "s": took}

    def drain(self, messages: int) -> dict[str, Any]:
        """Seconds of so many messages: ours to one ERP, the same bodies bare to its twin, which goes first in turn."""
        from erp_sync.outbound.deliver import deliver_due

        mine, self._bodies = self._bodies[:messages], self._bodies[messages:]
        self._lines[1].anew()
        began = time.perf_counter()
        for path, body in mine:
            self._lines[1].ask("PUT", path, body)
        between = time.perf_counter()
        sent = deliver_due(datetime.now(UTC), messages, budget_s=600)
        return {"sent": sent, "bare_s": between - began, "ours_s": time.perf_counter() - between}

    def ended(self) -> dict[str, Any]:
        """How many arrived, and how many orders' totals differ from ours in the ERP."""
        from erp_sync.models import ErpLink, OutboxMessage

        self._lines[0].anew()
        told = {link.key: link.confirmed["good"]["value"] for link in ErpLink.objects.exclude(confirmed={})}
        booked = self._lines[0].ask("POST", "/booked", {"keys": [int(key) for key in told]})
        differ = sum(Decimal(row["good"]) != Decimal(told[key]) for key, row in booked.items())
        made = [Decimal(row["good"]) for row in booked.values()]
        wrong = sum(value != 250 for value in made)  # each order counted 6000 pieces: 250 packs of 24
        return {"sent": OutboxMessage.objects.filter(status="sent").count(), "differ": differ + wrong}

    def _pulled(self) -> float:
        from erp_sync.inbound.pull import pull_orders

        began = time.perf_counter()
        while True:
            run = pull_orders(self._erp, datetime.now(UTC))
            if run is None or run.error:
                raise RuntimeError(run.error if run else "Another pull is under way.")
            if not self._erp.order_more:
                return time.perf_counter() - began


def _connection(address: str) -> Any:
    from erp_sync.models import ErpConnection, ErpMapping
    from mes.plant.models import Area, Line, Site, WorkCenter
    from mes.production.models import Item

    site = Site.objects.create(code="BENCH", name="Bench", time_zone="UTC")
    line = Line.objects.create(code="L1", name="Line", area=Area.objects.create(code="HALL", name="Hall", site=site))
    WorkCenter.objects.create(code="M1", name="Machine", line=line, is_exit=True)
    Item.objects.create(code="COLA", name="Cola")
    Item.objects.create(code="SYRUP", name="Syrup", unit="l")
    erp = ErpConnection.objects.create(
        code=CODE, name="Simulated", kind="simulated", address=address, site=site, state="live"
    )
    known = (("item", "COLA-E", "COLA", None), ("item", "SYRUP-E", "SYRUP", None), ("unit", "PK24", "pcs", 24))
    for kind, ext, code, factor in (*known, ("unit", "L", "l", 1), ("work-center", "LINE-E", "L1", None)):
        ErpMapping.objects.create(
            connection=erp, kind=kind, ext_key=ext, mes_code=code, factor=factor, valid_from=_LONG_AGO, by="bench"
        )
    return erp


_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _order(number: int) -> dict[str, Any]:
    component = {"item": "SYRUP-E", "quantity": "1200", "unit": "L"}
    about = {"item": "COLA-E", "quantity": "400", "unit": "PK24", "line": "LINE-E", "priority": 50}
    return {"number": f"E-{number:06}", "components": [component], "due": "2030-01-01T12:00:00+00:00", **about}


def _run_all() -> None:
    """Six thousand good pieces of every order, in bulk: what the machines did is not what is measured."""
    from mes.plant.models import WorkCenter
    from mes.production.models import WorkOrder
    from mes.tracking.models import CountHour

    place, now = WorkCenter.objects.get(), datetime.now(UTC)
    WorkOrder.objects.update(status="running", started_at=now)
    minutes = [100] * 60
    rows = (
        CountHour(
            work_center=place, hour=now.replace(minute=0, second=0, microsecond=0), order=order, item_id=order.item_id,
            good=minutes, good_sum=6000,
        )
        for order in WorkOrder.objects.all()
    )  # fmt: skip
    CountHour.objects.bulk_create(rows, batch_size=1000)
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _body(message: Any) -> tuple[str, Any]:
    from erp_sync.connectors.simulated.words import confirmation_of
    from erp_sync.outbound.push import response_of

    path = f"/orders/{message.link.key}/confirmations/{message.event_id}"
    return path, confirmation_of(response_of(message, message.link.version))


def main() -> None:
    """Serves its parent."""
    django.setup()
    orders = Orders()
    answer_lines({name: getattr(orders, name) for name in ("make", "pull", "write", "drain", "ended")})


if __name__ == "__main__":
    main()
