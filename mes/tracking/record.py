"""Stores the candidates' changed values and how long they were read without a pause. It may lose its own, no others."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from mes.plc.engine import ExtraRead
from mes.tracking.candidates import PERIOD_S, Recorded
from mes.tracking.models import CandidateStretch

log = logging.getLogger("mes.writer")

PAUSE_PERIODS = 3  # unread for longer, what happened in between is unknown
REAL_STEP = 0.01  # a REAL is stored when it moved by this share of the largest value seen; noise is not
BIGGEST = 1 << 63

Number = int | float | None


@dataclass(slots=True)
class _Last:
    """What is stored of one tag, and the largest magnitude of a REAL."""

    value: Number
    day: date
    largest: float = 0.0


class Recorder:
    """Keeps the last stored value per tag. Thread-bound: only the writer uses it."""

    def __init__(self) -> None:
        self._last: dict[int, _Last] = {}
        self._stretch: dict[int, tuple[int, datetime]] = {}
        self._failing = False

    def store(self, reads: Sequence[ExtraRead], recorded: Mapping[str, Recorded]) -> None:
        """Stores a batch in a transaction of its own. Whatever goes wrong costs this batch, and is said once."""
        if not reads:
            return
        try:
            self._store(reads, recorded)
        except Exception:
            if not self._failing:
                log.exception("Values of unbound tags cannot be stored; bound tags are not affected")
            self._failing = True
            return  # the writer looks after the connection before its next batch
        self._failing = False

    def _store(self, reads: Sequence[ExtraRead], recorded: Mapping[str, Recorded]) -> None:
        rows: list[tuple[datetime, int, int | None, float | None]] = []
        newest: dict[int, _Last] = {}
        stretches = dict(self._stretch)
        with transaction.atomic():
            for read in sorted(reads, key=lambda one: one.at):
                known = recorded.get(read.controller)
                if known is None:
                    continue
                for tag, value in read.values.items():
                    row = known.rows.get(tag)
                    if row is None:
                        continue
                    number = _number(value.value)
                    last = _changed(newest.get(row) or self._last.get(row), number, read.at)
                    if last is not None:
                        newest[row] = last
                        whole = isinstance(number, int)
                        rows.append((read.at, row, number if whole else None, None if whole else number))  # type: ignore[arg-type]
                _stretch(stretches, known.controller, read.at)
            _copy(rows)
        self._last |= newest
        self._stretch = stretches


def _number(value: object) -> Number:
    """A bit as 0 or 1; a text, and a whole number that no column can hold, as nothing."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if -BIGGEST <= value < BIGGEST else None
    return value if isinstance(value, float) else None


def _changed(last: _Last | None, number: Number, at: datetime) -> _Last | None:
    """What is now stored of a tag, or None when nothing new has to be. Each day begins with a value of its own."""
    if last is None or last.day != at.date():
        return _Last(number, at.date(), abs(number) if isinstance(number, float) else 0.0)
    if number == last.value:
        return None
    if isinstance(number, float) and isinstance(last.value, float):
        largest = max(last.largest, abs(number))
        if number != 0 and abs(number - last.value) < REAL_STEP * largest:
            return None
        return _Last(number, at.date(), largest)
    return _Last(number, at.date(), last.largest)


def _stretch(stretches: dict[int, tuple[int, datetime]], controller: int, at: datetime) -> None:
    """Goes on with the controller's stretch, or begins one after a pause."""
    row, ends_at = stretches.get(controller, (0, at))
    if row and (at - ends_at).total_seconds() <= PAUSE_PERIODS * PERIOD_S:
        if at > ends_at and CandidateStretch.objects.filter(pk=row).update(ends_at=at):
            stretches[controller] = (row, at)
        return
    made = CandidateStretch.objects.create(controller_id=controller, starts_at=at, ends_at=at)
    stretches[controller] = (made.pk, at)


def _copy(rows: Sequence[tuple[datetime, int, int | None, float | None]]) -> None:
    if not rows:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy('COPY tracking_candidatesample (at, tag_id, raw, "real") FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)
