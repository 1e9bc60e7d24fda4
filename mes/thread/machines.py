"""A machine's hour, its stops, and shifts on the thread."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.downtime.queries import instant_ref, stop_by_ref, stop_ref
from mes.plant.models import Line, Shift, WorkCenter
from mes.production.models import Run, WorkOrder
from mes.quality.models import Check
from mes.thread import happened, missing
from mes.thread.marks import Mark
from mes.thread.node import DOWN, UP, Debt, Fact, Link, Node
from mes.thread.samples import samples_missing, samples_page
from mes.thread.scope import Window
from mes.thread.tell import hour_code, lasting, number, order_title, run_code
from mes.tracking.models import CountHour

HOUR = timedelta(hours=1)


def hour_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """One machine in one UTC hour: its pieces by order, what it did, and the readings below."""
    machine, _at, text = code.partition("@")
    try:
        start = datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        return None
    place = WorkCenter.objects.filter(code=machine, line__in=lines).select_related("line__area__site").first()
    if place is None or hour_code(machine, start) != code:
        return None
    node = Node("machine-hour", code, f"{place.name} {start:%Y-%m-%d %H}:00 UTC", place.line.area.site.time_zone)
    node.starts_at, node.ends_at = start, start + HOUR
    scope = Window([place.pk], start, start + HOUR)
    counts = list(CountHour.objects.filter(work_center=place, hour=start).select_related("order__item", "shift__line"))
    node.facts = [
        Fact("good", _("Good"), number(sum(row.good_sum for row in counts))),
        Fact("scrap", _("Scrap"), number(sum(row.scrap_sum for row in counts))),
    ]
    node.links = _hour_links(place, counts, scope)
    lost = sum(row.good_sum + row.scrap_sum for row in counts if row.order_id is None)
    if lost:
        node.debts.append(Debt("counts-without-order", _("%d pieces belong to no order.") % lost, lost))
    node.debts += [*missing.stretch_missing(scope), *samples_missing([place.pk], start, min(start + HOUR, now), now)]
    first = after is None or after[1] != "sample"
    if first:
        sources = [partial(happened.stops, scope), partial(happened.states, scope), partial(happened.flagged, scope)]
        node.events, node.following = happened.story(sources, after)
    if not node.following:
        node.samples, node.following = samples_page(place.pk, start, start + HOUR, None if first else after)
    return node


def _hour_links(place: WorkCenter, counts: list[CountHour], scope: Window) -> list[Link]:
    links = [Link(UP, "order", row.order.number, order_title(row.order)) for row in counts if row.order is not None]
    runs = scope.spans(Run.objects.select_related("work_center", "order")).order_by("starts_at")
    links += [Link(UP, "run", run_code(run), _("Run of %s") % run.order.number) for run in runs]
    shifts = {row.shift.pk: row.shift for row in counts if row.shift is not None and row.shift.line_id == place.line_id}
    links += [Link(UP, "shift", shift_thread_code(shift), str(shift)) for shift in shifts.values()]
    return list(dict.fromkeys(links))


def stop_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """A stop: reason, who gave it, its edits, and the order that ran."""
    stop = stop_by_ref(code, WorkCenter.objects.filter(line__in=lines))
    if stop is None:
        return None
    place, ref = stop.work_center, stop_ref(stop)
    reason = stop.reason.name if stop.reason else _("without a reason")
    title = _("%(machine)s stopped: %(reason)s") % {"machine": place.name, "reason": reason}
    node = Node("stop", ref, title, place.line.area.site.time_zone)
    node.starts_at, node.ends_at, node.page = stop.starts_at, stop.ends_at, reverse("stop", args=[ref])
    node.state = _("Over") if stop.ends_at else _("Goes on")
    end = stop.ends_at or now
    node.facts = [
        Fact("lasting", _("Lasted"), lasting((end - stop.starts_at).total_seconds())),
        Fact("state", _("State"), stop.state),
        Fact("plc-code", _("Code of the controller"), number(stop.plc_code)),
        Fact("explained-by", _("Reason given by"), stop.explained_by or "–"),
        Fact("note", _("Note"), stop.note or "–"),
    ]
    if stop.reason_id is None:
        node.debts.append(Debt("stop-without-reason", _("It has no reason.")))
    scope = Window([place.pk], stop.starts_at, end)
    runs = list(scope.spans(Run.objects.select_related("work_center", "order")).order_by("starts_at")[:20])
    node.links = [Link(UP, "run", run_code(run), _("Run of %s") % run.order.number) for run in runs]
    if not runs:
        node.debts.append(Debt("stop-without-run", _("No order ran on the machine then.")))
    hour = stop.starts_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    node.links.append(Link(DOWN, "machine-hour", hour_code(place.code, hour), _("Readings of that hour")))
    root = f"{place.code}@{instant_ref(stop.whole.starts_at)}" if stop.whole else ref
    told = Q(kind="stop", code__in=[root, ref])
    node.events, node.following = happened.story(
        [partial(happened.entries, told), partial(happened.states, scope)], after
    )
    node.debts += samples_missing([place.pk], stop.starts_at, max(end, stop.starts_at + HOUR), now)[:1]
    return node


def shift_thread_code(shift: Shift) -> str:
    """`<line>~<production date>~<name>`."""
    return f"{shift.line.code}~{shift.production_date.isoformat()}~{shift.name}"


def shift_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """A shift of a line: its orders, and what happened on its machines."""
    line, _bar, rest = code.partition("~")
    day, _bar, name = rest.partition("~")
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return None
    rows = Shift.objects.filter(line__code=line, line__in=lines, work_center=None, production_date=on, name=name)
    shift = rows.select_related("line__area__site").first()
    if shift is None:
        return None
    places = list(WorkCenter.objects.filter(line=shift.line).values_list("pk", flat=True))
    scope = Window(places, shift.starts_at, shift.ends_at)
    node = Node("shift", shift_thread_code(shift), f"{shift.line.name} {shift}", shift.line.area.site.time_zone)
    node.starts_at, node.ends_at = shift.starts_at, shift.ends_at
    node.state = _("Closed") if shift.closed_at else _("Not closed")
    node.page = reverse("shift", args=[shift.line.code, day, shift.name])
    ran = scope.spans(Run.objects.filter(order__line=shift.line)).values("order")
    orders = WorkOrder.objects.filter(pk__in=ran).select_related("item").order_by("number")[:200]
    node.links = [Link(DOWN, "order", one.number, order_title(one)) for one in orders]
    node.facts = [Fact("crew", _("Crew"), shift.crew or "–"), Fact("orders", _("Orders"), str(len(node.links)))]
    node.debts = [*missing.stretch_missing(scope), *samples_missing(places, shift.starts_at, shift.ends_at, now)]
    checks = scope.instants(Check.objects.all())
    sources = [partial(happened.stops, scope), partial(happened.checks, checks), partial(happened.flagged, scope)]
    node.events, node.following = happened.story(sources, after)
    return node
