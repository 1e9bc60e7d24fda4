"""The whole product on the demo plant, started once for the tests of these pages, and people who are logged in."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.pseudo import pseudo_language

ROOT = Path(__file__).resolve().parents[2]
START_S = 180


@dataclass(frozen=True)
class Product:
    """A running demo plant: its address and its people (name, password, role)."""

    url: str
    people: list[dict[str, str]]

    def person(self, role: str) -> dict[str, str]:
        """Somebody with this role."""
        return next(person for person in self.people if person["role"] == role)


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """`./manage.py up` with its own PostgreSQL and Valkey, so that no other test can hear its messages."""
    folder = tmp_path_factory.mktemp("product")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    foreign = ("MES_DATABASE_URL", "MES_REDIS_URL", "MES_ORIGINS", "MES_DATA_DIR", "MES_SECRET_KEY")
    env = {name: value for name, value in os.environ.items() if name not in foreign} | {"MES_ENV": "demo"}
    env["MES_FORECASTS"] = "0"  # minutes of work that no test of these pages needs
    ready = folder / "ready.json"
    pseudo_language(ROOT, folder / "data")
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)]
    command += ["--data", str(folder / "data"), "--ready-file", str(ready), "--erp", "simulated"]
    with (folder / "up.log").open("wb") as log:
        child = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=ROOT)
    try:
        until = time.monotonic() + START_S
        while not ready.exists():
            told = (folder / "up.log").read_text()[-3000:]
            assert child.poll() is None, f"up ended: {told}"
            assert time.monotonic() < until, f"no tile moved within {START_S} s: {told}"
            time.sleep(0.2)
        told = json.loads(ready.read_text())
        yield Product(told["url"].rstrip("/"), told["users"])
    finally:
        child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(30)
        if child.poll() is None:
            child.kill()
            child.wait()


@dataclass
class Visit:
    """An open page and what the browser complained about."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)


Visitor = Callable[..., Visit]


@pytest.fixture(scope="module")
def sessions(product: Product, browser: Browser) -> Callable[[str], Any]:
    """The cookies of a person of a role; each role logs in once per module, through the log-in page."""
    known: dict[str, Any] = {}

    def of(role: str) -> Any:
        if role not in known:
            person = product.person(role)
            context = browser.new_context()
            page = context.new_page()
            page.goto(product.url + "/login/")
            page.fill("#id_username", person["name"])
            page.fill("#id_password", person["password"])
            page.click("button.primary")
            page.wait_for_url(lambda url: "/login/" not in url)
            known[role] = context.storage_state()
            context.close()
        return known[role]

    return of


@pytest.fixture
def visit(product: Product, browser: Browser, sessions: Callable[[str], Any]) -> Iterator[Visitor]:
    """Opens a page as somebody: `visit("/floor/", role="supervisor", width=360, color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def opened(path: str, *, role: str = "supervisor", width: int = 1280, height: int = 800, **options: Any) -> Visit:
        prepare: Callable[[Page], None] | None = options.pop("prepare", None)
        context = browser.new_context(
            viewport={"width": width, "height": height}, storage_state=sessions(role), **options
        )
        contexts.append(context)
        seen = Visit(context, context.new_page())
        seen.page.on("console", lambda m: seen.complaints.append(m.text) if m.type in ("error", "warning") else None)
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        if prepare:
            prepare(seen.page)
        seen.page.goto(product.url + path)
        return seen

    yield opened
    for context in contexts:
        context.close()
