"""The sealer numbers without gaps; a change made behind the database's back is found."""

import hashlib
import json
from datetime import UTC, datetime
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from mes.journal.models import JournalEntry
from mes.journal.seal import chain_hash, head, seal, verify
from mes.journal.tasks import seal as seal_task
from mes.journal.write import record

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def _write(count: int) -> None:
    for number in range(count):
        record(actor="otto", at=AT, action="run_start", kind="work-order", code=f"WO-{number}", data={"n": number})


def _outside(statement: str) -> None:
    """What a person who owns the table could do: switch the guard off and change rows."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_journalentry DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE journal_journalentry ENABLE TRIGGER USER")


@pytest.mark.django_db
def test_entries_get_numbers_without_gaps_and_a_chain() -> None:
    _write(3)
    assert seal() == 3
    rows = list(JournalEntry.objects.order_by("seq"))
    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[0].previous_hash == ""
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    first = rows[0]
    said = [1, "", first.pk, "2026-03-02T06:00:00+00:00", first.written_at.isoformat()]
    said += ["otto", "run_start", "work-order", "WO-0", {"n": 0}]
    assert first.hash == hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
    assert verify() == []


@pytest.mark.django_db
def test_sealing_twice_changes_nothing() -> None:
    _write(2)
    seal()
    before = list(JournalEntry.objects.order_by("seq").values())
    assert seal() == 0
    assert seal_task() == 0
    assert list(JournalEntry.objects.order_by("seq").values()) == before


@pytest.mark.django_db
def test_a_small_batch_continues_the_chain() -> None:
    _write(5)
    assert [seal(batch=2), seal(batch=2), seal(batch=2), seal(batch=2)] == [2, 2, 1, 0]
    assert head().seq == 5
    assert verify() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE journal_journalentry SET data = '{\"n\": 99}' WHERE seq = 2", "Entry 2 .* was changed"),
        ("UPDATE journal_journalentry SET at = at + interval '1 microsecond' WHERE seq = 2", "Entry 2 .* was changed"),
        ("DELETE FROM journal_journalentry WHERE seq = 2", "Entries 2 to 2 are missing"),
        ("UPDATE journal_journalentry SET previous_hash = 'x' WHERE seq = 3", "Entry 3 does not follow"),
    ],
)
def test_what_was_changed_from_outside_is_found(statement: str, said: str) -> None:
    _write(3)
    seal()
    _outside(statement)
    problems = verify()
    assert problems
    with pytest.raises(CommandError, match=said):
        call_command("journal", "verify")


@pytest.mark.django_db
def test_a_row_that_was_changed_and_restored_with_a_fresh_hash_still_breaks_the_chain_after_it() -> None:
    _write(3)
    seal()
    _outside("UPDATE journal_journalentry SET data = '{\"n\": 99}' WHERE seq = 1")
    changed = JournalEntry.objects.get(seq=1)
    _outside(f"UPDATE journal_journalentry SET hash = '{chain_hash(changed, 1, '')}' WHERE seq = 1")  # noqa: S608
    assert [problem.seq for problem in verify()] == [2]


@pytest.mark.django_db
def test_verify_says_the_head_of_a_chain_that_holds() -> None:
    _write(2)
    seal()
    _write(1)
    said = StringIO()
    call_command("journal", "verify", stdout=said)
    assert "2 entries sealed, 1 waiting" in said.getvalue()
    assert head().hash in said.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_second_sealer_at_the_same_moment_does_nothing() -> None:
    _write(2)
    settings = connection.get_connection_params()
    keys = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{key: settings[key] for key in keys if settings.get(key)}) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [0x6A6F75726E616C])
        assert seal() == 0
        other.rollback()
    assert seal() == 2
