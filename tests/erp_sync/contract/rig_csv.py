"""A folder of CSV files on the bench: its planner writes files, its books are the confirmations that lie in `out`."""

import csv
from decimal import Decimal
from itertools import count
from pathlib import Path

from erp_sync.connector import Settings
from erp_sync.connectors.csvdrop import CsvDrop
from tests.erp_sync.contract.rig import Books

HEADER = "Order;Article;Qty;UoM;Line;Status"
_ODD = {
    "item": {"item": "NEVER-HEARD"},
    "unit": {"unit": "PK24"},
    "state": {"state": "thinking"},
    "quantity": {"quantity": "many"},
}


class CsvRig:
    """Every change is a file of one order."""

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

    def connect(self, *, wrong_secret: bool = False, time_out_s: float = 30) -> CsvDrop:
        options = {"settle_s": 0, "good_rows": True}
        return CsvDrop(Settings("CSV", "drop", options, folders=(str(self.root),)))

    def make(self, quantity: int = 100) -> str:
        return self._said(f"MO-{next(self._numbers)}", quantity=str(quantity))

    def make_at_once(self, count: int) -> list[str]:
        keys = [f"MO-{next(self._numbers)}" for _order in range(count)]
        self._file([f"{key};STILL-05;100;PCE;BOTTLE-1;released" for key in keys])
        return keys

    def make_late(self) -> str:
        return self.make()

    def make_odd(self, what: str) -> str:
        return self._said(f"MO-{next(self._numbers)}", **_ODD[what])

    def change(self, key: str, quantity: int) -> None:
        self._said(key, quantity=str(quantity))

    def delete(self, key: str) -> None:
        raise NotImplementedError

    def cancel(self, key: str) -> None:
        self._said(key, state="Cancelled")

    def block(self, key: str) -> None:
        raise NotImplementedError

    def skew(self, seconds: int) -> None:
        raise NotImplementedError

    def books(self, key: str) -> Books:
        """The confirmation with the highest sequence counts, as the format says."""
        newest: list[dict[str, str]] = []
        for file in (self.root / "drop" / "out").glob("*.csv"):
            rows = list(csv.DictReader(file.read_text().splitlines()))
            if rows[0]["order"] == key and (not newest or int(rows[0]["sequence"]) > int(newest[0]["sequence"])):
                newest = rows
        total = {(row["what"], row["item"]): Decimal(row["quantity"]) for row in newest}
        consumed = {item: value for (what, item), value in total.items() if what == "consumed"}
        good, scrap = (total.get((what, "STILL-05"), Decimal(0)) for what in ("good", "scrap"))
        return Books(good, scrap, consumed, bool(newest) and newest[0]["final"] == "yes")

    def _said(
        self,
        key: str,
        quantity: str = "100",
        item: str = "STILL-05",
        unit: str = "PCE",
        state: str = "released",
    ) -> str:
        self._file([f"{key};{item};{quantity};{unit};BOTTLE-1;{state}"])
        return key

    def _file(self, rows: list[str]) -> None:
        number = next(self._files)
        text = "\n".join([HEADER, *rows]) + "\n" * number  # the same words another time are another file
        place = self.root / "drop" / "in"
        (place / f"{number:06}.tmp").write_text(text, encoding="utf-8-sig")
        (place / f"{number:06}.tmp").rename(place / f"{number:06}.csv")
