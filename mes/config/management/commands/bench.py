"""`./manage.py bench [name...]`: measures Millwright against named peers and limits, on servers of its own."""

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

import mes
from erp_sync.demo.environment import CannotBuild
from erp_sync.demo.server import DidNotStart
from mes.config.bench.child import ChildFailed as MeasureFailed
from mes.config.bench.forecast.wanted import BadChoice, wanted_of
from mes.config.bench.result import Result
from mes.config.bench.system import DidNotBegin
from mes.config.embedded.postgres import PostgresProblem
from mes.config.embedded.server_user import NoServerUser
from mes.config.embedded.valkey import ValkeyProblem
from mes.config.processes.supervisor import ChildFailed

BASE = Path(mes.__file__).resolve().parent.parent
BENCHMARKS = {
    "poll": "our driver and engine against stock pycomm3 and pylogix on the same virtual controllers",
    "ingest": "readings and samples stored per second against a bare COPY of the same rows",
    "tiles": "from a change in a controller to the WebSocket message, by machines and by sockets",
    "kpi": "figures of a shift and of 200 machines' year from roll-ups against plain SQL on two years of raw events",
    "genealogy": "the recall of one raw lot over four levels and 10,000 lots, by query, API and page",
    "outage": "PostgreSQL away for five minutes: parts counted against parts made, and how fast it is made up",
    "erp": "orders pulled from an ERP and confirmations sent to it against bare HTTP of the same exchanges",
    "forecast": "forecasts of simulated lines that nobody tuned on, scored beside peers that --peers-python has",
    "erp_chaos": "confirmations to a real Tryton over a line that loses 40 % of all writes, against a ledger",
}


class Command(BaseCommand):
    """Needs no settings itself: it makes the servers that the settings of its measurements name."""

    help = "Measures, each figure beside a peer or limit of the same run:\n" + "\n".join(
        f"  {name:<9} {what}" for name, what in BENCHMARKS.items()
    )
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keeps the lines of the help as they are."""
        from argparse import RawDescriptionHelpFormatter

        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Names and the two forms."""
        parser.add_argument("name", nargs="*", help=f"what to measure: {', '.join(BENCHMARKS)} (default: all)")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
        parser.add_argument("--quick", action="store_true", help="small and short: shows that it runs, not how fast")

        parser.add_argument("--seeds", help="forecast: the lines to simulate, as 7000-7039; all of them meet the peers")
        parser.add_argument("--series", type=Path, help="forecast: a folder with hourly series that have no plan")
        parser.add_argument("--peers-python", help="forecast: a Python with statsforecast and lightgbm")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs the named benchmarks one after the other; a benchmark that cannot run ends with one sentence."""
        names = options["name"] or list(BENCHMARKS)
        unknown = [name for name in names if name not in BENCHMARKS]
        if unknown:
            raise CommandError(f"There is no benchmark '{unknown[0]}'; choose from {', '.join(BENCHMARKS)}.")
        results = []
        for name in names:
            try:
                results.append(_run(name, quick=options["quick"], say=self._say, **_own(name, options)))
            except (
                *(ChildFailed, DidNotBegin, MeasureFailed, NoServerUser, PostgresProblem, ValkeyProblem),
                *(BadChoice, CannotBuild, DidNotStart, psycopg.OperationalError),
            ) as problem:
                raise CommandError(f"bench {name}: {problem}") from problem
            if not options["json"]:
                self.stdout.write(results[-1].to_text())
        if options["json"]:
            self.stdout.write(json.dumps([result.to_json() for result in results], indent=1))

    def _say(self, text: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"  {text} ...")


def _own(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """What only one benchmark may be told."""
    if name != "forecast":
        return {}
    given = {key: options[key] for key in ("seeds", "series", "peers_python", "quick")}
    return {"wanted": wanted_of(**given)}


def _run(name: str, *, quick: bool, say: Callable[[str], None], **own: Any) -> Result:
    module = import_module(f"mes.config.bench.{name}")
    began = time.monotonic()
    data = Path(os.environ.get("MES_DATA_DIR") or BASE / "data").absolute()
    result: Result = module.measure(quick=quick, data=data, say=say, **own)
    result.seconds = round(time.monotonic() - began, 1)
    result.load_after = round(os.getloadavg()[0], 2)
    return result
