"""What a change in the ERP means for an order here: the change matrix, cell by cell. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from erp_sync.messages import MaterialUse, OperationsRequest, RequestState


class Here(StrEnum):
    """Where the order stands here."""

    WAITING = "not started"
    RUNNING = "running"  # or paused: something was begun
    FINISHED = "finished"  # completed, closed or cancelled


class Aspect(StrEnum):
    """What of an order changed in the ERP; also the field of the difference that is opened for it."""

    DUE = "due"
    PRIORITY = "priority"
    QUANTITY = "quantity"
    ITEM = "item"
    BILL = "bill"
    ROUTING = "routing"
    LINE = "line"
    STATE = "state"


class Action(StrEnum):
    """What is done about it."""

    APPLY = "apply"
    NOTICE = "notice"  # applied, and the people concerned are told
    LOG = "log"  # noted, nothing changes here
    CONFLICT = "conflict"  # a planner decides
    HOLD = "hold"  # held until a planner decides
    CANCEL = "cancel"
    PARK = "park"  # held until the ERP releases it again
    RELEASE = "release"  # released, or let go after it was parked
    BANNER = "banner"  # "the ERP cancelled it, stop?"
    DIFFERENCE = "difference"  # too late to do anything: shown until somebody settles it
    CLOSE = "close"
    COMPARE = "compare"  # equal totals close it, others are a conflict


@dataclass(frozen=True, slots=True)
class Verdict:
    """One change and what it leads to; `was` and `said` are texts for people."""

    aspect: Aspect
    action: Action
    was: str
    said: str


_GONE = frozenset({RequestState.CANCELLED})
_DONE = frozenset({RequestState.COMPLETED, RequestState.CLOSED})
_GO = frozenset({RequestState.RELEASED, RequestState.RUNNING})

_SIMPLE: dict[Aspect, dict[Here, Action]] = {
    Aspect.DUE: {Here.WAITING: Action.APPLY, Here.RUNNING: Action.NOTICE, Here.FINISHED: Action.LOG},
    Aspect.PRIORITY: {Here.WAITING: Action.APPLY, Here.RUNNING: Action.NOTICE, Here.FINISHED: Action.LOG},
    Aspect.QUANTITY: {Here.WAITING: Action.APPLY, Here.RUNNING: Action.NOTICE, Here.FINISHED: Action.CONFLICT},
    Aspect.ITEM: {Here.WAITING: Action.APPLY, Here.RUNNING: Action.HOLD, Here.FINISHED: Action.CONFLICT},
    Aspect.BILL: {Here.WAITING: Action.APPLY, Here.RUNNING: Action.HOLD, Here.FINISHED: Action.CONFLICT},
    Aspect.ROUTING: {Here.WAITING: Action.APPLY, Here.RUNNING: Action.HOLD, Here.FINISHED: Action.CONFLICT},
    Aspect.LINE: {Here.WAITING: Action.APPLY, Here.RUNNING: Action.CONFLICT, Here.FINISHED: Action.LOG},
}
_STOPPED = {Here.RUNNING: Action.BANNER, Here.FINISHED: Action.DIFFERENCE}
_ENDED = {Here.WAITING: Action.CLOSE, Here.RUNNING: Action.COMPARE, Here.FINISHED: Action.COMPARE}


def decide(
    before: OperationsRequest,
    now: OperationsRequest,
    here: Here,
    made: Decimal,
    *,
    told_items: frozenset[str] = frozenset(),
) -> list[Verdict]:
    """What follows from the ERP's order being `now`, after it was applied here as `before`.

    `made` is the good quantity so far in the ERP's unit. `told_items` are materials that we reported ourselves: an ERP
    that adds them to its list has not changed its bill. Nothing changed: an empty list. The state comes first.
    """
    found = [_state(before, now, here)] if before.state != now.state else []
    if now.state in _GONE | _DONE:
        return [verdict for verdict in found if verdict is not None]
    for aspect, (was, said) in _changed(before, now, here, told_items).items():
        action = _SIMPLE[aspect][here]
        if aspect is Aspect.QUANTITY and here is not Here.FINISHED and _refused(before, now, here, made):
            action = Action.CONFLICT
        found.append(Verdict(aspect, action, was, said))
    return [verdict for verdict in found if verdict is not None]


def _refused(before: OperationsRequest, now: OperationsRequest, here: Here, made: Decimal) -> bool:
    """Less than is made, or (once begun) another unit than the one that was fixed when the order came."""
    if before.quantity.unit != now.quantity.unit:
        return here is not Here.WAITING
    return now.quantity.value < made


def _state(before: OperationsRequest, now: OperationsRequest, here: Here) -> Verdict | None:
    """None for steps that are no news: the ERP began an order that is released."""
    was, said = _word(before), _word(now)
    if now.state in _GONE:
        return Verdict(Aspect.STATE, _STOPPED.get(here, Action.CANCEL), was, said)
    if now.state is RequestState.PLANNED:
        return Verdict(Aspect.STATE, _STOPPED.get(here, Action.PARK), was, said)
    if now.state in _DONE:
        # Completed and closed differ in what may still be posted; who saw one of them need not decide again.
        return None if before.state in _DONE else Verdict(Aspect.STATE, _ENDED[here], was, said)
    if before.state in _GO:
        return None
    return Verdict(Aspect.STATE, Action.RELEASE, was, said)


def _changed(
    before: OperationsRequest, now: OperationsRequest, here: Here, told_items: frozenset[str]
) -> dict[Aspect, tuple[str, str]]:
    pairs: dict[Aspect, tuple[object, object]] = {
        Aspect.DUE: (before.due_at, now.due_at),
        Aspect.PRIORITY: (before.priority, now.priority),
        Aspect.QUANTITY: (before.quantity, now.quantity),
        Aspect.ITEM: (before.item, now.item),
        Aspect.LINE: (before.work_center, now.work_center),
    }
    found = {aspect: (_text(was), _text(said)) for aspect, (was, said) in pairs.items() if was != said}
    if bill_changed(before, now, begun=here is not Here.WAITING, told_items=told_items):
        found[Aspect.BILL] = (_bill_text(before), _bill_text(now))
    if now.segments and _route(before) != _route(now):
        found[Aspect.ROUTING] = (_route_text(before), _route_text(now))
    return found


def bill_changed(
    before: OperationsRequest, now: OperationsRequest, *, begun: bool, told_items: frozenset[str] = frozenset()
) -> bool:
    """Whether the order needs other materials. A quantity that only follows the order's own is no change.

    An empty list says nothing. Once begun, only other items count: what the ERP shows of quantities then is what we
    reported.
    """
    old, new = _needs(before), _needs(now)
    if not new or (begun and not old):
        return False
    if begun:
        return bool((old.keys() ^ new.keys()) - told_items)
    if old.keys() != new.keys():
        return True
    return any(not _same_need(old[item], new[item], before, now) for item in old)


def _same_need(old: Decimal | None, new: Decimal | None, before: OperationsRequest, now: OperationsRequest) -> bool:
    if old == new or old is None or new is None:
        return old == new
    # In proportion, but for the rounding of the ERP's own multiplication: a thousandth.
    expected = old * now.quantity.value / before.quantity.value if before.quantity.value else old
    return abs(new - expected) * 1000 <= expected


def _needs(request: OperationsRequest) -> dict[str, Decimal | None]:
    """What is consumed, per item; None where the ERP does not say how much. Rows and their order do not matter."""
    found: dict[str, Decimal | None] = {}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for material in request.materials:
        if material.use is MaterialUse.CONSUMED:
            found.setdefault(material.item, None)
            if material.quantity is not None:
                sums[material.item] += material.quantity.value
                found[material.item] = sums[material.item]
    return found


def _route(request: OperationsRequest) -> list[tuple[int, str, str]]:
    """Operations by sequence and code, never by the ERP's rows: those are made anew when a planner opens the order."""
    return sorted((segment.sequence, segment.code, segment.work_center) for segment in request.segments)


def _word(request: OperationsRequest) -> str:
    return request.erp_state or str(request.state)


def _text(value: object) -> str:
    if value is None:
        return "-"
    isoformat = getattr(value, "isoformat", None)
    if isoformat is not None:
        return str(isoformat(timespec="minutes"))
    amount, unit = getattr(value, "value", None), getattr(value, "unit", None)
    return f"{amount.normalize():f} {unit}" if isinstance(amount, Decimal) else str(value) or "-"


def _bill_text(request: OperationsRequest) -> str:
    return _listed(f"{item} {_text(need)}" for item, need in sorted(_needs(request).items()))


def _route_text(request: OperationsRequest) -> str:
    return _listed(f"{sequence} {code}" for sequence, code, _place in _route(request))


def _listed(parts: Iterable[str]) -> str:
    text = ", ".join(parts) or "-"
    return text if len(text) <= 200 else f"{text[:199]}…"
