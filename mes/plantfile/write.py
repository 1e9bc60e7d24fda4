"""A Plant as the text of a plant file: compact, defaults left out, the same Plant always the same text."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mes.plant.models import Node
from mes.plantfile.check_plans import check_plan_fields
from mes.plantfile.document import (
    UDT_MEMBERS,
    BindingRow,
    ExceptionRow,
    MaintenanceRow,
    Plant,
    ReasonRow,
    ShiftRow,
    WorkCenterRow,
)
from mes.plantfile.fields import DAYS
from mes.plantfile.read_calendar import zones_of
from mes.plantfile.read_lists import semi_e10_of
from mes.plantfile.read_signals import COUNTER_FIELDS, ROLES
from mes.plantfile.routings import pool_fields, routing_fields
from mes.plantfile.stop_rules import stop_rule_fields
from mes.plantfile.witnesses import witness_fields
from mes.plc.models import COUNT_ROLES

HEAD = "# The plant as Millwright knows it. The format is described in docs/plant-file.md.\n"
# What YAML reads as itself inside {...} and means nothing but text; everything else is quoted.
_PLAIN = re.compile(r"[^\W_][\w ./%()+'&;–-]*(:[\w/.]+)*", re.UNICODE)
_LEAST_UDT_TAGS = 3


def plant_text(plant: Plant) -> str:
    """The plant file of a Plant."""
    zones = zones_of(plant.sites, plant.areas, plant.lines, plant.work_centers)
    sections: dict[str, list[str]] = {
        "sites": [_entry(row.code, _site(row)) for row in plant.sites],
        "shift_patterns": [_pattern(row.code, row.name, row.shifts) for row in plant.patterns],
        "areas": [
            _entry(row.code, _named(row, {"site": row.site.code, "shifts": _code(row.shifts)}, Node.Level.AREA))
            for row in plant.areas
        ],
        "lines": [_entry(row.code, _line(row)) for row in plant.lines],
        "work_centers": [_entry(row.code, _machine(row, plant.work_centers)) for row in plant.work_centers],
        "exceptions": [_listed(_exception(row)) for row in plant.exceptions or ()],
        "maintenance": [
            _listed(_maintenance(row, zones[row.level, row.place.code])) for row in plant.maintenance or ()
        ],
        "controllers": [_entry(row.code, _controller(row)) for row in plant.controllers],
        "state_maps": [_state_map(row) for row in plant.state_maps],
        "bindings": [
            _binding(code, [row for row in plant.bindings if row.work_center.code == code]) for code in plant.bound
        ],
        "reasons": [_category(row, plant.reasons) for row in plant.reasons if row.parent is None],
        "items": [_entry(row.code, _item(row)) for row in plant.items],
        "pools": [_entry(row.code, pool_fields(row)) for row in plant.pools],
        "routings": [
            _entry(code, routing_fields([row for row in plant.routings if row.item.code == code]))
            for code in dict.fromkeys(row.item.code for row in plant.routings)
        ],
        "witnesses": [
            _entry(code, witness_fields([row for row in plant.witnesses if row.work_center.code == code]))
            for code in plant.witnessed
        ],
        "stop_rules": [_entry(row.code, stop_rule_fields(row)) for row in plant.stop_rules],
        "check_plans": [_entry(row.code, check_plan_fields(row)) for row in plant.check_plans],
        "people": [_entry(row.username, _person(row)) for row in plant.people],
    }
    return HEAD + "".join(f"\n{name}:\n{''.join(entries)}" for name, entries in sections.items() if entries)


def scalar(value: object) -> str:
    """One value as YAML."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    text = str(value)
    plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and text.lower() not in ("null", "none", "~")
    return text if plain else json.dumps(text, ensure_ascii=False)


def flow(value: object) -> str:
    """A value, list or mapping on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def _entry(code: str, fields: Mapping[str, Any]) -> str:
    return f"  {scalar(code)}: {flow(_given(fields))}\n"


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _code(ref: Any) -> str | None:
    return ref.code if ref else None


def _named(row: Any, fields: Mapping[str, Any], level: str) -> dict[str, Any]:
    name = row.name if row.name != row.code else None
    return {"name": name, **fields, "isa95": row.isa95 if row.isa95 != level else None}


def _unless(value: Any, default: Any) -> Any:
    return None if value == default else value


def _site(row: Any) -> dict[str, Any]:
    fields = {
        "time_zone": row.time_zone,
        "shifts": _code(row.shifts),
        "production_day": _unless(row.production_day, "shift-start"),
        "holidays": {str(holiday.date): holiday.name for holiday in row.holidays or ()} or None,
    }
    return _named(row, fields, Node.Level.SITE)


def _line(row: Any) -> dict[str, Any]:
    fields = {
        "area": row.area.code,
        "flow": _unless(row.flow, "serial"),
        "orders_run_on": _unless(row.orders_run_on, "line"),
        "shifts": _code(row.shifts),
    }
    return _named(row, fields, Node.Level.WORK_CENTER)


def _machine(row: WorkCenterRow, machines: Sequence[WorkCenterRow]) -> dict[str, Any]:
    line_has_exit = any(other.is_exit for other in machines if other.at_line == row.at_line)
    fields = {
        "line": row.at_line.code,
        # Without any word the reader would take the last machine of the line.
        "exit": True if row.is_exit else None if line_has_exit else False,
        "micro_stop_s": _unless(row.micro_stop_s, 120),
        "shifts": _code(row.shifts),
        "archived": _unless(row.archived, False),
    }
    return _named(row, fields, Node.Level.WORK_UNIT)


def _listed(fields: Mapping[str, Any]) -> str:
    return f"  - {flow(_given(fields))}\n"


def _exception(row: ExceptionRow) -> dict[str, Any]:
    named = {row.level: row.place.code, "date": str(row.date), "name": row.name}
    return {**named, "shifts": _code(row.shifts), "only": list(row.only) or None}


def _maintenance(row: MaintenanceRow, zone: ZoneInfo) -> dict[str, Any]:
    times = {"from": _wall(row.starts, zone), "to": _wall(row.ends, zone)}
    return {row.level: row.place.code, "name": row.name, **times, "works_on": _unless(row.works_on, False)}


def _wall(at: datetime, zone: ZoneInfo) -> str:
    """Wall time of the site, with its offset where clocks show it twice (R7) and with seconds where it has some."""
    there = at.astimezone(zone)
    twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
    text = there.replace(tzinfo=None).isoformat(" ", "auto" if there.second or there.microsecond else "minutes")
    return text + (there.isoformat()[-6:] if twice else "")


def _controller(row: Any) -> dict[str, Any]:
    return {
        "name": _unless(row.name, row.code),
        "site": row.site.code,
        "kind": _unless(row.kind, "pycomm3-logix"),
        "address": row.address,
        "period_s": _unless(row.period_s, Decimal(1)),
        "timeout_s": _unless(row.timeout_s, Decimal("1.5")),
        "enabled": _unless(row.enabled, True),
    }


def _pattern(code: str, name: str, shifts: Sequence[ShiftRow]) -> str:
    lines = [f"  {scalar(code)}:\n"]
    if name != code:
        lines.append(f"    name: {scalar(name)}\n")
    lines.append("    shifts:\n" if shifts else "    shifts: []\n")
    for shift in shifts:
        breaks = [{"name": pause.name, "from": pause.starts, "to": pause.ends} for pause in shift.breaks]
        crews = {crew.name: f"{crew.cycle} from {crew.anchor}" for crew in shift.crews}
        fields = {"name": shift.name, "days": _days(shift.days), "from": shift.starts, "to": shift.ends}
        lines.append(f"      - {flow(_given({**fields, 'breaks': breaks or None, 'crews': crews or None}))}\n")
    return "".join(lines)


def _days(days: Sequence[int]) -> object:
    if len(days) == 7:
        return "all"
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return [DAYS[day] for day in days]


def _state_map(row: Any) -> str:
    states = [f"      {state.raw_code}: {flow({'state': state.state, 'kind': state.kind})}\n" for state in row.states]
    name = f"    name: {scalar(row.name)}\n" if row.name != row.code else ""
    return f"  {scalar(row.code)}:\n{name}    states:\n{''.join(states)}"


def _binding(code: str, rows: Sequence[BindingRow]) -> str:
    by_role = {row.role: row for row in rows}
    controller = Counter(row.controller.code for row in rows).most_common(1)[0][0]
    state_map = next((row.state_map for row in rows if row.state_map), None)
    udt = _udt_of(rows)
    counting = [row for row in rows if row.role in COUNT_ROLES]
    shared = {name: getattr(counting[0], name) for name in COUNTER_FIELDS} if counting else {}
    shared = {
        name: value
        for name, value in shared.items()
        if value != _counter_default(name) and all(getattr(row, name) == value for row in counting)
    }
    tags: dict[str, Any] = {}
    for role in ROLES:
        row = by_role.get(role)
        expected = f"{udt}.{UDT_MEMBERS[role]}" if udt and role in UDT_MEMBERS else None
        if row is not None:
            own = _own_tag(row, controller, expected, shared)
            if own:
                tags[role] = own["tag"] if list(own) == ["tag"] else own
        elif expected is not None:
            tags[role] = None
    fields = {"controller": controller, "udt": udt, "state_map": _code(state_map), **shared, "tags": tags or None}
    return _entry(code, fields)


def _udt_of(rows: Sequence[BindingRow]) -> str | None:
    prefixes = Counter(
        row.tag.removesuffix(f".{UDT_MEMBERS[row.role]}")
        for row in rows
        if row.role in UDT_MEMBERS and row.tag.endswith(f".{UDT_MEMBERS[row.role]}")
    )
    prefix, uses = prefixes.most_common(1)[0] if prefixes else ("", 0)
    return prefix if uses >= _LEAST_UDT_TAGS and prefix else None


def _counter_default(name: str) -> object:
    return BindingRow.__dataclass_fields__[name].default


def _own_tag(row: BindingRow, controller: str, expected: str | None, shared: Mapping[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {} if row.tag == expected else {"tag": row.tag}
    if row.controller.code != controller:
        own["controller"] = row.controller.code
    if row.role not in COUNT_ROLES:
        shared = {}
    for name in COUNTER_FIELDS:
        if getattr(row, name) != shared.get(name, _counter_default(name)):
            own[name] = getattr(row, name)
    return own


def _category(row: ReasonRow, reasons: Sequence[ReasonRow]) -> str:
    lines = [f"  {scalar(row.code)}:\n"]
    fields = _given({**_reason(row), "class": row.klass})
    lines += [f"    {key}: {flow(value)}\n" for key, value in fields.items()]
    children = [child for child in reasons if child.parent == row.code]
    if children:
        lines.append("    reasons:\n")
    for child in children:
        own = _given({**_reason(child), "class": _unless(child.klass, row.klass)})
        lines.append(f"      {scalar(child.code)}: {flow(own)}\n")
    return "".join(lines)


def _reason(row: ReasonRow) -> dict[str, Any]:
    return {
        "name": _unless(row.name, row.code),
        "semi_e10": _unless(row.semi_e10, semi_e10_of(row.klass)),
        "plc_code": row.plc_code,
        "archived": _unless(row.archived, False),
    }


def _item(row: Any) -> dict[str, Any]:
    cycles = {cycle.work_center.code: cycle.ideal_cycle_s for cycle in row.cycles}
    return {
        "name": _unless(row.name, row.code),
        "unit": _unless(row.unit, "pcs"),
        "ideal_cycle_s": cycles or None,
    }


def _person(row: Any) -> dict[str, Any]:
    lines: Any = "all" if row.all_lines else [ref.code for ref in row.lines]
    return {
        "name": _unless(row.name, row.username),
        "role": row.role,
        "lines": lines or None,
        "email": row.email or None,
        "active": _unless(row.active, True),
    }
