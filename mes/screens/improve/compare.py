"""`/improve/compare/`: two stretches of time side by side: KPIs, where the time went, and which losses changed most."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.charting.charts import Bar, bar_chart
from mes.losses.stop_minutes import Group, grouped, stop_minutes
from mes.oee.figures import Figure, figures
from mes.plant.calendar import day_bounds
from mes.screens import words
from mes.screens.frame import zone_named
from mes.screens.improve.asked import DAYS, LONGEST, Asked, AskedWrong, instant_in
from mes.screens.improve.kpis import MEASURES
from mes.screens.improve.page import Content, Drawn, losses_page
from mes.screens.improve.tables import Column, Row, Table, pieces
from mes.screens.templatetags.amounts import local_day_time

MIN_MS = 60_000
BARS = 12
TIMES = [
    ("scheduled_ms", gettext_lazy("Scheduled")),
    ("run_ms", gettext_lazy("Running")),
    ("setup_ms", gettext_lazy("Setup")),
    ("unplanned_ms", gettext_lazy("Stops")),
    ("micro_ms", gettext_lazy("Micro-stops")),
    ("planned_stop_ms", gettext_lazy("Planned stops")),
    ("no_order_ms", gettext_lazy("No order")),
    ("unknown_ms", gettext_lazy("Nobody knows")),
]


@losses_page("compare", keep=["from2", "to2"])
def compare(asked: Asked, request: HttpRequest) -> Content:
    """The page; without a second stretch of time in the address, the one of the same length before."""
    earlier = earlier_of(asked)
    now, before = figures(asked.place, [asked.window, earlier], now=asked.now)
    changes = changed(
        grouped(stop_minutes(asked.place.work_centers, *earlier, now=asked.now), "machine_reason"),
        grouped(stop_minutes(asked.place.work_centers, *asked.window, now=asked.now), "machine_reason"),
    )
    tables = [kpi_table(before, now), time_table(before, now), loss_table(changes)]
    zone = asked.zone
    more = {
        "before": (local_day_time(earlier[0], zone), local_day_time(earlier[1], zone)),
        "after": (local_day_time(asked.start, zone), local_day_time(asked.end, zone)),
        "before_days": (
            earlier[0].astimezone(zone_named(zone)).date(),
            (earlier[1] - timedelta(microseconds=1)).astimezone(zone_named(zone)).date(),
        ),
        "policies": sorted({before.policy.label, now.policy.label}),
    }
    return Content(tables, [drawn(changes)], sentence(changes, before, now), now, more)


def earlier_of(asked: Asked) -> tuple[datetime, datetime]:
    """The stretch to compare with: what the address says, else as long a one before, by days of the site."""
    first, last = asked.more.get("from2", ""), asked.more.get("to2", "")
    if first or last:
        if not first or not last:
            raise AskedWrong(_("One end of the other time is missing: give both its “from” and its “to”."))
        start, end = instant_in(first, asked.zone, last=False), instant_in(last, asked.zone, last=True)
        if start >= end or start >= asked.now:
            raise AskedWrong(_("The other time must begin in the past and before it ends."))
        if end - start > LONGEST:
            raise AskedWrong(_("More than 366 days cannot be shown at once: choose a shorter time."))
        return start, min(end, asked.now)
    if asked.span in DAYS:
        begin, _end = day_bounds(asked.first_day - timedelta(days=DAYS[asked.span]), zone_named(asked.zone))
        return begin, begin + (asked.end - asked.start)
    back = timedelta(days=1) if asked.span == "shift" else asked.end - asked.start
    return asked.start - back, asked.end - back


class Change:
    """A loss in both stretches: names, milliseconds and stops before and now."""

    def __init__(self, name: str, before: Group | None, now: Group | None) -> None:
        self.name = name
        self.before_ms, self.before_stops = (before.lost_ms, before.stops) if before else (0, 0)
        self.now_ms, self.now_stops = (now.lost_ms, now.stops) if now else (0, 0)

    @property
    def more_ms(self) -> int:
        """How much more is lost now; negative is a gain."""
        return self.now_ms - self.before_ms


def changed(before: Sequence[Group], now: Sequence[Group]) -> list[Change]:
    """Every loss of either stretch, the largest change first."""
    old, new = {one.key: one for one in before}, {one.key: one for one in now}
    found = [Change((new.get(key) or old[key]).name, old.get(key), new.get(key)) for key in {**old, **new}]
    return sorted(found, key=lambda change: (-abs(change.more_ms), change.name))


def kpi_table(before: Figure, now: Figure) -> Table:
    """Every KPI in both, and the difference in its own unit (percent points for shares)."""
    columns = [Column("kpi", _("Number")), Column("unit", _("Unit")), *_columns("", 1)]
    rows = []
    for one in MEASURES:
        a, b = one.value(before), one.value(now)
        if a is not None or b is not None:
            more = None if a is None or b is None else b - a
            rows.append(Row([str(one.name), one.unit, a, b, more], strong=one.field == "oee"))
    for name, word in (("good", _("Good")), ("scrap", _("Scrap")), ("rework", _("Rework"))):
        c, d = (pieces(getattr(figure.elements, name)) if figure.elements else 0 for figure in (before, now))
        rows.append(Row([word, "", c, d, d - c]))
    return Table("kpis", _("Numbers"), columns, rows)


def time_table(before: Figure, now: Figure) -> Table:
    """Where the time went in both, in minutes."""
    rows = []
    for name, word in TIMES:
        a, b = (getattr(figure.elements, name) / MIN_MS if figure.elements else 0.0 for figure in (before, now))
        rows.append(Row([str(word), a, b, b - a], strong=name == "scheduled_ms"))
    return Table("times", _("Where the time went"), [Column("owner", _("Time")), *_columns("min", 1)], rows)


def loss_table(changes: Sequence[Change]) -> Table:
    """Stops by machine and reason in both, the largest change first."""
    columns = [
        Column("loss", _("Machine and reason")),
        *_columns("min", 1),
        Column("stops_before", _("Stops before"), "", 0),
        Column("stops_now", _("Stops now"), "", 0),
    ]
    rows = [
        Row(
            [
                change.name,
                change.before_ms / MIN_MS,
                change.now_ms / MIN_MS,
                change.more_ms / MIN_MS,
                change.before_stops,
                change.now_stops,
            ]
        )
        for change in changes
    ]
    return Table("losses", _("What changed most"), columns, rows, _("No planned time was lost to stops in either."))


def _columns(unit: str, digits: int) -> list[Column]:
    return [
        Column("before", _("Before"), unit, digits),
        Column("now", _("Now"), unit, digits),
        Column("change", _("Change"), unit, digits, signed=True),
    ]


def drawn(changes: Sequence[Change]) -> Drawn:
    """The largest changes: bars upwards are losses that grew."""
    bars = [
        Bar(
            change.name,
            change.more_ms / MIN_MS,
            "@down" if change.more_ms > 0 else "@running",
            text=f"{words.signed(change.more_ms / MIN_MS)} min",
        )
        for change in changes[:BARS]
        if change.more_ms
    ]
    return Drawn("change", bar_chart(bars, unit="min"), _("Minutes more (red, up) or fewer (green, down) than before"))


def sentence(changes: Sequence[Change], before: Figure, now: Figure) -> str:
    """What changed most, in words."""
    texts = []
    if before.kpi.oee is not None and now.kpi.oee is not None:
        points = words.signed((now.kpi.oee - before.kpi.oee) * 100, 1)
        texts.append(_("OEE %(points)s points.") % {"points": points})
    if changes and changes[0].more_ms:
        said = _("Changed most: %(what)s, %(minutes)s min.")
        texts.append(said % {"what": changes[0].name, "minutes": words.signed(changes[0].more_ms / MIN_MS)})
    return " ".join(texts) or _("Nothing to compare in either time.")
