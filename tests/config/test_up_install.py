"""manage.py on a machine with nothing but Python: it makes its environment, mends it, and renews it with the lock."""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PLAIN_PYTHON = str(Path(sys.base_prefix) / "bin" / "python3")


def build_wheel(folder: Path, version: str) -> str:
    """A tiny package `django` as a real wheel, and the line that pins it: so that no test needs the network."""
    entry = (
        "import sys, tiny_version\n"
        "def execute_from_command_line(argv): print(argv[1:], tiny_version.version, sys.prefix)\n"
    )
    tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        "django/__init__.py": "",
        "django/core/__init__.py": "",
        "django/core/management/__init__.py": entry,
        "tiny_version.py": f"version = {version!r}\n",
        f"django-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: django\nVersion: {version}\n",
        f"django-{version}.dist-info/WHEEL": tag,
    }
    record = f"django-{version}.dist-info/RECORD"
    lines = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(text)}")
    files[record] = "\n".join([*lines, f"{record},,"]) + "\n"
    path = folder / f"django-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return f"django @ {path.as_uri()} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with manage.py, a lock file of one package and what manage.py reads on the way to Django."""
    folder = tmp_path / "clone"
    for name in ("mes/config/processes", "mes/config/embedded"):
        (folder / name).mkdir(parents=True)
    for name in ("manage.py", "mes/__init__.py", "mes/config/__init__.py"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("processes/__init__.py", "processes/environment.py", "processes/identity.py"):
        shutil.copy(ROOT / "mes/config" / name, folder / "mes/config" / name)
    for name in ("__init__.py", "kept.py"):
        shutil.copy(ROOT / "mes/config/embedded" / name, folder / "mes/config/embedded" / name)
    (folder / "requirements.lock").write_text(build_wheel(tmp_path, "1.0"))
    return folder


def command(folder: Path) -> list[str]:
    return [PLAIN_PYTHON, str(folder / "manage.py"), "greet", "--loud"]


def environment() -> dict[str, str]:
    # As in a fresh shell: nothing of the environment in which these tests run.
    return {name: text for name, text in os.environ.items() if not name.startswith(("MES_", "VIRTUAL_ENV", "DJANGO"))}


def run(folder: Path, *, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(folder), capture_output=True, text=True, env=environment(), timeout=120, check=False, cwd=folder
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def test_it_installs_once_then_renews_with_the_lock_and_mends_what_was_cut_short(clone: Path) -> None:
    first = run(clone)
    assert first.stdout == f"['greet', '--loud'] 1.0 {clone / '.venv'}\n"
    assert "installing the packages of requirements.lock" in first.stderr
    assert run(clone).stderr == ""  # nothing to do, nothing to say

    (clone / "requirements.lock").write_text(build_wheel(clone.parent, "2.0"))
    renewed = run(clone)
    assert renewed.stdout.startswith("['greet', '--loud'] 2.0 ")
    assert "installing" in renewed.stderr

    # As after a kill in the middle: the mark is there and a package is only half there.
    (clone / ".venv" / "unfinished").touch()
    package = next((clone / ".venv").glob("lib/python*/site-packages/django"))
    shutil.rmtree(package / "core")
    mended = run(clone)
    assert mended.stdout.startswith("['greet', '--loud'] 2.0 ")
    assert not (clone / ".venv" / "unfinished").exists()


def test_a_package_that_is_not_the_pinned_one_is_refused(clone: Path) -> None:
    lock = clone / "requirements.lock"
    right = lock.read_text()
    lock.write_text(right[:-5] + ("0000\n" if right[-5:] != "0000\n" else "1111\n"))
    refused = run(clone, expect=1)
    assert "HASHES" in refused.stderr
    assert "the next start tries again" in refused.stderr
    lock.write_text(right.split(" --hash")[0] + "\n")
    assert "--require-hashes" in run(clone, expect=1).stderr
    lock.write_text(right)
    assert run(clone).stdout.startswith("['greet', '--loud'] 1.0 ")


def test_two_at_once_share_one_installation(clone: Path) -> None:
    both = [
        subprocess.Popen(
            command(clone), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=clone
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert all(out == f"['greet', '--loud'] 1.0 {clone / '.venv'}\n" for out, _ in told)
    assert sorted("installed in" in err for _, err in told) == [False, True]


def test_a_killed_installation_is_mended_by_the_next_start(clone: Path) -> None:
    process = subprocess.Popen(command(clone), stderr=subprocess.DEVNULL, env=environment(), cwd=clone)
    deadline = time.monotonic() + 60
    while not (clone / ".venv" / "bin" / "python").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run(clone).stdout.startswith("['greet', '--loud'] 1.0 ")


def test_a_virtual_environment_of_ones_own_that_has_django_is_taken_as_it_is(clone: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    subprocess.run([PLAIN_PYTHON, "-m", "venv", "--without-pip", str(own)], check=True)
    packages = next(own.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(tmp_path / "django-1.0-py3-none-any.whl") as wheel:
        wheel.extractall(packages)
    done = subprocess.run(
        [str(own / "bin" / "python"), str(clone / "manage.py"), "greet"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert done.stdout == f"['greet'] 1.0 {own}\n"
    assert not (clone / ".venv").exists()


def test_a_python_without_venv_gets_a_sentence(clone: Path) -> None:
    blocker = clone / "sitecustomize.py"
    blocker.write_text("import sys\nsys.modules['ensurepip'] = None\n")
    done = subprocess.run(
        command(clone), capture_output=True, text=True, env={**environment(), "PYTHONPATH": str(clone)}, check=False
    )
    assert done.returncode == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"apt install python{version}-venv" in done.stderr
    assert "Traceback" not in done.stderr
