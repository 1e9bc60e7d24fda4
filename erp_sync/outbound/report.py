"""Both sides' totals as they were compared last: per order, and added up by line, by day, or in all; also as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import OuterRef, Prefetch, Q, Subquery
from django.db.models.fields.json import KeyTextTransform

from erp_sync.models import Difference, ErpConnection, ErpLink, OutboxMessage
from erp_sync.outbound.compare import DISCARDED
from mes.plant.models import Line
from mes.screens.safe_csv import safe_cell

ZERO = Decimal(0)
COLUMNS = (
    *("order", "erp_key", "line", "day", "unit", "good_erp", "good_mes", "scrap_erp", "scrap_mes"),
    *("class", "field", "erp_value", "mes_value", "why", "compared_at"),
)
SUM_COLUMNS = (
    *("group", "unit", "orders", "not_told", "good_erp", "good_mes", "good_erp_minus_mes"),
    *("scrap_erp", "scrap_mes", "scrap_erp_minus_mes"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One order: what each side had of it at `compared_at`, None where a side does not tell.

    `day` is that of its last message, empty before the first. `settled` are words of a person who keeps a difference.
    """

    link: ErpLink
    line: str
    day: str
    good_erp: Decimal | None
    good_mes: Decimal | None
    scrap_erp: Decimal | None
    scrap_mes: Decimal | None
    differences: tuple[Difference, ...]
    settled: str
    compared_at: datetime

    @property
    def good_open(self) -> Decimal | None:
        """ERP minus Millwright, good; None where a side does not tell."""
        return None if self.good_erp is None or self.good_mes is None else self.good_erp - self.good_mes

    @property
    def scrap_open(self) -> Decimal | None:
        """ERP minus Millwright, scrap; None where a side does not tell."""
        return None if self.scrap_erp is None or self.scrap_mes is None else self.scrap_erp - self.scrap_mes


@dataclass(frozen=True, slots=True)
class Sum:
    """Orders added up in one ERP unit; `missing` of them have a side that does not tell, and are in no figure."""

    name: str
    unit: str
    orders: int
    missing: int
    good_erp: Decimal
    good_mes: Decimal
    scrap_erp: Decimal
    scrap_mes: Decimal

    @property
    def good_open(self) -> Decimal:
        """ERP minus Millwright, good."""
        return self.good_erp - self.good_mes

    @property
    def scrap_open(self) -> Decimal:
        """ERP minus Millwright, scrap."""
        return self.scrap_erp - self.scrap_mes


def compared_orders(connection: ErpConnection, lines: Iterable[Line], first: date, last: date) -> list[Compared]:
    """Orders on these lines whose last message was posted in [first, last], or that have none. Two queries.

    `lines` are those the person may see. Only orders that were compared at least once are told.
    """
    posted = OutboxMessage.objects.filter(link=OuterRef("pk")).order_by("-sequence")
    links = ErpLink.objects.filter(connection=connection, order__line__in=list(lines)).exclude(compared_at=None)
    day = KeyTextTransform("posting_date", "payload")
    links = links.annotate(day=Subquery(posted.annotate(day=day).values("day")[:1]))
    links = links.filter(Q(day=None) | Q(day="") | Q(day__gte=first.isoformat(), day__lte=last.isoformat()))
    told = Difference.objects.filter(Q(resolved_at=None) | Q(resolution=DISCARDED)).order_by("field", "resolved_at")
    links = links.select_related("connection", "order__line")
    links = links.prefetch_related(Prefetch("differences", told, to_attr="told"))
    return [_compared(link) for link in links.order_by("order__line__code", "number", "pk")]


def sums_of(rows: Sequence[Compared], by: str) -> list[Sum]:
    """The rows added up by `line`, by `day` or (`all`) together; one sum per unit: packs and litres do not add."""
    groups: dict[tuple[str, str], list[Compared]] = {}
    for row in rows:
        name = {"line": row.line, "day": row.day}.get(by, "")
        groups.setdefault((name, row.link.erp_unit), []).append(row)
    return [_sum(name, unit, group) for (name, unit), group in sorted(groups.items())]


def report_csv(rows: Iterable[Compared]) -> Iterator[str]:
    """The rows as CSV lines with a heading; an order has a line per open difference, at least one."""
    yield _line(COLUMNS)
    for row in rows:
        about: list[object] = [row.link.number, row.link.key, row.line, row.day, row.link.erp_unit]
        about += [row.good_erp, row.good_mes, row.scrap_erp, row.scrap_mes]
        at = row.compared_at.isoformat(timespec="seconds")
        for one in row.differences:
            yield _line([*about, one.kind, one.field, one.erp_value, one.mes_value, one.why, at])
        if not row.differences:
            differs = bool(row.good_open or row.scrap_open)
            word = "settled" if row.settled else "differs" if differs else "equal"
            yield _line([*about, word, "", "", "", row.settled, at])


def sums_csv(sums: Iterable[Sum]) -> Iterator[str]:
    """Sums as CSV lines with a heading."""
    yield _line(SUM_COLUMNS)
    for row in sums:
        good, scrap = (row.good_erp, row.good_mes, row.good_open), (row.scrap_erp, row.scrap_mes, row.scrap_open)
        yield _line([row.name, row.unit, row.orders, row.missing, *good, *scrap])


def _compared(link: ErpLink) -> Compared:
    booked = link.booked

    def side(name: str, who: str) -> Decimal | None:
        said = (booked.get(name) or {}).get(who)
        try:
            return None if said is None else Decimal(said)
        except InvalidOperation:
            return None

    told: list[Difference] = getattr(link, "told", [])
    reasons = [one.why for one in told if one.resolved_at is not None]
    differs = _differs(booked)
    return Compared(
        link=link,
        line=link.order.line.code if link.order is not None else "",
        day=getattr(link, "day", None) or "",
        good_erp=side("good", "erp"),
        good_mes=side("good", "mes"),
        scrap_erp=side("scrap", "erp"),
        scrap_mes=side("scrap", "mes"),
        differences=tuple(one for one in told if one.resolved_at is None),
        settled=reasons[-1] if reasons and differs else "",
        compared_at=link.compared_at or link.last_seen_at,
    )


def _differs(booked: dict[str, Any]) -> bool:
    """Whether both sides tell good or scrap, and not the same."""
    pairs = [(said or {}) for said in booked.values()]
    return any(None not in (one.get("erp"), one.get("mes")) and one["erp"] != one["mes"] for one in pairs)


def _sum(name: str, unit: str, group: Sequence[Compared]) -> Sum:
    told = [row for row in group if None not in (row.good_erp, row.good_mes, row.scrap_erp, row.scrap_mes)]
    return Sum(
        name=name,
        unit=unit,
        orders=len(group),
        missing=len(group) - len(told),
        good_erp=sum((row.good_erp or ZERO for row in told), ZERO),
        good_mes=sum((row.good_mes or ZERO for row in told), ZERO),
        scrap_erp=sum((row.scrap_erp or ZERO for row in told), ZERO),
        scrap_mes=sum((row.scrap_mes or ZERO for row in told), ZERO),
    )


def _line(cells: Iterable[object]) -> str:
    """One CSV line. Text that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(cell: object) -> str:
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}" if cell else "0"
    return "" if cell is None else safe_cell(cell)
