"""One machine's day as the page shows it: the drawn timeline, who owns the time, and the hours against target."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from mes.screens import svg, words


class AxisHour(NamedTuple):
    """A label of the time axis."""

    x: str
    percent: str
    text: str


class Picture(NamedTuple):
    """The timeline of a day with its axis and the states that occur in it."""

    bands: list[svg.Band]
    titles: list[str]
    hours: list[AxisHour]
    states: list[str]
    width: int
    height: int

    @property
    def titled(self) -> list[tuple[svg.Band, str]]:
        """Bands with the text a pointer sees."""
        return list(zip(self.bands, self.titles, strict=True))


class Owner(NamedTuple):
    """A cause that owns a part of the scheduled time, as seconds and as a stretch of a bar of 1000 units."""

    key: str
    word: str
    seconds: float
    x: str
    width: str


class Owners(NamedTuple):
    """All owners, what they sum to and the scheduled time they must sum to."""

    rows: list[Owner]
    sum_s: float
    scheduled_s: float


class HourRow(NamedTuple):
    """One hour: made against target, and both summed from the first hour on."""

    start: str
    good: int
    scrap: int
    target: float | None
    delta: float | None
    total_delta: float | None


BAR_WIDTH = 1000


def owner_words() -> list[tuple[str, str, str]]:
    """Element of the OEE sums, CSS name and word of every owner of scheduled time, in the order of the bar."""
    return [
        ("run_s", "run", _("Running")),
        ("setup_s", "setup", _("Setup")),
        ("micro_s", "micro", _("Micro-stops")),
        ("unplanned_s", "unplanned", _("Unplanned stops")),
        ("planned_stop_s", "planned", _("Planned stops")),
        ("no_order_s", "idle", _("No order")),
        ("unknown_s", "unknown", _("Unknown (no data)")),
    ]


def owners(elements: Mapping[str, Any]) -> Owners:
    """Who owns the scheduled time so far. The page prints both sums, so a gap between them is seen."""
    scheduled_s = float(elements.get("scheduled_s") or 0)
    rows, done_s = [], 0.0
    for element, key, word in owner_words():
        seconds = float(elements.get(element) or 0)
        scale = BAR_WIDTH / scheduled_s if scheduled_s else 0
        rows.append(Owner(key, word, seconds, f"{done_s * scale:.1f}", f"{seconds * scale:.1f}"))
        done_s += seconds
    return Owners(rows, done_s, scheduled_s)


def picture(day: Mapping[str, Any], now: datetime, zone: tzinfo) -> Picture:
    """The timeline of the shift (or of the bands where no shift runs) with local hours below."""
    bands: Sequence[Sequence[Any]] = day["bands"]
    shift = day.get("shift") or {}
    start, end = words.parsed(_iso(shift.get("starts_at"))), words.parsed(_iso(shift.get("ends_at")))
    firsts = [float(band[0]) for band in bands] or [now.timestamp()]
    start_s = min([*firsts, start.timestamp()] if start else firsts)
    end_s = max([now.timestamp(), end.timestamp()] if end else [now.timestamp()])
    drawn = svg.timeline(bands, start_s, end_s)
    titles = [_title(band, zone) for band in drawn.bands]
    hours = [
        AxisHour(tick.x, _percent(tick.x, drawn.width), f"{datetime.fromtimestamp(tick.at_s, zone):%H:%M}")
        for tick in drawn.ticks
    ]
    present = {band.state for band in drawn.bands}
    states = [known.state for known in words.STATES if known.state in present]
    return Picture(drawn.bands, titles, hours, states, drawn.width, svg.TIMELINE_HEIGHT)


def hours(rows: Sequence[Mapping[str, Any]]) -> list[HourRow]:
    """The hour table: difference to target per hour and running; hours without a target leave both open."""
    table, total = [], 0.0
    for row in rows:
        target = row["target"]
        delta = None if target is None else row["good"] - target
        total += delta or 0
        table.append(HourRow(row["start"], row["good"], row["scrap"], target, delta, None if delta is None else total))
    return table


def _percent(x: str, width: int) -> str:
    return f"{float(x) / width * 100:.2f}"


def _title(band: svg.Band, zone: tzinfo) -> str:
    begin, end = (f"{datetime.fromtimestamp(at, zone):%H:%M:%S}" for at in (band.start_s, band.end_s))
    reason = f" ({band.reason})" if band.reason else ""
    return f"{band.word}{reason}, {begin} {_('to')} {end}, {words.timer(band.end_s - band.start_s)}"


def _iso(value: object) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else (str(value) if value else None)
