"""How much of an order is made: good where the line's output is counted, scrap wherever it arises."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from mes.plant.models import Line, WorkCenter
from mes.production.entries import manual_sums
from mes.production.models import Operation, Run, WorkOrder
from mes.production.routing_models import CountSource
from mes.production.routing_rules import driving
from mes.tracking.models import CountFlag, CountHour


@dataclass(frozen=True, slots=True)
class Made:
    """Pieces of an order so far. `remaining` is never below 0; more than ordered shows in `good`."""

    good: Decimal
    scrap: Decimal
    quantity: Decimal

    @property
    def remaining(self) -> Decimal:
        """Good pieces still to be made."""
        return max(self.quantity - self.good, Decimal(0))

    @property
    def share(self) -> float:
        """Share of the ordered quantity that is good, 0 to 1 (1 where more was made)."""
        return min(float(self.good / self.quantity), 1.0)


def made_of(orders: Iterable[WorkOrder]) -> dict[int, Made]:
    """What is made of each order (by id), in four queries; two more where some have operations.

    On a serial line that runs its orders together, good is counted at the exit only: its machines' outputs are the same
    pieces (R38). Elsewhere machines add up. An order with operations has the good pieces of the operation that drives
    it: those its machines counted, or those people entered. Scrap always adds up.
    """
    orders = list(orders)
    ids = [order.pk for order in orders]
    drivers = _drivers(ids)
    counting = _counting(orders, drivers)
    good: dict[tuple[int, int], Decimal] = {}
    scrap: dict[int, Decimal] = {}
    hours = CountHour.objects.filter(order__in=ids).values_list("order", "work_center")
    for order, place, good_sum, scrap_sum in hours.annotate(g=Sum("good_sum"), s=Sum("scrap_sum")):
        good[order, place] = good.get((order, place), Decimal(0)) + good_sum
        scrap[order] = scrap.get(order, Decimal(0)) + scrap_sum
    flags = CountFlag.objects.filter(order__in=ids, kind__in=(CountFlag.Kind.GAP, CountFlag.Kind.MANUAL))
    for order, place, role, quantity in flags.values_list("order", "work_center", "role").annotate(q=Sum("quantity")):
        if role == "good":
            good[order, place] = good.get((order, place), Decimal(0)) + quantity
        elif role == "scrap":
            scrap[order] = scrap.get(order, Decimal(0)) + quantity
    total: dict[int, Decimal] = {}
    for (pk, place), pieces in good.items():
        places = counting[pk]
        if places is None or place in places:
            total[pk] = total.get(pk, Decimal(0)) + pieces
    zero = Decimal(0)
    for step, (entered_good, entered_scrap) in manual_sums(list(drivers)).items():
        scrap[step.order_id] = scrap.get(step.order_id, zero) + entered_scrap
        if drivers[step.order_id].pk == step.pk:
            total[step.order_id] = entered_good
    return {order.pk: Made(total.get(order.pk, zero), scrap.get(order.pk, zero), order.quantity) for order in orders}


def counting_machines(orders: Iterable[WorkOrder]) -> dict[int, set[int] | None]:
    """The machines (ids) whose good pieces are those of each order (by id); None: of every machine that runs it.

    Empty where people enter them by hand.
    """
    orders = list(orders)
    return _counting(orders, _drivers([order.pk for order in orders]))


def _counting(orders: list[WorkOrder], drivers: dict[int, Operation]) -> dict[int, set[int] | None]:
    exits = _exits({order.line_id for order in orders})
    ran_on: dict[int, set[int]] = _machines_of(drivers)
    by_hand = {pk for pk, step in drivers.items() if step.count_source == CountSource.MANUAL}
    return {
        order.pk: set() if order.pk in by_hand else ran_on.get(order.pk, exits.get(order.line_id)) for order in orders
    }


def _drivers(ids: list[int]) -> dict[int, Operation]:
    """The operation that counts for the order, of each order that has operations."""
    steps: dict[int, list[Operation]] = defaultdict(list)
    for step in Operation.objects.filter(order__in=ids):
        steps[step.order_id].append(step)
    found = {pk: driving(own) for pk, own in steps.items()}
    return {pk: step for pk, step in found.items() if step is not None}


def _machines_of(drivers: dict[int, Operation]) -> dict[int, set[int]]:
    """The machines that ran the driving operation of each order."""
    found: dict[int, set[int]] = {pk: set() for pk in drivers}
    if drivers:
        runs = Run.objects.filter(operation__in=[step.pk for step in drivers.values()])
        for pk, place in runs.values_list("order", "work_center").distinct().order_by():
            found[pk].add(place)
    return found


def _exits(lines: set[int]) -> dict[int, set[int]]:
    """For lines whose machines pass on the same pieces: the machines that count the output (else the last one)."""
    serial = Line.objects.filter(pk__in=lines, flow="serial", orders_run_on="line")
    found: dict[int, set[int]] = {pk: set() for pk in serial.values_list("pk", flat=True)}
    last: dict[int, int] = {}
    for place in WorkCenter.objects.filter(line__in=found, archived=False).order_by("position", "code"):
        last[place.line_id] = place.pk
        if place.is_exit:
            found[place.line_id].add(place.pk)
    return {line: places or ({last[line]} if line in last else set()) for line, places in found.items()}
