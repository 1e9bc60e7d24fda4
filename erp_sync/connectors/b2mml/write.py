"""A confirmation as ProcessOperationsPerformance of B2MML 7.01. Pure.

The Business To Manufacturing Markup Language (B2MML) is used courtesy of MESA International.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal

from lxml import etree

from erp_sync.messages import Actuals, MaterialUse, OperationsRequest, OperationsResponse, Quantity

NAMESPACE = "http://www.mesa.org/xml/B2MML"
_HIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLACES = Decimal("0.0001")
_USES = {
    MaterialUse.PRODUCED: ("Material Produced", ""),
    MaterialUse.CONSUMED: ("Material Consumed", ""),
    MaterialUse.SCRAP: ("Other", "Scrap"),
    MaterialUse.REWORK: ("Other", "Rework"),
}


def performance_xml(message: OperationsResponse, order: OperationsRequest) -> bytes:
    """Totals so far. BODID is the event id; the response's ID is order and sequence; the highest counts.

    Hours and minutes have four decimals. The order's first operation, or its item, names the segment.
    """
    root = etree.fromstring(f'<ProcessOperationsPerformance xmlns="{NAMESPACE}" releaseID="0701"/>')
    area = _add(root, "ApplicationArea")
    _add(_add(area, "Sender"), "LogicalID", "Millwright")
    _add(area, "CreationDateTime", _time(message.occurred_at))
    _add(area, "BODID", str(message.event_id))
    data = _add(root, "DataArea")
    _add(data, "Process")
    performance = _add(data, "OperationsPerformance")
    _add(performance, "ID", str(message.event_id))
    _add(performance, "PublishedDate", _time(message.occurred_at))
    response = _add(performance, "OperationsResponse")
    key, state = message.order.key, "Completed" if message.final else "Running"
    _add(response, "ID", f"{key}/{message.sequence}")
    _times(response, "StartTime", "EndTime", message)
    _add(response, "OperationsRequestID", key)
    _add(response, "ResponseState", state)
    _segment(_add(response, "SegmentResponse"), message, order, state)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _segment(segment: etree._Element, message: OperationsResponse, order: OperationsRequest, state: str) -> None:
    code = order.segments[0].code if order.segments else order.item
    _add(segment, "ID", f"{message.order.key}/{message.sequence}/1")
    _add(segment, "PostingDate", f"{message.posting_date}T00:00:00Z")
    _times(segment, "ActualStartTime", "ActualEndTime", message)
    _add(segment, "ProcessSegmentID", code)
    _add(segment, "OperationsRequestID", message.order.key)
    _add(segment, "SegmentState", state)
    now = message.cumulative
    for stop in now.downtime:
        data = _add(segment, "SegmentData")
        _add(data, "ID", f"DowntimeReason:{stop.reason}")
        _value(_add(data, "Value"), "ValueString", _part(stop.seconds, 60), "min")
    if now.labor_s:
        labour = _add(segment, "PersonnelActual")
        _add(labour, "ID", "LABOUR")
        _value(_add(labour, "Quantity"), "QuantityString", _part(now.labor_s, 3600), "h")
    for name, seconds in (("RUN", now.run_s), ("SETUP", now.setup_s)):
        if seconds:
            machine = _add(segment, "EquipmentActual")
            _add(machine, "ID", name)
            if message.work_center:
                _add(machine, "EquipmentID", message.work_center)
            _value(_add(machine, "Quantity"), "QuantityString", _part(seconds, 3600), "h")
    _materials(segment, now, order.item)


def _materials(segment: etree._Element, now: Actuals, item: str) -> None:
    """Good, scrap and rework are those of the whole order; what a lot has of them stands apart."""
    by_lot = [one for one in now.materials if one.use == MaterialUse.PRODUCED]
    rest = now.good.value - sum((one.quantity.value for one in by_lot), Decimal(0))
    if rest > 0 or not by_lot:
        _material(segment, "GOOD", MaterialUse.PRODUCED, item, Quantity(rest, now.good.unit), "")
    _material(segment, "SCRAP", MaterialUse.SCRAP, item, now.scrap, "")
    if now.rework.value:
        _material(segment, "REWORK", MaterialUse.REWORK, item, now.rework, "")
    for position, one in enumerate(now.materials, start=1):
        if one.use in (MaterialUse.PRODUCED, MaterialUse.CONSUMED):
            _material(segment, f"{one.use.value.upper()}-{position}", one.use, one.item, one.quantity, one.lot)


def _material(segment: etree._Element, name: str, use: MaterialUse, item: str, quantity: Quantity, lot: str) -> None:
    actual = _add(segment, "MaterialActual")
    _add(actual, "ID", name)
    _add(actual, "MaterialDefinitionID", item)
    if lot:
        _add(actual, "MaterialLotID", lot)
    word, other = _USES[use]
    said = _add(actual, "MaterialUse", word)
    if other:
        said.set("OtherValue", other)
    _value(_add(actual, "Quantity"), "QuantityString", quantity.value, quantity.unit)


def _value(element: etree._Element, name: str, value: Decimal, unit: str) -> None:
    _add(element, name, f"{value.normalize():f}" if value else "0")
    _add(element, "DataType", "decimal")
    _add(element, "UnitOfMeasure", unit)


def _times(element: etree._Element, start: str, end: str, message: OperationsResponse) -> None:
    if message.started_at is not None:
        _add(element, start, _time(message.started_at))
    if message.ended_at is not None:
        _add(element, end, _time(message.ended_at))


def _add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    child = etree.SubElement(parent, _name(name))
    if text:
        child.text = _HIDDEN.sub("?", text)
    return child


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def _part(seconds: int, unit_s: int) -> Decimal:
    return (Decimal(seconds) / unit_s).quantize(_PLACES)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
