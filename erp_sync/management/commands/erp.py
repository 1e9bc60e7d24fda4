"""`./manage.py erp demo`: a real ERP beside the demo, from nothing to a live connection with one command."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from erp_sync.demo.boxed import Boxed, tryton_boxed, tryton_server
from erp_sync.demo.connection import demo_connect
from erp_sync.demo.environment import CannotBuild
from erp_sync.demo.home import TrytonHome
from erp_sync.demo.places import folder_of, homes_of
from erp_sync.demo.series import ALL, NEWEST
from erp_sync.demo.server import DidNotStart, TrytonServer
from mes.plant.models import Line


class Command(BaseCommand):
    """Prepares, starts, resets and stops the demo's Tryton; a running `up` keeps its own alive."""

    help = (
        "erp demo: prepares Tryton in an environment of its own (once, about a minute), starts it, connects to it and "
        "prints address and people. --reset takes it back to how it was seeded, --stop ends it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`demo` and its options."""
        actions = parser.add_subparsers(dest="action", required=True)
        demo = actions.add_parser("demo", help="a seeded Tryton on this machine")
        demo.add_argument("--series", choices=tuple(ALL), default=NEWEST.name, help="of Tryton (default: %(default)s)")
        demo.add_argument("--reset", action="store_true", help="back to the seeded orders, with days around today")
        demo.add_argument("--stop", action="store_true", help="end it; what is in it stays")

    def handle(self, *args: Any, **options: Any) -> None:
        """CommandError with one sentence where it cannot be had or started."""
        if settings.PRODUCTION:
            raise CommandError("The demo's ERP is not for production: connect yours on the page Planning, ERP.")
        data, series = Path(settings.DATA_DIR), ALL[options["series"]]
        home = TrytonHome(series, homes_of(data) / f"tryton-{series.name}")
        server = tryton_server(home, folder_of(data))
        if options["stop"]:
            self.stdout.write("Stopped." if server.stop() else f"No Tryton {series.name} is running here.")
            return
        try:
            if not Line.objects.exists():
                raise CommandError("There is no plant yet: start ./manage.py up once, it loads the demo plant.")
            boxed = tryton_boxed(series.name, folder_of(data), homes=homes_of(data), today=_today(), say=self._say)
            self._bring_up(tryton_server(home, folder_of(data)), reset=options["reset"])
        except (CannotBuild, DidNotStart) as problem:
            raise CommandError(str(problem)) from problem
        except OperationalError as problem:
            raise CommandError("The database does not answer: start ./manage.py up first.") from problem
        self._tell(boxed)

    def _bring_up(self, server: TrytonServer, *, reset: bool) -> None:
        if reset:
            server.reset(today=_today())
        elif server.running() is None:
            server.start(today=_today())

    def _tell(self, boxed: Boxed) -> None:
        connection = demo_connect(boxed, at=timezone.now())
        self._say(f"{boxed.name} runs at {boxed.url} (database {boxed.options['database']})")
        self._say(f"connection {connection.code}: {connection.get_state_display()} {connection.problem}".rstrip())
        for name, password, what in boxed.people:
            self._say(f"  {name:<12} {password:<26} {what}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _today() -> Any:
    return timezone.localdate()
