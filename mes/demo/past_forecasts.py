"""What would have been forecast in the demo's story: which shifts still wait for it. Loads no statistics."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import Count, Q

from analytics.forecasts.refits import refit_ask
from analytics.models import Forecast, HistoryImport, Refit
from mes.demo.imported import FILE_NAME
from mes.demo.story import DAYS
from mes.oee.fact_models import RollMark
from mes.plant.models import Line, Shift

GRAINS = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line with the beginnings of those shifts of its story, the oldest first, that were not forecast yet."""

    line: Line
    origins: tuple[datetime, ...]


def past_forecasts_waiting() -> Waiting | None:
    """The next line of the demo whose story has not been forecast to its end; None if there is none.

    A line waits until its hours are rolled as far as the story goes, for what is issued is never changed: from half of
    its hours it would be a bad forecast for good.
    """
    for source in HistoryImport.objects.filter(by="demo").select_related("line__area__site").order_by("line__position"):
        line = source.line
        if source.file_name != FILE_NAME.format(line=line.code) or Refit.objects.filter(key=_key(source)).exists():
            continue
        shifts = Shift.objects.filter(
            line=line, work_center=None, starts_at__gte=source.at, starts_at__lt=source.at + timedelta(days=DAYS)
        )
        starts = list(shifts.order_by("starts_at").values_list("starts_at", flat=True))
        if not starts or not RollMark.objects.filter(line=line, rolled_until__gte=starts[-1]).exists():
            continue
        said = Forecast.objects.filter(line=line, shown=True, origin__in=starts).values("origin")
        whole = said.annotate(grains=Count("grain", filter=Q(shown=True), distinct=True)).filter(grains=GRAINS)
        done = set(whole.values_list("origin", flat=True))
        return Waiting(line, tuple(at for at in starts if at not in done))
    return None


def past_forecasts_end(*, line: Line, at: datetime) -> None:
    """The story of a line is forecast: today's forecast is made with the record it has now. Said twice, made once."""
    source = HistoryImport.objects.get(line=line, by="demo", file_name=FILE_NAME.format(line=line.code))
    refit_ask(line=line, key=_key(source), actor="demo", at=at)


def _key(source: HistoryImport) -> UUID:
    return uuid5(NAMESPACE_URL, f"millwright:demo:{source.line_id}:{source.digest}")
