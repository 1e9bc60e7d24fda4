#!/usr/bin/env python3
"""The one door: `./manage.py up`, `./manage.py test` and every Django command; first installs what it needs."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

# Only the standard library up to here: this file must run on a machine with nothing but Python.
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
UNFINISHED = VENV / "unfinished"
LOCK = VENV / "install.lock"
RUNTIME, TESTING = "requirements.lock", "requirements-test.lock"


def main() -> None:
    """Finds or makes the environment, then hands over to Django."""
    if sys.version_info < (3, 11):  # noqa: UP036  (the sentence is for people with an older Python)
        sys.exit(f"Millwright needs Python 3.11 or newer; this is {sys.version.split()[0]}. Start it with a newer one.")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    enter_environment(TESTING if command == "test" else RUNTIME)
    if ROOT.as_posix() not in sys.path:
        sys.path.insert(0, ROOT.as_posix())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.config.settings")
    if command in ("up", "test", "bench"):
        # These make the servers that the settings name, so they run before any settings are read.
        from importlib import import_module

        import_module(f"mes.config.management.commands.{command}").Command().run_from_argv(sys.argv)
        return
    from mes.config.processes.environment import adopt_running

    adopt_running()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def enter_environment(lock_file: str) -> None:
    """Goes on inside .venv with everything of `lock_file` installed; returns when we are there.

    A virtual environment that is not ours and has Django is taken as it is.
    """
    inside = Path(sys.prefix).resolve()
    if inside == VENV.resolve() or sys.prefix == sys.base_prefix or not _has_django():
        if not is_installed(lock_file):
            install(lock_file)
        if inside != VENV.resolve():
            python = str(VENV / "bin" / "python")
            os.execv(python, [python, str(ROOT / "manage.py"), *sys.argv[1:]])  # noqa: S606  (no shell is wanted)


def _has_django() -> bool:
    from importlib.util import find_spec

    return find_spec("django") is not None


def is_installed(lock_file: str) -> bool:
    """True when .venv is whole and was made from the lock file as it is now."""
    if UNFINISHED.exists() or not (VENV / "bin" / "python").exists():
        return False
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return bool(stamp.get(lock_file) == _digest(lock_file))


def _digest(lock_file: str) -> str:
    return hashlib.sha256((ROOT / lock_file).read_bytes()).hexdigest()


def install(lock_file: str) -> None:
    """Makes or mends .venv from the lock file; a second process that wants the same waits for the first."""
    VENV.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("waiting for another process that installs the packages ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_installed(lock_file):
            return
        started = time.monotonic()
        if UNFINISHED.exists():
            empty_environment()  # a package that was cut short looks installed, so nothing of it is trusted
        tell(f"installing the packages of {lock_file} into {VENV} (about a minute) ...")
        UNFINISHED.touch()
        if not (VENV / "bin" / "python").exists() or not _pip_works():
            make_environment()
        run_pip(lock_file)
        write_stamp(lock_file)
        UNFINISHED.unlink()
        tell(f"installed in {time.monotonic() - started:.0f} s")


def empty_environment() -> None:
    """Removes all of .venv but the lock that is held."""
    for entry in VENV.iterdir():
        if entry == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def make_environment() -> None:
    """An empty virtual environment with pip, from Python's own venv and ensurepip."""
    try:
        import ensurepip  # noqa: F401  (Debian splits it off)
        import venv
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"This Python has no `venv` or `ensurepip`. Install them first, on Debian and Ubuntu with: "
            f"apt install python{version}-venv"
        )
    with contextlib.suppress(OSError):
        (VENV / "bin" / "python").unlink()  # a link to a Python that has gone
    venv.EnvBuilder(symlinks=True).create(VENV)
    run_child([str(VENV / "bin" / "python"), "-m", "ensurepip", "--default-pip"], "Making the environment")


def _pip_works() -> bool:
    look = [str(VENV / "bin" / "python"), "-m", "pip", "--version"]
    return subprocess.run(look, capture_output=True, check=False).returncode == 0


def run_pip(lock_file: str) -> None:
    """Installs exactly the lock file: hashes checked, nothing resolved, nothing compiled."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-input", "--quiet", "--progress-bar=off", "--no-compile"]
    run_child([*command, "-r", str(ROOT / lock_file)], f"Installing {lock_file}")


def run_child(command: list[str], what: str) -> None:
    """Runs a command to its end; a stop of ours stops it too, and its failure is told with its last words."""
    import ctypes

    libc = ctypes.CDLL(None)

    def end_with_us() -> None:
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a pip that outlived a kill would write into the next try

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, preexec_fn=end_with_us
    ) as child:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: (child.terminate(), sys.exit(128 + number)))
        words = child.stdout.read() if child.stdout else ""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if child.returncode:
        last = "\n".join(f"  {line}" for line in words.strip().splitlines()[-8:])
        sys.exit(f"{what} failed (exit code {child.returncode}); the next start tries again. Its last words:\n{last}")


def write_stamp(lock_file: str) -> None:
    """Notes what .venv was made from. The test lock holds the run-time packages too, in the same versions."""
    names = (RUNTIME, TESTING) if lock_file == TESTING else (RUNTIME,)
    partial = STAMP.with_suffix(".partial")
    partial.write_text(json.dumps({name: _digest(name) for name in names}))
    partial.replace(STAMP)


def tell(text: str) -> None:
    """A progress line, apart from what the command prints."""
    print(f"millwright: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
