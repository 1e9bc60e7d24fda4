"""Stores the parts of a plant file in the order in which they refer to each other."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from mes.downtime.models import Reason
from mes.downtime.reclass import COUNTED_BY, reason_reclassed
from mes.people.models import Person
from mes.plant.models import Area, CycleRule, Holiday, Line, ShiftPattern, Site, WorkCenter
from mes.plant.models import BreakRule as StoredBreak
from mes.plant.models import ShiftRule as StoredRule
from mes.plantfile.check_plans_store import check_plans_store
from mes.plantfile.document import BindingRow, PatternRow, PersonRow, Plant, ShiftRow, SiteRow, StateMapRow
from mes.plantfile.effective import effective_put
from mes.plantfile.outcome import Outcome, Shelf
from mes.plantfile.read_signals import BUILT_IN_MAPS
from mes.plantfile.routings_store import routings_store
from mes.plantfile.stop_rules import stop_rules_store
from mes.plantfile.store_calendar import calendar_store
from mes.plantfile.witnesses_store import witnesses_store
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.production.models import IdealCycle, Item

BINDING_NAMES = ("controller_id", "tag", "state_map_id", "modulus", "floor", "factor", "max_rate_per_s")
CYCLE_NAMES = ("ideal_cycle_s",)


def parts_store(plant: Plant, outcome: Outcome, at: datetime) -> None:
    """Stores everything a plant file says, inside the caller's transaction."""
    machines = _places(plant, outcome)
    calendar_store(plant, outcome, at)
    _signals(plant, machines, outcome, at)
    _reasons(plant, outcome, at)
    _items(plant, machines, outcome, at)
    _people(plant, outcome)
    witnesses_store(plant, outcome, at)
    check_plans_store(plant, outcome)
    stop_rules_store(plant, outcome)
    routings_store(plant, outcome)


def _places(plant: Plant, outcome: Outcome) -> Shelf:
    patterns = Shelf(ShiftPattern, "shift-pattern", outcome)
    for pattern in plant.patterns:
        _pattern(patterns.put(pattern.code, {"name": pattern.name}), pattern, outcome)
    sites, areas = Shelf(Site, "site", outcome), Shelf(Area, "area", outcome)
    for site in plant.sites:
        values = {
            "name": site.name,
            "time_zone": site.time_zone,
            "production_day": site.production_day,
            "isa95_level": site.isa95,
            "shift_pattern": patterns.get(site.shifts),
        }
        _holidays(sites.put(site.code, values), site, outcome)
    for area in plant.areas:
        pattern_of_area = patterns.get(area.shifts)
        values = {"name": area.name, "isa95_level": area.isa95, "shift_pattern": pattern_of_area}
        areas.put(area.code, {**values, "site": sites.get(area.site)})
    lines = Shelf(Line, "line", outcome)
    for position, line in enumerate(plant.lines):
        values = {
            "name": line.name,
            "area": areas.get(line.area),
            "flow": line.flow,
            "orders_run_on": line.orders_run_on,
            "position": position,
            "isa95_level": line.isa95,
            "shift_pattern": patterns.get(line.shifts),
        }
        lines.put(line.code, values)
    return _machines(plant, lines, patterns, outcome)


def _machines(plant: Plant, lines: Shelf, patterns: Shelf, outcome: Outcome) -> Shelf:
    machines = Shelf(WorkCenter, "work-center", outcome)
    places: dict[str, int] = defaultdict(int)
    for machine in plant.work_centers:
        home = machine.at_line.code
        values = {
            "name": machine.name,
            "line": lines.get(home),
            "position": places[home],
            "is_exit": machine.is_exit,
            "micro_stop_s": machine.micro_stop_s,
            "archived": machine.archived,
            "shift_pattern": patterns.get(machine.shifts),
            "isa95_level": machine.isa95,
        }
        places[home] += 1
        machines.put(machine.code, values)
    return machines


def _pattern(stored: ShiftPattern, row: PatternRow, outcome: Outcome) -> None:
    rules = stored.rules.order_by("starts", "name").prefetch_related("breaks", "cycles")
    before = [_stored_shift(rule) for rule in rules]
    after = [_said_shift(shift) for shift in row.shifts]
    if before == after:
        return
    stored.rules.all().delete()
    for shift in row.shifts:
        rule = StoredRule.objects.create(
            pattern=stored, name=shift.name, days=list(shift.days), starts=shift.starts, ends=shift.ends
        )
        StoredBreak.objects.bulk_create(
            StoredBreak(rule=rule, name=pause.name, starts=pause.starts, ends=pause.ends) for pause in shift.breaks
        )
        CycleRule.objects.bulk_create(
            CycleRule(rule=rule, crew=crew.name, anchor=crew.anchor, cycle=crew.cycle) for crew in shift.crews
        )
    outcome.note("shift-pattern", row.code, {"shifts": before} if before else None, {"shifts": after})


def _stored_shift(rule: StoredRule) -> dict[str, Any]:
    breaks = [[pause.name, pause.starts, pause.ends] for pause in rule.breaks.all()]
    crews = [[crew.crew, crew.cycle, crew.anchor] for crew in rule.cycles.all()]
    told = {"name": rule.name, "days": list(rule.days), "from": rule.starts, "to": rule.ends, "breaks": breaks}
    return {**told, "crews": crews}


def _said_shift(shift: ShiftRow) -> dict[str, Any]:
    breaks = [[pause.name, pause.starts, pause.ends] for pause in shift.breaks]
    crews = [[crew.name, crew.cycle, crew.anchor] for crew in shift.crews]
    told = {"name": shift.name, "days": list(shift.days), "from": shift.starts, "to": shift.ends, "breaks": breaks}
    return {**told, "crews": crews}


def _holidays(stored: Site, row: SiteRow, outcome: Outcome) -> None:
    if row.holidays is None:
        return
    before = {holiday.date: holiday.name for holiday in stored.holidays.all()}
    after = {holiday.date: holiday.name for holiday in row.holidays}
    if before == after:
        return
    stored.holidays.exclude(date__in=after).delete()
    for day, name in after.items():
        Holiday.objects.update_or_create(site=stored, date=day, defaults={"name": name})
    tell = [{"holidays": {str(day): name for day, name in said.items()}} for said in (before, after)]
    outcome.note("site", row.code, tell[0], tell[1])


def _signals(plant: Plant, machines: Shelf, outcome: Outcome, at: datetime) -> None:
    sites, controllers = Shelf(Site, "site", outcome), Shelf(Controller, "controller", outcome)
    for controller in plant.controllers:
        values = {
            "name": controller.name,
            "site": sites.get(controller.site),
            "kind": controller.kind,
            "address": controller.address,
            "period_s": controller.period_s,
            "timeout_s": controller.timeout_s,
            "enabled": controller.enabled,
        }
        controllers.put(controller.code, values)
    maps = Shelf(StateMap, "state-map", outcome)
    for state_map in plant.state_maps:
        _state_map(maps.put(state_map.code, {"name": state_map.name}), state_map, outcome)
    defined = {row.code for row in plant.state_maps}
    for code in sorted({row.state_map.code for row in plant.bindings if row.state_map} - defined):
        built_in = BUILT_IN_MAPS[code]
        _state_map(maps.put(code, {"name": built_in.name}), built_in, outcome)
    _bindings(plant, machines, controllers, maps, outcome, at)


def _state_map(stored: StateMap, row: StateMapRow, outcome: Outcome) -> None:
    before = {str(entry.raw_code): [entry.state, entry.kind] for entry in stored.entries.order_by("raw_code")}
    after = {str(state.raw_code): [state.state, state.kind] for state in row.states}
    if before == after:
        return
    stored.entries.all().delete()
    StateMapEntry.objects.bulk_create(
        StateMapEntry(state_map=stored, raw_code=state.raw_code, state=state.state, kind=state.kind)
        for state in row.states
    )
    outcome.note("state-map", row.code, {"states": before} if before else None, {"states": after})


def _bindings(plant: Plant, machines: Shelf, controllers: Shelf, maps: Shelf, outcome: Outcome, at: datetime) -> None:
    stored: dict[tuple[int, str], list[TagBinding]] = defaultdict(list)
    for row in TagBinding.objects.filter(work_center__code__in=plant.bound):
        stored[row.work_center_id, row.role].append(row)
    wanted: dict[tuple[int, str], BindingRow] = {}
    for binding in plant.bindings:
        wanted[machines.get(binding.work_center.code).pk, binding.role] = binding
    codes = {row.pk: code for code, row in machines.rows.items()}
    for key in sorted({*stored, *wanted}):
        said = wanted.get(key)
        values = (
            None
            if said is None
            else {
                "controller_id": controllers.get(said.controller.code).pk,
                "tag": said.tag,
                "state_map_id": maps.get(said.state_map.code).pk if said.state_map else None,
                "modulus": said.modulus,
                "floor": said.floor,
                "factor": said.factor,
                "max_rate_per_s": said.max_rate_per_s,
            }
        )
        home = {"work_center_id": key[0], "role": key[1]}
        before, after = effective_put(TagBinding, home, stored[key], BINDING_NAMES, values, at)
        if before or after:
            outcome.note("tag-binding", f"{codes[key[0]]}.{key[1]}", before, after)


def _reasons(plant: Plant, outcome: Outcome, at: datetime) -> None:
    reasons = Shelf(Reason, "reason", outcome)
    for position, reason in enumerate(plant.reasons):
        values = {
            "name": reason.name,
            "parent": reasons.get(reason.parent),
            "klass": reason.klass,
            "semi_e10": reason.semi_e10,
            "plc_code": reason.plc_code,
            "position": position,
            "archived": reason.archived,
        }
        stored = reasons.rows.get(reason.code)
        was = {name: getattr(stored, name) for name in COUNTED_BY} if stored else {}
        reason_reclassed(reason=reasons.put(reason.code, values), was=was, at=at)


def _items(plant: Plant, machines: Shelf, outcome: Outcome, at: datetime) -> None:
    items = Shelf(Item, "item", outcome)
    codes = {row.pk: code for code, row in machines.rows.items()}
    for item in plant.items:
        owner = items.put(item.code, {"name": item.name, "unit": item.unit})
        stored: dict[int, list[IdealCycle]] = defaultdict(list)
        for row in IdealCycle.objects.filter(item=owner):
            stored[row.work_center_id].append(row)
        wanted = {machines.get(cycle.work_center.code).pk: cycle.ideal_cycle_s for cycle in item.cycles}
        for machine in sorted({*stored, *wanted}):
            values = {"ideal_cycle_s": wanted[machine]} if machine in wanted else None
            home = {"item_id": owner.pk, "work_center_id": machine}
            before, after = effective_put(IdealCycle, home, stored[machine], CYCLE_NAMES, values, at)
            if before or after:
                outcome.note("ideal-cycle", f"{item.code} on {codes[machine]}", before, after)


def _people(plant: Plant, outcome: Outcome) -> None:
    people = Shelf(Person, "person", outcome, key="username")
    lines = Shelf(Line, "line", outcome)
    for person in plant.people:
        first, last = _names(person, people.rows.get(person.username))
        values = {
            "first_name": first,
            "last_name": last,
            "email": person.email,
            "role": person.role,
            "all_lines": person.all_lines,
            "is_active": person.active,
        }
        # A new person cannot log in until somebody gives them a password.
        stored = people.put(person.username, values, password="!")  # noqa: S106
        before = sorted(line.code for line in stored.lines.all())
        after = [ref.code for ref in person.lines]
        if before != after:
            stored.lines.set([lines.get(code) for code in after])
            outcome.note("person", person.username, {"lines": before}, {"lines": after})


def _names(person: PersonRow, stored: Person | None) -> tuple[str, str]:
    """First and last name; where the file says what is stored already, the stored division stays."""
    if stored is not None and (stored.get_full_name() or stored.username) == person.name:
        return stored.first_name, stored.last_name
    first, _, last = person.name.rpartition(" ")
    return (first, last) if first else (last, "")
