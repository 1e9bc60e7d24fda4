"""Runs inside Tryton's own environment and nowhere else: fills a new database with what a recipe (JSON) says.

python seed.py <trytond.conf> <database> < recipe.json
"""

import datetime
import json
import sys

import master
from proteus import Model, config

PATH = {"draft": 0, "waiting": 1, "assigned": 2, "running": 3, "done": 4}


def main(conf, database):
    """Everything in the order in which it hangs together."""
    recipe = json.load(sys.stdin)
    config.set_trytond(f"sqlite:///{database}", config_file=conf)
    employee = master.company_make(recipe)
    units = master.units_make(recipe)
    items = master.items_make(recipe, units)
    lines, kinds = master.lines_make(recipe)
    bills = master.bills_make(recipe, items, units, kinds)
    lots = master.stock_make(recipe, items)
    for row in recipe["orders"]:
        order_make(row, recipe["finish"], units, items, lines, bills, lots)
    service_user_make(recipe["service"], employee)


def order_make(row, finish, units, items, lines, bills, lots):
    """A production order, pressed forward to the state the recipe wants; `finish` is the name of the last button."""
    order = Model.get("production")(product=items[row["item"]])
    order.bom, order.routing = bills[row["item"]]
    order.work_center = lines[row["line"]]
    if row["unit"]:
        order.unit = units[row["unit"]]
    order.quantity = row["quantity"]
    day = datetime.date.fromisoformat(row["day"])
    order.planned_date = order.planned_start_date = day
    newest = {code: lot for (code, _), lot in lots.items()}
    for move in order.inputs:
        code = move.product.code
        if code in newest:
            move.lot = newest[code]
    order.save()
    if row["state"] == "cancelled":
        order.click("wait")
        order.click("cancel")
    buttons = ("wait", "assign_try", "run", finish)
    for button in buttons[: PATH.get(row["state"], 0)]:
        if button == finish:
            works_finish(order)
        order.click(button)
    order.reload()
    if order.state != row["state"]:
        sys.exit(f"order of {row['item']}: {order.state} instead of {row['state']}")
    return order


def works_finish(order):
    """Every operation took an hour."""
    for work in order.works:
        work.click("start")
        for cycle in work.active_cycles:
            cycle.duration = datetime.timedelta(hours=1)
            cycle.save()
        work.click("stop")
    order.reload()


def service_user_make(service, employee):
    """The account Millwright logs in with, in a group of its own that may do what the recipe lists and nothing else."""
    user, company = Model.get("res.user"), Model.get("company.company")
    made = user(name="Millwright", login=service["user"], password=service["password"])
    made.groups.append(group_make(service["may"]))
    (owner,) = company.find([])
    made.companies.append(company(owner.id))
    made.company = company(owner.id)
    made.employees.append(Model.get("company.employee")(employee.id))
    made.employee = Model.get("company.employee")(employee.id)
    made.save()


def group_make(may):
    """A group with rights of its own: model -> some of read, write, create, delete."""
    group, access, model = Model.get("res.group"), Model.get("ir.model.access"), Model.get("ir.model")
    made = group(name="Millwright")
    made.save()
    by_record = access._fields["model"]["type"] == "many2one"  # up to 7.0
    for name, rights in may.items():
        row = access(group=group(made.id))
        row.model = model.find([("model", "=", name)])[0] if by_record else name
        for right in ("read", "write", "create", "delete"):
            setattr(row, f"perm_{right}", right in rights)
        row.save()
    return group(made.id)


if __name__ == "__main__":
    main(*sys.argv[1:])
