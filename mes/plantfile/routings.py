"""The sections `pools` and `routings` of a plant file: equal machines, and the steps in which a line makes an item."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mes.plantfile.document import Plant, PoolRow, Ref, RoutingRow, StepRow
from mes.plantfile.fields import Fields, entries
from mes.plantfile.tree import Listing, Mistakes, Node, did_you_mean
from mes.plantfile.tree import Mapping as MappingNode
from mes.production.routing_rules import mistakes as routing_mistakes

POOL_FIELDS = ("name", "line", "work_centers")
STEP_FIELDS = ("sequence", "name", "work_center", "pool", "ideal_cycle_s", "setup_min", "count")
SOURCES = ("plc", "manual", "upstream")


def pools_from(node: Node | None, mistakes: Mistakes) -> tuple[PoolRow, ...]:
    """The rows in the order of the file."""
    rows = []
    for code, line, content in entries(node, "pool", mistakes):
        fields = Fields(content, f"pool {code}", mistakes, POOL_FIELDS)
        place, machines = fields.ref("line") or Ref("", line), fields.refs("work_centers")
        if not machines:
            fields.wrong("work_centers", "has no machines: list those that are equal.")
        rows.append(PoolRow(code, fields.text("name", code), place, machines, line))
    return tuple(rows)


def routings_from(node: Node | None, mistakes: Mistakes) -> tuple[RoutingRow, ...]:
    """The rows: below each item its lines, below each line its steps."""
    rows = []
    for item, line, content in entries(node, "routing", mistakes, longest=60):
        if not isinstance(content, MappingNode):
            mistakes.add(line, f"routing {item} needs its line: write {item}: {{LINE: [{{work_center: ...}}]}}.")
            continue
        for place, steps in content.items.items():
            at = content.key_lines[place]
            if not isinstance(steps, Listing) or not steps.items:
                mistakes.add(at, f"routing {item} on {place} needs a list of steps: - {{work_center: ...}}.")
                continue
            subject = f"routing {item} on {place}"
            found = [_step(number, part, subject, mistakes) for number, part in enumerate(steps.items, 1)]
            ordered = tuple(sorted(found, key=lambda step: step.sequence))
            rows.append(RoutingRow(Ref(item, line), Ref(place, at), ordered, at))
    return tuple(rows)


def _step(number: int, node: Node, subject: str, mistakes: Mistakes) -> StepRow:
    fields = Fields(node, f"step {number} of {subject}", mistakes, STEP_FIELDS)
    machine, pool = fields.ref("work_center", required=False), fields.ref("pool", required=False)
    if (machine is None) == (pool is None):
        fields.wrong("work_center", "needs a work_center or a pool, not both.")
    named = machine or pool
    least = Decimal("0.000001")
    return StepRow(
        sequence=fields.whole("sequence", number * 10, least=1, most=32_767) or number * 10,
        name=fields.text("name", named.code if named else ""),
        work_center=machine,
        pool=pool,
        ideal_cycle_s=fields.decimal("ideal_cycle_s", None, least=least, places=6, digits=12),
        setup_min=fields.whole("setup_min", 0, least=0, most=100_000) or 0,
        count_source=fields.choice("count", SOURCES, "plc"),
        line=fields.line,
    )


def routings_check(plant: Plant, mistakes: Mistakes) -> None:
    """Notes what is named and not defined, machines of other lines, and routings that make no sense."""
    known: dict[str, Mapping[str, str]] = {
        "item": {row.code: "" for row in plant.items},
        "line": {row.code: "" for row in plant.lines},
        "work center": {row.code: row.at_line.code for row in plant.work_centers if not row.archived},
        "pool": {row.code: row.at_line.code for row in plant.pools},
    }
    machines = {row.code: frozenset(ref.code for ref in row.work_centers) for row in plant.pools}
    for pool in plant.pools:
        _named(pool.at_line, f"pool {pool.code}", "line", known, mistakes)
        for ref in pool.work_centers:
            _named(ref, f"pool {pool.code}", "work center", known, mistakes, at_line=pool.at_line.code)
    for routing in plant.routings:
        subject = f"routing {routing.item.code} on {routing.at_line.code}"
        good = _named(routing.item, subject, "item", known, mistakes)
        good &= _named(routing.at_line, subject, "line", known, mistakes)
        for step in routing.steps:
            for noun, place in (("work center", step.work_center), ("pool", step.pool)):
                good &= _named(place, subject, noun, known, mistakes, at_line=routing.at_line.code)
        if good:
            line = frozenset(code for code, home in known["work center"].items() if home == routing.at_line.code)
            plain = [(step.sequence, step.count_source, _machines(step, machines)) for step in routing.steps]
            for said in routing_mistakes(plain, line):
                mistakes.add(routing.line, f"{subject}: {said}")


def _machines(step: StepRow, pools: Mapping[str, frozenset[str]]) -> frozenset[str]:
    if step.work_center is not None:
        return frozenset({step.work_center.code})
    return pools.get(step.pool.code, frozenset()) if step.pool else frozenset()


def _named(
    ref: Ref | None,
    subject: str,
    noun: str,
    known: Mapping[str, Mapping[str, str]],
    mistakes: Mistakes,
    *,
    at_line: str = "",
) -> bool:
    if ref is None:
        return True
    if ref.code not in known[noun]:
        hint = did_you_mean(ref.code, known[noun]) or f" Define the {noun} in this file."
        mistakes.add(ref.line, f"{subject} names {noun} '{ref.code}', which this file does not define.{hint}")
        return False
    if at_line and known[noun][ref.code] != at_line:
        mistakes.add(ref.line, f"{subject} names {noun} '{ref.code}' of another line: use one of {at_line}.")
        return False
    return True


def pool_fields(row: PoolRow) -> dict[str, Any]:
    """What a pool is in a plant file, defaults left out."""
    name = None if row.name == row.code else row.name
    return {"name": name, "line": row.at_line.code, "work_centers": [ref.code for ref in row.work_centers]}


def routing_fields(rows: list[RoutingRow]) -> dict[str, Any]:
    """What an item's routings are in a plant file: by line, the steps with defaults left out."""
    return {row.at_line.code: [_step_fields(number, step) for number, step in enumerate(row.steps, 1)] for row in rows}


def _step_fields(number: int, step: StepRow) -> dict[str, Any]:
    place = step.work_center or step.pool
    fields = {
        "sequence": None if step.sequence == number * 10 else step.sequence,
        "name": None if place and step.name == place.code else step.name,
        "work_center": step.work_center.code if step.work_center else None,
        "pool": step.pool.code if step.pool else None,
        "ideal_cycle_s": step.ideal_cycle_s,
        "setup_min": step.setup_min or None,
        "count": None if step.count_source == "plc" else step.count_source,
    }
    return {key: value for key, value in fields.items() if value is not None}
