"""PostgreSQL itself refuses to change or remove journal entries, whoever asks."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from mes.journal.models import JournalEntry
from mes.journal.seal import seal
from mes.journal.write import record

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def _entry() -> JournalEntry:
    record(
        actor="otto", at=AT, action="run_start", kind="work-order", code="WO-1", data={"quantity": Decimal("12.500")}
    )
    return JournalEntry.objects.get()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_journalentry SET actor = 'someone else'",
        "UPDATE journal_journalentry SET seq = 7, data = '{}'",
        "DELETE FROM journal_journalentry",
        "TRUNCATE journal_journalentry",
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_postgresql_refuses_to_change_an_entry(statement: str, sealed: bool) -> None:
    entry = _entry()
    if sealed:
        seal()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    entry.refresh_from_db()
    assert (entry.actor, entry.data) == ("otto", {"quantity": "12.500"})


def test_the_number_of_a_sealed_entry_cannot_be_changed() -> None:
    _entry()
    seal()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        JournalEntry.objects.update(seq=9)


def test_an_entry_goes_with_the_transaction_it_tells_of() -> None:
    def write_and_fail() -> None:
        with transaction.atomic():
            _entry()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert not JournalEntry.objects.exists()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time with a zone"):
        record(actor="otto", at=datetime(2026, 3, 2), action="a", kind="b", code="c", data={})  # noqa: DTZ001


def test_decimals_and_times_are_kept_without_loss() -> None:
    at = datetime(2026, 3, 2, 6, 0, 0, 123456, tzinfo=UTC)
    record(actor="a", at=at, action="b", kind="c", code="d", data={"q": Decimal("0.10"), "at": at, "s": {"b", "a"}})
    assert JournalEntry.objects.get().data == {"q": "0.10", "at": "2026-03-02T06:00:00.123456+00:00", "s": ["a", "b"]}
