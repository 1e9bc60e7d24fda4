"""The simulated ERP on the bench."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from time import time
from typing import Any

from erp_sync.connector import Settings
from erp_sync.connectors.simulated import SimulatedErp
from erp_sync.connectors.simulated.service import SimulatedService
from tests.erp_sync.contract.rig import Books
from tests.erp_sync.contract.suite import WRONG_SECRET

_TOKEN = "token-of-the-simulated-erp"
_ODD: Mapping[str, Mapping[str, Any]] = {
    "item": {"item": "NEVER-HEARD"},
    "unit": {"unit": "PK24"},
    "state": {"state": "Thinking"},
    "quantity": {"quantity": "many"},
}


class SimulatedRig:
    """Enters and reads at the service itself, in this process; the connector comes over HTTP."""

    unit = "PCE"
    component = ("PREFORM-05", "PCE")

    def __init__(self, folder: Path) -> None:
        self.service = SimulatedService(str(folder / "erp.sqlite"), _TOKEN).start()
        self.faults = self.service.faults

    def close(self) -> None:
        self.service.stop()

    def connect(self, *, wrong_secret: bool = False, time_out_s: float = 30) -> SimulatedErp:
        return SimulatedErp(self.settings(WRONG_SECRET if wrong_secret else _TOKEN, time_out_s))

    def settings(self, token: str = _TOKEN, time_out_s: float = 30) -> Settings:
        return Settings("SIM", self.service.address, {"time_out_s": time_out_s}, {"token": token}, demo=True)

    def make(self, quantity: int = 100) -> str:
        return str(self.service.store.make([_order(quantity)])[0])

    def make_at_once(self, count: int) -> list[str]:
        return [str(key) for key in self.service.store.make([_order(100)] * count)]

    def make_late(self) -> str:
        two_minutes_ago = int((time() - 120) * 1_000_000)
        return str(self.service.store.make([_order(100)], modified=two_minutes_ago)[0])

    def make_odd(self, what: str) -> str:
        return str(self.service.store.make([_order(100) | _ODD[what]])[0])

    def change(self, key: str, quantity: int) -> None:
        self.service.store.change(int(key), {"quantity": str(quantity)})

    def delete(self, key: str) -> None:
        self.service.store.delete(int(key))

    def cancel(self, key: str) -> None:
        self.service.store.change(int(key), {"state": "Cancelled"})

    def block(self, key: str) -> None:
        self.service.store.change(int(key), {"blocked": "The order is locked by the costing run."})

    def skew(self, seconds: int) -> None:
        self.service.skew_s = seconds

    def books(self, key: str) -> Books:
        row = self.service.store.booked([int(key)])[key]
        consumed = {item: Decimal(value) for item, value in row["consumed"].items()}
        return Books(Decimal(row["good"]), Decimal(row["scrap"]), consumed, row["state"] in ("Made", "Closed"))


def _order(quantity: int) -> dict[str, Any]:
    component = {"item": "PREFORM-05", "quantity": str(quantity), "unit": "PCE"}
    return {"item": "STILL-05", "quantity": str(quantity), "line": "BOTTLE-1", "components": [component]}
