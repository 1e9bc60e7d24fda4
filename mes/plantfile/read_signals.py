"""Reads controllers, state maps and tag bindings of a plant file."""

from dataclasses import replace
from decimal import Decimal

from mes.plantfile.document import UDT_MEMBERS, BindingRow, ControllerRow, Ref, SiteRow, StateMapRow, StateRow
from mes.plantfile.fields import Fields, entries
from mes.plantfile.read_places import site_of
from mes.plantfile.tree import Mapping, Mistakes, Node, Scalar, did_you_mean
from mes.plc.models import COUNT_ROLES, Controller, StateMapEntry, TagRole
from mes.tracking.states import PACKML, PACKML_OPC30060_CODES, PACKML_TR88_CODES

CONTROLLER_FIELDS = ("name", "site", "kind", "address", "period_s", "timeout_s", "enabled")
STATE_MAP_FIELDS = ("name", "use", "states")
STATE_FIELDS = ("state", "kind")
COUNTER_FIELDS = ("modulus", "floor", "factor", "max_rate_per_s")
BINDING_FIELDS = ("controller", "udt", "state_map", "tags", *COUNTER_FIELDS)
TAG_FIELDS = ("tag", "controller", "state_map", *COUNTER_FIELDS)
ROLES = tuple(TagRole.values)
BIGINT = 2**63


def _built_in(code: str, name: str, numbers: dict[int, str]) -> StateMapRow:
    return StateMapRow(code, name, tuple(StateRow(raw, state, PACKML[state]) for raw, state in sorted(numbers.items())))


# The two numberings of PackML: any binding may name them without defining them.
BUILT_IN_MAPS = {
    row.code: row
    for row in (
        _built_in("packml-tr88", "PackML, numbers of OMAC PackTags (ISA-TR88.00.02)", PACKML_TR88_CODES),
        _built_in("packml-opc30060", "PackML, numbers of OPC 30060", PACKML_OPC30060_CODES),
    )
}


def controllers_from(node: Node | None, sites: tuple[SiteRow, ...], mistakes: Mistakes) -> tuple[ControllerRow, ...]:
    """The section `controllers`."""
    rows = []
    for code, line, content in entries(node, "controller", mistakes):
        fields = Fields(content, f"controller {code}", mistakes, CONTROLLER_FIELDS)
        period = fields.decimal("period_s", Decimal(1), least=Decimal("0.25"), places=3, digits=6)
        timeout = fields.decimal("timeout_s", Decimal("1.5"), least=Decimal("0.1"), places=2, digits=5)
        rows.append(
            ControllerRow(
                code=code,
                name=fields.text("name", code),
                site=site_of(fields, sites),
                kind=fields.choice("kind", tuple(Controller.Kind.values), Controller.Kind.LOGIX),
                address=fields.text("address", longest=200),
                period_s=period or Decimal(1),
                timeout_s=timeout or Decimal("1.5"),
                enabled=fields.yes("enabled", True),
                line=line,
            )
        )
    return tuple(rows)


def state_maps_from(node: Node | None, mistakes: Mistakes) -> tuple[StateMapRow, ...]:
    """The section `state_maps`: own codes, or a built-in numbering with some codes changed."""
    rows = []
    for code, line, content in entries(node, "state map", mistakes):
        fields = Fields(content, f"state map {code}", mistakes, STATE_MAP_FIELDS)
        base = fields.choice("use", tuple(BUILT_IN_MAPS)) if fields.has("use") else ""
        states = {row.raw_code: row for row in BUILT_IN_MAPS[base].states} if base in BUILT_IN_MAPS else {}
        states.update(_states(fields, mistakes))
        if not states:
            fields.wrong("states", "has no 'states': write {0: {state: Stopped, kind: down}, 1: Execute}.")
        rows.append(StateMapRow(code, fields.text("name", code), tuple(states[raw] for raw in sorted(states)), line))
    return tuple(rows)


def _states(fields: Fields, mistakes: Mistakes) -> dict[int, StateRow]:
    node = fields.part("states")
    if not isinstance(node, Mapping):
        return {}
    states = {}
    for text, value in node.items.items():
        subject = f"code {text} of {fields.subject}"
        raw = _raw_code(text)
        if raw is None:
            mistakes.add(node.key_lines[text], f"{subject} is not a whole number of at most 32 bits.")
            continue
        states[raw] = _state(raw, value, subject, mistakes)
    return states


def _raw_code(text: str) -> int | None:
    try:
        raw = int(text)
    except ValueError:
        return None
    return raw if -(2**31) <= raw < 2**31 else None


def _state(raw: int, value: Node, subject: str, mistakes: Mistakes) -> StateRow:
    if isinstance(value, Scalar):
        if value.value not in PACKML:
            hint = did_you_mean(value.value, PACKML) or " For an own state write {state: Rinsing, kind: setup}."
            mistakes.add(value.line, f"{subject} names '{value.value}', which is no PackML state.{hint}")
        return StateRow(raw, value.value, PACKML.get(value.value, "down"))
    inner = Fields(value, subject, mistakes, STATE_FIELDS)
    state = inner.text("state", longest=40)
    return StateRow(raw, state, inner.choice("kind", tuple(StateMapEntry.Kind.values), PACKML.get(state)))


def bindings_from(node: Node | None, mistakes: Mistakes) -> tuple[tuple[BindingRow, ...], tuple[Ref, ...]]:
    """The section `bindings`: all rows, and the work centers that are listed with the line of each."""
    rows: list[BindingRow] = []
    bound: list[Ref] = []
    for code, line, content in entries(node, "binding", mistakes):
        fields = Fields(content, f"the binding of {code}", mistakes, BINDING_FIELDS)
        bound.append(Ref(code, line))
        rows += _of_machine(Ref(code, line), fields, mistakes)
    return tuple(rows), tuple(bound)


def _of_machine(work_center: Ref, fields: Fields, mistakes: Mistakes) -> list[BindingRow]:
    nowhere = Ref("", fields.line)
    base = BindingRow(work_center, "", fields.ref("controller", required=False) or nowhere, "", line=work_center.line)
    state_map = fields.ref("state_map", required=False)
    counters = _counter(base, fields)
    udt = fields.text("udt", "", longest=180)
    tags = {role: f"{udt}.{member}" for role, member in UDT_MEMBERS.items()} if udt else {}
    rows = {role: _row(base, counters, role, tag, state_map) for role, tag in tags.items()}
    own = fields.part("tags")
    if isinstance(own, Mapping):
        for role, value in own.items.items():
            line = own.key_lines[role]
            if role not in ROLES:
                hint = did_you_mean(role, ROLES) or f" Roles are {', '.join(ROLES)}."
                mistakes.add(line, f"{fields.subject} has the unknown role '{role}'.{hint}")
                continue
            start = rows.pop(role, None) or replace(_row(base, counters, role, "", state_map), line=line)
            if not (isinstance(value, Scalar) and (value.empty or value.value == "none")):
                rows[role] = _own_tag(start, value, f"{role} of {fields.subject}", mistakes)
    elif own is not None:
        fields.wrong("tags", "needs its 'tags' as {good: FILL_1.Good}.")
    if not rows and not (isinstance(own, Mapping) and udt):
        mistakes.add(
            fields.line, f"{fields.subject} binds no tag: give 'udt: FILL_1' or 'tags: {{good: FILL_1.Good}}'."
        )
    for row in rows.values():
        _complete(row, fields.subject, mistakes)
    return [rows[role] for role in ROLES if role in rows]


def _row(base: BindingRow, counters: BindingRow, role: str, tag: str, state_map: Ref | None) -> BindingRow:
    start = counters if role in COUNT_ROLES else base
    return replace(start, role=role, tag=tag, state_map=state_map if role == TagRole.STATE else None)


def _own_tag(start: BindingRow, value: Node, subject: str, mistakes: Mistakes) -> BindingRow:
    if isinstance(value, Scalar):
        return replace(start, tag=value.value.strip(), line=value.line)
    fields = Fields(value, subject, mistakes, TAG_FIELDS)
    row = replace(start, tag=fields.text("tag", start.tag, longest=200), line=value.line)
    row = replace(row, controller=fields.ref("controller", required=False) or row.controller)
    row = replace(row, state_map=fields.ref("state_map", required=False) or row.state_map)
    return _counter(row, fields)


def _counter(row: BindingRow, fields: Fields) -> BindingRow:
    least = Decimal("0.0001")
    return replace(
        row,
        modulus=fields.whole("modulus", row.modulus, least=2, most=BIGINT - 1),
        floor=fields.whole("floor", row.floor, least=-BIGINT, most=BIGINT - 1) or 0,
        factor=fields.decimal("factor", row.factor, least=least, places=4, digits=12) or Decimal(1),
        max_rate_per_s=fields.decimal("max_rate_per_s", row.max_rate_per_s, least=least, places=4, digits=12),
    )


def _complete(row: BindingRow, subject: str, mistakes: Mistakes) -> None:
    if not row.tag:
        mistakes.add(row.line, f"{row.role} of {subject} names no tag: write e.g. FILL_1.Good.")
    if not row.controller.code:
        mistakes.add(row.line, f"{subject} names no controller: add 'controller'.")
    if row.role == TagRole.STATE and row.state_map is None:
        names = " or ".join(BUILT_IN_MAPS)
        mistakes.add(row.line, f"{subject} has no state map: add 'state_map', e.g. {names}.")
