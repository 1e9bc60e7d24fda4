"""The process of `bench genealogy`: a plant with lots over four levels, and the answers about them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from mes.config.bench.child import answer_lines

SHARES = (0.01, 0.09, 0.3, 0.6)  # of all produced lots, by level
ORDERS = 10
RAW = "RAW-1"


class Lots:
    """Answers of this process."""

    def __init__(self) -> None:
        self._key = ""
        self._last = ""
        self._person: Any = None

    def make(self, lots: int) -> dict[str, Any]:
        """Migrates the scratch database; makes the raw lot, what was made of it, and as many lots beside them."""
        call_command("migrate", interactive=False, verbosity=0)
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a folder that is not there
        plant = _plant()
        self._key, self._person = plant["key"], plant["person"]
        levels = _family(plant, RAW, lots)
        self._last = levels[-1][-1].number
        others = _family(plant, "OTHER-1", lots)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SELECT count(*) FROM materials_consumption")
            links = cursor.fetchone()[0]
        named = {"0 (raw)": 1} | {f"{n}": len(level) for n, level in enumerate(levels, 1)}
        return {"levels": named, "links": links, "others": 1 + sum(len(level) for level in others)}

    def ask(self, rounds: int) -> dict[str, Any]:
        """Milliseconds of each question, asked in turn, and how many lots each found."""
        from django.test import Client

        from mes.materials.genealogy import Direction, members_of
        from mes.materials.models import Lot

        raw, last = Lot.objects.get(number=RAW).pk, self._last
        api = Client(SERVER_NAME="localhost", headers={"authorization": f"Token {self._key}"})
        page = Client(SERVER_NAME="localhost")
        page.force_login(self._person)

        def asked(number: str, direction: str) -> int:
            return len(_ok(api.get(f"/api/v1/lots/{number}/genealogy/", {"direction": direction})).json()["lots"])

        def shown() -> int:
            text = _ok(page.get(f"/materials/recall/{RAW}/")).content.decode()
            return 1 + int(text.split('<dd class="large">')[1].split("<")[0].replace(",", ""))

        questions: dict[str, Callable[[], int]] = {
            "recall, query": lambda: len(members_of(raw, Direction.DOWN)[0]),
            "recall, API": lambda: asked(RAW, "down"),
            "recall, page": shown,
            "what one lot was made of, API": lambda: asked(last, "up"),
        }
        took: dict[str, list[float]] = {name: [] for name in questions}
        found = {}
        for _ in range(rounds):
            for name, question in questions.items():
                began = time.perf_counter()
                found[name] = question()
                took[name].append((time.perf_counter() - began) * 1000)
        return {"ms": took, "lots": found}


def _ok(answer: Any) -> Any:
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code}: {answer.content[:300].decode()}")
    return answer


def _plant() -> dict[str, Any]:
    from mes.people.keys import api_key_create
    from mes.people.models import Person, Role
    from mes.plant.models import Area, Line, Site, WorkCenter
    from mes.production.models import Item

    site = Site.objects.create(code="BENCH", name="Bench", time_zone="UTC")
    line = Line.objects.create(code="L1", name="Line", area=Area.objects.create(code="HALL", name="Hall", site=site))
    person = Person.objects.create_user("bench", password=None, role=Role.ADMIN)
    at = datetime.now(UTC)
    key = api_key_create(owner=person, name="bench", scopes=["read"], lines=[], expires_at=None, actor="bench", at=at)
    return {
        "site": site,
        "line": line,
        "place": WorkCenter.objects.create(code="M1", name="Machine", line=line),
        "items": [Item.objects.create(code=f"ITEM-{n}", name=f"Item {n}") for n in range(5)],
        "key": key,
        "person": person,
        "at": at - timedelta(days=7),
    }


def _family(plant: dict[str, Any], raw: str, lots: int) -> list[list[Any]]:
    """The lots of each level; the first goes through orders, each lot of a later one is of two of the level before."""
    from mes.materials.models import Consumption
    from mes.production.models import WorkOrder

    begin = _lots(plant, 0, [raw])[0]
    orders = WorkOrder.objects.bulk_create(
        WorkOrder(
            number=f"{raw}-WO-{n}", item=plant["items"][1], line=plant["line"], quantity=Decimal(1000), source="bench"
        )
        for n in range(ORDERS)
    )
    levels: list[list[Any]] = []
    links: list[tuple[Any, Any, Any]] = [(begin, None, order) for order in orders]
    for number, share in enumerate(SHARES, 1):
        names = [f"{raw}-{number}-{n}" for n in range(max(1, round(lots * share)))]
        made = _lots(plant, number, names, orders if number == 1 else None)
        if levels:
            above = levels[-1]
            links += [(above[(n + step) % len(above)], lot, None) for n, lot in enumerate(made) for step in (0, 1)]
        levels.append(made)
    Consumption.objects.bulk_create(
        (
            Consumption(
                lot=lot, into=into, order=order, line=plant["line"], work_center=plant["place"], quantity=1,
                at=plant["at"], actor="bench", key=uuid4(),
            )
            for lot, into, order in links
        ),
        batch_size=5000,
    )  # fmt: skip
    return levels


def _lots(plant: dict[str, Any], level: int, names: list[str], orders: list[Any] | None = None) -> list[Any]:
    from mes.materials.models import Lot

    made = level > 0
    return Lot.objects.bulk_create(
        (
            Lot(
                number=name, item=plant["items"][level], quantity=1000, consumed=10, unit="pcs", site=plant["site"],
                line=plant["line"] if made else None, at_line=plant["line"] if made else None,
                order=orders[n % len(orders)] if orders else None, at=plant["at"], actor="bench", key=uuid4(),
            )
            for n, name in enumerate(names)
        ),
        batch_size=5000,
    )  # fmt: skip


if __name__ == "__main__":
    django.setup()
    lots = Lots()
    answer_lines({"make": lots.make, "ask": lots.ask})
