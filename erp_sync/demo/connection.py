"""Millwright's side of the demo's ERP: a live connection with the mappings of the demo plant."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from erp_sync.connections import (
    connection_change,
    connection_check,
    connection_create,
    connection_dry_run,
    connection_go_live,
    connection_stop,
)
from erp_sync.demo.boxed import CODES, Boxed
from erp_sync.demo.recipe import APART_ITEMS, MATERIALS
from erp_sync.inbound.mapped import APART
from erp_sync.inbound.mapping import mapping_set
from erp_sync.inbound.pull import pull_orders
from erp_sync.models import ErpConnection, ErpMapping
from erp_sync.secrets import secrets_keep
from mes.plant.models import Line, Site, WorkCenter
from mes.production.models import IdealCycle, Item

ACTOR = "demo"
Kind = ErpMapping.Kind
Row = tuple[str, str, str, Decimal | None, int | None]  # kind, the ERP's code, ours, factor, digits

_UNITS: dict[str, tuple[tuple[str, str, str, int], ...]] = {
    "tryton": (
        ("u", "pcs", "1", 0),
        ("pk24", "pcs", "24", 0),
        ("case", "case", "1", 0),
        ("roll", "roll", "1", 4),
        ("kg", "kg", "1", 3),
        ("g", "kg", "0.001", 2),
    ),
    "simulated": (("PCE", "pcs", "1", 0), ("CS", "case", "1", 0)),
}
_SITES = {"tryton": "WH", "simulated": "AQUA"}
_APART = {"tryton": APART_ITEMS, "simulated": ("PREFORM-05", "BOTTLE-07", "BOTTLE-033", "FILM")}


def demo_connect(boxed: Boxed, *, at: datetime) -> ErpConnection:
    """Connects to the running ERP: live, everything mapped that the plant and the ERP both know, its orders read.

    Said again it changes what has changed: another address, another password. An earlier ERP of the demo is stopped.
    """
    secrets_keep(boxed.code, boxed.secrets)
    site = Site.objects.get(code=Line.objects.order_by("pk").values_list("area__site__code", flat=True)[0])
    known = ErpConnection.objects.filter(code=boxed.code).select_related("site").first()
    if known is None:
        known = connection_create(
            code=boxed.code, name=boxed.name, kind=boxed.kind, site=site, address=boxed.url,
            options=boxed.options, actor=ACTOR, at=at,
        )  # fmt: skip
    else:
        connection_change(
            connection=known, name=boxed.name, kind=boxed.kind, address=boxed.url, options=dict(boxed.options),
            actor=ACTOR, at=at,
        )  # fmt: skip
    for kind, ext_key, ours, factor, digits in mappings_of(boxed.kind, site):
        mapping_set(
            connection=known, kind=kind, ext_key=ext_key, mes_code=ours, factor=factor, digits=digits,
            actor=ACTOR, at=at,
        )  # fmt: skip
    for other in ErpConnection.objects.filter(code__in=CODES).exclude(code=boxed.code).select_related("site"):
        connection_stop(other, f"The demo now uses {boxed.name}.", ACTOR, at)
    connection_check(known, ACTOR, at)
    if known.problem == "" and known.state != ErpConnection.State.LIVE:
        if known.state == ErpConnection.State.DRAFT:
            connection_dry_run(known, ACTOR, at)
        connection_go_live(known, ACTOR, at)
    pull_orders(known, at)
    return known


def mappings_of(kind: str, site: Site) -> list[Row]:
    """What the ERP's codes are here. One item is left out on purpose: see UNKNOWN_ITEM of the recipe."""
    rows: list[Row] = [
        (Kind.UNIT, theirs, ours, Decimal(factor), digits) for theirs, ours, factor, digits in _UNITS[kind]
    ]
    rows += [(Kind.ITEM, code, code, None, None) for code in _items(kind)]
    rows += [(Kind.ITEM, code, APART, None, None) for code in _APART[kind]]
    places = [
        *Line.objects.filter(area__site=site).order_by("pk").values_list("code", flat=True),
        *WorkCenter.objects.filter(line__area__site=site).order_by("pk").values_list("code", flat=True),
    ]
    rows += [(Kind.WORK_CENTER, code, code, None, None) for code in places]
    return [*rows, (Kind.SITE, _SITES[kind], site.code, None, None)]


def _items(kind: str) -> Iterable[str]:
    """What the plant makes, and of what it knows as material."""
    made = IdealCycle.objects.order_by("item_id").values_list("item__code", flat=True)
    codes = [*dict.fromkeys(made), *(MATERIALS if kind == "tryton" else ())]
    there = set(Item.objects.filter(code__in=codes).values_list("code", flat=True))
    return [code for code in codes if code in there]
