"""Stores the witnesses of a plant file, effective-dated, and reads them back."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import Q

from mes.plant.models import WorkCenter
from mes.plantfile.document import Plant, Ref, WitnessRow
from mes.plantfile.effective import effective_put
from mes.plantfile.outcome import Outcome
from mes.production.models import Item
from mes.witness.models import Witness

NAMES = ("neighbour_id", "numerator", "denominator", "buffer", "pieces_per_pallet", "tolerance_percent")
Key = tuple[int, str, int | None]


def witnesses_store(plant: Plant, outcome: Outcome, at: datetime) -> None:
    """Makes the listed machines' witnesses those of the file, from `at` on; machines that are not listed keep them."""
    machines = dict(WorkCenter.objects.values_list("code", "pk"))
    items = dict(Item.objects.values_list("code", "pk"))
    listed = {machines[code] for code in plant.witnessed}
    stored: dict[Key, list[Witness]] = defaultdict(list)
    for row in Witness.objects.filter(work_center__in=listed):
        stored[row.work_center_id, row.kind, row.item_id].append(row)
    wanted: dict[Key, dict[str, Any]] = {}
    for said in plant.witnesses:
        key = (machines[said.work_center.code], said.kind, items[said.item.code] if said.item else None)
        wanted[key] = {
            "neighbour_id": machines[said.neighbour.code] if said.neighbour else None,
            "numerator": said.numerator,
            "denominator": said.denominator,
            "buffer": said.buffer,
            "pieces_per_pallet": said.pieces_per_pallet,
            "tolerance_percent": said.tolerance_percent,
        }
    codes = {pk: code for code, pk in machines.items()}
    for key in sorted({*stored, *wanted}, key=lambda key: (key[0], key[1], key[2] or 0)):
        home = {"work_center_id": key[0], "kind": key[1], "item_id": key[2]}
        before, after = effective_put(Witness, home, stored[key], NAMES, wanted.get(key), at)
        if before or after:
            outcome.note("witness", f"{codes[key[0]]} {key[1]}", before, after)


def witnesses_export(at: datetime) -> tuple[WitnessRow, ...]:
    """The witnesses that hold at an instant, in plant order."""
    holds = Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))
    rows = Witness.objects.filter(holds).select_related("work_center", "neighbour", "item")
    ordered = rows.order_by(
        *("work_center__line__position", "work_center__line__code", "work_center__position", "work_center__code"),
        *("kind", "item__code"),
    )
    return tuple(
        WitnessRow(
            work_center=Ref(row.work_center.code),
            kind=row.kind,
            neighbour=Ref(row.neighbour.code) if row.neighbour else None,
            item=Ref(row.item.code) if row.item else None,
            numerator=row.numerator,
            denominator=row.denominator,
            buffer=row.buffer,
            pieces_per_pallet=row.pieces_per_pallet,
            tolerance_percent=row.tolerance_percent,
        )
        for row in ordered
    )
