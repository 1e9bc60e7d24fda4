"""Runs inside Tryton's own environment: company, units, items, places, bills and stock, as the recipe says."""

from decimal import Decimal

from proteus import Model, config
from trytond.modules.company.tests.tools import create_company
from trytond.modules.currency.tests.tools import get_currency


def company_make(recipe):
    """A company, with its administrator in every group and one employee; the employee."""
    user = Model.get("res.user")
    (admin,) = user.find([("login", "=", "admin")])
    held = {group.id for group in admin.groups}
    for group in Model.get("res.group").find([]):
        if group.id not in held:
            admin.groups.append(group)
    admin.save()
    config.get_config()._context = user.get_preferences(True, {})
    party = Model.get("party.party")
    plant = party(name=recipe["company"])
    plant.save()
    create_company(party=plant, currency=get_currency("EUR"))
    person = party(name=recipe["planner"])
    person.save()
    employee = Model.get("company.employee")(party=person)
    employee.save()
    return employee


def units_make(recipe):
    """Symbol -> unit. A new unit is either so many of another one, or a category by itself."""
    unit, category = Model.get("product.uom"), Model.get("product.uom.category")
    units = {one.symbol: one for one in unit.find([])}
    for row in recipe["units"]:
        factor = float(row["factor"])
        if row["of"]:
            kind = units[row["of"]].category
        else:
            kind = category(name=row["name"])
            kind.save()
        made = unit(name=row["name"], symbol=row["symbol"], category=kind, digits=row["digits"])
        made.rounding = 10.0 ** -row["digits"]
        # The server wants both, each rounded to twelve places, and one of them to be the leading one.
        made.factor, made.rate = round(factor, 12), round(1 / factor, 12)
        made.save()
        units[row["symbol"]] = made
    return units


def items_make(recipe, units):
    """Code -> product. Those with lots want one in store and production; what is made draws it from a sequence."""
    sequence = _lot_sequence()
    template, product = Model.get("product.template"), Model.get("product.product")
    items = {}
    for row in recipe["items"]:
        made = template(name=row["name"], default_uom=units[row["unit"]], type="goods", producible=row["made"])
        made.list_price = Decimal(row["cost"]) * 2
        if row["lots"]:
            made.lot_required = ["storage", "production"]
            if row["made"]:
                made.lot_sequence = sequence
        (one,) = made.products
        one.cost_price = Decimal(row["cost"])
        if "suffix_code" in product._fields:
            one.suffix_code = row["code"]
        else:
            one.code = row["code"]
        made.save()
        items[row["code"]] = product(made.products[0].id)
    return items


def _lot_sequence():
    (kind,) = (one for one in Model.get("ir.sequence.type").find([]) if one.name == "Stock Lot")
    sequence = Model.get("ir.sequence")(name="Lot", sequence_type=kind, prefix="L${year}-", padding=5, company=None)
    sequence.save()
    return sequence


def lines_make(recipe):
    """Code -> work center. A work center of Tryton has no code, so its name is our code."""
    center, category = Model.get("production.work.center"), Model.get("production.work.center.category")
    kinds, lines = {}, {}
    for line in recipe["lines"]:
        made = center(name=line["code"])
        made.save()
        lines[line["code"]] = made
        for station in line["stations"]:
            if station["operation"] not in kinds:
                kinds[station["operation"]] = category(name=station["operation"])
                kinds[station["operation"]].save()
            kind = kinds[station["operation"]]
            center(name=station["code"], parent=made, category=kind, cost_price=Decimal(40), cost_method="hour").save()
    return lines, kinds


def bills_make(recipe, items, units, kinds):
    """Item code -> (bill, routing)."""
    operation, routing = Model.get("production.routing.operation"), Model.get("production.routing")
    bill, enters = Model.get("production.bom"), Model.get("production.bom.input")
    leaves, link = Model.get("production.bom.output"), Model.get("product.product-production.bom")
    operations = {}
    for name, kind in kinds.items():
        operations[name] = operation(name=name, work_center_category=kind)
        operations[name].save()
    bills = {}
    for row in recipe["bills"]:
        product = items[row["item"]]
        made = bill(name=row["item"])
        for code, quantity, unit in row["inputs"]:
            line = enters()
            made.inputs.append(line)
            line.product, line.quantity, line.unit = items[code], quantity, units[unit]
        line = leaves()
        made.outputs.append(line)
        line.product, line.quantity = product, 1
        made.save()
        way = routing(name=row["item"])
        way.boms.append(made)
        for name in row["operations"]:
            way.steps.new(operation=operations[name])
        way.save()
        product.boms.append(link(bom=bill(made.id), routing=routing(way.id)))
        product.save()
        bills[row["item"]] = (bill(made.id), routing(way.id))
    return bills


def stock_make(recipe, items):
    """Fills the store by one inventory and names a place for scrap; (item code, lot number) -> lot."""
    place, lot = Model.get("stock.location"), Model.get("stock.lot")
    (store,), (warehouse,) = place.find([("code", "=", "STO")]), place.find([("code", "=", "WH")])
    waste = place(name="Production scrap", type="lost_found", code="SCRAP")
    waste.save()
    warehouse.waste_locations.append(place(waste.id))
    warehouse.save()
    inventory = Model.get("stock.inventory")(location=store, empty_quantity="keep")
    row_kind, lots = Model.get("stock.inventory.line"), {}
    for row in recipe["stock"]:
        line = row_kind()
        inventory.lines.append(line)
        line.product, line.quantity = items[row["item"]], row["quantity"]
        if row["lot"]:
            made = lot(number=row["lot"], product=items[row["item"]])
            made.save()
            lots[row["item"], row["lot"]] = line.lot = made
    inventory.save()
    inventory.click("confirm")
    return lots
