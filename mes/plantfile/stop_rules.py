"""The section `stop_rules` of a plant file: which reason a stop gets by itself. People switch it on, on its page."""

from typing import Any

from mes.downtime.models import Reason, StopRule
from mes.plant.models import Line, WorkCenter
from mes.plantfile.document import Plant, Ref, StopRuleRow
from mes.plantfile.fields import DAYS, Fields, entries
from mes.plantfile.outcome import Outcome, Shelf
from mes.plantfile.tree import Mistakes, Node, did_you_mean
from mes.production.models import Item

FIELDS = ("name", "reason", "plc_code", "state", "item", "days", "from", "to", "line", "work_center")


def stop_rules_from(node: Node | None, mistakes: Mistakes) -> tuple[StopRuleRow, ...]:
    """The rows in the order of the file, which is the order in which they are tried."""
    return tuple(
        _row(code, line, Fields(content, f"stop rule {code}", mistakes, FIELDS))
        for code, line, content in entries(node, "stop rule", mistakes)
    )


def _row(code: str, line: int, fields: Fields) -> StopRuleRow:
    row = StopRuleRow(
        code=code,
        name=fields.text("name", code, longest=80),
        reason=fields.ref("reason") or Ref("", line),
        plc_code=fields.whole("plc_code", None, least=-(2**31), most=2**31 - 1),
        state=fields.text("state", "", longest=40),
        item=fields.ref("item", required=False),
        days=fields.days("days") if fields.has("days") else (),
        from_time=fields.clock("from") if fields.has("from") else None,
        to_time=fields.clock("to") if fields.has("to") else None,
        place_line=fields.ref("line", required=False),
        work_center=fields.ref("work_center", required=False),
        line=line,
    )
    if fields.has("from") != fields.has("to"):
        fields.wrong("to" if fields.has("to") else "from", "needs both times, from and to.")
    if row.plc_code is None and not (row.state or row.item or row.days or row.from_time):
        fields.wrong("reason", "has no condition: give it a plc_code, a state, an item, days or times.")
    return row


def stop_rules_check(plant: Plant, mistakes: Mistakes) -> None:
    """Notes reasons that cannot be given, and places and items that the file does not define."""
    categories = {row.parent for row in plant.reasons if row.parent}
    known = {
        "reason": [row.code for row in plant.reasons if row.code not in categories and not row.archived],
        "item": [row.code for row in plant.items],
        "line": [row.code for row in plant.lines],
        "work center": [row.code for row in plant.work_centers],
    }
    for row in plant.stop_rules:
        named = {"reason": row.reason, "item": row.item, "line": row.place_line, "work center": row.work_center}
        for noun, ref in named.items():
            if ref is not None and ref.code and ref.code not in known[noun]:
                hint = did_you_mean(ref.code, known[noun]) or f" Define the {noun} in this file."
                said = f"stop rule {row.code} names {noun} '{ref.code}', which this file does not define.{hint}"
                mistakes.add(ref.line, said)


def stop_rule_fields(row: StopRuleRow) -> dict[str, Any]:
    """What a rule is in a plant file, defaults left out."""
    return {
        "name": None if row.name == row.code else row.name,
        "reason": row.reason.code,
        "plc_code": row.plc_code,
        "state": row.state or None,
        "item": row.item.code if row.item else None,
        "days": [DAYS[day] for day in row.days] or None,
        "from": row.from_time,
        "to": row.to_time,
        "line": row.place_line.code if row.place_line else None,
        "work_center": row.work_center.code if row.work_center else None,
    }


def stop_rules_store(plant: Plant, outcome: Outcome) -> None:
    """Makes the listed rules those of the file, switched off where they are new; others stay as they are."""
    rules = Shelf(StopRule, "stop-rule", outcome)
    kinds: tuple[Any, ...] = (Reason, Item, Line, WorkCenter)
    reasons, items, lines, machines = (model.objects.in_bulk(field_name="code") for model in kinds)
    for position, row in enumerate(plant.stop_rules):
        values = {
            "name": row.name,
            "position": position,
            "reason": reasons[row.reason.code],
            "plc_code": row.plc_code,
            "state": row.state,
            "item": items[row.item.code] if row.item else None,
            "weekdays": "".join(str(day + 1) for day in row.days),
            "from_time": row.from_time,
            "to_time": row.to_time,
            "line": lines[row.place_line.code] if row.place_line else None,
            "work_center": machines[row.work_center.code] if row.work_center else None,
        }
        rules.put(row.code, values)


def stop_rules_export() -> tuple[StopRuleRow, ...]:
    """The stored rules in their order."""
    rules = StopRule.objects.select_related("reason", "item", "line", "work_center")
    return tuple(
        StopRuleRow(
            code=rule.code,
            name=rule.name,
            reason=Ref(rule.reason.code),
            plc_code=rule.plc_code,
            state=rule.state,
            item=Ref(rule.item.code) if rule.item else None,
            days=tuple(day for day in range(7) if str(day + 1) in rule.weekdays),
            from_time=rule.from_time,
            to_time=rule.to_time,
            place_line=Ref(rule.line.code) if rule.line else None,
            work_center=Ref(rule.work_center.code) if rule.work_center else None,
        )
        for rule in rules
    )
