"""`./manage.py kpi --work-center CODE --from T --to T [--json]`: the same numbers as the API."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from mes.api.kpi_answer import Answer, answer_with_witness
from mes.journal.write import JournalEncoder
from mes.oee.figures import figures
from mes.oee.places import POLICIES, machine_place
from mes.plant.models import WorkCenter

SHARES = ("availability", "performance", "quality", "oee")


class Command(BaseCommand):
    """KPIs of one machine for a stretch of time."""

    help = "OEE of one work center and the elements behind it, from the function that answers /api/v1/kpi/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which machine, from when to when."""
        parser.add_argument("--work-center", required=True, metavar="CODE")
        parser.add_argument("--from", required=True, dest="since", metavar="T", help="ISO 8601 with offset")
        parser.add_argument("--to", required=True, dest="until", metavar="T", help="ISO 8601 with offset")
        parser.add_argument("--as-of", metavar="T", help="as it was reported then; ISO 8601 with offset")
        parser.add_argument("--policy", choices=sorted(POLICIES), help="another reading of the same time")
        parser.add_argument("--json", action="store_true", help="the answer of the API")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the answer; CommandError for an unknown machine or a time without offset."""
        code, start, end = options["work_center"], _instant(options["since"]), _instant(options["until"])
        if not start < end:
            raise CommandError("--from must lie before --to.")
        machine = WorkCenter.objects.select_related("line__area__site").filter(code=code).first()
        if machine is None:
            known = ", ".join(WorkCenter.objects.values_list("code", flat=True)[:20]) or "none yet"
            raise CommandError(f"There is no work center '{code}'. Known: {known}.")
        place, now = machine_place(machine), datetime.now(UTC)
        [figure] = figures(place, [(start, end)], now=now, policy=POLICIES.get(options["policy"]))
        answer = {"work_center": code, "as_of": None, "now": now} | answer_with_witness(place, figure)
        self.stdout.write(json.dumps(answer, cls=JournalEncoder, indent=1) if options["json"] else _text(answer))


def _instant(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CommandError(f"'{text}' is no time with an offset: write it as 2026-03-02T06:00:00Z.")
    return found.astimezone(UTC)


def _text(answer: Answer) -> str:
    shares = [f"{name} {_percent(answer['kpi'][name])}" for name in SHARES]
    lines = [
        f"{answer['work_center']} from {answer['from']:%Y-%m-%d %H:%M:%S} to {answer['to']:%Y-%m-%d %H:%M:%S} UTC",
        f"{', '.join(shares)}; known {_percent(answer['coverage'])} (policy {answer['policy']['name']})",
        ", ".join(f"{name} {pieces}" for name, pieces in answer["counts"].items()),
        *[f"  {name:<24} {seconds:>12.1f}" for name, seconds in answer["elements"].items()],
        f"count: {answer['witness']['status']}",
        *[f"  {note['text']}" for note in answer["notes"]],
    ]
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"
