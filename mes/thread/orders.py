"""Orders and runs on the thread."""

from collections import defaultdict
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.downtime.queries import instant_ref
from mes.labour.models import SignOn
from mes.materials.models import Consumption, Lot
from mes.plant.models import Line
from mes.production.models import Operation, Run, WorkOrder
from mes.quality.models import Characteristic, Check, Hold, Nonconformance
from mes.thread import happened, missing
from mes.thread.marks import Mark
from mes.thread.node import DOWN, UP, Debt, Fact, Link, Node
from mes.thread.samples import samples_missing
from mes.thread.scope import Runs
from mes.thread.tell import hour_code, lot_code, number, order_title, run_code
from mes.tracking.models import CountHour
from mes.tracking.order_counts import made_of

MOST_LINKS = 200
TYPED = ("typed", "csv", "demo")


def order_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """An order of these lines with everything below it; None where there is none. The number of queries is fixed."""
    order = WorkOrder.objects.filter(number=code, line__in=lines).select_related("item", "line__area__site").first()
    if order is None:
        return None
    runs = Run.objects.filter(order=order)
    node = Node("order", order.number, order_title(order), order.line.area.site.time_zone)
    node.state, node.page = order.get_status_display(), reverse("order", args=[order.number])
    node.starts_at, node.ends_at = order.started_at, order.completed_at
    made = made_of([order])[order.pk]
    node.facts = [
        Fact("line", _("Line"), order.line.name),
        Fact("good", _("Good"), f"{number(made.good)} {order.item.unit}"),
        Fact("scrap", _("Scrap"), f"{number(made.scrap)} {order.item.unit}"),
        Fact("source", _("Came from"), order.source),
    ]
    node.links = _order_links(order, runs)
    node.debts = _order_debts(order, runs, now)
    scope = Runs(runs)
    sources = [
        partial(happened.entries, Q(kind="work-order", code=order.number)),
        partial(happened.stops, scope),
        partial(happened.states, scope),
        partial(happened.checks, Check.objects.filter(order=order)),
        partial(happened.holds, Hold.objects.filter(order=order)),
        partial(happened.reports, Nonconformance.objects.filter(order=order)),
        partial(happened.flagged, scope),
        partial(happened.calls, scope),
    ]
    node.events, node.following = happened.story(sources, after)
    return node


def run_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """One machine's stretch of an order."""
    run = run_by_code(code, lines)
    if run is None:
        return None
    runs = Run.objects.filter(pk=run.pk)
    title = _("%(machine)s makes %(order)s") % {"machine": run.work_center.name, "order": run.order.number}
    node = Node("run", code, title, run.work_center.line.area.site.time_zone)
    node.state = _("Over") if run.ends_at else _("Runs")
    node.starts_at, node.ends_at = run.starts_at, run.ends_at
    rows = _hours(CountHour.objects.filter(order=run.order, work_center=run.work_center), run)
    node.facts = [
        Fact("good", _("Good"), number(sum(row.good for row in rows))),
        Fact("scrap", _("Scrap"), number(sum(row.scrap for row in rows))),
        Fact("started-by", _("Started by"), run.started_by),
        Fact("ended-by", _("Ended by"), run.ended_by or "–"),
    ]
    if run.operation is not None:
        node.facts.insert(0, Fact("operation", _("Operation"), str(run.operation)))
    node.links = [Link(UP, "order", run.order.number, order_title(run.order)), *_hour_links(rows)]
    node.links += [Link(DOWN, "lot", lot_code(lot), lot.number) for lot in _lots(Lot.objects.filter(run=run))]
    scope = Runs(runs)
    node.debts = [
        *missing.stretch_missing(scope),
        *samples_missing([run.work_center_id], run.starts_at, run.ends_at or now, now),
    ]
    window = Q(at__gte=run.starts_at) & (Q(at__lt=run.ends_at) if run.ends_at else Q())
    checks = Check.objects.filter(window, work_center=run.work_center)
    sources = [
        partial(happened.entries, Q(kind="work-center", code=run.work_center.code) & window),
        partial(happened.stops, scope),
        partial(happened.states, scope),
        partial(happened.checks, checks),
        partial(happened.flagged, scope),
        partial(happened.calls, scope),
    ]
    node.events, node.following = happened.story(sources, after)
    return node


def run_by_code(code: str, lines: QuerySet[Line]) -> Run | None:
    """The run that a code names, if it is on these lines."""
    machine, _at, start = code.partition("@")
    try:
        starts_at = datetime.fromisoformat(start)
    except ValueError:
        return None
    if starts_at.tzinfo is None or instant_ref(starts_at) != start:
        return None
    found = Run.objects.filter(work_center__code=machine, work_center__line__in=lines, starts_at=starts_at)
    return found.select_related("order__item", "operation", "work_center__line__area__site").first()


def _order_links(order: WorkOrder, runs: QuerySet[Run]) -> list[Link]:
    links = []
    operations = {one.pk: one for one in Operation.objects.filter(order=order)}
    for run in runs.select_related("work_center").order_by("starts_at", "pk")[:MOST_LINKS]:
        operation = operations.get(run.operation_id or 0)
        links.append(Link(DOWN, "run", run_code(run), run.work_center.name, str(operation) if operation else ""))
    links += _hour_links(_hours(CountHour.objects.filter(order=order), None))
    links += [Link(DOWN, "lot", lot_code(lot), lot.number) for lot in _lots(Lot.objects.filter(order=order))]
    used = Consumption.objects.filter(order=order, undoes=None, undone=False).select_related("lot__item")
    for one in used.order_by("at", "pk")[:MOST_LINKS]:
        note = _("used: %(quantity)s %(unit)s") % {"quantity": number(one.quantity), "unit": one.lot.unit}
        links.append(Link(UP, "lot", lot_code(one.lot), one.lot.number, note))
    people = SignOn.objects.filter(order=order).values_list("person__username", flat=True).distinct()
    names = {*runs.values_list("started_by", flat=True), *runs.exclude(ended_by="").values_list("ended_by", flat=True)}
    links += [Link(DOWN, "person", name, name) for name in sorted({*people, *names})[:MOST_LINKS]]
    return links


def _order_debts(order: WorkOrder, runs: QuerySet[Run], now: datetime) -> list[Debt]:
    debts: list[Debt] = []
    if order.source in TYPED:
        debts.append(Debt("no-erp-order", _("It did not come from an ERP: there is no order above it.")))
    stretch: dict[int, list[Run]] = defaultdict(list)
    for run in runs.order_by("starts_at")[: MOST_LINKS * 5]:
        stretch[run.work_center_id].append(run)
    counted = CountHour.objects.filter(order=order).exclude(work_center__in=list(stretch)).exists()
    if order.started_at and not stretch:
        debts.append(Debt("no-run", _("It was started, but no run is stored.")))
    if counted:
        debts.append(Debt("counts-without-run", _("Pieces are booked on it by a machine that has no run of it.")))
    scope = Runs(runs)
    debts += missing.stretch_missing(scope)
    debts += missing.checks_missing(Q(order=order))
    debts += _lots_missing(order)
    planned = Characteristic.objects.filter(Q(item=None) | Q(item=order.item), archived=False)
    unchecked = planned.filter(work_center__in=list(stretch)).exclude(checks__order=order).count()
    if unchecked:
        debts.append(Debt("check-missing", _("%d planned checks were never made for it.") % unchecked, unchecked))
    if stretch:
        every = [run for rows in stretch.values() for run in rows]
        start = min(run.starts_at for run in every)
        debts += samples_missing(list(stretch), start, max(run.ends_at or now for run in every), now)
    return debts


def _lots_missing(order: WorkOrder) -> list[Debt]:
    made = Lot.objects.filter(order=order).count()
    if not made:
        return []
    if Consumption.objects.filter(order=order, undoes=None, undone=False).exists():
        return []
    orphans = Lot.objects.filter(order=order, made_of=None).count()
    text = _("Of %d lots it is not recorded what they were made of.") % orphans
    return [Debt("lot-without-parent", text, orphans)] if orphans else []


class _Hour(NamedTuple):
    """What one machine made in one hour."""

    hour: datetime
    machine: str
    name: str
    good: int
    scrap: int


def _hours(rows: QuerySet[CountHour], run: Run | None) -> list[_Hour]:
    if run is not None:
        first = run.starts_at.replace(minute=0, second=0, microsecond=0)
        rows = rows.filter(hour__gte=first, **({"hour__lt": run.ends_at} if run.ends_at else {}))
    summed = rows.values_list("hour", "work_center__code", "work_center__name")
    made = summed.annotate(good=Sum("good_sum"), scrap=Sum("scrap_sum")).order_by("hour", "work_center__code")
    return [_Hour(*row) for row in made[:MOST_LINKS]]


def _hour_links(rows: list[_Hour]) -> list[Link]:
    note = _("%(good)s good, %(scrap)s scrap")
    return [
        Link(
            DOWN,
            "machine-hour",
            hour_code(row.machine, row.hour),
            f"{row.name} {row.hour:%Y-%m-%d %H}:00 UTC",
            note % {"good": row.good, "scrap": row.scrap},
        )
        for row in rows
    ]


def _lots(rows: QuerySet[Lot]) -> QuerySet[Lot]:
    return rows.select_related("item").order_by("at", "pk")[:MOST_LINKS]
