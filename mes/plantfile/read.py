"""A plant file's text becomes a Plant, or the list of all its mistakes."""

from mes.plantfile.check_plans import check_plans_check, check_plans_from
from mes.plantfile.document import Plant
from mes.plantfile.links import links_check
from mes.plantfile.read_calendar import exceptions_from, maintenance_from, zones_of
from mes.plantfile.read_lists import items_from, people_from, reasons_from
from mes.plantfile.read_places import areas_from, lines_from, sites_from, work_centers_from
from mes.plantfile.read_shifts import patterns_from
from mes.plantfile.read_signals import bindings_from, controllers_from, state_maps_from
from mes.plantfile.routings import pools_from, routings_check, routings_from
from mes.plantfile.stop_rules import stop_rules_check, stop_rules_from
from mes.plantfile.tree import Mapping, Mistake, Mistakes, did_you_mean, tree_from
from mes.plantfile.witnesses import witnesses_check, witnesses_from

SECTIONS = (
    "sites",
    "shift_patterns",
    "areas",
    "lines",
    "work_centers",
    "exceptions",
    "maintenance",
    "controllers",
    "state_maps",
    "bindings",
    "reasons",
    "stop_rules",
    "items",
    "pools",
    "routings",
    "witnesses",
    "check_plans",
    "people",
)


class PlantFileError(ValueError):
    """A plant file that cannot be taken: all its mistakes in the order of their lines."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = sorted(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def plant_read(text: str) -> Plant:
    """What the text of a plant file says. Raises PlantFileError with every mistake that is in it."""
    mistakes = Mistakes()
    root = tree_from(text, mistakes)
    plant = Plant()
    if root is not None and not isinstance(root, Mapping):
        mistakes.add(root.line, "A plant file begins with a section like 'sites:', see docs/plant-file.md.")
    elif root is not None:
        plant = _plant(root, mistakes)
    if mistakes.found:
        raise PlantFileError(mistakes.found)
    return plant


def _plant(root: Mapping, mistakes: Mistakes) -> Plant:
    for key, line in root.key_lines.items():
        if key not in SECTIONS:
            hint = did_you_mean(key, SECTIONS) or f" Sections are {', '.join(SECTIONS)}."
            mistakes.add(line, f"There is no section '{key}'.{hint}")
    part = root.items.get
    sites = sites_from(part("sites"), mistakes)
    lines = lines_from(part("lines"), mistakes)
    bindings, bound = bindings_from(part("bindings"), mistakes)
    witnesses, witnessed = witnesses_from(part("witnesses"), mistakes)
    areas = areas_from(part("areas"), sites, mistakes)
    machines = work_centers_from(part("work_centers"), lines, mistakes)
    plant = Plant(
        patterns=patterns_from(part("shift_patterns"), mistakes),
        sites=sites,
        areas=areas,
        lines=lines,
        work_centers=machines,
        exceptions=exceptions_from(part("exceptions"), mistakes),
        maintenance=maintenance_from(part("maintenance"), zones_of(sites, areas, lines, machines), mistakes),
        controllers=controllers_from(part("controllers"), sites, mistakes),
        state_maps=state_maps_from(part("state_maps"), mistakes),
        bindings=bindings,
        bound=tuple(ref.code for ref in bound),
        reasons=reasons_from(part("reasons"), mistakes),
        items=items_from(part("items"), mistakes),
        people=people_from(part("people"), mistakes),
        witnesses=witnesses,
        witnessed=tuple(ref.code for ref in witnessed),
        check_plans=check_plans_from(part("check_plans"), mistakes),
        stop_rules=stop_rules_from(part("stop_rules"), mistakes),
        pools=pools_from(part("pools"), mistakes),
        routings=routings_from(part("routings"), mistakes),
    )
    links_check(plant, bound, mistakes)
    witnesses_check(plant, witnessed, mistakes)
    check_plans_check(plant, mistakes)
    stop_rules_check(plant, mistakes)
    routings_check(plant, mistakes)
    return plant
