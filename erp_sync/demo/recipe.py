"""What the demo's ERP knows: the items, lines and operations of the demo plant, and orders around a day (pure data)."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import mes
from mes.plantfile.document import Plant

PLANT_FILE = Path(mes.__file__).with_name("demo") / "plant.yaml"
SERVICE_USER = "millwright"
# What Millwright's account may do there; the rest it may read as everybody may, and change nothing of it.
_MAY = {
    "production": ("read", "write"),
    "production.work": ("read", "write"),
    "production.work.cycle": ("read", "write", "create"),
    "stock.move": ("read", "write", "create", "delete"),
    "stock.lot": ("read", "write", "create"),
    "stock.lots_by_locations": ("read",),
}
# Unit of the plant file -> symbol in Tryton.
UNITS = {"pcs": "u", "case": "case"}

# symbol, name, so many, of which unit ("" for a kind of its own), digits
_MORE_UNITS = (
    ("case", "Case", 1, "", 0),
    ("roll", "Roll", 1, "", 4),
    ("pk24", "Pack of 24", 24, "u", 0),
)
# code, name, unit, cost, lots: what is bought. The codes are those of the demo's lots.
_MATERIALS = (
    ("PREFORM", "PET preform 24 g", "u", "0.04", True),
    ("CAP-28", "Closure 28 mm, blue", "u", "0.01", True),
    ("SYRUP-LEMON", "Lemonade syrup", "kg", "1.60", True),
    ("LABELS-05", "Label roll 0.5 l", "roll", "90", True),
    ("BOTTLE-GLASS", "Returnable glass bottle", "u", "0.12", False),
    ("TRAY", "Cardboard tray", "u", "0.09", False),
)
# Of these the demo plant knows; the others are none of its business.
MATERIALS = ("PREFORM", "CAP-28", "SYRUP-LEMON", "LABELS-05")
APART_ITEMS = ("BOTTLE-GLASS", "TRAY")
# item -> what one of it takes: (code, quantity, unit); not always the unit in which it lies in the store.
_BILLS: dict[str, tuple[tuple[str, float, str], ...]] = {
    "STILL-05": (("PREFORM", 1, "u"), ("CAP-28", 1, "u"), ("LABELS-05", 0.0001, "roll")),
    "SPARK-05": (("PREFORM", 1, "u"), ("CAP-28", 1, "u"), ("LABELS-05", 0.0001, "roll")),
    "LEMON-05": (("PREFORM", 1, "u"), ("CAP-28", 1, "u"), ("SYRUP-LEMON", 24, "g"), ("LABELS-05", 0.0001, "roll")),
    "GLASS-07": (("BOTTLE-GLASS", 1, "u"), ("CAP-28", 1, "u")),
    "GLASS-033": (("BOTTLE-GLASS", 1, "u"), ("CAP-28", 1, "u"), ("SYRUP-LEMON", 16, "g")),
    "CASE-6": (("STILL-05", 24, "u"), ("TRAY", 1, "u")),
    "CASE-12": (("STILL-05", 12, "u"), ("TRAY", 1, "u")),
}
# An item nobody has told Millwright of: its order waits, visibly, for a mapping.
UNKNOWN_ITEM = ("TEA-05", "Iced tea 0.5 l PET", "BOTTLE-1", "STILL-05")
# item, line, quantity, unit ("" for the item's), days from today, state
_ORDERS = (
    ("STILL-05", "BOTTLE-1", 12000, "", -1, "done"),
    ("CASE-6", "PACK-3", 400, "", -1, "done"),
    ("STILL-05", "BOTTLE-1", 9600, "", 0, "running"),
    ("GLASS-07", "BOTTLE-2", 4800, "", 0, "assigned"),
    ("LEMON-05", "BOTTLE-1", 7200, "", 1, "waiting"),
    ("SPARK-05", "BOTTLE-1", 14400, "", 1, "waiting"),
    ("GLASS-033", "BOTTLE-2", 2400, "", 1, "waiting"),
    ("CASE-12", "PACK-3", 300, "", 1, "waiting"),
    ("STILL-05", "BOTTLE-1", 400, "pk24", 2, "waiting"),
    ("TEA-05", "BOTTLE-1", 6000, "", 2, "waiting"),
    ("LEMON-05", "BOTTLE-1", 6000, "", 3, "draft"),
    ("GLASS-07", "BOTTLE-2", 3000, "", 4, "draft"),
    ("SPARK-05", "BOTTLE-1", 1200, "", 3, "cancelled"),
)
_STOCK = {
    "PREFORM": 800_000,
    "CAP-28": 800_000,
    "SYRUP-LEMON": 900,
    "LABELS-05": 120,
    "BOTTLE-GLASS": 90_000,
    "TRAY": 9000,
}


def recipe_make(*, today: date, password: str, finish: str, plant: Plant | None = None) -> dict[str, Any]:
    """All that the seed puts into an empty ERP. Plain JSON: it is read in another environment.

    `password` is that of the account Millwright logs in with, `finish` the button that ends an order in this series.
    """
    plant = plant or _plant()
    return {
        "company": plant.sites[0].name,
        "planner": next(person.name for person in plant.people if person.role == "planner"),
        "units": [dict(zip(("symbol", "name", "factor", "of", "digits"), row, strict=True)) for row in _MORE_UNITS],
        "items": [*_materials(), *_made(plant)],
        "lines": _lines(plant),
        "bills": _bills(plant),
        "stock": _stock(today),
        "finish": finish,
        "orders": [_order(row, today) for row in _ORDERS],
        "service": {"user": SERVICE_USER, "password": password, "may": _MAY},
    }


def _plant() -> Plant:
    from mes.plantfile.read import plant_read  # knows models: who only starts a server that is built needs no apps

    return plant_read(PLANT_FILE.read_text(encoding="utf-8"))


def _materials() -> list[dict[str, Any]]:
    rows = [dict(zip(("code", "name", "unit", "cost", "lots"), row, strict=True)) for row in _MATERIALS]
    return [{**row, "made": False} for row in rows]


def _made(plant: Plant) -> list[dict[str, Any]]:
    rows = [(item.code, item.name, UNITS[item.unit]) for item in plant.items]
    rows.append((UNKNOWN_ITEM[0], UNKNOWN_ITEM[1], "u"))
    return [
        {"code": code, "name": name, "unit": unit, "cost": "0.20", "made": True, "lots": True}
        for code, name, unit in rows
    ]


def _lines(plant: Plant) -> list[dict[str, Any]]:
    return [
        {"code": line.code, "stations": [{"code": code, "operation": code} for code in _stations(plant, line.code)]}
        for line in plant.lines
    ]


def _stations(plant: Plant, line: str) -> list[str]:
    return [center.code for center in plant.work_centers if center.at_line.code == line]


def _bills(plant: Plant) -> list[dict[str, Any]]:
    ways = {item.code: [cycle.work_center.code for cycle in item.cycles] for item in plant.items}
    rows = [{"item": code, "inputs": list(_BILLS[code]), "operations": operations} for code, operations in ways.items()]
    code, _, _, like = UNKNOWN_ITEM
    return [*rows, {"item": code, "inputs": list(_BILLS[like]), "operations": ways[like]}]


def _stock(today: date) -> list[dict[str, Any]]:
    """Each material; those with lots in the two that the demo received six days and one day ago."""
    rows: list[dict[str, Any]] = []
    for code, *_, lots in _MATERIALS:
        names = [f"{code}-{today - timedelta(days=days):%y%m%d}" for days in (6, 1)] if lots else [""]
        rows += [{"item": code, "lot": name, "quantity": _STOCK[code]} for name in names]
    rows.append({"item": "STILL-05", "lot": f"STILL-{today - timedelta(days=2):%y%m%d}", "quantity": 60_000})
    return rows


def _order(row: tuple[str, str, int, str, int, str], today: date) -> dict[str, Any]:
    item, line, quantity, unit, days, state = row
    day = (today + timedelta(days=days)).isoformat()
    return {"item": item, "line": line, "quantity": quantity, "unit": unit, "day": day, "state": state}
