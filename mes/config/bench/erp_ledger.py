"""Confirmations of many orders through a bad line to a real Tryton, and a ledger of what should stand there at last."""

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from erp_sync.connector import Settings
from erp_sync.connectors.tryton import Tryton
from erp_sync.errors import ConflictError, TransientError
from erp_sync.messages import Actuals, ExternalRef, MaterialActual, MaterialUse, OperationsResponse, Quantity
from erp_sync.transport.client import Answer, HttpDoor
from erp_sync.wire import plain, response_from

WRITES = ("create", "write", "delete", "wait", "assign_try", "run", "do", "done", "start", "stop", "skip")
LOST_BEFORE, LOST_AFTER, KILLED = 0.2, 0.2, 0.02
MOST_TRIES = 500
ZERO = Decimal(0)


class Killed(BaseException):
    """The worker is gone, at the worst of moments."""


class BadLine(HttpDoor):
    """Loses requests and answers of writes, and kills the worker now and then, by a seeded die."""

    def __init__(self, settings: Settings, dice: random.Random, counted: Counter[str]) -> None:
        super().__init__(settings)
        self._dice, self._counted = dice, counted

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """As the real door, but for what gets lost."""
        self._counted["calls"] += 1
        if str(body["method"]).rpartition(".")[2] not in WRITES:
            return super().post(path, body, headers)
        self._counted["writes"] += 1
        luck, moment = self._dice.random(), self._dice.random() < 0.5
        if luck < KILLED and moment:
            self._counted["killed"] += 1
            raise Killed
        if KILLED <= luck < KILLED + LOST_BEFORE:
            self._counted["lost before"] += 1
            raise TransientError("The request was lost.")
        answer = super().post(path, body, headers)
        if luck < KILLED:
            self._counted["killed"] += 1
            raise Killed
        if luck < KILLED + LOST_BEFORE + LOST_AFTER:
            self._counted["lost after"] += 1
            raise TransientError("The answer was lost.")
        return answer


@dataclass(slots=True)
class Ledger:
    """What should be booked of one order: good and scrap by lot, and what was used by item and lot."""

    key: str
    item: str
    good: dict[str, int] = field(default_factory=dict)
    scrap: dict[str, int] = field(default_factory=dict)
    used: dict[tuple[str, str], int] = field(default_factory=dict)
    sequence: int = 0

    def goes_on(self, dice: random.Random, materials: Mapping[str, list[str]], *, corrected: bool) -> None:
        """Some more is made; now and then a person takes one piece back from good, and what it took from the lot."""
        lot = f"{self.key}-{'AB'[dice.random() < 0.4]}"
        good, scrap = dice.randint(1, 9), dice.randint(0, 2)
        self.good[lot] = self.good.get(lot, 0) + good
        self.scrap[lot] = self.scrap.get(lot, 0) + scrap
        for material, lots in materials.items():
            key = (material, dice.choice(lots))
            self.used[key] = self.used.get(key, 0) + good + scrap
        if corrected:
            self.good[lot] -= 1
            self.used[key] -= 1

    def message(self, *, final: bool) -> OperationsResponse:
        """The next confirmation: totals, as always."""
        self.sequence += 1
        produced = [_line(MaterialUse.PRODUCED, self.item, n, lot) for lot, n in self.good.items()]
        scrapped = [_line(MaterialUse.SCRAP, self.item, n, lot) for lot, n in self.scrap.items()]
        used = [_line(MaterialUse.CONSUMED, item, n, lot) for (item, lot), n in self.used.items()]
        totals = Actuals(
            _pieces(sum(self.good.values())),
            _pieces(sum(self.scrap.values())),
            _pieces(0),
            (*produced, *scrapped, *used),
            run_s=600 * self.sequence,
        )
        at = datetime(2026, 1, 1, tzinfo=UTC)
        event = UUID(int=int(self.key) * 1000 + self.sequence)
        order = ExternalRef("production", self.key)
        return OperationsResponse(event, order, self.sequence, at, "", final, totals, totals)


@dataclass(slots=True)
class Outcome:
    """What happened on the line, and every figure that differs in the end: (order, what, should be, is)."""

    counted: Counter[str] = field(default_factory=Counter)
    differ: list[tuple[str, str, Decimal, Decimal]] = field(default_factory=list)
    good: int = 0
    scrap: int = 0
    used: int = 0


def drive(
    settings: Settings, database: Path, ledgers: list[Ledger], materials: Mapping[str, list[str]], each: int, seed: int
) -> Outcome:
    """Sends `each` confirmations of every order, interleaved, until all arrived; then compares with the database."""
    dice, outcome = random.Random(seed), Outcome()  # noqa: S311 - a die that can be thrown again
    turns = [ledger for ledger in ledgers for _ in range(each)]
    dice.shuffle(turns)
    worker = Tryton(settings, BadLine(settings, dice, outcome.counted))
    for ledger in turns:
        last = ledger.sequence + 1 == each
        ledger.goes_on(dice, materials, corrected=dice.random() < 0.1)
        stored = json.dumps(plain(ledger.message(final=last)))
        worker = _sent(worker, stored, settings, dice, outcome.counted)
    worker.close()
    for ledger in ledgers:
        outcome.differ += _differences(ledger, database)
        outcome.good += sum(ledger.good.values())
        outcome.scrap += sum(ledger.scrap.values())
        outcome.used += sum(ledger.used.values())
    return outcome


def _sent(worker: Tryton, stored: str, settings: Settings, dice: random.Random, counted: Counter[str]) -> Tryton:
    """Tries until the message has arrived; the worker after that, since some are killed on the way."""
    counted["confirmations"] += 1
    for _ in range(MOST_TRIES):
        counted["tries"] += 1
        try:
            worker.push_response(response_from(json.loads(stored)))
            return worker
        except (TransientError, ConflictError):
            continue
        except Killed:
            worker = Tryton(settings, BadLine(settings, dice, counted))
    raise TransientError(f"A confirmation did not arrive in {MOST_TRIES} tries.")


def _differences(ledger: Ledger, database: Path) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    """Ledger against the rows in Tryton's database, read without any code of ours."""
    found = booked(int(ledger.key), database)
    wanted: dict[tuple[str, str, str], Decimal] = {}
    for lot, n in ledger.good.items():
        wanted["good", ledger.item, lot] = Decimal(n)
    for lot, n in ledger.scrap.items():
        wanted["scrap", ledger.item, lot] = Decimal(n)
    for (item, lot), n in ledger.used.items():
        wanted["used", item, lot] = Decimal(n)
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key, ZERO) != found.get(key, ZERO):
            yield ledger.key, " ".join(key), wanted.get(key, ZERO), found.get(key, ZERO)


def booked(order: int, database: Path) -> dict[tuple[str, str, str], Decimal]:
    """(good, scrap or used; item; lot) -> what stands in the database. Moves of an order that are not done: `open`."""
    found: dict[tuple[str, str, str], Decimal] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as rows:
        (made,) = rows.execute("SELECT product FROM production WHERE id = ?", [order]).fetchone()
        for state, product, code, lot, kind, is_input, quantity in rows.execute(_MOVES, [order, order, order]):
            if state == "cancelled":
                continue
            what = "used" if product != made else "scrap" if kind == "lost_found" else "good"
            sign = 1 if (what == "used") == bool(is_input) else -1
            key = (what if state == "done" else "open", code, lot)
            found[key] = found.get(key, ZERO) + sign * Decimal(str(quantity))
    return found


def _line(use: MaterialUse, item: str, quantity: int, lot: str) -> MaterialActual:
    return MaterialActual(use, item, _pieces(quantity), lot)


def _pieces(quantity: int) -> Quantity:
    return Quantity(Decimal(quantity), "u")


# Moves into and out of an order, and those by which scrap of it was taken back (an input, in effect).
_MOVES = """
SELECT m.state, m.product, p.code, coalesce(l.number, ''),
       CASE WHEN f.type = 'lost_found' THEN f.type ELSE t.type END,
       m.production_output IS NULL, m.quantity
  FROM stock_move m
  JOIN product_product p ON p.id = m.product
  JOIN stock_location t ON t.id = m.to_location
  JOIN stock_location f ON f.id = m.from_location
  LEFT JOIN stock_lot l ON l.id = m.lot
 WHERE m.production_input = ? OR m.production_output = ?
    OR m.origin IN (SELECT 'stock.move,' || id FROM stock_move WHERE production_output = ?)
"""
