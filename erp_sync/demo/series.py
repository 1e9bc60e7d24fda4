"""The series of Tryton that the demo knows: what is installed for them and how their server is asked."""

from dataclasses import dataclass
from pathlib import Path

MODULES = ("production", "production_routing", "production_work", "stock_lot")
DATABASE = "erp"


@dataclass(frozen=True, slots=True)
class Series:
    """One series: where its server is asked, in general and of our database, and the button that ends an order."""

    name: str
    server_path: str
    database_path: str
    finish: str

    @property
    def lock_file(self) -> Path:
        """Everything that is installed, with versions and hashes."""
        return Path(__file__).with_name("locks") / f"tryton-{self.name}.txt"


NEWEST = Series("8.2", "/rpc/", f"/{DATABASE}/rpc/", "do")
LONG_TERM = Series("7.0", "/", f"/{DATABASE}/", "done")
ALL = {series.name: series for series in (NEWEST, LONG_TERM)}
