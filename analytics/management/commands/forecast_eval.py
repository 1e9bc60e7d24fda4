"""`./manage.py forecast_eval`: forecasts lines from CSV files to a CSV file, without a database."""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

GRAINS = ("hour", "shift", "day")


class Command(BaseCommand):
    """Reads files, writes one; asks for no server."""

    help = (
        "Forecasts good pieces of lines from CSV files. With --calendar (and --orders, archived order queues) by plan;"
        " without both each line is a plain series (columns line, ds, good). A shift is 8 h from 6:00, a day 24 h."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files, grain, how far."""
        parser.add_argument(
            "--history", type=Path, required=True, help="what was: line,ds,planned_min,good,cov,item..."
        )
        parser.add_argument("--calendar", type=Path, help="what is planned: line,ds,planned_min (hours)")
        parser.add_argument("--orders", type=Path, help="archived order queues: line,taken_at,position,item...")
        parser.add_argument("--grain", choices=GRAINS, required=True)
        parser.add_argument("--horizon", type=int, required=True, help="how many buckets ahead")
        parser.add_argument("--method", default="best", help="best (by its own record), ens2, mes_rate or rate28")
        parser.add_argument("--out", type=Path, required=True, help="the CSV file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Writes one row per line and bucket; a file that cannot be used ends with one sentence and writes nothing."""
        from analytics.forecast.calendar_cells import BadFile
        from analytics.forecast.evaluate import HEAD, WANTED

        if options["horizon"] < 1:
            raise CommandError("--horizon is a number of buckets, 1 or more.")
        if options["method"] not in WANTED:
            raise CommandError(f"--method is one of {', '.join(WANTED)}.")
        if options["orders"] and not options["calendar"]:
            raise CommandError("--orders needs --calendar: without planned hours there is nothing to lay orders on.")
        try:
            rows = list(_planned(options) if options["calendar"] else _unplanned(options))
        except BadFile as problem:
            raise CommandError(str(problem)) from problem
        try:
            with options["out"].open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])
        except OSError as problem:
            raise CommandError(
                f"{options['out']} cannot be written: {problem.strerror}. Name a file in a folder that may be written."
            ) from problem
        self.stdout.write(f"{options['out']}: {len(rows)} rows of {len({row[0] for row in rows})} lines.")


def _planned(options: dict[str, Any]) -> Iterator[list[str]]:
    from analytics.forecast.calendar_cells import BadFile, read_calendar, read_history, read_orders
    from analytics.forecast.evaluate import planned_answers

    history = read_history(options["history"])
    calendar = read_calendar(options["calendar"])
    orders = read_orders(options["orders"]) if options["orders"] else {}
    for line, past in history.items():
        ahead = calendar.get(line)
        if ahead is None:
            raise BadFile(f"{options['calendar']}: the line {line} of the history is missing. Add its hours to come.")
        if ahead.start_ms[0] <= past.start_ms[-1]:
            raise BadFile(
                f"{options['calendar']}: the calendar of {line} begins before its history ends. Leave out past hours."
            )
        grain, horizon, method = options["grain"], options["horizon"], options["method"]
        for answer in planned_answers(line, past, ahead, orders.get(line, []), grain, horizon, method):
            yield answer.row()


def _unplanned(options: dict[str, Any]) -> Iterator[list[str]]:
    from analytics.forecast.calendar_cells import BadFile, read_series
    from analytics.forecast.evaluate import unplanned_answers

    for line, (starts, good) in read_series(options["history"]).items():
        try:
            answers = unplanned_answers(line, starts, good, options["grain"], options["horizon"])
        except ValueError as problem:
            raise BadFile(f"{options['history']}, line {line} of the plant: {problem} Mend its rows.") from problem
        for answer in answers:
            yield answer.row()
