"""What the page of one order shows: what blocks it, operations, materials, changes, parts, runs, and its story."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.journal.models import JournalEntry
from mes.people.access import may
from mes.plant.models import WorkCenter
from mes.production.blocks import HOLD, MATERIAL, TOOL, Need, age_words, blocks_of, needs_of
from mes.production.entries import manual_sums, reported
from mes.production.lifecycle import OVER, RUNNING, steps_from
from mes.production.models import ChangeRequest, Operation, OrderHold, OrderPart, Run, WorkOrder
from mes.production.order_rows import KIND
from mes.production.routing_models import CountSource
from mes.production.routing_rules import driving
from mes.production.tolerance import Limits, limits_of, verdict
from mes.tracking.order_counts import made_of
from mes.tracking.setups import Setup, setups_of

STORY = {
    "order_create": gettext_lazy("created"),
    "order_receive": gettext_lazy("received"),
    "order_release": gettext_lazy("released"),
    "order_dispatch": gettext_lazy("sent to the floor"),
    "order_kind_set": gettext_lazy("its kind was changed"),
    "order_start": gettext_lazy("started"),
    "order_pause": gettext_lazy("paused"),
    "order_resume": gettext_lazy("resumed"),
    "order_complete": gettext_lazy("completed"),
    "order_reopen": gettext_lazy("opened again"),
    "order_close": gettext_lazy("closed"),
    "order_cancel": gettext_lazy("cancelled"),
    "order_hold": gettext_lazy("put on hold"),
    "order_release_hold": gettext_lazy("hold released"),
    "change_ask": gettext_lazy("a change was asked for"),
    "change_accept": gettext_lazy("the change was accepted"),
    "change_refuse": gettext_lazy("the change was refused"),
    "change_withdraw": gettext_lazy("the request was withdrawn"),
    "operations_set": gettext_lazy("its operations were set"),
    "operation_finish": gettext_lazy("an operation was done"),
    "operation_reopen": gettext_lazy("an operation was opened again"),
    "count_enter": gettext_lazy("pieces were entered"),
    "part_report": gettext_lazy("a part was reported"),
    "materials_set": gettext_lazy("its materials were set"),
    "setup_end": gettext_lazy("production began after setup"),
}
BLOCKED = {
    HOLD: gettext_lazy("on hold"),
    MATERIAL: gettext_lazy("material missing"),
    TOOL: gettext_lazy("tool missing"),
}
STORY_LENGTH = 200
RIGHTS = (
    *("edit_orders", "start_order", "complete_order", "reopen_order", "hold_order", "answer_change"),
    "start_blocked_order",
)


class OperationRow(NamedTuple):
    """An operation as the page shows it; `good` None where the operation is not the one that counts."""

    operation: Operation
    entered: tuple[Decimal, Decimal] | None
    drives: bool
    by_hand: bool
    running: bool


class MaterialRow(NamedTuple):
    """A material with how old its stock figure is; "" where nobody said one."""

    need: Need
    age: str


def order_context(user: object, order: WorkOrder, at: datetime) -> dict[str, Any]:
    """Everything the template needs beside the frame; figures at `at`."""
    made, limits = made_of([order])[order.pk], limits_for(order)
    runs = list(Run.objects.filter(order=order).select_related("work_center").order_by("-starts_at", "work_center"))
    setups = setups_of([run.pk for run in runs[:50]])
    changes = list(ChangeRequest.objects.filter(order=order).order_by("-asked_at"))
    holds = list(OrderHold.objects.filter(order=order).order_by("-held_at"))
    return {
        "made": made,
        "limits": limits,
        "verdict": verdict(made.good, limits),
        "reported": reported([order])[order.pk],
        "parts": OrderPart.objects.filter(order=order).order_by("-at")[:50],
        "blocks": blocks_of([order], at)[order.pk],
        "holds": holds,
        "open_holds": [hold for hold in holds if hold.released_at is None],
        "changes": changes,
        "change": next((change for change in changes if change.status == ChangeRequest.Status.OPEN), None),
        "operations": _operations(order, runs),
        "materials": [
            MaterialRow(need, age_words(at - need.stock.as_of) if need.stock else "")
            for need in needs_of([order])[order.pk]
        ],
        "runs": [(run, _setup(setups.get(run.pk))) for run in runs],
        "story": _story(order),
        "steps": steps_from(order.status),
        "machines": WorkCenter.objects.filter(line=order.line_id, archived=False).order_by("position", "code"),
        "pauses": [choice for choice in WorkOrder.Pause.choices if choice[0] != WorkOrder.Pause.BETWEEN],
        "shorts": WorkOrder.Short.choices,
        "kinds": WorkOrder.Kind.choices,
        "part_key": uuid4(),
        "change_key": uuid4(),
        "count_key": uuid4(),
        **{right: may(user, right) for right in RIGHTS},
    }


def needs_in_words(orders: Sequence[WorkOrder], at: datetime) -> dict[int, list[str]]:
    """What each order of a list needs people for, in two or three words each; an order that is over needs nothing."""
    alive = [order for order in orders if order.status not in OVER]
    blocks = blocks_of(alive, at)
    asked = ChangeRequest.objects.filter(order__in=alive, status=ChangeRequest.Status.OPEN)
    waiting = set(asked.values_list("order", flat=True))
    found: dict[int, list[str]] = {order.pk: [] for order in orders}
    for order in alive:
        kinds = {block.kind for block in blocks[order.pk]}
        if order.status == RUNNING:
            kinds.discard(TOOL)  # it runs: what its start needed was there, or was passed over with words
        found[order.pk] = [str(word) for kind, word in BLOCKED.items() if kind in kinds]
        if order.pk in waiting:
            found[order.pk].append(_("request waits"))
        if order.due_at is not None and order.due_at < at:
            found[order.pk].append(_("late"))
    return found


def limits_for(order: WorkOrder) -> Limits:
    """From how many good pieces on the order is full, and from how many it is over."""
    return limits_of(
        order.quantity,
        under_percent=(order.under_percent, order.item.under_percent),
        over_percent=(order.over_percent, order.item.over_percent),
    )


def _operations(order: WorkOrder, runs: list[Run]) -> list[OperationRow]:
    steps = list(Operation.objects.filter(order=order).select_related("work_center", "pool").order_by("sequence"))
    if not steps:
        return []
    entered = {step.pk: sums for step, sums in manual_sums([order.pk]).items()}
    counts = driving(steps)
    open_now = {run.operation_id for run in runs if run.ends_at is None}
    return [
        OperationRow(
            step,
            entered.get(step.pk),
            step is counts,
            step.count_source == CountSource.MANUAL,
            step.pk in open_now,
        )
        for step in steps
    ]


def _setup(setup: Setup | None) -> float | None:
    """Length of a setup that is over, in seconds."""
    if setup is None or setup.ends_at is None:
        return None
    return (setup.ends_at - setup.starts_at).total_seconds()


def _story(order: WorkOrder) -> list[tuple[JournalEntry, Any]]:
    entries = JournalEntry.objects.filter(kind=KIND, code=order.number).order_by("-at", "-pk")[:STORY_LENGTH]
    return [(entry, STORY.get(entry.action, entry.action)) for entry in entries]
