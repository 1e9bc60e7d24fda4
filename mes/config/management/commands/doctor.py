"""`./manage.py doctor [--json]`: looks at services, tables, controllers, queues and disk; exit 0 healthy, 1 not."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from mes.config.vitals import look


class Command(BaseCommand):
    """Says what is well and what is not, and how to mend it."""

    help = (
        "Checks services, migrations, controllers, counters, clock, queues, spool, leases, samples, journal and disk."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Text for people, JSON for programs."""
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints every check; exits with 1 when one is not well."""
        checks = look()
        healthy = all(check.ok for check in checks)
        if options["json"]:
            self.stdout.write(json.dumps({"healthy": healthy, "checks": [asdict(check) for check in checks]}, indent=1))
        else:
            for check in checks:
                mend = f" {check.mend}" if not check.ok and check.mend else ""
                self.stdout.write(f"{'ok  ' if check.ok else 'BAD '} {check.name:<24} {check.said}{mend}")
            self.stdout.write("Healthy." if healthy else "Not healthy.")
        if not healthy:
            sys.exit(1)
