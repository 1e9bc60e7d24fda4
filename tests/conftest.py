"""Fixtures for all tests: the servers of this run, a clear word where they are missing, and the browser."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_CHROMIUM_FLAGS = [
    "--no-sandbox",  # Chromium's sandbox does not start as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _refuse(what: str) -> NoReturn:
    pytest.exit(f"These tests need {what}. Run them with: ./manage.py test {' '.join(sys.argv[1:])}", returncode=2)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Comes before the test database: a sentence instead of a refused connection where there is no server."""
    if not os.environ.get("MES_DATABASE_URL"):
        _refuse("PostgreSQL and Valkey")


_ONE_PRODUCT = ("tests/acceptance/", "tests/browser/")


class Lanes(LoadScopeScheduling):
    """Side by side run whole files; the tests of a folder that share one running product, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in _ONE_PRODUCT if nodeid.startswith(folder)), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """How tests are dealt out where there are several workers."""
    return Lanes(config, log)


_SWITCH_GUARDS = """
DO $$ DECLARE guard record; BEGIN
  FOR guard IN SELECT tgrelid::regclass AS place, tgname FROM pg_trigger
               WHERE NOT tgisinternal AND (tgtype & 32) <> 0 LOOP  -- 32: fires on TRUNCATE
    EXECUTE format('ALTER TABLE %s {verb} TRIGGER %I', guard.place, guard.tgname);
  END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Lets the emptying of tables after a test with real commits pass the triggers that forbid it everywhere else."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    plain: Any = DatabaseOperations.sql_flush

    def unguarded(*args: Any, **kwargs: Any) -> list[str]:
        off, on = (_SWITCH_GUARDS.replace("{verb}", verb) for verb in ("DISABLE", "ENABLE"))
        return [off, *plain(*args, **kwargs), on]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", unguarded)
        yield
    from django.db import connections

    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]  # (the stubs do not know the pool)


@pytest.fixture
def test_database_url(transactional_db: None) -> str:
    """Address of the test database, for processes that a test starts; what the test stores is committed."""
    from django.db import connection

    parts = urlsplit(os.environ["MES_DATABASE_URL"])
    return parts._replace(path="/" + connection.settings_dict["NAME"]).geturl()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Address of the Valkey of this run."""
    url = os.environ.get("MES_REDIS_URL")
    if not url:
        _refuse("PostgreSQL and Valkey")
    return url


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium of this run."""
    from mes.config.processes.browser import find_chromium

    found = find_chromium()
    if not found:
        _refuse("Chromium")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator["Browser"]:
    """A headless Chromium for the tests of one module; each test opens its own context.

    One per module and not per session, because Playwright keeps an event loop running in this thread, in which no
    async test could run. For the same reason Django must be told that its ORM is used on purpose.
    """
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM_FLAGS)
        yield opened
        opened.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before
