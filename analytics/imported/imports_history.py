"""Brings in hours from before Millwright: all of a file or nothing of it, once; what came by it stays marked."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction

from analytics.imported.history_file import MOST_ERRORS, HourRow, RowError, hours_of
from analytics.models import HistoryHour, HistoryImport
from mes.journal.write import record
from mes.plant.models import Line
from mes.screens.frame import zone_named

BATCH = 2000


class HistoryRefused(Exception):
    """Nothing was stored; `errors` says why, row by row."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(" ".join(error.text for error in errors[:3]))
        self.errors = list(errors)


def history_import(*, line: Line, file: bytes, name: str, actor: str, at: datetime) -> HistoryImport:
    """Stores the hours of a CSV file (see `history_file.hours_of`); the same file again changes nothing.

    Raises HistoryRefused with every row that is wrong, also for hours that another file brought already.
    """
    digest = hashlib.sha256(file).hexdigest()
    known = HistoryImport.objects.filter(line=line, digest=digest).first()
    if known is not None:
        return known
    hours, errors = hours_of(file, line=line.code, zone=zone_named(line.area.site.time_zone), now=at)
    errors = errors or _there_already(line, hours)
    if errors:
        raise HistoryRefused(errors)
    name = " ".join(name.replace("\0", " ").split())[:200]
    try:
        with transaction.atomic():
            values = {"line": line, "file_name": name, "digest": digest, "rows": len(hours), "by": actor, "at": at}
            source = HistoryImport.objects.create(**values)
            rows = [HistoryHour(source=source, line=line, **asdict(hour)) for hour in hours]
            HistoryHour.objects.bulk_create(rows, batch_size=BATCH)
            span = [min(hour.starts_at for hour in hours), max(hour.starts_at for hour in hours)]
            after = {"file": name, "sha256": digest, "rows": len(hours), "hours": span}
            data = {"before": None, "after": after, "why": "imported from a file"}
            record(actor=actor, at=at, action="history_import", kind="line", code=line.code, data=data)
    except IntegrityError as raced:  # the same hours came by another request meanwhile
        known = HistoryImport.objects.filter(line=line, digest=digest).first()
        if known is None:
            raise HistoryRefused([RowError(0, "Another file with these hours came meanwhile: look again.")]) from raced
        return known
    return source


def _there_already(line: Line, hours: Sequence[HourRow]) -> list[RowError]:
    wanted = {hour.starts_at for hour in hours}
    if not wanted:
        return []
    rows = HistoryHour.objects.filter(line=line, starts_at__gte=min(wanted), starts_at__lte=max(wanted))
    there = rows.values_list("starts_at", "source__file_name").order_by("starts_at")
    place = {hour.starts_at: number for number, hour in enumerate(hours, start=2)}
    return [
        RowError(place[at], f"The hour {at:%Y-%m-%d %H:%M} UTC came by {name} already: leave it out.")
        for at, name in there
        if at in wanted
    ][:MOST_ERRORS]
