"""`./manage.py words`: brings the catalogues of translations up to date, or says what is missing."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Needs the test packages (Babel), because only who builds Millwright translates it."""

    help = "update: takes new texts into locale/<language>/ and compiles; check: lists what is not translated"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One word: update or check."""
        parser.add_argument("what", choices=["update", "check"])

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        """Exit code 1 with the sentences where a catalogue is incomplete."""
        from mes.config.words.catalogue import bring_up_to_date, faults, file_of, load, save
        from mes.config.words.extract import texts_of

        base = Path(settings.BASE_DIR)
        texts = texts_of(base)
        found = []
        for language in sorted(folder.name for folder in (base / "locale").iterdir()):
            path = file_of(base, language)
            catalogue = load(path, language)
            if what == "update":
                bring_up_to_date(catalogue, texts)
                save(catalogue, path)
            found += [f"{language}: {fault}" for fault in faults(catalogue, texts)]
        self.stdout.write(f"{len(texts)} texts, {len(found)} faults")
        if what == "check" and found:
            raise CommandError("\n".join(found))
