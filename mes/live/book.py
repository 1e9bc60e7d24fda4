"""The broadcaster's tiles: recomputed where something changed, compared, and only the changed fields handed out."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mes.live.tiles import Tile, in_plant_order, tiles_of
from mes.plant.models import WorkCenter
from mes.tracking.models import CountFlag, CountHour, StateInterval

FULL_EVERY = timedelta(seconds=5)
SLICE = 8  # machines whose figures are renewed at once: bounds how long news of others waits in a large plant
QUIET = ("kpi_at", "as_of")  # these move with every computation; alone they are no news


@dataclass(slots=True)
class _Page:
    work_center: WorkCenter
    tile: Tile
    computed_at: datetime
    span: tuple[int, str] | None = None


class TileBook:
    """All tiles of the plant as last sent."""

    def __init__(self) -> None:
        self._pages: dict[int, _Page] = {}
        self._held: dict[str, dict[str, Tile]] = {}

    def load(self, now: datetime) -> None:
        """Computes every tile anew, also of machines that were added; forgets those that are archived."""
        work_centers = in_plant_order(WorkCenter.objects.filter(archived=False))
        tiles = tiles_of(work_centers, now=now)
        self._pages = {wc.pk: _Page(wc, tiles[wc.code], now) for wc in work_centers}
        self._held = {}

    def survey(self, now: datetime) -> dict[str, dict[str, Tile]]:
        """Takes in machines that were added, renamed or moved and forgets archived ones; line to the new whole tiles.

        Figures of the others are renewed in slices by and by: all at once would hold up the news for seconds.
        """
        work_centers = in_plant_order(WorkCenter.objects.filter(archived=False))
        known = {wc.pk: self._pages[wc.pk] for wc in work_centers if wc.pk in self._pages}
        strange = [wc for wc in work_centers if wc.pk not in known or _named(wc) != _named(known[wc.pk].work_center)]
        tiles = tiles_of(strange, now=now)
        fresh = {wc.pk: _Page(wc, tiles[wc.code], now) for wc in strange}
        for wc in work_centers:
            if wc.pk not in fresh:
                known[wc.pk].work_center = wc
        self._pages = {wc.pk: fresh.get(wc.pk) or known[wc.pk] for wc in work_centers}
        lines: dict[str, dict[str, Tile]] = {}
        for page in fresh.values():
            for held in self._held.values():
                held.pop(page.tile["code"], None)  # older than what goes out now
            lines.setdefault(page.tile["line"], {})[page.tile["code"]] = page.tile
        return lines

    def known(self) -> set[int]:
        """Machines that have a tile."""
        return set(self._pages)

    def lines(self) -> dict[str, dict[str, Tile]]:
        """Line to its tiles."""
        lines: dict[str, dict[str, Tile]] = {}
        for page in self._pages.values():
            lines.setdefault(page.tile["line"], {})[page.tile["code"]] = page.tile
        return lines

    def turn(self, touched: Collection[int], now: datetime) -> dict[str, dict[str, Tile]]:
        """Line to the changed fields of its machines: counts of touched machines, whole tiles where the state changed,
        and what was renewed since the last turn."""
        known = [pk for pk in touched if pk in self._pages]
        full = self._changed_states(known)
        changes = self._held
        self._recompute(full, now, changes)
        for pk, (good, scrap) in self._counts([pk for pk in known if pk not in full]).items():
            page = self._pages[pk]
            made = good - page.tile["good"]
            order_good = page.tile["order_good"]
            counted = {
                "good": good,
                "scrap": scrap,
                "order_good": order_good + made if order_good is not None else None,
            }
            self._note(page, page.tile | counted, changes)
        self._held = {}
        return changes

    def renew(self, now: datetime) -> int:
        """Computes a few of the tiles whose figures are older than a few seconds; the next turn hands out what changed.

        Returns how many it computed: 0 when all are fresh.
        """
        due = sorted(
            (page for page in self._pages.values() if now - page.computed_at >= FULL_EVERY),
            key=lambda page: page.computed_at,
        )
        chosen = {page.work_center.pk for page in due[:SLICE]}
        self._recompute(chosen, now, self._held)
        return len(chosen)

    def _recompute(self, machines: set[int], now: datetime, changes: dict[str, dict[str, Tile]]) -> None:
        if not machines:
            return
        fresh = tiles_of([self._pages[pk].work_center for pk in machines], now=now)
        for pk in machines:
            page = self._pages[pk]
            self._note(page, fresh[page.work_center.code], changes)
            page.computed_at = now

    def _changed_states(self, work_centers: list[int]) -> set[int]:
        """Machines whose open interval is another one, or reads otherwise, than when their tile was computed."""
        rows = StateInterval.objects.filter(work_center__in=work_centers, ends_at=None)
        changed = set()
        for pk, row, state in rows.values_list("work_center", "pk", "state"):
            if self._pages[pk].span != (row, state):
                self._pages[pk].span = (row, state)
                changed.add(pk)
        return changed

    def _counts(self, work_centers: list[int]) -> dict[int, tuple[int, int]]:
        """(good, scrap) of the running shift for machines in one; two queries."""
        shifts = {pk: self._pages[pk].tile["shift_start"] for pk in work_centers if self._pages[pk].tile["shift_start"]}
        sums = {pk: [0, 0] for pk in shifts}
        if not sums:
            return {}
        first = min(datetime.fromisoformat(start) for start in shifts.values())
        rows = CountHour.objects.filter(
            work_center__in=sums, shift__ends_at__gt=first, hour__gte=first - timedelta(hours=1)
        )
        for pk, start, good, scrap in rows.values_list("work_center", "shift__starts_at", "good_sum", "scrap_sum"):
            if start >= datetime.fromisoformat(shifts[pk]):
                sums[pk][0] += good
                sums[pk][1] += scrap
        flags = CountFlag.objects.filter(work_center__in=sums, kind__in=("gap", "manual"), to_at__gt=first)
        for pk, role, quantity, to_at in flags.values_list("work_center", "role", "quantity", "to_at"):
            if to_at > datetime.fromisoformat(shifts[pk]) and role in ("good", "scrap"):
                sums[pk][0 if role == "good" else 1] += int(quantity)
        return {pk: (good, scrap) for pk, (good, scrap) in sums.items()}

    @staticmethod
    def _note(page: _Page, fresh: Tile, changes: dict[str, dict[str, Tile]]) -> None:
        changed = {name: value for name, value in fresh.items() if page.tile.get(name) != value}
        page.tile = fresh
        if any(name not in QUIET for name in changed):
            before = changes.setdefault(fresh["line"], {}).setdefault(fresh["code"], {})
            before.update(changed)


def _named(work_center: WorkCenter) -> tuple[object, ...]:
    """What a browser that has the tile cannot know of a change: its address, its place, its name."""
    return work_center.code, work_center.name, work_center.line.code, work_center.line.area.code


def fragment(tiles: dict[str, Any]) -> str:
    """`"CODE":{...},"CODE":{...}`: JSON text that is put into each socket's frame without being built again."""
    return ",".join(f"{json.dumps(code)}:{json.dumps(tile, separators=(',', ':'))}" for code, tile in tiles.items())
