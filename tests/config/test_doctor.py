"""`./manage.py doctor`, /readyz and /metrics: well, not well, and away."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from erp_sync.models import ErpConnection
from erp_sync.secrets import secrets_keep
from mes.config import vitals
from mes.config.health import _labels
from mes.leases.models import Lease
from mes.people.keys import api_key_create
from mes.people.models import Person
from mes.plc.models import Controller, ControllerHealth, TagBinding, TagHealth
from mes.tracking.models import CountFlag, MachineCursor
from mes.tracking.retention import partitions_turn
from tests.production.small_plant import SIX, SmallPlant, small_plant


@pytest.fixture
def plant(db: None, redis_url: str, settings: Any, tmp_path: Path) -> SmallPlant:
    """The small plant with a controller that was read a moment ago, and everything a running product has."""
    settings.DATA_DIR, now = tmp_path, datetime.now(UTC)
    made = small_plant()
    controller = Controller.objects.create(code="PLC-1", name="One", site=made.line_1.area.site, address="127.0.0.1")
    TagBinding.objects.create(controller=controller, work_center=made.filler, role="good", tag="T", valid_from=SIX)
    ControllerHealth.objects.create(controller=controller, comm="online", since=SIX, last_good_at=now, polls=42)
    for name in ("plc:PLC-1", "broadcast"):
        Lease.objects.create(name=name, owner="me", fence=1, until=now + timedelta(seconds=60))
    MachineCursor.objects.create(work_center=made.filler, heard_at=now)
    partitions_turn(today=now.date(), keep=timedelta(days=90))
    return made


def doctor() -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code and checks by name."""
    out, code = StringIO(), 0
    try:
        call_command("doctor", stdout=out, json=True)
    except SystemExit as end:
        code = int(str(end.code))
    said = json.loads(out.getvalue())
    assert said["healthy"] is (code == 0)
    return code, {check["name"]: check for check in said["checks"]}


def test_everything_well_is_exit_0(plant: SmallPlant) -> None:
    code, checks = doctor()
    assert (code, [name for name, check in checks.items() if not check["ok"]]) == (0, [])
    wanted = {"database", "clock", "redis", "queue celery", "migrations", "controller PLC-1", "counters", "pollers"}
    assert wanted | {"broadcaster", "spool", "partitions", "journal", "disk", "machines"} <= set(checks)


def test_people_read_a_line_per_check(plant: SmallPlant) -> None:
    out = StringIO()
    call_command("doctor", stdout=out)
    assert out.getvalue().splitlines()[-1] == "Healthy."
    Lease.objects.filter(name="broadcast").delete()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert "BAD  broadcaster" in out.getvalue()
    assert "./manage.py up" in out.getvalue()


def test_a_silent_controller_and_a_wrong_tag_are_named_with_a_remedy(plant: SmallPlant) -> None:
    old = datetime.now(UTC) - timedelta(minutes=5)
    ControllerHealth.objects.update(comm="offline", error="refused", last_good_at=old)
    TagHealth.objects.create(
        controller=Controller.objects.get(), tag="Fil_1.Good", quality="bad", error="no such tag", since=SIX
    )
    code, checks = doctor()
    assert code == 1
    assert "300 s ago, offline: refused" in checks["controller PLC-1"]["said"]
    assert "/controllers/" in checks["controller PLC-1"]["mend"]
    assert "Fil_1.Good (no such tag)" in checks["tags PLC-1"]["said"]


def test_nobody_polling_held_back_counts_and_missing_partitions_are_faults(plant: SmallPlant) -> None:
    now = datetime.now(UTC)
    Lease.objects.filter(name="plc:PLC-1").update(until=now - timedelta(seconds=1))
    CountFlag.objects.create(
        work_center=plant.filler, kind="quarantine", role="good", quantity=9000, from_at=now, to_at=now
    )
    vitals.connection.cursor().execute(f'DROP TABLE "tracking_sample_d{now:%Y_%m_%d}"')
    _, checks = doctor()
    assert "Nobody polls PLC-1." in checks["pollers"]["said"]
    assert "FILL" in checks["counters"]["said"]
    assert [checks[name]["ok"] for name in ("pollers", "counters", "partitions")] == [False, False, False]


def test_polls_on_disk_are_counted(plant: SmallPlant, settings: Any) -> None:
    from mes.plc.engine import CommState, Poll
    from mes.plc.spool import Spool

    spool = Spool(settings.DATA_DIR / "spool" / "poller-0.sqlite3", max_bytes=1_000_000)
    spool.append([Poll("PLC-1", 1, n, SIX, 0.0, CommState.ONLINE, {}, None, False, None) for n in range(3)])
    _, checks = doctor()
    assert checks["spool"]["said"].startswith("3 polls wait on disk")
    assert checks["spool"]["ok"] is False


def test_erps_that_lack_their_secret_stopped_or_are_not_read_are_named_with_a_remedy(plant: SmallPlant) -> None:
    now, site = datetime.now(UTC), plant.line_1.area.site
    fresh = {"kind": "tryton", "address": "https://erp.plant/", "site": site, "last_pull_at": now}
    secrets = {code: {"password": "hush"} for code in ("GOOD", "HALTED", "OLD", "AWAY")}
    more: dict[str, dict[str, Any]] = {
        **{"GOOD": {}, "BARE": {}, "OLD": {"last_pull_at": now - timedelta(minutes=42)}},
        **{"HALTED": {"state": "stopped", "stopped_because": "Refused."}, "AWAY": {"problem": "Nobody answers."}},
        **{"DRAFT": {"state": "draft", "last_pull_at": None}, "FILES": {"kind": "csv", "address": "sap"}},
    }
    for code, fields in more.items():
        ErpConnection.objects.create(code=code, name=code, **{"state": "live", **fresh, **fields})
        secrets_keep(code, secrets.get(code, {}))
    checks = {name: check for name, check in doctor()[1].items() if name.startswith("erp ")}
    assert {name: check["said"] for name, check in checks.items() if not check["ok"]} == {
        "erp BARE": "The connection BARE has no password: enter it on the connection's page, "
        "or set MES_ERP_SECRET_BARE.",
        "erp OLD": "Last read 42 min ago.",
        "erp HALTED": "Stopped: Refused.",
        "erp AWAY": "Nobody answers.",
    }
    assert checks["erp BARE"]["mend"] == "Look at /planning/erp/BARE/setup/."
    assert set(checks) == {f"erp {code}" for code in more} - {"erp DRAFT"}


def test_redis_away_is_one_failed_check(plant: SmallPlant, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    code, checks = doctor()
    assert (code, checks["redis"]["ok"]) == (1, False)
    ready = Client().get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["redis"]["ok"]) == (503, False)


def test_the_database_away_is_a_failed_check_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away() -> list[vitals.Check]:
        raise OperationalError("connection refused")

    [check] = vitals.look([away])
    assert (check.name, check.ok, "connection refused" in check.said) == ("away", False, True)


def test_readyz_is_200_when_database_redis_and_poller_are_there(plant: SmallPlant) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    Lease.objects.filter(name="plc:PLC-1").delete()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["pollers"]["ok"]) == (503, False)


def test_metrics_are_prometheus_text(plant: SmallPlant) -> None:
    answer = Client().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert 'millwright_up{check="database"} 1' in lines
    assert 'millwright_controller_online{controller="PLC-1"} 1' in lines
    assert 'millwright_controller_polls_total{controller="PLC-1"} 42' in lines
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")} <= names
    assert _labels({"a": 'x"y\\z\n'}) == '{a="x\\"y\\\\z\\n"}'


def test_metrics_name_machines_only_to_this_machine_and_to_keys_that_see_every_line(plant: SmallPlant) -> None:
    assert Client(REMOTE_ADDR="10.0.0.9").get("/metrics").status_code == 401
    assert Client(HTTP_X_FORWARDED_FOR="10.0.0.9").get("/metrics").status_code == 401
    everything = Person.objects.create_user("prometheus", role="manager", all_lines=True)
    nothing = Person.objects.create_user("nobody", role="manager")
    for owner, expected in ((everything, 200), (nothing, 401)):
        name = f"metrics of {owner.username}"
        key = api_key_create(owner=owner, name=name, scopes=["read"], actor="test", at=datetime.now(UTC))
        answer = Client(REMOTE_ADDR="10.0.0.9", HTTP_AUTHORIZATION=f"Token {key}").get("/metrics")
        assert answer.status_code == expected
