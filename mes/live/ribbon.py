"""States as people see them: one of seven palette classes with a word, now and over the last hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.translation import gettext_noop as _  # tiles travel in English: screens/said.py

from mes.downtime.models import Stop
from mes.oee.facts import WindowFacts
from mes.oee.sources import MachineRows
from mes.plant.models import WorkCenter
from mes.tracking.models import StateInterval

SLOW_BELOW = 0.75
SLOW_WINDOW_MIN = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A state as shown: palette class, status word, since when, one line of detail, whether a person must say why."""

    palette: str
    word: str
    since: datetime | None
    detail: str
    needs_reason: bool = False


def palette_of(kind: str, stop: Stop | None, *, has_order: bool) -> str:
    """The palette class of a stretch: an explained planned stop or a changeover counts as what it was explained as."""
    if kind == "run":
        return "running"
    if kind == "unknown":
        return "no_data"
    klass = stop.reason.klass if stop is not None and stop.reason is not None else None
    if klass == "planned":
        return "planned"
    if klass == "changeover" or kind == "setup":
        return "setup"
    if kind == "idle" and not has_order:
        return "planned"
    return "waiting" if kind == "waiting" else "down"


def palette_at(facts: WindowFacts, work_center: WorkCenter, now: datetime) -> Shown:
    """What the machine is doing now, in the words of the floor. Unheard for too long is "No data", never a state."""
    rows = facts.rows
    span = next((span for span in reversed(rows.states) if span.ends_at is None), None)
    if span is None:
        return Shown("no_data", _("No data"), None, _("nothing was ever read from this machine"))
    if rows.known_until(now) != now:
        return Shown("no_data", _("No data"), rows.heard_at, _("nothing heard from its controller"))
    stop = next((stop for stop in rows.stops if stop.ends_at is None), None)
    has_order = any(run.ends_at is None for run in rows.runs)
    palette = palette_of(span.kind, stop, has_order=has_order)
    if palette == "no_data":
        return Shown("no_data", _("No data"), span.starts_at, span.why or span.state)
    if palette == "running":
        return _running(rows, span, now)
    since = stop.starts_at if stop else span.starts_at
    planned = _by_plan(rows, since, now)
    if planned is not None:
        return planned
    long_enough = now - since >= timedelta(seconds=work_center.micro_stop_s)
    if stop is not None and stop.reason is not None:
        return Shown(palette, _word(palette, span), since, stop.reason.name)
    needs = long_enough and palette in ("down", "setup")
    return Shown(palette, _word(palette, span), since, _("needs a reason") if needs else "", needs)


def _by_plan(rows: MachineRows, since: datetime, now: datetime) -> Shown | None:
    """A machine that stands in a break or a maintenance, or was taken off its shift's schedule, asks nobody why."""
    pause = next((pause for pause in rows.breaks if pause.starts_at <= now < pause.ends_at), None)
    if rows.span_at(now) is not None:
        return Shown("planned", _("Planned stop"), max(since, pause.starts_at), pause.name) if pause else None
    on_shift = any(shift.starts_at <= now < shift.ends_at for shift in rows.shifts)
    return Shown("planned", _("Not scheduled"), since, "") if on_shift else None


def _word(palette: str, span: StateInterval) -> str:
    words = {"down": _("Stopped"), "waiting": _("Waiting"), "setup": _("Changeover"), "planned": _("Planned stop")}
    if palette == "planned" and span.kind == "idle":
        return _("No order")
    return words[palette]


def _running(rows: MachineRows, span: StateInterval, now: datetime) -> Shown:
    """Running, or running slow when the last full minutes brought clearly less than the ideal rate."""
    run = next((run for run in rows.runs if run.ends_at is None), None)
    ideal_ms = rows.ideal_ms(run.item_id, now) if run else None
    end = now.replace(second=0, microsecond=0)
    start = end - timedelta(minutes=SLOW_WINDOW_MIN)
    if run is None or ideal_ms is None or span.starts_at > start or run.starts_at > start:
        return Shown("running", _("Running"), span.starts_at, "" if run else _("without an order"))
    made = 0
    for row in rows.counts:
        for minute in range(60):
            if start <= row.hour + timedelta(minutes=minute) < end:
                made += row.good[minute] + row.scrap[minute]
    speed = float(made * ideal_ms) / (SLOW_WINDOW_MIN * 60_000)
    if speed < SLOW_BELOW:
        return Shown(
            "slow", _("Running slow"), span.starts_at, _("%(percent)d %% of ideal speed") % {"percent": speed * 100}
        )
    return Shown("running", _("Running"), span.starts_at, "")


def ribbon(facts: WindowFacts, work_center: WorkCenter, start: datetime, now: datetime) -> list[list[object]]:
    """[[second since 1970, palette class], ...] from `start` to now; each entry lasts to the next. Gaps are no_data."""
    return [[int(begin.timestamp()), palette] for begin, _end, palette, _word, _reason in bands(facts, start, now)]


def bands(facts: WindowFacts, start: datetime, now: datetime) -> list[tuple[datetime, datetime, str, str, str]]:
    """(from, to, palette, state, reason) over the window, gap-free; stretches of less than a second are left out."""
    rows, known = facts.rows, facts.rows.known_until(now)
    out: list[tuple[datetime, datetime, str, str, str]] = []
    at = start
    for span in rows.states_told():
        begin, end = max(span.starts_at, start), min(span.ends_at or known, now)
        if end <= begin:
            continue
        if begin > at:
            _append(out, at, begin, "no_data", "", "")
        cuts = (s.starts_at for s in rows.stops if s.whole_id and begin < s.starts_at < end)  # people's parts
        for since, until in pairwise([begin, *cuts, end]):
            stop = next((s for s in rows.stops if s.starts_at < until and (s.ends_at or now) > since), None)
            has_order = any(run.starts_at < until and (run.ends_at or now) > since for run in rows.runs)
            palette = palette_of(span.kind, stop, has_order=has_order)
            reason = stop.reason.name if stop and stop.reason and span.kind != "run" else ""
            _append(out, since, until, palette, span.state, reason)
        at = end
    if at < now:
        _append(out, at, now, "no_data", "", "")
    return out


def _append(
    out: list[tuple[datetime, datetime, str, str, str]],
    begin: datetime,
    end: datetime,
    palette: str,
    state: str,
    reason: str,
) -> None:
    if out and out[-1][2:] == (palette, state, reason):
        out[-1] = (out[-1][0], end, palette, state, reason)
    elif end - begin >= timedelta(seconds=1) or not out:
        out.append((begin, end, palette, state, reason))
