"""Routings and the operations of orders: set, copied, found, finished."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.plant.models import Line, WorkCenter
from mes.production.models import Item, Operation, Pool, Routing, RoutingStep, WorkOrder
from mes.production.order_rows import order_locked, stored, tell
from mes.production.refusals import OrderRefused
from mes.production.routing_models import Step
from mes.production.routing_rules import mistakes

_COPIED = ("sequence", "name", "work_center_id", "pool_id", "ideal_cycle_s", "setup_min", "count_source")


class StepGiven(NamedTuple):
    """One step as somebody gives it; exactly one of `work_center` and `pool`."""

    sequence: int
    name: str
    work_center: WorkCenter | None = None
    pool: Pool | None = None
    ideal_cycle_s: Decimal | None = None
    setup_min: int = 0
    count_source: str = "plc"


def pool_set(*, code: str, name: str, line: Line, work_centers: Sequence[WorkCenter], actor: str, at: datetime) -> Pool:
    """The pool of that code is these machines of the line. Raises OrderRefused for machines of other lines or none."""
    strange = sorted(place.code for place in work_centers if place.line_id != line.pk)
    if strange or not work_centers:
        raise OrderRefused(
            _("Pool %(code)s needs machines of line %(line)s%(strange)s.")
            % {"code": code, "line": line.code, "strange": f": {', '.join(strange)}" if strange else ""}
        )
    with transaction.atomic():
        pool, made = Pool.objects.select_for_update().get_or_create(code=code, defaults={"name": name, "line": line})
        before = None if made else {"name": pool.name, "work_centers": _codes(pool)}
        pool.name, pool.line = name, line
        after = {"name": name, "work_centers": sorted(place.code for place in work_centers)}
        if before != after:
            pool.save()
            pool.work_centers.set(work_centers)
            data = {"before": before, "after": after}
            record(actor=actor, at=at, action="pool_set", kind="pool", code=code, data=data)
        return pool


def routing_set(*, item: Item, line: Line, steps: Sequence[StepGiven], actor: str, at: datetime) -> Routing:
    """The line makes the item in these steps; orders that are there keep theirs. Raises OrderRefused (mistakes)."""
    with transaction.atomic():
        steps_check(steps, line)
        routing, made = Routing.objects.select_for_update(of=("self",)).get_or_create(item=item, line=line)
        before = None if made else _plain(routing.steps.select_related("work_center", "pool"))
        rows = [RoutingStep(routing=routing, **step._asdict()) for step in steps]
        after = _plain(rows)
        if before != after:
            routing.steps.all().delete()
            RoutingStep.objects.bulk_create(rows)
            code = f"{item.code} on {line.code}"
            data = {"before": {"steps": before} if before else None, "after": {"steps": after}}
            record(actor=actor, at=at, action="routing_set", kind="routing", code=code, data=data)
        return routing


def operations_from_routings(orders: Iterable[WorkOrder]) -> None:
    """New orders get copies of the steps of their item's routing on their line; without a routing, none."""
    orders = list(orders)
    places = {(order.item_id, order.line_id) for order in orders}
    steps: dict[tuple[int, int], list[RoutingStep]] = defaultdict(list)
    wanted = RoutingStep.objects.filter(routing__item__in={item for item, _line in places}).select_related("routing")
    for step in wanted.filter(routing__line__in={line for _item, line in places}):
        steps[step.routing.item_id, step.routing.line_id].append(step)
    Operation.objects.bulk_create(
        Operation(order=order, **{name: getattr(step, name) for name in _COPIED})
        for order in orders
        for step in steps[order.item_id, order.line_id]
    )


def operations_set(*, order: WorkOrder, steps: Sequence[StepGiven], actor: str, at: datetime) -> list[Operation]:
    """The order is made in these steps, whatever its item's routing says. Only before it is started."""
    with transaction.atomic():
        fresh = order_locked(order)
        if fresh.started_at is not None:
            raise OrderRefused(_("%(number)s was started: its operations stay.") % {"number": fresh.number})
        if steps:
            steps_check(steps, fresh.line)
        there = list(fresh.operations.select_related("work_center", "pool", "order"))
        before, after = _plain(there), _plain([Operation(order=fresh, **step._asdict()) for step in steps])
        if before == after:
            return there
        fresh.operations.all().delete()
        made = Operation.objects.bulk_create(Operation(order=fresh, **step._asdict()) for step in steps)
        stored(fresh)
        tell(fresh, "operations_set", actor, at, {"before": {"steps": before}, "after": {"steps": after}})
        return made


def operations_at(orders: Iterable[WorkOrder], work_center: WorkCenter) -> dict[int, list[Operation]]:
    """The operations of some orders that may run on the machine, by order id, earliest first."""
    here = Q(work_center=work_center) | Q(pool__work_centers=work_center)
    found: dict[int, list[Operation]] = defaultdict(list)
    rows = Operation.objects.filter(here, order__in=[order.pk for order in orders]).order_by("sequence")
    for operation in rows.select_related("work_center", "pool"):
        found[operation.order_id].append(operation)
    return found


def operation_for(order: WorkOrder, work_center: WorkCenter) -> Operation | None:
    """The operation a start on the machine means; None for an order without operations.

    Raises OrderRefused where the order has operations and none (that is not done) belongs on this machine.
    """
    here = operations_at([order], work_center)[order.pk]
    waiting = [operation for operation in here if operation.done_at is None]
    if waiting:
        return waiting[0]
    if here:
        said = _("%(operation)s of %(number)s is done already: choose another order.")
        raise OrderRefused(said % {"operation": here[-1], "number": order.number})
    if Operation.objects.filter(order=order).exists():
        said = _("%(number)s has no operation on %(machine)s: start it where its operations run.")
        raise OrderRefused(said % {"number": order.number, "machine": work_center.code})
    return None


def _plain(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Steps as the journal keeps them, earliest first."""
    return [
        {
            "sequence": step.sequence,
            "name": step.name,
            "place": step.place.code,
            "ideal_cycle_s": step.ideal_cycle_s,
            "setup_min": step.setup_min,
            "count_source": str(step.count_source),
        }
        for step in sorted(steps, key=lambda one: one.sequence)
    ]


def steps_check(steps: Sequence[StepGiven], line: Line) -> None:
    """Raises OrderRefused, with what is wrong, for steps in which the line cannot make anything."""
    machines = frozenset(WorkCenter.objects.filter(line=line, archived=False).values_list("code", flat=True))
    plain: list[tuple[int, str, frozenset[str]]] = []
    for step in steps:
        if (step.work_center is None) == (step.pool is None):
            raise OrderRefused(_("Step %(n)d needs a machine or a pool, not both.") % {"n": step.sequence})
        places = [step.work_center.code] if step.work_center else _codes(step.pool)
        plain.append((step.sequence, step.count_source, frozenset(places)))
    wrong = mistakes(plain, machines)
    if wrong:
        raise OrderRefused(" ".join(wrong))


def _codes(pool: Any) -> list[str]:
    return sorted(pool.work_centers.filter(archived=False).values_list("code", flat=True))
