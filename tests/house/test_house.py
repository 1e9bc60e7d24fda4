"""The house keeps itself: floors, style, types, migrations and production settings are part of the tests."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(*command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | (env or {}), capture_output=True, text=True, timeout=600, check=False
    )


def tracked() -> list[Path]:
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def test_imports_go_down_only_and_pure_modules_know_no_framework() -> None:
    done = run(str(BIN / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout


def test_ruff_finds_nothing() -> None:
    done = run(str(BIN / "ruff"), "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


def test_the_code_is_formatted() -> None:
    done = run(str(BIN / "ruff"), "format", "--check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(600)
def test_mypy_finds_nothing() -> None:
    done = run(str(BIN / "mypy"), "--no-incremental", "--cache-dir", os.devnull)
    assert done.returncode == 0, done.stdout


@pytest.mark.django_db
def test_no_model_change_lacks_its_migration() -> None:
    done = run(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


def test_production_settings_are_clean() -> None:
    done = run(
        sys.executable,
        "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        env={
            "MES_ENV": "production",
            "MES_SECRET_KEY": secrets.token_urlsafe(60),
            "MES_ALLOWED_HOSTS": "mes.plant.example",
            "MES_ORIGINS": "https://mes.plant.example",
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_production_without_a_key_of_its_own_is_refused() -> None:
    done = run(sys.executable, "manage.py", "check", env={"MES_ENV": "production", "MES_SECRET_KEY": ""})
    assert done.returncode != 0
    assert "MES_SECRET_KEY is missing" in done.stderr


def test_no_source_file_is_longer_than_400_lines() -> None:
    kinds, made = (".py", ".js", ".css", ".html"), {"vendor", "migrations"}
    sources = [path for path in tracked() if path.suffix in kinds and not made & set(path.parts)]
    long = [
        f"{path.relative_to(ROOT)}: {count}" for path in sources if (count := len(path.read_text().splitlines())) > 400
    ]
    assert long == []


def test_no_room_is_called_utils() -> None:
    names = re.compile(r"(^|/)(utils|helpers|common|misc|managers)(\.py|/)")
    assert [str(path) for path in tracked() if names.search(str(path.relative_to(ROOT)))] == []


def test_locks_pin_every_package_with_a_hash_and_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)
        assert len(pins) > 50
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text


@pytest.mark.parametrize(
    ("module", "limit"), [("mes.config.asgi", "statsmodels"), ("mes.config.celery", "statsmodels")]
)
def test_web_and_worker_processes_do_not_load_statistics(module: str, limit: str) -> None:
    script = f"import sys, importlib; importlib.import_module({module!r}); print({limit!r} in sys.modules)"
    done = run(sys.executable, "-c", script, env={"DJANGO_SETTINGS_MODULE": "mes.config.settings"})
    assert done.stdout.strip() == "False", done.stderr
