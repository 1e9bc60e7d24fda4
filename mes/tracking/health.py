"""How each controller is: noted from polls, written to its row when it changes or every few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from mes.plc.drivers.port import Quality
from mes.plc.engine import CommState, Poll
from mes.plc.models import TagHealth
from mes.tracking.bindings import ControllerPlan

WRITE_EVERY = timedelta(seconds=5)


@dataclass(slots=True)
class _Entry:
    comm: str = "connecting"
    since: datetime | None = None
    last_good_at: datetime | None = None
    stored_at: datetime | None = None
    error: str = ""
    keyswitch: str = ""
    program_changed_at: datetime | None = None
    polls: int = 0
    period_s: float | None = None
    bad_tags: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)
    written: tuple[Any, ...] | None = None
    written_at: datetime | None = None
    tags_written: frozenset[str] | None = None


class HealthBook:
    """One entry per controller of this process. Thread-bound: only the writer uses it."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def note(self, polls: Sequence[Poll]) -> None:
        """Takes over what the polls say about their controllers, stored or not."""
        for poll in polls:
            entry = self._entries.setdefault(poll.controller, _Entry())
            comm = poll.comm.value
            if comm != entry.comm or entry.since is None:
                entry.comm, entry.since = comm, poll.at
            entry.polls += 1
            entry.error = poll.error or ""
            entry.keyswitch = poll.keyswitch or entry.keyswitch
            if poll.program_changed:
                entry.program_changed_at = poll.at
            if poll.comm is CommState.ONLINE and poll.error is None:
                entry.last_good_at = poll.at
                self._note_tags(entry, poll)

    @staticmethod
    def _note_tags(entry: _Entry, poll: Poll) -> None:
        for tag, value in poll.values.items():
            if value.quality is Quality.GOOD:
                entry.bad_tags.pop(tag, None)
            elif tag not in entry.bad_tags:
                entry.bad_tags[tag] = (value.quality.value, value.error or "not readable", poll.at)

    def stored(self, polls: Sequence[Poll]) -> None:
        """Marks polls as stored: a controller is as fresh as its last good poll that is in the database."""
        for poll in polls:
            if poll.comm is CommState.ONLINE and poll.error is None:
                self._entries.setdefault(poll.controller, _Entry()).stored_at = poll.at

    def sources(self, *, away: bool) -> dict[str, dict[str, Any]]:
        """What the live pages are told about each controller."""
        return {
            code: {
                "as_of": entry.stored_at.isoformat(timespec="milliseconds") if entry.stored_at else None,
                "comm": entry.comm,
                "error": "The database is away; counting goes on." if away else entry.error,
                "since": entry.since.isoformat(timespec="seconds") if entry.since else None,
                "period_s": entry.period_s,
            }
            for code, entry in self._entries.items()
        }

    def write(self, plans: dict[str, ControllerPlan]) -> None:
        """Writes the rows that changed, and every few seconds those that only moved on."""
        now = datetime.now(UTC)
        for code, entry in self._entries.items():
            plan = plans.get(code)
            if plan is None:
                continue
            entry.period_s = plan.spec.period_s
            state = (entry.comm, entry.error, entry.keyswitch, entry.program_changed_at)
            if state != entry.written or entry.written_at is None or now - entry.written_at >= WRITE_EVERY:
                self._write_row(plan.controller, entry)
                entry.written, entry.written_at = state, now
            if frozenset(entry.bad_tags) != entry.tags_written:
                self._write_tags(plan.controller, entry)
                entry.tags_written = frozenset(entry.bad_tags)

    @staticmethod
    def _write_row(controller: int, entry: _Entry) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO plc_controllerhealth AS h (controller_id, comm, since, last_good_at, error, keyswitch,"
                " program_changed_at, polls, missed) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0)"
                " ON CONFLICT (controller_id) DO UPDATE SET comm = excluded.comm, since = excluded.since,"
                " last_good_at = coalesce(excluded.last_good_at, h.last_good_at), error = excluded.error,"
                " keyswitch = excluded.keyswitch,"
                " program_changed_at = coalesce(excluded.program_changed_at, h.program_changed_at),"
                " polls = excluded.polls",
                [
                    controller,
                    entry.comm,
                    entry.since,
                    entry.last_good_at,
                    entry.error,
                    entry.keyswitch,
                    entry.program_changed_at,
                    entry.polls,
                ],
            )

    @staticmethod
    def _write_tags(controller: int, entry: _Entry) -> None:
        TagHealth.objects.filter(controller=controller).exclude(tag__in=entry.bad_tags).delete()
        TagHealth.objects.bulk_create(
            [
                TagHealth(controller_id=controller, tag=tag, quality=quality, error=error, since=since)
                for tag, (quality, error, since) in entry.bad_tags.items()
            ],
            update_conflicts=True,
            unique_fields=["controller", "tag"],
            update_fields=["quality", "error"],
        )
