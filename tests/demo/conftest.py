"""The loaded demo, once for all tests of a module: it is big."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from mes.demo.load import PLANT_FILE, DemoInfo, plant_load
from mes.plantfile.read import plant_read

# A Tuesday afternoon in Berlin, in the middle of the late shift, a week before the clocks change.
NOW = datetime(2026, 3, 17, 16, 37, 12, 345000, tzinfo=UTC)
PASSWORDS = {"olga": "olga-secret-1", "ada": "ada-secret-12"}


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoInfo]:
    """The demo as of NOW, really committed; all tables are emptied after the module."""
    with django_db_blocker.unblock():
        info = plant_load(plant=plant_read(PLANT_FILE.read_text()), now=NOW, passwords=PASSWORDS, port_base=42_000)
    yield info
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
