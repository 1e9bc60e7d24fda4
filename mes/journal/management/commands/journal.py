"""`./manage.py journal verify`: checks that no journal entry was changed, removed or reordered."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mes.journal.models import JournalEntry
from mes.journal.seal import head, verify


class Command(BaseCommand):
    """Checks the chain of the journal; exit code 1 when it does not hold."""

    help = "verify: checks that no journal entry was changed, removed or reordered."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word: what to do."""
        parser.add_argument("action", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the head of a chain that holds, or every problem."""
        problems = verify()
        if problems:
            raise CommandError("\n".join(["The journal was tampered with:", *(f"  {p.what}" for p in problems)]))
        newest = head()
        waiting = JournalEntry.objects.filter(seq=None).count()
        self.stdout.write(f"The journal holds: {newest.seq} entries sealed, {waiting} waiting for the sealer.")
        if newest.seq:
            self.stdout.write(f"Its head is entry {newest.seq}, {newest.hash}.")
