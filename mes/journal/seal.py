"""The seal: gapless numbers and a chain of hashes over committed journal entries, and the check of that chain."""

import hashlib
import json
from dataclasses import dataclass

from django.db import connection, transaction

from mes.journal.models import JournalEntry

BATCH = 1000
_LOCK = 0x6A6F75726E616C  # "journal": one sealer at a time in the whole database

_STORE = """
UPDATE journal_journalentry AS entry SET seq = sealed.seq, previous_hash = sealed.previous, hash = sealed.hash
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS sealed (id, seq, previous, hash)
WHERE entry.id = sealed.id AND entry.seq IS NULL
"""


@dataclass(frozen=True)
class Problem:
    """A place where the chain does not hold: the number of the entry and a sentence that says what is wrong."""

    seq: int
    what: str


@dataclass(frozen=True)
class Head:
    """The newest sealed entry: write its number and hash down elsewhere to notice a journal that lost its end."""

    seq: int
    hash: str


def chain_hash(entry: JournalEntry, seq: int, previous_hash: str) -> str:
    """SHA-256 (hex) over the number, the hash before and everything the entry says, as canonical JSON."""
    parts = [
        seq,
        previous_hash,
        entry.pk,
        entry.at.isoformat(),
        entry.written_at.isoformat(),
        entry.actor,
        entry.action,
        entry.kind,
        entry.code,
        entry.data,
    ]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def head() -> Head:
    """The newest sealed entry; number 0 and an empty hash for a journal without any."""
    last = JournalEntry.objects.exclude(seq=None).order_by("-seq").first()
    return Head(last.seq or 0, last.hash) if last else Head(0, "")


def seal(batch: int = BATCH) -> int:
    """Numbers and chains up to `batch` committed entries in the order of their ids; returns how many.

    A second sealer at the same moment does nothing and returns 0. Safe to repeat: a sealed entry is never touched.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        last = head()
        seq, previous = last.seq, last.hash
        ids: list[int] = []
        seqs: list[int] = []
        befores: list[str] = []
        hashes: list[str] = []
        for entry in JournalEntry.objects.filter(seq=None).order_by("id")[:batch]:
            seq += 1
            fresh = chain_hash(entry, seq, previous)
            ids.append(entry.pk)
            seqs.append(seq)
            befores.append(previous)
            hashes.append(fresh)
            previous = fresh
        if ids:
            cursor.execute(_STORE, [ids, seqs, befores, hashes])
    return len(ids)


def verify(limit: int = 20) -> list[Problem]:
    """Walks the whole chain and returns at most `limit` problems, oldest first; an empty list means it holds."""
    problems: list[Problem] = []
    expected_seq, previous = 1, ""
    for entry in JournalEntry.objects.exclude(seq=None).order_by("seq").iterator(chunk_size=2000):
        seq = entry.seq or 0
        if seq != expected_seq:
            problems.append(Problem(seq, f"Entries {expected_seq} to {seq - 1} are missing."))
        elif entry.previous_hash != previous:
            problems.append(Problem(seq, f"Entry {seq} does not follow the entry before it."))
        if entry.hash != chain_hash(entry, seq, entry.previous_hash):
            problems.append(Problem(seq, f"Entry {seq} ({entry}) was changed after it was sealed."))
        if len(problems) >= limit:
            break
        expected_seq, previous = seq + 1, entry.hash
    return problems
