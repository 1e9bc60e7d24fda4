"""Which target OEE a page compares a place with: a machine's, or a line's; sites and areas have none of their own."""

from collections.abc import Sequence
from datetime import datetime

from mes.oee.places import exit_of
from mes.plant.models import WorkCenter
from mes.production.targets import Targets, targets_of
from mes.screens.improve.asked import Asked


def place_targets(asked: Asked) -> list[Targets]:
    """The targets of a machine, or of the machines that stand for a line; none for a site or an area. One query."""
    machines = list(asked.place.work_centers)
    if asked.place.kind not in ("work_center", "line"):
        return []
    standing = machines_for(machines) if asked.place.kind == "line" else machines
    return list(targets_of(standing, asked.end).values())


def machines_for(machines: Sequence[WorkCenter]) -> list[WorkCenter]:
    """The machines whose target is the line's: the exit, or all that work in parallel."""
    return [exit_of(machines)] if machines[0].line.flow == "serial" else list(machines)


def share_of(targets: Sequence[Targets], instant: datetime) -> float | None:
    """The share that all of these agree on; None where they differ, and where there are none."""
    shares = {one.at(None, instant) for one in targets}
    return float(shares.pop()) if len(shares) == 1 else None
