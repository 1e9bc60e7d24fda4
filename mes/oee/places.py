"""What figures are asked for: a machine, a line, an area or a site, and the policies they can be read by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mes.oee.policy import DEFAULT, ISO, SMRP, Policy
from mes.plant.models import Line, WorkCenter

POLICIES = {policy.name: policy for policy in (DEFAULT, ISO, SMRP)}


@dataclass(frozen=True, slots=True)
class Place:
    """What the numbers are asked for: `kind` is work_center, line, area or site; its machines in plant order.

    A line, an area and a site need all machines (not archived) of their lines, with `line__area__site` at hand.
    """

    kind: str
    code: str
    work_centers: Sequence[WorkCenter]

    @property
    def lines(self) -> list[tuple[Line, list[WorkCenter]]]:
        """The machines by line."""
        found: dict[int, tuple[Line, list[WorkCenter]]] = {}
        for wc in self.work_centers:
            found.setdefault(wc.line_id, (wc.line, []))[1].append(wc)
        return list(found.values())


def machine_place(work_center: WorkCenter) -> Place:
    """One machine."""
    return Place("work_center", work_center.code, [work_center])


def line_place(line: Line) -> Place:
    """A line with its machines in order of flow; the archived ones are left out."""
    return Place("line", line.code, machines_of([line])[line.pk])


def machines_of(lines: Sequence[Line]) -> dict[int, list[WorkCenter]]:
    """Line (by id) to its machines in order of flow, without the archived ones. One query."""
    found: dict[int, list[WorkCenter]] = {line.pk: [] for line in lines}
    rows = WorkCenter.objects.filter(line__in=lines, archived=False).select_related("line__area__site")
    for wc in rows.order_by("position", "code"):
        found[wc.line_id].append(wc)
    return found


def exit_of(machines: Sequence[WorkCenter]) -> WorkCenter:
    """The machine where a serial line's good output is counted: the last one marked; unmarked, the last one."""
    return next((wc for wc in reversed(machines) if wc.is_exit), machines[-1])


def read_by(policy: Policy | None, own: Policy) -> Policy:
    """A reading somebody asked for with the place's own micro-stop threshold; without one, its own policy."""
    return own if policy is None else replace(policy, micro_threshold_ms=own.micro_threshold_ms)
