"""The process of a benchmark that speaks with the database: makes the plant, stores polls, asks what was counted.

python -m mes.config.bench.stored    (asked in JSON lines; MES_DATABASE_URL names the scratch database)
"""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from mes.config.bench.child import answer_lines
from mes.plc.drivers.port import Quality, TagValue
from mes.plc.engine_poll import CommState, Poll

COLUMNS = "at, work_center_id, role, stream, fence, seq, raw, text, quality"
STOPS, SCRAP = 1 / 60, 0.02


class PollMaker:
    """Polls as controllers would give them, one second apart: counts move with each poll, states now and then."""

    def __init__(self, count: int, start: datetime, seed: int = 1) -> None:
        self._dice = random.Random(seed)  # noqa: S311  (a seed is wanted, not secrecy)
        self._at, self._seq = start, 0
        self._good, self._scrap = [0] * count, [0] * count
        self._state = [6] * count

    def second(self) -> list[Poll]:
        """One poll of every controller."""
        self._seq += 1
        self._at += timedelta(seconds=1)
        return [self._poll(number) for number in range(len(self._good))]

    def _poll(self, number: int) -> Poll:
        dice = self._dice
        if dice.random() < STOPS or (self._state[number] == 11 and dice.random() < 0.2):
            self._state[number] = 17 - self._state[number]
        if self._state[number] == 6:
            self._good[number] += dice.choice((1, 2, 2))
            self._scrap[number] += dice.random() < SCRAP
        values = {
            "Good": self._good[number],
            "Scrap": self._scrap[number],
            "State": self._state[number],
            "ReasonCode": 0 if self._state[number] == 6 else 12,
            "Heartbeat": self._seq,
            "Epoch": 1,
            "Speed": dice.uniform(90, 110),
            "OrderId": f"WO-M{number:03}",
        }
        read = {f"Line.{member}": TagValue(value, Quality.GOOD) for member, value in values.items()}
        at = self._at + timedelta(milliseconds=number)
        return Poll(f"C{number:03}", 1, self._seq, at, 0.001, CommState.ONLINE, read, None, False, "RUN")


class Stored:
    """Answers of this process."""

    def __init__(self) -> None:
        self._maker: PollMaker | None = None
        self._writer: Any = None

    def make(self, ports: list[int], period_s: float) -> dict[str, Any]:
        """Migrates the scratch database and makes the plant; the API key that sees all of it."""
        from mes.config.bench.plant import plant_make

        call_command("migrate", interactive=False, verbosity=0)
        now = datetime.now(UTC)
        self._maker = PollMaker(len(ports), now - timedelta(hours=2))
        return {"key": plant_make(ports=ports, period_s=period_s, now=now)}

    def readings(self, seconds: int, batch_s: int) -> dict[str, Any]:
        """Stores polls of so many seconds in batches of `batch_s` seconds; times of each step, and of a bare COPY."""
        from mes.tracking.bindings import controller_plans, readings_of
        from mes.tracking.ingest import MachineContext, ingest

        plans = controller_plans(at=datetime.now(UTC))
        contexts = {m.work_center: MachineContext(m.rules, m.bindings) for p in plans.values() for m in p.machines}
        last, taken = _last_sample(), {"polls": 0, "readings_s": 0.0, "ingest_s": 0.0}
        for polls in self._batches(seconds, batch_s):
            began = time.perf_counter()
            readings = [reading for poll in polls for reading in readings_of(poll, plans[poll.controller])]
            between = time.perf_counter()
            ingest(readings, contexts, now=readings[-1].at)
            taken["readings_s"] += between - began
            taken["ingest_s"] += time.perf_counter() - between
            taken["polls"] += len(polls)
        return taken | _copy_again(last, -(-seconds // batch_s))

    def written(self, seconds: int, batch_s: int) -> dict[str, Any]:
        """The same through the writer, as the poller's process does it: with health rows, spool at hand, and news."""
        writer = self._writer_of_process()
        last, taken = _last_sample(), {"polls": 0, "writer_s": 0.0}
        for polls in self._batches(seconds, batch_s):
            began = time.perf_counter()
            writer.store(polls)
            taken["writer_s"] += time.perf_counter() - began
            taken["polls"] += len(polls)
        if writer.backlog:
            raise RuntimeError("The writer did not store everything.")
        return taken | _copy_again(last, -(-seconds // batch_s))

    def counted(self) -> dict[str, Any]:
        """Good pieces by machine code, those made in gaps included, and the instant of the oldest last reading."""
        from mes.plant.models import WorkCenter
        from mes.tracking.models import CountFlag, CountHour, MachineCursor

        sums = dict.fromkeys(WorkCenter.objects.order_by("code").values_list("code", flat=True), 0)
        for code, good in CountHour.objects.values_list("work_center__code", "good_sum"):
            sums[code] += good
        flags = CountFlag.objects.filter(kind="gap", role="good")
        for code, quantity in flags.values_list("work_center__code", "quantity"):
            sums[code] += int(quantity)
        heard = MachineCursor.objects.values_list("heard_at", flat=True)
        oldest = min(heard).timestamp() if len(heard) == len(sums) else None
        held_back = CountFlag.objects.filter(kind="quarantine").count()
        return {"good": list(sums.values()), "heard_at": oldest, "quarantined": held_back}

    def _batches(self, seconds: int, batch_s: int) -> Iterator[list[Poll]]:
        assert self._maker is not None  # noqa: S101  (make comes first)
        for begin in range(0, seconds, batch_s):
            yield [poll for _ in range(min(batch_s, seconds - begin)) for poll in self._maker.second()]

    def _writer_of_process(self) -> Any:
        from mes.plc.spool import Spool
        from mes.tracking.bindings import controller_plans
        from mes.tracking.news import News
        from mes.tracking.writer import Writer

        if self._writer is None:
            plans = controller_plans(at=datetime.now(UTC))
            spool = Spool(Path(settings.DATA_DIR) / "bench.sqlite3", max_bytes=100_000_000)
            self._writer = Writer(spool=spool, news=News(), plans=lambda: plans)
        return self._writer


def _last_sample() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM tracking_sample")
        return int(cursor.fetchone()[0])


def _copy_again(last: int, transactions: int) -> dict[str, Any]:
    """The sample rows stored since `last`, copied into the same table again: in as many transactions, and in one."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM tracking_sample WHERE id > %s ORDER BY id", [last])  # noqa: S608
        rows = cursor.fetchall()
    size = -(-len(rows) // transactions)
    return {
        "rows": len(rows),
        "copy_s": sum(_copy(rows[begin : begin + size]) for begin in range(0, len(rows), size)),
        "copy_at_once_s": _copy(rows),
    }


def _copy(rows: list[tuple[Any, ...]]) -> float:
    began = time.perf_counter()
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY tracking_sample ({COLUMNS}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    return time.perf_counter() - began


if __name__ == "__main__":
    django.setup()
    stored = Stored()
    answer_lines({each.__name__: each for each in (stored.make, stored.readings, stored.written, stored.counted)})
