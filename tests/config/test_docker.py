"""The containers run what `up` runs; `docker compose config` accepts the file where the client exists."""

import os
import subprocess
from pathlib import Path
from shutil import which

from ruamel.yaml import YAML

from mes.config.processes import plan

ROOT = Path(__file__).resolve().parents[2]
FILLED = {
    "POSTGRES_PASSWORD": "a",
    "REDIS_PASSWORD": "b",
    "MES_SECRET_KEY": "c",
    "MES_ALLOWED_HOSTS": "d",
    "MES_ORIGINS": "e",
}


def compose() -> dict:
    return YAML(typ="safe").load((ROOT / "docker" / "compose.yaml").read_text())


def after(command: list[str] | tuple[str, ...], word: str) -> list[str]:
    return [str(part) for part in command[list(command).index(word) :]]


def test_workers_have_the_same_commands_as_up() -> None:
    services = compose()["services"]
    for child in plan.workers(ROOT, {}):
        ours = after(child.command, "worker")
        theirs = after(services[child.name]["command"], "worker")
        assert sorted(theirs) == sorted(ours), child.name


def test_web_has_the_same_limits_as_up() -> None:
    child = plan.web(ROOT, {}, "0.0.0.0", 8000)
    line = next(line for line in (ROOT / "docker" / "Dockerfile").read_text().splitlines() if line.startswith("CMD"))
    for word in after(child.command, "--websocket-max-message-size"):
        assert f'"{word}"' in line


def test_every_process_of_up_has_a_service() -> None:
    assert {"web", "poller", "live", "worker", "scheduler", "postgres", "redis"} <= set(compose()["services"])


def test_the_image_runs_as_nobody_special_and_tells_its_health() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text()
    assert "\nUSER millwright\n" in text
    assert "HEALTHCHECK" in text


def test_docker_compose_accepts_the_file_or_is_named_as_absent(capsys) -> None:  # type: ignore[no-untyped-def]
    docker = which("docker")
    there = docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    if not there:
        with capsys.disabled():
            print("\ndocker compose is absent here; install docker-compose-plugin to have the file checked by it")
        return
    command = [str(docker), "compose", "-f", str(ROOT / "docker" / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, env=os.environ | FILLED, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
