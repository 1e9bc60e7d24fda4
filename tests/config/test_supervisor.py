"""The supervisor on real processes: back-off, readiness, ordered stop, nothing outlives anybody."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mes.config.processes.child import ChildSpec
from mes.config.processes.identity import Identity, identity_of, is_running
from mes.config.processes.leftovers import end_leftovers
from mes.config.processes.lock import AlreadyRuns, FolderLock
from mes.config.processes.logs import last_lines, turn_over
from mes.config.processes.supervisor import ChildFailed, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


class Clock:
    """A monotonic clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class House:
    """A supervisor with its folders, its clock and everything it said."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.folder = folder
        self.said: list[tuple[str, str]] = []
        self.supervisor = Supervisor(
            run_dir=folder / "run",
            log_dir=folder / "logs",
            say=lambda name, text: self.said.append((name, text)),
            clock=clock,
        )

    def python(self, name: str, code: str, **more: object) -> ChildSpec:
        return ChildSpec(name=name, command=(sys.executable, "-c", code), cwd=self.folder, **more)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    built = House(tmp_path, clock)
    yield built
    built.supervisor.stop()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path, time.monotonic)
    yield built
    built.supervisor.stop()


def until(condition: Callable[[], object], *, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    found = identity_of(pid)
    return found is None or not is_running(found)


def wait_for_death(house: House, name: str) -> float:
    """Ticks at a standing clock until the end was noticed; the pause until the next start."""
    child = house.supervisor.children[name]

    def noticed() -> bool:
        house.supervisor.tick()
        return child.start_at is not None

    until(noticed)
    assert child.start_at is not None
    return child.start_at - house.supervisor._clock()


def test_a_dying_child_is_started_again_after_pauses_that_double_up_to_15_seconds(house: House, clock: Clock) -> None:
    house.supervisor.start(house.python("mayfly", "raise SystemExit(7)"))
    pauses = []
    for _ in range(7):
        pauses.append(wait_for_death(house, "mayfly"))
        clock.now += pauses[-1]
        house.supervisor.tick()
    assert pauses == [0.5, 1, 2, 4, 8, 15, 15]
    assert house.said[0][0] == "mayfly"
    assert "ended with exit code 7; starts again in 0.5 s" in house.said[0][1]


def test_the_pauses_begin_anew_after_30_seconds_well(house: House, clock: Clock) -> None:
    house.supervisor.start(house.python("clerk", "import time; time.sleep(60)"))
    pauses = []
    for well_s in (1, 1, 30, 1):
        clock.now += well_s
        child = house.supervisor.children["clerk"]
        assert child.identity
        os.kill(child.identity.pid, signal.SIGKILL)
        pauses.append(wait_for_death(house, "clerk"))
        clock.now += pauses[-1]
        house.supervisor.tick()
    assert pauses == [0.5, 1, 0.5, 1]
    assert "was ended by SIGKILL" in house.said[0][1]


def test_a_pause_is_kept_before_the_next_start(house: House, clock: Clock) -> None:
    house.supervisor.start(house.python("mayfly", "pass"))
    wait_for_death(house, "mayfly")
    clock.now += 0.49
    house.supervisor.tick()
    assert not house.supervisor.children["mayfly"].running
    clock.now += 0.01
    house.supervisor.tick()
    assert house.supervisor.children["mayfly"].running


def test_children_stop_from_the_highest_stage_to_the_lowest(real: House) -> None:
    code = (
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n"
        "    time.sleep(0.2)\n"
        "    open('order', 'a').write('{name} ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path('{name}').touch()\n"
        "while True: time.sleep(1)\n"
    )
    for stage, name in ((0, "database"), (3, "worker"), (4, "web")):
        path = real.folder / name
        spec = real.python(name, code.replace("{name}", name), stage=stage, ready=path.exists)
        real.supervisor.start(spec)
    real.supervisor.wait_until_ready(["database", "worker", "web"], within_s=20)
    real.supervisor.stop()
    assert (real.folder / "order").read_text() == "web worker database "
    assert list((real.folder / "run").glob("*.pid")) == []


def test_a_child_that_does_not_stop_is_killed_with_everything_it_started(real: House) -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import signal, time; "
        'signal.signal(15, signal.SIG_IGN); open("inner", "w").close(); time.sleep(60)\'])\n'
        "open('pids', 'w').write(str(inner.pid))\n"
        "time.sleep(60)\n"
    )
    ready = real.folder / "inner"
    child = real.supervisor.start(real.python("deaf", code, stop_within_s=0.3, ready=ready.exists))
    real.supervisor.wait_until_ready(["deaf"], within_s=20)
    inner = int((real.folder / "pids").read_text())
    assert child.identity
    outer = child.identity.pid
    real.supervisor.stop()
    until(lambda: gone(inner) and gone(outer))
    assert ("deaf", "did not stop within 0.3 s: killed") in real.said


def test_what_a_child_started_ends_with_it_when_it_dies_by_itself(real: House) -> None:
    code = (
        "import subprocess, sys\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('pids', 'w').write(str(inner.pid))\n"
        "sys.exit(1)\n"
    )
    real.supervisor.start(real.python("parent", code))
    wait_for_death(real, "parent")
    inner = int((real.folder / "pids").read_text())
    until(lambda: gone(inner))


def test_a_child_that_never_gets_ready_fails_with_the_end_of_its_log(real: House) -> None:
    real.supervisor.start(real.python("sick", "raise SystemExit('no such table')", ready=lambda: False))
    with pytest.raises(ChildFailed) as told:
        real.supervisor.wait_until_ready(["sick"], within_s=30)
    assert "sick ended 3 times before it was ready" in str(told.value)
    assert "no such table" in str(told.value)


def test_children_do_not_outlive_a_kill_of_their_supervisor(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from mes.config.processes.supervisor import Supervisor; from mes.config.processes.child import ChildSpec\n"
        "here = Path(sys.argv[1])\n"
        "s = Supervisor(run_dir=here / 'run', log_dir=here / 'logs', say=lambda *_: None)\n"
        "c = s.start(ChildSpec('sleeper', (sys.executable, '-c', 'import time; time.sleep(60)'), here))\n"
        "print(c.identity.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as owner:
        assert owner.stdout
        pid = int(owner.stdout.readline())
        assert not gone(pid)
        owner.kill()
    until(lambda: gone(pid))


def test_the_next_start_ends_what_an_earlier_run_left(tmp_path: Path) -> None:
    stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    known = identity_of(stray.pid)
    assert known
    (tmp_path / "poller.pid").write_text(f"{known.to_text()} 15\n")
    assert end_leftovers(tmp_path) == ["poller"]
    assert stray.wait(timeout=10) == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_leader_started_is_ended_too(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], stdout=-3).pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    leader = subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert leader.stdout
    inner = int(leader.stdout.readline())
    known = identity_of(leader.pid)
    assert known
    leader.communicate("")
    (tmp_path / "worker.pid").write_text(f"{known.to_text()} 15\n")
    assert end_leftovers(tmp_path) == ["worker"]
    until(lambda: gone(inner))


def test_a_stranger_with_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        known = identity_of(stranger.pid)
        assert known
        earlier = Identity(known.pid, known.start_ticks - 500, known.boot)
        (tmp_path / "web.pid").write_text(f"{earlier.to_text()} 15\n")
        other_boot = Identity(known.pid, known.start_ticks, "an-earlier-boot")
        (tmp_path / "worker.pid").write_text(f"{other_boot.to_text()} 15\n")
        (tmp_path / "cut.pid").write_text("12")
        assert end_leftovers(tmp_path) == []
        assert is_running(known)
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_run_on_the_same_folder_is_refused_by_name_and_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from mes.config.processes.lock import FolderLock\n"
        "FolderLock(Path(sys.argv[1])).acquire(); print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(AlreadyRuns, match=rf"process {holder.pid}\).*kill {holder.pid}.*--data"):
            FolderLock(tmp_path).acquire()
        holder.kill()
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()
    lock.acquire()
    lock.release()


def test_a_full_log_is_turned_over_while_the_child_goes_on_writing(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    with path.open("ab", buffering=0) as child:
        child.write(b"old line\n" * 100)
        assert turn_over(path, limit_bytes=500)
        child.write(b"new line\n")
        assert path.read_bytes() == b"new line\n"  # no hole of zeros before it
        assert (tmp_path / "web.log.1").read_bytes() == b"old line\n" * 100
        assert not turn_over(path, limit_bytes=500)
        for number in range(4):
            child.write(f"{number}\n".encode() * 300)
            assert turn_over(path, limit_bytes=500, kept=3)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert last_lines(tmp_path / "web.log.3") == ["1"] * 8
    assert last_lines(tmp_path / "absent.log") == []
