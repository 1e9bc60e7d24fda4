"""The known connectors: one folder each, and this table. How one is added stands in ARCHITECTURE.md."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from erp_sync.connector import ErpConnector, Settings


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of connector: where its class is, and what may honestly be said of how it was tried."""

    name: str
    title: str
    place: str  # module:class
    label: str  # the verified label, shown in the pages and in the README
    secrets: tuple[str, ...] = ("password",)  # what it logs in with, by the names it asks for
    options: tuple[str, ...] = ()  # its own options, beside those that every connection may have


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "simulated",
            "Simulated ERP",
            "erp_sync.connectors.simulated:SimulatedErp",
            "simulated: no real ERP",
            ("token",),
        ),
        Kind(
            "tryton",
            "Tryton 7.0 and 8.x",
            "erp_sync.connectors.tryton:Tryton",
            "verified against a running server",
            options=("database", "user", "time_zone", "work_time"),
        ),
        Kind(
            "b2mml",
            "B2MML files or HTTP",
            "erp_sync.connectors.b2mml:B2mml",
            "verified against published schemas",
            ("token",),
            ("time_zone", "settle_s", "schedule_path", "performance_path"),
        ),
        Kind("rest", "Inbound REST: the ERP calls", "erp_sync.connectors.rest:InboundRest", "verified", ()),
        Kind(
            "csv",
            "CSV drop folder",
            "erp_sync.connectors.csvdrop:CsvDrop",
            "verified",
            (),
            ("time_zone", "settle_s", "good_rows"),
        ),
        Kind(
            "odoo",
            "Odoo",
            "erp_sync.connectors.odoo:Odoo",
            "developed against recorded Odoo 17.0, not verified live",
            ("api_key", "password"),
            ("database", "user"),
        ),
    )
}


def open_connector(kind: str, settings: Settings) -> ErpConnector:
    """A connector of a kind, ready to be asked. KeyError for an unknown kind."""
    module, _, name = KINDS[kind].place.partition(":")
    return cast(Callable[[Settings], ErpConnector], getattr(import_module(module), name))(settings)
