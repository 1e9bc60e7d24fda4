"""The waterfall of a figure whose parts may have policies of their own: parts are added step by step, exactly."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from mes.oee.elements import Elements
from mes.oee.losses import Step, Waterfall, six_losses, waterfall
from mes.oee.policy import Policy

WORDS = {
    "calendar": _("Calendar time"),
    "not_scheduled": _("Not scheduled"),
    "scheduled": _("Scheduled time"),
    "planned_stop": _("Planned stops"),
    "no_order": _("No order"),
    "planned_busy": _("Planned busy time"),
    "breakdowns": _("Breakdowns and other stops"),
    "waiting": _("Waiting for other machines"),
    "setup": _("Setup and changeover"),
    "minor_stops": _("Minor stops"),
    "unknown": _("Nobody knows"),
    "production": _("Production time"),
    "reduced_speed": _("Reduced speed"),
    "net": _("Net production time"),
    "startup_rejects": _("Start-up rejects"),
    "production_rejects": _("Production rejects"),
    "rework": _("Rework"),
    "valuable": _("Good time"),
}

Parts = Sequence[tuple[Elements, Policy]]


def fall_of(parts: Parts) -> Waterfall:
    """The waterfalls of all parts added up. It ends at the level that every part reaches."""
    falls = [waterfall(elements, policy) for elements, policy in parts]
    sections: dict[str, dict[tuple[str, str], Decimal]] = {}
    reached = min((sum(step.kind == "level" for step in fall.steps) for fall in falls), default=0)
    for fall in falls:
        section = ""
        for step in fall.steps:
            if step.kind == "level":
                section = step.key
            sums = sections.setdefault(section, {})
            sums[step.kind, step.key] = sums.get((step.kind, step.key), Decimal(0)) + step.ms
    steps: list[Step] = []
    for number, (level, sums) in enumerate(sections.items(), start=1):
        steps.append(Step(level, "level", sums["level", level]))
        if number == reached:
            break
        steps += [Step(key, "loss", ms) for (kind, key), ms in sums.items() if kind == "loss"]
    return Waterfall(tuple(steps), complete=all(fall.complete for fall in falls))


def six_of(parts: Parts, *, bottleneck: bool) -> dict[str, Decimal] | None:
    """The six big losses of all parts in ms; None where one of them lacks an ideal cycle."""
    found: dict[str, Decimal] = {}
    for elements, policy in parts:
        losses = six_losses(elements, policy, bottleneck=bottleneck)
        if losses is None:
            return None
        for key, ms in losses.items():
            found[key] = found.get(key, Decimal(0)) + ms
    return found
