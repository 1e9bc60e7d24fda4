"""B2MML: schedules of all versions are read alike; a confirmation is written as 7.01 wants it."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from lxml import etree

from erp_sync.connectors.b2mml.read import read_schedule
from erp_sync.connectors.b2mml.write import performance_xml
from erp_sync.messages import (
    Actuals,
    DowntimeActual,
    ExternalRef,
    MaterialActual,
    MaterialUse,
    OperationsResponse,
    Quantity,
    RequestState,
)

_QUANTITY = "<Quantity><QuantityString>{}</QuantityString><UnitOfMeasure>{}</UnitOfMeasure></Quantity>"
V7 = (
    '<ProcessOperationsSchedule xmlns="http://www.mesa.org/xml/B2MML"><DataArea><Process/><OperationsSchedule>'
    "<OperationsRequest><ID>MO-7</ID><EndTime>2026-11-23T14:00:00Z</EndTime><HierarchyScope>"
    "<EquipmentID>RIVER/L1</EquipmentID></HierarchyScope><Priority>5</Priority><RequestState>Released</RequestState>"
    "<SegmentRequirement><ProcessSegmentID>FILL</ProcessSegmentID><MaterialRequirement>"
    "<MaterialDefinitionID>COLA</MaterialDefinitionID><MaterialUse>Material Produced</MaterialUse>"
    + _QUANTITY.format("4800", "u")
    + "</MaterialRequirement><MaterialRequirement><MaterialDefinitionID>SYRUP</MaterialDefinitionID>"
    "<MaterialUse>Material Consumed</MaterialUse>"
    + _QUANTITY.format("816.5", "l")
    + "</MaterialRequirement></SegmentRequirement></OperationsRequest></OperationsSchedule></DataArea>"
    "</ProcessOperationsSchedule>"
)
V4 = (
    '<ProductionSchedule xmlns="http://www.wbf.org/xml/B2MML-V0401"><ProductionRequest><ID>MO-7</ID>'
    "<Location><EquipmentID>L1</EquipmentID></Location><EndTime>2026-11-23T14:00:00Z</EndTime><Priority>5</Priority>"
    "<SegmentRequirement><ProcessSegmentID>FILL</ProcessSegmentID><MaterialProducedRequirement>"
    "<MaterialDefinitionID>COLA</MaterialDefinitionID>"
    + _QUANTITY.format("4800", "u")
    + "</MaterialProducedRequirement><MaterialConsumedRequirement><MaterialDefinitionID>SYRUP</MaterialDefinitionID>"
    + _QUANTITY.format("816.5", "l")
    + "</MaterialConsumedRequirement></SegmentRequirement></ProductionRequest></ProductionSchedule>"
)
BARE = V4.replace(' xmlns="http://www.wbf.org/xml/B2MML-V0401"', "")


@pytest.mark.parametrize("message", [V7, V4, BARE])
def test_an_order_is_read_alike_from_every_version(message: str) -> None:
    reading = read_schedule(message.encode(), UTC)
    assert (reading.bad, reading.refused) == ([], "")
    order = reading.requests[0]
    assert (order.ref.key, order.item, order.quantity) == ("MO-7", "COLA", Quantity(Decimal(4800), "u"))
    assert (order.work_center, order.priority, order.state) == ("L1", 5, RequestState.RELEASED)
    assert order.due_at == datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert [(row.sequence, row.code) for row in order.segments] == [(10, "FILL")]
    assert [(row.item, row.quantity) for row in order.materials] == [("SYRUP", Quantity(Decimal("816.5"), "l"))]


def test_a_confirmation_says_totals_in_the_order_that_the_schema_of_7_01_wants() -> None:
    order = read_schedule(V7.encode(), UTC).requests[0]
    count = [Quantity(Decimal(value), "u") for value in (2310, 41, 0)]
    used = MaterialActual(MaterialUse.CONSUMED, "SYRUP", Quantity(Decimal("399.20"), "l"), "SYR-1")
    total = Actuals(*count, (used,), (DowntimeActual("ELEC", 750),), labor_s=14_400)
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    ref = ExternalRef("b2mml", "MO-7")
    message = OperationsResponse(UUID(int=7), ref, 3, at, "2026-11-22", False, total, total, started_at=at)
    root = etree.fromstring(performance_xml(message, order))
    assert root.tag == "{http://www.mesa.org/xml/B2MML}ProcessOperationsPerformance"
    assert root.findtext(".//{*}BODID") == str(message.event_id)
    segment = root.find(".//{*}SegmentResponse")
    assert segment is not None
    assert ["".join(str(text).strip() + " " for text in part.itertext() if str(text).strip()) for part in segment] == [
        "MO-7/3/1 ",
        "2026-11-22T00:00:00Z ",
        "2026-11-22T10:00:00Z ",
        "FILL ",
        "MO-7 ",
        "Running ",
        "DowntimeReason:ELEC 12.5 decimal min ",
        "LABOUR 4 decimal h ",
        "GOOD COLA Material Produced 2310 decimal u ",
        "SCRAP COLA Other 41 decimal u ",
        "CONSUMED-1 SYRUP SYR-1 Material Consumed 399.2 decimal l ",
    ]
