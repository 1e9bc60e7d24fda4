"""The children of one `up`: their commands, the order in which they stop and how long each may take for it."""

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from mes.config.processes.child import ChildSpec

# Stopping goes from the highest stage to the lowest: first nobody asks any more, then nobody works, then nobody
# answers polls, last the servers. The longest times together stay under 15 s.
_FRONT, _WORK, _MACHINES = 4, 3, 2
_APP = "mes.config.celery:app"


def web(base: Path, env: dict[str, str], host: str, port: int) -> ChildSpec:
    """Daphne. A reader that does not answer pings is dropped within 30 s.

    The size limits hold for what it sends as well: a snapshot is about 1 to 5 kB a machine, so 8 MB is a large plant.
    """
    return ChildSpec(
        name="web",
        command=(
            *(sys.executable, "-m", "daphne", "-b", host, "-p", str(port)),
            *("--websocket-max-message-size", "8388608", "--websocket-max-frame-size", "8388608"),
            *("--ping-interval", "10", "--ping-timeout", "20", "--application-close-timeout", "2"),
            *("--no-server-name", "mes.config.asgi:application"),
        ),
        cwd=base,
        env=env,
        ready=answers_at(f"http://{reachable(host)}:{port}/healthz"),
        stage=_FRONT,
        stop_within_s=3,
    )


def scheduler(base: Path, env: dict[str, str], data: Path) -> ChildSpec:
    """Celery beat; its memory of what ran last lies in the data directory."""
    command = (sys.executable, "-m", "celery", "-A", _APP, "beat", "-s", str(data / "run" / "schedule"), "--pidfile=")
    return ChildSpec(name="scheduler", command=command, cwd=base, env=env, stage=_FRONT, stop_within_s=3)


def workers(base: Path, env: dict[str, str]) -> tuple[ChildSpec, ChildSpec, ChildSpec]:
    """Celery three times, for polling, broadcasting and the rest: so that a slow report never delays a poll."""
    return (
        _worker("poller", "poll", ("-P", "threads", "-c", "4"), base, env),
        _worker("live", "live", ("-P", "threads", "-c", "2"), base, env),
        _worker("worker", "celery", ("-P", "prefork", "-c", "2"), base, env),
    )


def _worker(name: str, queue: str, pool: tuple[str, ...], base: Path, env: dict[str, str]) -> ChildSpec:
    return ChildSpec(
        name=name,
        command=(
            *(sys.executable, "-m", "celery", "-A", _APP, "worker", "-Q", queue, *pool, "-n", f"{name}@%h"),
            *("--prefetch-multiplier=1", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            "--loglevel=INFO",
        ),
        cwd=base,
        env=env,
        stage=_WORK,
        stop_within_s=4,
    )


def controllers(base: Path, env: dict[str, str], file: str, port_base: int) -> ChildSpec:
    """The demo's virtual controllers."""
    command = (sys.executable, str(base / "manage.py"), "controllers", "serve", file, "--port-base", str(port_base))
    return ChildSpec(name="controllers", command=command, cwd=base, env=env, stage=_MACHINES, stop_within_s=2)


def erp(base: Path, command: Sequence[str], env: dict[str, str], port: int) -> ChildSpec:
    """The demo's ERP: somebody else's program, heard on loopback. Ends with the machines, when nobody writes to it."""
    return ChildSpec(
        name="erp",
        command=tuple(command),
        cwd=base,
        env=env,
        ready=listens_at(port),
        stage=_MACHINES,
        stop_within_s=2,
    )


def reachable(host: str) -> str:
    """An address at which a server that listens on `host` can be asked from this machine."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104  (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def listens_at(port: int) -> Callable[[], bool]:
    """A probe that is true when a program of this machine accepts connections at `port`."""

    def probe() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

    return probe


def answers_at(url: str) -> Callable[[], bool]:
    """A probe that is true when `url` answers 200 within a second."""

    def probe() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310  (our own http address)
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return probe
