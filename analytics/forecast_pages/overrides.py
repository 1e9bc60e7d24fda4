"""A person's own figure beside a forecast: who said it and why is in the journal, the forecast stays as it was."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from analytics.forecast_pages.read import points_of
from analytics.models import Forecast, ForecastOverride
from mes.journal.write import record
from mes.plant.models import Line

MOST = 10_000_000  # pieces in a bucket; more is a slip of the finger
MOST_WORDS = 200


class OverrideRefused(Exception):
    """Nothing was stored; the text says why."""


def forecast_override(
    *, line: Line, forecast: Forecast, starts_at: datetime, value: int | None, why: str, key: UUID, actor: str,
    at: datetime,
) -> ForecastOverride:  # fmt: skip
    """Puts a person's figure (pieces; None takes an earlier one back) beside one bucket of a forecast of the line.

    Said twice with the same key, it is stored once. Raises OverrideRefused for a bucket that is over or that the
    forecast does not have, for no reason given, and for taking back what nobody said.
    """
    why = " ".join(why.replace("\0", "").split())
    bucket = next((point for point in points_of(forecast) if point.starts_at == starts_at), None)
    if forecast.line_id != line.pk or bucket is None:
        raise OverrideRefused(_("The forecast has no such time: choose one of the list."))
    if bucket.ends_at <= at:
        raise OverrideRefused(_("That time is over: what came of it is known."))
    if not 3 <= len(why) <= MOST_WORDS:
        raise OverrideRefused(_("Say why, in 3 to %(most)s characters.") % {"most": MOST_WORDS})
    if value is not None and not 0 <= value <= MOST:
        raise OverrideRefused(_("Pieces must lie between 0 and %(most)s.") % {"most": MOST})
    with transaction.atomic():
        Line.objects.select_for_update(of=("self",)).get(pk=line.pk)
        before = overrides_of(line, forecast.grain, [starts_at]).get(starts_at)
        if value is None and before is None and not ForecastOverride.objects.filter(key=key).exists():
            raise OverrideRefused(_("Nobody has said another figure for that time."))
        said = {
            "line": line,
            "grain": forecast.grain,
            "starts_at": starts_at,
            "forecast": forecast,
            "point": bucket.point,
            "value": value,
            "why": why,
            "by": actor,
            "at": at,
        }
        row, new = ForecastOverride.objects.get_or_create(key=key, defaults=said)
        if new:
            data = {"grain": forecast.grain, "starts_at": starts_at, "forecast": forecast.pk, "point": bucket.point}
            data |= {"before": before.value if before else None, "after": value, "why": why}
            record(actor=actor, at=at, action="forecast_override", kind="line", code=line.code, data=data)
    return row


def overrides_of(
    line: Line, grain: str, starts: Iterable[datetime], at: datetime | None = None
) -> dict[datetime, ForecastOverride]:
    """Start of a bucket to what a person last said of it (by `at`, if given); words taken back are missing."""
    rows = ForecastOverride.objects.filter(line=line, grain=grain, starts_at__in=list(starts))
    if at is not None:
        rows = rows.filter(at__lte=at)
    newest = {row.starts_at: row for row in rows.order_by("at", "pk")}
    return {starts_at: row for starts_at, row in newest.items() if row.value is not None}
