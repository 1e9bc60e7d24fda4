"""Work instructions at a machine: which are in force, and storing a file."""

import hashlib
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from mes.guidance.file_types import LARGEST_BYTES, type_of
from mes.guidance.models import Instruction, InstructionFile
from mes.plant.models import WorkCenter
from mes.production.models import IdealCycle, Run


class FileRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


def in_force(place: WorkCenter, at: datetime) -> list[Instruction]:
    """The instructions of a machine and of items that are made on it: of each code the latest valid version."""
    cycles = IdealCycle.objects.filter(work_center=place, item=OuterRef("item"))
    runs = Run.objects.filter(work_center=place, item=OuterRef("item"))
    here = Q(work_center=place) | (Q(work_center=None) & (Exists(cycles) | Exists(runs)))
    rows = Instruction.objects.filter(here, valid_from__lte=at)
    latest: dict[str, Instruction] = {}
    for row in rows.select_related("item", "file").defer("file__content").order_by("code", "-version"):
        latest.setdefault(row.code, row)
    return [row for row in latest.values() if not row.archived]


def file_store(content: bytes) -> InstructionFile:
    """The stored file of these bytes; the same bytes are kept once.

    Raises FileRefused for a file that is empty or too large, and for types that a browser might run.
    """
    if not content or len(content) > LARGEST_BYTES:
        raise FileRefused(_("The file is empty or larger than 10 MB: give a smaller one."))
    media_type = type_of(content)
    if not media_type:
        raise FileRefused(_("Only PDF, PNG, JPEG and WebP can be shown at stations: save the file as one of these."))
    digest = hashlib.sha256(content).hexdigest()
    values = {"media_type": media_type, "content": content}
    return InstructionFile.objects.get_or_create(sha256=digest, defaults=values)[0]
