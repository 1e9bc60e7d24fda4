"""Stores the pools and routings of a plant file and reads them back. Orders that are there keep their operations."""

from mes.plant.models import Line, WorkCenter
from mes.plantfile.document import Plant, PoolRow, Ref, RoutingRow, StepRow
from mes.plantfile.outcome import Outcome
from mes.plantfile.routings import pool_fields, routing_fields
from mes.production.models import Item, Pool, Routing, RoutingStep


def routings_store(plant: Plant, outcome: Outcome) -> None:
    """Makes the listed pools and routings those of the file; others stay as they are."""
    lines, machines = Line.objects.in_bulk(field_name="code"), WorkCenter.objects.in_bulk(field_name="code")
    pools = {row.code: row for row in pools_export()}
    for said in plant.pools:
        before = pools.get(said.code)
        after = _sorted(said)
        if before != after:
            pool, _made = Pool.objects.update_or_create(
                code=said.code, defaults={"name": said.name, "line": lines[said.at_line.code]}
            )
            pool.work_centers.set([machines[ref.code] for ref in said.work_centers])
        outcome.note("pool", said.code, pool_fields(before) if before else None, pool_fields(after))
    stored = {(row.item.code, row.at_line.code): row for row in routings_export()}
    items, by_code = Item.objects.in_bulk(field_name="code"), Pool.objects.in_bulk(field_name="code")
    for routing in plant.routings:
        key = (routing.item.code, routing.at_line.code)
        was = stored.get(key)
        if was != routing:
            row, _made = Routing.objects.get_or_create(item=items[key[0]], line=lines[key[1]])
            row.steps.all().delete()
            RoutingStep.objects.bulk_create(
                RoutingStep(
                    routing=row,
                    sequence=step.sequence,
                    name=step.name,
                    work_center=machines[step.work_center.code] if step.work_center else None,
                    pool=by_code[step.pool.code] if step.pool else None,
                    ideal_cycle_s=step.ideal_cycle_s,
                    setup_min=step.setup_min,
                    count_source=step.count_source,
                )
                for step in routing.steps
            )
        outcome.note("routing", " on ".join(key), routing_fields([was]) if was else None, routing_fields([routing]))


def pools_export() -> tuple[PoolRow, ...]:
    """The stored pools, machines by code."""
    pools = Pool.objects.select_related("line").prefetch_related("work_centers").order_by("code")
    return tuple(
        _sorted(
            PoolRow(
                code=pool.code,
                name=pool.name,
                at_line=Ref(pool.line.code),
                work_centers=tuple(Ref(place.code) for place in pool.work_centers.all()),
            )
        )
        for pool in pools
    )


def routings_export() -> tuple[RoutingRow, ...]:
    """The stored routings, by item and line."""
    stored = Routing.objects.select_related("item", "line").prefetch_related("steps__work_center", "steps__pool")
    return tuple(
        RoutingRow(
            item=Ref(row.item.code),
            at_line=Ref(row.line.code),
            steps=tuple(
                StepRow(
                    sequence=step.sequence,
                    name=step.name,
                    work_center=Ref(step.work_center.code) if step.work_center else None,
                    pool=Ref(step.pool.code) if step.pool else None,
                    ideal_cycle_s=step.ideal_cycle_s,
                    setup_min=step.setup_min,
                    count_source=step.count_source,
                )
                for step in sorted(row.steps.all(), key=lambda step: step.sequence)
            ),
        )
        for row in stored.order_by("item__code", "line__code")
    )


def _sorted(row: PoolRow) -> PoolRow:
    places = tuple(sorted(row.work_centers, key=lambda ref: ref.code))
    return PoolRow(row.code, row.name, row.at_line, places)
