"""Schedules of B2MML as orders: V0401 to 7.01, with or without namespace, by the local names. Pure.

The Business To Manufacturing Markup Language (B2MML) is used courtesy of MESA International.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal

from lxml import etree

from erp_sync.connectors.b2mml.parse import XmlRefused, child, elements, local, number, text
from erp_sync.connectors.drop.reading import BadRow, Reading, refused
from erp_sync.messages import (
    ExternalRef,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    Quantity,
    RequestState,
    SegmentRequirement,
)
from mes.production.typed import due_from, shown

_SCHEDULES = ("OperationsSchedule", "ProductionSchedule")
_REQUESTS = ("OperationsRequest", "ProductionRequest")
_VERBS = ("Process", "Sync", "Change", "Cancel")
_MAX_TEXT = 120
STATES: Mapping[str, RequestState] = {
    "forecast": RequestState.PLANNED,
    "waiting": RequestState.PLANNED,
    "released": RequestState.RELEASED,
    "ready": RequestState.RELEASED,
    "running": RequestState.RUNNING,
    "held": RequestState.RUNNING,
    "suspended": RequestState.RUNNING,
    "paused": RequestState.RUNNING,
    "completed": RequestState.COMPLETED,
    "closed": RequestState.CLOSED,
    "cancelled": RequestState.CANCELLED,
    "canceled": RequestState.CANCELLED,
    "aborted": RequestState.CANCELLED,
    "": RequestState.RELEASED,  # V0401 has no state: what is sent is to be made
}
_USES = {"produced": MaterialUse.PRODUCED, "consumed": MaterialUse.CONSUMED}


def read_schedule(data: bytes, zone: tzinfo) -> Reading:
    """What a message says. Never raises; times without an offset are wall time in `zone`.

    Process, Sync and Change tell orders as they are now; Cancel cancels those it names. One bad order leaves the
    others alone. A message without a schedule is refused as a whole.
    """
    reading, verb, found = Reading(), "", False
    seen: dict[str, int] = {}
    try:
        for event, element in elements(data, _REQUESTS):
            name = local(element)
            if event == "start":
                found = found or name in _SCHEDULES
                verb = verb or _verb(name)
            elif name in _REQUESTS:
                _take(element, verb, zone, reading, seen)
    except XmlRefused as problem:
        return refused(str(problem))
    if not found:
        return refused("line 1: there is no OperationsSchedule or ProductionSchedule in the message.")
    return reading


def _verb(name: str) -> str:
    """Cancel of `CancelOperationsSchedule` or `<Cancel/>`."""
    return next((verb for verb in _VERBS if name in (verb, *(verb + schedule for schedule in _SCHEDULES))), "")


def _take(element: etree._Element, verb: str, zone: tzinfo, reading: Reading, seen: dict[str, int]) -> None:
    key, line = text(element, "ID"), _line(element)
    good_key = key if len(key) <= _MAX_TEXT else ""
    try:
        if key in seen:
            raise ValueError(f"The order stands in line {seen[key]} already: leave one of them out.")
        reading.take(line, _request(element, _word(key, "The order's ID"), verb, zone))
    except ValueError as problem:
        reading.bad.append(BadRow(line, good_key, str(problem)))
    seen.setdefault(key, line)


def _request(element: etree._Element, key: str, verb: str, zone: tzinfo) -> OperationsRequest:
    said = child(element, "RequestState")
    word = text(said)
    if word == "Other" and said is not None:
        word = said.get("OtherValue", "")
    state = STATES.get(word.casefold())
    if state is None:
        raise ValueError(f"'{shown(word)}' is no RequestState that is known: {', '.join(filter(None, STATES))}.")
    if verb == "Cancel":
        state, word = RequestState.CANCELLED, "Cancelled"
    materials = tuple(_materials(element))
    product = next((one for one in reversed(materials) if one.use == MaterialUse.PRODUCED), None)
    if product is None or product.quantity is None:
        if verb != "Cancel":
            raise ValueError("It does not say what is to be made, and how much: add a produced material with quantity.")
        product = MaterialRequirement(MaterialUse.PRODUCED, "-", Quantity(Decimal(0), "-"))
    priority = text(element, "Priority")
    return OperationsRequest(
        ref=ExternalRef("b2mml", key, key),
        state=state,
        erp_state=word[:40] or "Released",
        item=product.item,
        quantity=product.quantity or Quantity(Decimal(0), "-"),
        work_center=_place(element),
        priority=int(priority) if re.fullmatch("[0-9]{1,5}", priority) else None,
        starts_at=_time(text(element, "StartTime"), zone),
        due_at=_time(text(element, "EndTime"), zone),
        segments=tuple(_segments(element)),
        materials=tuple(one for one in materials if one.use != MaterialUse.PRODUCED),
    )


def _place(element: etree._Element) -> str:
    """The line: the last part of the scope, else of the place V0401 calls Location."""
    scope = child(element, "HierarchyScope", "Location")
    path = text(scope, "EquipmentID") or text(scope, "EquipmentLevel", "EquipmentID")
    return path.replace("\\", "/").rpartition("/")[2].strip()[:_MAX_TEXT]


def _segments(element: etree._Element) -> Iterator[SegmentRequirement]:
    rows = [one for one in element.iter() if local(one) == "SegmentRequirement"]
    for position, row in enumerate(rows, start=1):
        code = text(row, "ProcessSegmentID") or text(row, "OperationsSegmentID") or text(row, "ProductSegmentID")
        code = code or text(row, "ID")
        place = text(child(row, "EquipmentRequirement"), "EquipmentID")
        yield SegmentRequirement(position * 10, code[:_MAX_TEXT], code[:_MAX_TEXT], place[:_MAX_TEXT])


def _materials(element: etree._Element) -> Iterator[MaterialRequirement]:
    for row in element.iter():
        name = local(row)
        if name not in ("MaterialRequirement", "MaterialProducedRequirement", "MaterialConsumedRequirement"):
            continue
        use = name.removeprefix("Material").removesuffix("Requirement") or text(row, "MaterialUse").rpartition(" ")[2]
        if use.casefold() not in _USES:
            continue  # by-products, tools and samples are not what is asked for
        item = _word(text(row, "MaterialDefinitionID") or text(row, "MaterialClassID"), "The MaterialDefinitionID")
        yield MaterialRequirement(
            _USES[use.casefold()],
            item,
            _quantity(child(row, "Quantity", "MaterialRequirementQuantity")),
            lot=text(row, "MaterialLotID")[:_MAX_TEXT],
            line_key=text(row, "ID")[:_MAX_TEXT],
        )


def _quantity(element: etree._Element | None) -> Quantity | None:
    said = text(element, "QuantityString")
    if not said:
        return None
    return Quantity(number(said), _word(text(element, "UnitOfMeasure"), "The UnitOfMeasure"))


def _time(said: str, zone: tzinfo) -> datetime | None:
    return due_from(re.sub(r"(:[0-9]{2})\.[0-9]+", r"\1", said), zone)


def _word(said: str, what: str) -> str:
    if not said:
        raise ValueError(f"{what} is missing.")
    if len(said) > _MAX_TEXT or not said.isprintable():
        raise ValueError(f"{what} '{shown(said)}' is too long or has hidden characters: use at most {_MAX_TEXT}.")
    return said


def _line(element: etree._Element) -> int:
    found = element.sourceline
    return found if isinstance(found, int) else 0
