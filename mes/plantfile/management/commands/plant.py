"""`./manage.py plant check|import|export FILE`: the plant as one YAML file."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mes.plantfile.document import Plant
from mes.plantfile.export import plant_export
from mes.plantfile.read import PlantFileError, plant_read
from mes.plantfile.store import plant_import
from mes.plantfile.write import plant_text


class Command(BaseCommand):
    """Checks, imports or exports the plant file; exit code 1 when the file has mistakes."""

    help = "The plant as one YAML file: check it, import it in one transaction, or export what is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do with which file."""
        parser.add_argument("action", choices=["check", "import", "export"])
        parser.add_argument("file", type=Path, help="a YAML file as docs/plant-file.md describes it")
        parser.add_argument("--actor", default="system", help="whose name the journal gets for an import")

    def handle(self, *args: Any, **options: Any) -> None:
        """Does it and says what was done."""
        path: Path = options["file"]
        if options["action"] == "export":
            self._export(path)
            return
        plant = self._read(path)
        if options["action"] == "check":
            self.stdout.write(f"{path} has no mistakes: {_inventory(plant)}.")
            return
        outcome = plant_import(plant=plant, source=path.name, actor=options["actor"], at=timezone.now())
        self.stdout.write(
            f"{path} is imported: {outcome.created} created, {outcome.changed} changed, {outcome.unchanged} unchanged."
        )

    def _read(self, path: Path) -> Plant:
        try:
            return plant_read(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CommandError(f"{path} is not UTF-8 text: save it as UTF-8.") from None
        except PlantFileError as error:
            count = len(error.mistakes)
            said = "1 mistake" if count == 1 else f"{count} mistakes"
            raise CommandError(f"{path} has {said}, nothing was changed:\n{error}") from None

    def _export(self, path: Path) -> None:
        plant = plant_export(at=timezone.now())
        fresh = path.with_name(path.name + ".new")
        try:
            fresh.write_text(plant_text(plant), encoding="utf-8")
            os.replace(fresh, path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"{path} is written: {_inventory(plant)}.")


def _inventory(plant: Plant) -> str:
    parts = {
        "site": plant.sites,
        "area": plant.areas,
        "line": plant.lines,
        "work center": plant.work_centers,
        "controller": plant.controllers,
        "tag binding": plant.bindings,
        "reason": plant.reasons,
        "item": plant.items,
    }
    counted = [f"{len(rows)} {noun}{'' if len(rows) == 1 else 's'}" for noun, rows in parts.items()]
    people = len(plant.people)
    return ", ".join([*counted, "1 person" if people == 1 else f"{people} people"])
