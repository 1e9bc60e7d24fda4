"""What the simulated ERP begins with: master data, stock and some days' orders of the demo plant."""

from datetime import UTC, datetime, timedelta

from erp_sync.connectors.simulated.store import Row, Store

_ITEMS = {  # item: name, unit, line, operations (code, name, work center, ideal seconds), component and its amount each
    "STILL-05": ("Still water 0.5 l PET", "PCE", "BOTTLE-1", "FILL-1", "0.15", "PREFORM-05"),
    "SPARK-05": ("Sparkling water 0.5 l PET", "PCE", "BOTTLE-1", "FILL-1", "0.16", "PREFORM-05"),
    "LEMON-05": ("Lemonade 0.5 l PET", "PCE", "BOTTLE-1", "FILL-1", "0.164", "PREFORM-05"),
    "GLASS-07": ("Mineral water 0.7 l glass", "PCE", "BOTTLE-2", "FILL-2", "0.25", "BOTTLE-07"),
    "GLASS-033": ("Lemonade 0.33 l glass", "PCE", "BOTTLE-2", "FILL-2", "0.24", "BOTTLE-033"),
    "CASE-6": ("Six-pack, tray of four", "CS", "PACK-3", "MULTI-3", "2.5", "FILM"),
    "CASE-12": ("Case of twelve", "CS", "PACK-3", "MULTI-3", "2.7", "FILM"),
}
_COMPONENTS = {"PREFORM-05": "Preform 0.5 l", "BOTTLE-07": "Glass bottle 0.7 l", "BOTTLE-033": "Glass bottle 0.33 l"}
_FILM = ("FILM", "Shrink film", "M")
_UNITS = {"PCE": "Piece", "CS": "Case", "M": "Metre"}
_PLAN = (  # item, quantity, state, hours until it is due, customer
    ("STILL-05", 96_000, "Released", 9, "Nordkauf"),
    ("SPARK-05", 72_000, "Released", 15, "Nordkauf"),
    ("LEMON-05", 48_000, "Released", 22, "Hansa Getränke"),
    ("GLASS-07", 60_000, "Released", 11, "Heidequell"),
    ("GLASS-033", 40_000, "Released", 20, "Hansa Getränke"),
    ("CASE-6", 4_800, "Released", 10, "Nordkauf"),
    ("CASE-12", 3_600, "Released", 26, "Heidequell"),
    ("STILL-05", 120_000, "Planned", 46, ""),
    ("GLASS-07", 55_000, "Planned", 50, ""),
    ("LEMON-05", 30_000, "Cancelled", 5, "Hansa Getränke"),
)


def seed(store: Store, now_s: float) -> int:
    """Fills an empty ERP, with due times around `now_s`. How many orders were made: none if there are some already."""
    if store.count():
        return 0
    for code, name in _UNITS.items():
        store.fact_set("unit", code, {"key": code, "name": name})
    for item, (name, unit, line, *_rest) in _ITEMS.items():
        store.fact_set("item", item, {"key": item, "name": name, "unit": unit})
        store.fact_set("work-center", line, {"key": line, "name": line})
    for code, name, unit in (*((code, name, "PCE") for code, name in _COMPONENTS.items()), _FILM):
        store.fact_set("item", code, {"key": code, "name": name, "unit": unit})
        stock = {"item": code, "site": "AQUA", "on_hand": "250000", "unit": unit, "lot": ""}
        store.fact_set("stock", code, stock)
    now = datetime.fromtimestamp(now_s, UTC).replace(minute=0, second=0, microsecond=0)
    return len(store.make([_order(number, now, *row) for number, row in enumerate(_PLAN, 1)]))


def _order(number: int, now: datetime, item: str, quantity: int, state: str, due_h: int, customer: str) -> Row:
    _name, unit, line, machine, cycle_s, component = _ITEMS[item]
    return {
        "number": f"SIM-{number:05}",
        "state": state,
        "item": item,
        "quantity": str(quantity),
        "unit": unit,
        "line": line,
        "priority": 50,
        "start": (now + timedelta(hours=due_h - 6)).isoformat(),
        "due": (now + timedelta(hours=due_h)).isoformat(),
        "customer": customer,
        "operations": [{"sequence": 10, "code": "MAKE", "name": "Make", "work_center": machine, "cycle_s": cycle_s}],
        "components": [{"item": component, "quantity": str(quantity), "unit": "M" if component == "FILM" else "PCE"}],
    }
