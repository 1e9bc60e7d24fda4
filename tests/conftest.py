"""What every test shares."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

JOURNAL = "journal_journalentry"


@pytest.fixture(autouse=True, scope="session")
def _transactional_tests_may_empty_the_journal() -> Iterator[None]:
    """The journal refuses TRUNCATE, with which a transactional test clears up: its guard is off for that statement."""
    plain = DatabaseOperations.sql_flush

    def flush(self: DatabaseOperations, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = plain(self, style, tables, **options)
        if JOURNAL not in tables:
            return statements
        switch = f"ALTER TABLE {JOURNAL} {{}} TRIGGER USER"
        return [switch.format("DISABLE"), *statements, switch.format("ENABLE")]

    DatabaseOperations.sql_flush = flush  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = plain  # type: ignore[method-assign]
