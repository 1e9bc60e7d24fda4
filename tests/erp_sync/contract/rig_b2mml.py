"""A folder of B2MML on the bench: its planner sends schedules of 7.01, its books are the performances in `out`."""

from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from erp_sync.connector import ErpConnector, Settings
from erp_sync.connectors.b2mml import B2mml
from tests.erp_sync.contract.rig import Books

SPACE = "http://www.mesa.org/xml/B2MML"
ODD = {
    "item": {"item": "NEVER-HEARD"},
    "unit": {"unit": "PK24"},
    "state": {"state": "Thinking"},
    "quantity": {"quantity": "many"},
}
_MATERIAL = (
    "<MaterialRequirement><MaterialDefinitionID>{}</MaterialDefinitionID><MaterialUse>Material {}</MaterialUse>"
    "<Quantity><QuantityString>{}</QuantityString><DataType>decimal</DataType><UnitOfMeasure>{}</UnitOfMeasure>"
    "</Quantity></MaterialRequirement>"
)


class B2mmlRig:
    """Every change is a message of one order."""

    unit = "PCE"
    component = ("PREFORM-05", "PCE")
    faults = None

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self._numbers, self._files = count(1), count(1)
        for name in ("in", "out"):
            (folder / "drop" / name).mkdir(parents=True)

    def close(self) -> None:
        """Nothing is open."""

    def connect(self, *, wrong_secret: bool = False, time_out_s: float = 30) -> ErpConnector:
        return B2mml(Settings("XML", "drop", {"settle_s": 0}, folders=(str(self.root),)))

    def make(self, quantity: int = 100) -> str:
        return self._said(f"MO-{next(self._numbers)}", quantity=str(quantity))

    def make_at_once(self, count: int) -> list[str]:
        keys = [f"MO-{next(self._numbers)}" for _order in range(count)]
        self._file("".join(request_xml(key) for key in keys))
        return keys

    def make_late(self) -> str:
        return self.make()

    def make_odd(self, what: str) -> str:
        return self._said(f"MO-{next(self._numbers)}", **ODD[what])

    def change(self, key: str, quantity: int) -> None:
        self._said(key, quantity=str(quantity))

    def delete(self, key: str) -> None:
        raise NotImplementedError

    def cancel(self, key: str) -> None:
        self._file(f"<OperationsRequest><ID>{key}</ID></OperationsRequest>", "Cancel")

    def block(self, key: str) -> None:
        raise NotImplementedError

    def skew(self, seconds: int) -> None:
        raise NotImplementedError

    def books(self, key: str) -> Books:
        """The response with the highest sequence counts."""
        files = (self.root / "drop" / "out").glob("*.xml")
        told = [performance for file in files if (performance := performance_of(file.read_bytes())).key == key]
        return books_of(max(told, key=lambda one: one.sequence).response) if told else Books(Decimal(0), Decimal(0))

    def _said(self, key: str, **other: str) -> str:
        self._file(request_xml(key, **other))
        return key

    def _file(self, requests: str, verb: str = "Process") -> None:
        number = next(self._files)
        text = schedule_xml(requests, number, verb)
        place = self.root / "drop" / "in"
        (place / f"{number:06}.part").write_text(text)
        (place / f"{number:06}.part").rename(place / f"{number:06}.xml")


def request_xml(
    key: str, quantity: str = "100", item: str = "STILL-05", unit: str = "PCE", state: str = "Released"
) -> str:
    """An order of one operation and one component."""
    materials = _MATERIAL.format(item, "Produced", quantity, unit) + _MATERIAL.format(
        "PREFORM-05", "Consumed", 1, "PCE"
    )
    return (
        f"<OperationsRequest><ID>{key}</ID><RequestState>{state}</RequestState><SegmentRequirement>"
        f"<ProcessSegmentID>FILL</ProcessSegmentID>{materials}</SegmentRequirement></OperationsRequest>"
    )


def schedule_xml(requests: str, number: int, verb: str = "Process") -> str:
    """A message with these orders."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{verb}OperationsSchedule xmlns="{SPACE}" releaseID="0701">'
        f"<ApplicationArea><BODID>{number}</BODID></ApplicationArea><DataArea><{verb}/><OperationsSchedule>"
        f"{requests}</OperationsSchedule></DataArea></{verb}OperationsSchedule>"
    )


class Performance(NamedTuple):
    """A confirmation as the ERP reads it."""

    event_id: str
    key: str
    sequence: int
    response: etree._Element


def performance_of(message: bytes) -> Performance:
    """The parts of a ProcessOperationsPerformance by which an ERP knows it."""
    root = etree.fromstring(message)
    response = root.find(f".//{{{SPACE}}}OperationsResponse")
    event = root.findtext(f".//{{{SPACE}}}BODID")
    assert response is not None
    assert event is not None
    sequence = int(_text(response, "ID").rpartition("/")[2])
    return Performance(event, _text(response, "OperationsRequestID"), sequence, response)


def books_of(response: etree._Element) -> Books:
    """What an ERP books that takes the totals of a response."""
    total: dict[tuple[str, str], Decimal] = {}
    for row in response.iter(f"{{{SPACE}}}MaterialActual"):
        use = row.find(f"{{{SPACE}}}MaterialUse")
        assert use is not None
        name = (use.get("OtherValue") or use.text or "", _text(row, "MaterialDefinitionID"))
        total[name] = total.get(name, Decimal(0)) + Decimal(_text(row, f"Quantity/{{{SPACE}}}QuantityString"))
    consumed = {item: value for (use, item), value in total.items() if use == "Material Consumed"}
    good = total.get(("Material Produced", "STILL-05"), Decimal(0))
    scrap = total.get(("Scrap", "STILL-05"), Decimal(0))
    return Books(good, scrap, consumed, _text(response, "ResponseState") == "Completed")


def _text(element: etree._Element, path: str) -> str:
    return element.findtext(f"{{{SPACE}}}{path}") or ""
