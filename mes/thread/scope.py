"""Where and when: the rows that lie in the runs of an order, or in a window of some machines."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from mes.production.models import Run

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _open_end(name: str = "ends_at", *, outer: bool = False) -> Coalesce:
    place = OuterRef(name) if outer else F(name)
    return Coalesce(place, Value(_NEVER), output_field=DateTimeField())


@dataclass(frozen=True)
class Runs:
    """What lies in these runs: one query for each kind of row, however many runs there are."""

    runs: QuerySet[Run]

    def spans(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Rows with `starts_at` and `ends_at` (or none) that overlap one of the runs on its machine."""
        mine = self.runs.order_by().filter(work_center=OuterRef("work_center")).annotate(run_end=_open_end())
        return rows.filter(Exists(mine.filter(starts_at__lt=_open_end(outer=True), run_end__gt=OuterRef("starts_at"))))

    def instants(self, rows: QuerySet[Any], name: str = "at") -> QuerySet[Any]:
        """Rows whose instant lies in one of the runs on its machine."""
        mine = self.runs.order_by().filter(work_center=OuterRef("work_center")).annotate(run_end=_open_end())
        return rows.filter(Exists(mine.filter(starts_at__lte=OuterRef(name), run_end__gt=OuterRef(name))))


@dataclass(frozen=True)
class Window:
    """What lies in [start, end) on these machines; with `end` None up to now and beyond."""

    places: Collection[int]
    start: datetime
    end: datetime | None

    def spans(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Rows with `starts_at` and `ends_at` (or none) that overlap the window."""
        inside = Q(work_center__in=self.places) & (Q(ends_at=None) | Q(ends_at__gt=self.start))
        return rows.filter(inside, starts_at__lt=self.end or _NEVER)

    def instants(self, rows: QuerySet[Any], name: str = "at") -> QuerySet[Any]:
        """Rows whose instant lies in the window."""
        within = {f"{name}__gte": self.start, f"{name}__lt": self.end or _NEVER}
        return rows.filter(work_center__in=self.places, **within)


Scope = Runs | Window
