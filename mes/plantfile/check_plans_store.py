"""Stores the check plans of a plant file by their code, with exactly its triggers, and reads them back."""

from typing import Any

from mes.plant.models import WorkCenter
from mes.plantfile.document import CheckPlanRow, Plant, Ref
from mes.plantfile.outcome import Outcome, Shelf
from mes.production.models import Item
from mes.quality.models import Characteristic, Trigger
from mes.quality.triggers import TriggerKind


def check_plans_store(plant: Plant, outcome: Outcome) -> None:
    """Makes the listed plans those of the file; plans that are not listed stay as they are."""
    machines, items = WorkCenter.objects.in_bulk(field_name="code"), Item.objects.in_bulk(field_name="code")
    plans = Shelf(Characteristic, "characteristic", outcome)
    for row in plant.check_plans:
        values: dict[str, Any] = {
            "name": row.name,
            "work_center": machines[row.work_center.code],
            "item": items[row.item.code] if row.item else None,
            "kind": row.kind,
            "unit": row.unit,
            "decimals": row.decimals,
            "nominal": row.nominal,
            "lsl": row.lower,
            "usl": row.upper,
            "subgroup_size": row.pieces,
            "accept": row.accept,
            "chart": row.chart,
            "rules": list(row.rules),
            "grace_min": row.grace_min,
            "instruction": row.instruction,
            "reaction": row.reaction,
            "signatures": list(row.signatures),
            "release_signed": row.decisions_signed,
            "archived": row.archived,
        }
        _triggers(plans.put(row.code, values), row, outcome)


def _triggers(plan: Characteristic, row: CheckPlanRow, outcome: Outcome) -> None:
    before = dict(plan.triggers.values_list("kind", "every"))
    after = dict(row.when)
    if before != after:
        plan.triggers.all().delete()
        Trigger.objects.bulk_create(Trigger(characteristic=plan, kind=kind, every=every) for kind, every in row.when)
    if before or after:
        outcome.note("check-triggers", row.code, before or None, after)


def check_plans_export() -> tuple[CheckPlanRow, ...]:
    """The stored plans by machine and code."""
    plans = Characteristic.objects.select_related("work_center", "item").prefetch_related("triggers")
    ordered = plans.order_by(
        *("work_center__line__position", "work_center__line__code", "work_center__position", "work_center__code"),
        "code",
    )
    return tuple(_row(plan) for plan in ordered)


def _row(plan: Characteristic) -> CheckPlanRow:
    every = {one.kind: one.every for one in plan.triggers.all()}
    return CheckPlanRow(
        code=plan.code,
        name=plan.name,
        work_center=Ref(plan.work_center.code),
        item=Ref(plan.item.code) if plan.item else None,
        kind=plan.kind,
        unit=plan.unit,
        decimals=plan.decimals,
        nominal=plan.nominal,
        lower=plan.lsl,
        upper=plan.usl,
        pieces=plan.subgroup_size,
        accept=plan.accept,
        chart=plan.chart,
        rules=tuple(plan.rules),
        when=tuple((kind.value, every[kind.value]) for kind in TriggerKind if kind.value in every),
        grace_min=plan.grace_min,
        instruction=plan.instruction,
        reaction=plan.reaction,
        signatures=tuple(plan.signatures),
        decisions_signed=plan.release_signed,
        archived=plan.archived,
    )
