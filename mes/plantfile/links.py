"""Checks that what a plant file names is defined in it, and that no two entries claim the same thing."""

from collections.abc import Callable, Collection, Iterable

from mes.plantfile.document import Plant, Ref
from mes.plantfile.read_signals import BUILT_IN_MAPS
from mes.plantfile.tree import Mistakes, did_you_mean
from mes.plc.models import COUNT_ROLES


def links_check(plant: Plant, bound: Iterable[Ref], mistakes: Mistakes) -> None:
    """Notes every name that points to nothing and every tag that is counted twice."""
    patterns = [row.code for row in plant.patterns]
    sites = [row.code for row in plant.sites]
    lines = [row.code for row in plant.lines]
    machines = [row.code for row in plant.work_centers]

    def check(subject: str, noun: str, ref: Ref | None, known: Collection[str]) -> None:
        if ref is None or not ref.code or ref.code in known:
            return
        section = noun.replace(" ", "_") + "s"
        hint = did_you_mean(ref.code, known) or f" Define it under '{section}' or correct the name."
        mistakes.add(ref.line, f"{subject} names {noun} '{ref.code}', which this file does not define.{hint}")

    for site in plant.sites:
        check(f"site {site.code}", "shift pattern", site.shifts, patterns)
    for area in plant.areas:
        check(f"area {area.code}", "site", area.site, sites)
        check(f"area {area.code}", "shift pattern", area.shifts, patterns)
    for line in plant.lines:
        check(f"line {line.code}", "area", line.area, [row.code for row in plant.areas])
        check(f"line {line.code}", "shift pattern", line.shifts, patterns)
    for machine in plant.work_centers:
        check(f"work center {machine.code}", "line", machine.at_line, lines)
        check(f"work center {machine.code}", "shift pattern", machine.shifts, patterns)
    _calendar(plant, check)
    for controller in plant.controllers:
        check(f"controller {controller.code}", "site", controller.site, sites)
    for ref in bound:
        check(f"the binding of {ref.code}", "work center", ref, machines)
    controllers = [row.code for row in plant.controllers]
    maps = {row.code for row in plant.state_maps} | set(BUILT_IN_MAPS)
    for binding in plant.bindings:
        subject = f"the binding of {binding.work_center.code}"
        check(subject, "controller", binding.controller, controllers)
        check(subject, "state map", binding.state_map, maps)
    for item in plant.items:
        for cycle in item.cycles:
            check(f"item {item.code}", "work center", cycle.work_center, machines)
    for person in plant.people:
        for ref in person.lines:
            check(f"person {person.username}", "line", ref, lines)
    _counted_once(plant, mistakes)


def _calendar(plant: Plant, check: Callable[[str, str, Ref | None, Collection[str]], None]) -> None:
    """Places and patterns of exceptions and maintenance."""
    known = {"site": plant.sites, "area": plant.areas, "line": plant.lines, "work_center": plant.work_centers}
    codes = {level: [row.code for row in rows] for level, rows in known.items()}  # type: ignore[attr-defined]
    places = [(row.name, row.level, row.place) for row in plant.exceptions or ()]
    places += [(row.name, row.level, row.place) for row in plant.maintenance or ()]
    for name, level, place in places:
        check(f"'{name}'", level.replace("_", " "), place, codes[level])
    shifts = {pattern.code: [shift.name for shift in pattern.shifts] for pattern in plant.patterns}
    for other in plant.exceptions or ():
        check(f"'{other.name}'", "shift pattern", other.shifts, shifts)
        there = shifts.get(other.shifts.code, []) if other.shifts else []
        for name in other.only:
            check(f"'{other.name}'", "shift", Ref(name, other.line), there)


def _counted_once(plant: Plant, mistakes: Mistakes) -> None:
    owners: dict[tuple[str, str], str] = {}
    for binding in plant.bindings:
        if binding.role not in COUNT_ROLES or not binding.tag:
            continue
        mine = f"{binding.role} of {binding.work_center.code}"
        # Logix compares tag names without regard to case.
        owner = owners.setdefault((binding.controller.code, binding.tag.lower()), mine)
        if owner != mine:
            mistakes.add(
                binding.line,
                f"{mine} counts tag {binding.tag} of {binding.controller.code}, which {owner} counts already:"
                " name the right tag at one of them.",
            )
