"""An environment of its own for Tryton: exactly what the lock file says, by uv where there is one, else by pip.

Tryton is GPL software: nothing of it is imported here. It runs as a process of its own and is spoken to by HTTP.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from erp_sync.demo.series import Series

Say = Callable[[str], None]
_INSTALL_S = 300
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_NICE = 15  # whoever looks at the demo goes first


class CannotBuild(Exception):
    """The ERP of the demo cannot be had here; one sentence says why."""


def environment_make(series: Series, folder: Path, *, log: Path, say: Say) -> None:
    """Makes the environment in `folder`, from nothing. CannotBuild where the packages cannot be fetched."""
    say(f"installing Tryton {series.name} into an environment of its own ...")
    shutil.rmtree(folder, ignore_errors=True)
    ways = [way for way in (_by_uv, _by_pip) if way(series, folder)]
    for way in ways:
        if all(_runs(command, log=log, within_s=_INSTALL_S) for command in way(series, folder)):
            return
        shutil.rmtree(folder, ignore_errors=True)
    raise CannotBuild(
        f"Tryton {series.name} cannot be installed: its packages cannot be fetched, most likely because this machine "
        f"has no way to the Python package index (details: {log})."
    )


def _by_uv(series: Series, folder: Path) -> list[list[str]]:
    """The commands that make the environment with uv; none where there is no uv."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if not uv:
        return []
    python = str(folder / "bin" / "python")
    install = [uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes"]
    return [
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [*install, "-r", str(series.lock_file)],
    ]


def _by_pip(series: Series, folder: Path) -> list[list[str]]:
    """The same with Python's own tools: our pip installs into the other environment, so that one needs none."""
    install = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    install += ["--no-input", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes"]
    return [
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        [*install, "-r", str(series.lock_file)],
    ]


def _runs(command: list[str], *, log: Path, within_s: float) -> bool:
    try:
        run(command, log=log, within_s=within_s)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


def run(
    command: list[str], *, log: Path, within_s: float, env: dict[str, str] | None = None, told: str | None = None
) -> str:
    """Runs a command behind everything else on this machine; what it printed.

    Its errors go to `log`. CalledProcessError where it fails, TimeoutExpired after `within_s`.
    """
    with log.open("ab") as errors:
        done = subprocess.run(
            command,
            env={**os.environ, **(env or {})},
            input=told,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            timeout=within_s,
            check=True,
            preexec_fn=_behind_all_and_not_without(os.getpid()),
        )
    return done.stdout


def _behind_all_and_not_without(parent: int) -> Callable[[], None]:
    """For a child: the lowest priority, and the kernel ends it with the process that waits for it."""

    def arrange() -> None:
        os.nice(_NICE)
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
