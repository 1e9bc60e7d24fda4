"""Target OEE of machines and lines: what is in force when, and setting a new one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import Q

from mes.journal.write import record
from mes.plant.models import Line, WorkCenter
from mes.production.models import Item, Target


class TargetRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A target as it is looked up: `near` is 1 for the machine's own, 0 for its line's; item None is every item."""

    near: int
    item: int | None
    valid_from: datetime
    target_oee: Decimal


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets of one machine, and the share that holds where none was set.

    The machine's own word wins over its line's; at the same place the item's wins over that for every item.
    """

    fallback: Decimal = Decimal(1)
    rows: tuple[Dated, ...] = ()

    def at(self, item: int | None, instant: datetime) -> Decimal:
        """The target OEE of an item (by id; None: of no item in particular) at an instant."""
        here = [row for row in self.rows if row.valid_from <= instant and row.item in (None, item)]
        best = max(here, key=lambda row: (row.near, row.item is not None, row.valid_from), default=None)
        return best.target_oee if best else self.fallback

    def pieces(self, item: int | None, start: datetime, end: datetime) -> list[tuple[datetime, datetime, Decimal]]:
        """[start, end) cut where another target begins."""
        inside = {row.valid_from for row in self.rows if start < row.valid_from < end}
        edges = [start, *sorted(inside), end]
        return [(a, b, self.at(item, a)) for a, b in pairwise(edges)]


def targets_of(work_centers: Iterable[WorkCenter], until: datetime) -> dict[int, Targets]:
    """Machine (by id) to its targets that begin before `until`. One query."""
    machines = list(work_centers)
    lines = {wc.line_id for wc in machines}
    whose = Q(line__in=lines) | Q(work_center__in=[wc.pk for wc in machines])
    rows = list(Target.objects.filter(whose, valid_from__lt=until))
    return {
        wc.pk: Targets(
            wc.target_oee,
            tuple(
                Dated(int(row.work_center_id is not None), row.item_id, row.valid_from, row.target_oee)
                for row in rows
                if row.work_center_id == wc.pk or row.line_id == wc.line_id
            ),
        )
        for wc in machines
    }


def targets_shown(lines: Sequence[Line]) -> list[Target]:
    """Every target of these lines and their machines, the latest of a place and item first."""
    rows = Target.objects.filter(Q(line__in=lines) | Q(work_center__line__in=lines))
    rows = rows.select_related("line__area__site", "work_center__line__area__site", "item")
    return sorted(
        rows, key=lambda row: (_place_of(row).code, row.item.code if row.item else "", -row.valid_from.timestamp())
    )


def target_set(
    *,
    place: Line | WorkCenter,
    item: Item | None,
    target_oee: Decimal,
    valid_from: datetime,
    actor: str,
    at: datetime,
    why: str = "",
) -> Target:
    """The place is to reach `target_oee` (0 < share <= 1) from `valid_from` on; earlier time keeps its target.

    Said twice it is stored once. Raises TargetRefused for a share outside (0, 1], for an instant before `at`, and where
    another target begins at that very instant.
    """
    if not 0 < target_oee <= 1:
        raise TargetRefused("A target OEE lies above 0 % and is at most 100 %: enter for example 85.")
    if valid_from < at:
        raise TargetRefused("A target holds from now on, never for the past: choose a later begin.")
    field = "line" if isinstance(place, Line) else "work_center"
    key = {"line": None, "work_center": None, field: place, "item": item}
    before = Target.objects.filter(**key, valid_from__lte=valid_from).order_by("-valid_from").first()
    if before is not None and before.target_oee == target_oee:
        return before
    try:
        with transaction.atomic():
            made = Target.objects.create(**key, target_oee=target_oee, valid_from=valid_from)
            data = {
                "item": item.code if item else None,
                "before": before.target_oee if before else None,
                "after": target_oee,
                "valid_from": valid_from,
                "why": why[:200],
            }
            record(actor=actor, at=at, action="target_set", kind="target", code=place.code, data=data)
            return made
    except IntegrityError as taken:
        raise TargetRefused(
            "Another target of this place and item begins at that instant: look at it first."
        ) from taken


def _place_of(row: Target) -> Line | WorkCenter:
    return cast(Line | WorkCenter, row.work_center or row.line)  # the database demands one of the two
