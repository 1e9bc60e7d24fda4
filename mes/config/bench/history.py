"""The process of `bench kpi`: a plant with years of facts, the answers of the API about them, and SQL on raw events."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from mes.config.bench.child import answer_lines
from mes.config.bench.kpi_sql import FROM_RAW, RAW, ROLLED

PER_LINE = 10
BIG = ("tracking_counthour", "tracking_stateinterval", "downtime_stop", "production_run", "oee_hourfact", "oee_dayfact")
SIZES = (*BIG, "plant_shift")


class History:
    """Answers of this process."""

    def __init__(self) -> None:
        self._key = ""
        self._span: tuple[datetime, datetime] | None = None

    def make(self, machines: int, weeks: int) -> dict[str, Any]:
        """Migrates the scratch database, makes the plant, its facts and their roll-ups; seconds and sizes of each."""
        call_command("migrate", interactive=False, verbosity=0)
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a folder that is not there
        now = datetime.now(UTC)
        monday = (now - timedelta(days=2 + (now.weekday() - 5) % 7)).replace(hour=6, minute=0, second=0, microsecond=0)
        end = monday - timedelta(days=monday.weekday())
        begin = end - timedelta(weeks=weeks)
        self._span = (begin, end)
        given = _plant(machines, begin) | {"weeks": weeks, "begin": begin, "end": end, "now": end}
        self._key = given.pop("key")
        took = {}
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET work_mem = '256MB'")
            cursor.execute("SET maintenance_work_mem = '256MB'")
            indexes = _bare(cursor)
            for name, statement in (RAW | ROLLED).items():
                began = time.perf_counter()
                cursor.execute(statement, given)
                took[name] = time.perf_counter() - began
                if name in ("runs", "counts", "hours of lines"):
                    cursor.execute("ANALYZE")
            began = time.perf_counter()
            for definition in indexes:
                cursor.execute(definition)
            took["indexes"] = time.perf_counter() - began
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("RESET work_mem")
            cursor.execute("RESET statement_timeout")
        return {"took_s": took, "sizes": _sizes(), "begin": begin.isoformat(), "end": end.isoformat()}

    def sample(self, blocks: int) -> dict[str, Any]:
        """Compares that many hours of lines, with all their machines, with what the roller makes of the raw rows."""
        from mes.oee.rebuild import sample_compare

        looked, different = sample_compare(seed="bench", now=datetime.now(UTC), blocks=blocks)
        return {"looked": looked, "different": different}

    def machine_shifts(self, rounds: int) -> dict[str, Any]:
        """GET /kpi/ for one machine and one shift, another one each time: milliseconds of each."""
        from mes.plant.models import Shift, WorkCenter

        dice, took = Random(1), []  # noqa: S311
        machines = list(WorkCenter.objects.values_list("code", "line_id"))
        for _ in range(rounds):
            code, line = dice.choice(machines)
            shifts = Shift.objects.filter(line=line).order_by("starts_at")
            shift = shifts[dice.randrange(shifts.count())]
            took.append(self._get(work_center=code, start=shift.starts_at, end=shift.ends_at)[0])
        return {"ms": took}

    def site_years(self, rounds: int, days: int) -> dict[str, Any]:
        """GET /kpi/ for the whole site and `days` days, beginning at another hour each time: milliseconds of each."""
        dice = Random(2)  # noqa: S311
        begin, end = self._window()
        latest = (end - timedelta(days=days) - begin) // timedelta(hours=1)
        starts = [begin + timedelta(hours=dice.randrange(latest + 1)) for _ in range(rounds)]
        return {"ms": [self._get(site="BENCH", start=at, end=at + timedelta(days=days))[0] for at in starts]}

    def site_raw(self, days: int) -> dict[str, Any]:
        """The last `days` days of the site by SQL on raw events and by the API: milliseconds, and both figures."""
        _, end = self._window()
        start = end - timedelta(days=days)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            began = time.perf_counter()
            cursor.execute(FROM_RAW, {"since": start, "until": end})
            row = [float(value or 0) for value in cursor.fetchone()]
            raw_ms = (time.perf_counter() - began) * 1000
        rolled_ms, answer = self._get(site="BENCH", start=start, end=end)
        seconds, counts = answer["elements"], answer["counts"]
        names = ("scheduled_s", "run_s", "planned_stop_s", "unplanned_s")
        rolled = [*(seconds[name] for name in names), counts["good"], counts["scrap"], seconds["ideal_good_s"]]
        return {"raw_ms": raw_ms, "rolled_ms": rolled_ms, "raw": row, "rolled": rolled}

    @cache  # noqa: B019  (one per process: a new one would load all middleware again, as no server does per question)
    def _client(self) -> Any:
        from django.test import Client

        return Client(SERVER_NAME="localhost", headers={"authorization": f"Token {self._key}"})

    def _window(self) -> tuple[datetime, datetime]:
        assert self._span is not None  # noqa: S101  (make comes first)
        return self._span

    def _get(self, *, start: datetime, end: datetime, **place: str) -> tuple[float, dict[str, Any]]:
        client = self._client()
        query = {**place, "from": start.isoformat(), "to": end.isoformat()}
        began = time.perf_counter()
        answer = client.get("/api/v1/kpi/", query)
        took_ms = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            raise RuntimeError(answer.content.decode())
        return took_ms, answer.json()


def _plant(machines: int, begin: datetime) -> dict[str, Any]:
    """Lines of ten machines, every other one parallel; five items; three reasons. What the SQL needs of them."""
    from mes.downtime.models import Reason
    from mes.oee.policies import default_of, policy_store
    from mes.people.keys import api_key_create
    from mes.people.models import Person
    from mes.plant.models import Area, Line, Site, WorkCenter
    from mes.production.models import IdealCycle, Item

    site = Site.objects.create(code="BENCH", name="Bench", time_zone="UTC")
    area = Area.objects.create(code="HALL", name="Hall", site=site)
    per_line = min(PER_LINE, max(2, machines // 2))
    lines = [
        Line.objects.create(
            code=f"L{n:02}", name=f"Line {n}", area=area, flow=("serial", "parallel")[n % 2], position=n
        )
        for n in range(machines // per_line)
    ]
    places = [
        WorkCenter.objects.create(
            code=f"M{n:03}",
            name=f"Machine {n}",
            line=lines[n // per_line],
            position=n,
            is_exit=n % per_line == per_line - 1,
        )
        for n in range(len(lines) * per_line)
    ]
    items = [Item.objects.create(code=f"ITEM-{n}", name=f"Item {n}") for n in range(5)]
    IdealCycle.objects.bulk_create(
        IdealCycle(item=item, work_center=wc, ideal_cycle_s=Decimal(6), valid_from=begin - timedelta(days=1))
        for item in items
        for wc in places
    )
    reasons = [Reason.objects.create(code=f"R-{k}", name=k, klass=k).pk for k in ("unplanned", "failure")]
    owner = Person.objects.create_user("bench", role="manager", all_lines=True)
    key = api_key_create(owner=owner, name="bench", scopes=["read"], actor="bench", at=datetime.now(UTC))
    policy = policy_store(default_of(places[0]), at=begin).pk
    return {"key": key, "items": [item.pk for item in items], "reasons": [None, *reasons], "policy": policy}


def _bare(cursor: Any) -> list[str]:
    """Takes foreign keys and indexes from the large tables, which are filled at once; gives what makes the indexes."""
    cursor.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT starts_with(reverse(indexname), 'yekp_')",
        [list(BIG)],
    )
    indexes = [row[0] for row in cursor.fetchall()]
    cursor.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype IN ('f', 'x', 'u') AND conrelid::regclass::text = ANY(%s)",
        [list(BIG)],
    )
    for table, name in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for definition in indexes:
        cursor.execute(f'DROP INDEX IF EXISTS "{definition.split(" ON ")[0].split()[-1].strip(chr(34))}"')
    return indexes


def _sizes() -> dict[str, tuple[int, float]]:
    """Table to (rows, MB with indexes)."""
    found = {}
    with connection.cursor() as cursor:
        for table in SIZES:
            cursor.execute(f"SELECT count(*), pg_total_relation_size('{table}') FROM {table}")  # noqa: S608
            rows, size = cursor.fetchone()
            found[table] = (rows, size / 1e6)
    return found


if __name__ == "__main__":
    django.setup()
    own = History()
    answers = (own.make, own.sample, own.machine_shifts, own.site_years, own.site_raw)
    answer_lines({each.__name__: each for each in answers})
