"""`./manage.py thread verify FILE`: whether an evidence pack holds. `thread key`: the public key of this server."""

import zipfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from mes.journal.models import JournalEntry
from mes.thread.keys import key_path, public_from, public_pem
from mes.thread.pack import JSON, SIGNATURE
from mes.thread.proof import Verdict, judge

MOST_BYTES = 512 * 1024 * 1024


class Command(BaseCommand):
    """Checks a pack; exit code 1 when it does not hold."""

    help = "verify FILE [--key PEM]: checks signature and journal of an evidence pack. key: prints the public key."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word, the file, and the key that is trusted."""
        parser.add_argument("action", choices=["verify", "key"])
        parser.add_argument("file", nargs="?", help="The ZIP as it was downloaded.")
        parser.add_argument("--key", help="Public key (PEM) of the plant; without it, this server's own.")
        parser.add_argument("--offline", action="store_true", help="Do not compare with the journal of this server.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what holds, or every problem."""
        if options["action"] == "key":
            self.stdout.write(public_pem().decode().strip())
            return
        if not options["file"]:
            raise CommandError("Name the file: ./manage.py thread verify evidence-WO-1.zip")
        data, signature = _read(Path(options["file"]))
        found = judge(data, signature, public_from(_trusted(options["key"])))
        problems = list(found.problems)
        if not problems and not options["offline"]:
            problems += _against_journal(found)
        if problems:
            raise CommandError("\n".join(["This pack does not hold:", *(f"  {one}" for one in problems)]))
        journal = found.pack["journal"]
        self.stdout.write(f"The pack about {found.pack['about']['code']} holds: signature and journal fit.")
        self.stdout.write(f"{len(journal['entries'])} entries of a chain of {len(journal['chain'])} were recomputed.")
        for note in found.notes:
            self.stdout.write(f"- {note}")


def _read(path: Path) -> tuple[bytes, bytes]:
    try:
        with zipfile.ZipFile(path) as bundle:
            if bundle.getinfo(JSON).file_size > MOST_BYTES:
                raise CommandError(f"{path}: {JSON} is larger than {MOST_BYTES} bytes.")
            return bundle.read(JSON), bundle.read(SIGNATURE)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise CommandError(f"{path} is no evidence pack: {error}") from error


def _trusted(path: str | None) -> bytes:
    if path is None:
        if not key_path().exists():
            raise CommandError("This server never signed a pack: give the plant's public key with --key.")
        return public_pem()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"The key {path} cannot be read: {error}") from error


def _against_journal(found: Verdict) -> list[str]:
    """Compares the chain with the journal of this server, where it has these entries; says so where it has not."""
    chain = dict(found.pack["journal"]["chain"])
    if not chain:
        return []
    try:
        rows = JournalEntry.objects.filter(seq__gte=min(chain), seq__lte=max(chain)).values_list("seq", "hash")
        own = {seq: value for seq, value in rows if seq is not None}
    except DatabaseError:
        found.notes.append("There is no database here: the chain was not compared with the journal.")
        return []
    return [f"Entry {seq} is another one in this server's journal." for seq in chain if own.get(seq) != chain[seq]]
