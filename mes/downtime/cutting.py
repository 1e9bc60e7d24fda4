"""People divide stops: split, merge, trim, and undo. The parts always add up to the stop the machine reported."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from mes.downtime.actions import StopRefused, stop_changed, whole_or_refuse
from mes.downtime.history import KIND, entries_of, last_to_undo, layout_from, layout_told, undone_by
from mes.downtime.layouts import layout_of, layout_write
from mes.downtime.models import Reason, Stop
from mes.downtime.parts import Layout, cut, joined, laid, spans, trimmed
from mes.downtime.queries import stop_ref
from mes.journal.write import record
from mes.plant.changes import changed as past_changed
from mes.plant.changes import refuse_if_locked

MOST_PARTS = 50


def stop_split(*, stop_id: int, cut_at: datetime, actor: str, at: datetime, version: int) -> Stop:
    """Cuts a stop, or the part of it that lies there, in two at an instant; both keep reason and note.

    `version` is that of the whole stop as the person saw it. Returns the whole stop. Cut there already: nothing
    changes. StopRefused for an instant outside of the stop, StopChanged where somebody was faster, ShiftLocked.
    """

    def change(whole: Stop, layout: Layout) -> Layout:
        if not whole.starts_at < cut_at < (whole.ends_at or at):
            raise StopRefused(_("The time lies outside of the stop: choose one between its start and its end."))
        part = next(
            said for since, until, said in spans(layout, whole.starts_at, whole.ends_at) if _in(cut_at, since, until)
        )
        if part.trimmed:
            raise StopRefused(_("The machine ran at that time, somebody said: take the trimming back first."))
        if len(layout.said) >= MOST_PARTS and cut_at not in layout.cuts:
            raise StopRefused(_("The stop has %(most)d parts already: merge some of them.") % {"most": MOST_PARTS})
        return cut(layout, cut_at)

    return _relay(stop_id, version, "stop_split", actor, at, change, {"cut_at": cut_at})


def stop_merge(
    *, stop_id: int, cut_at: datetime, actor: str, at: datetime, version: int, keep_later: bool = False
) -> Stop:
    """Takes the cut at an instant away: the exact inverse of `stop_split`, and of `stop_trim`.

    Of two reasons the earlier part's holds, or the later's with `keep_later`; the other one stays in the journal. No
    cut there (any more): nothing changes. Otherwise as `stop_split`.
    """
    more = {"cut_at": cut_at, "kept": "later" if keep_later else "earlier"}
    return _relay(
        stop_id,
        version,
        "stop_merge",
        actor,
        at,
        lambda _w, layout: joined(layout, cut_at, keep_later=keep_later),
        more,
    )


def stop_trim(
    *, stop_id: int, starts_at: datetime, ends_at: datetime | None, actor: str, at: datetime, version: int
) -> Stop:
    """The part of a stop around `starts_at` lasted from there to `ends_at` only (None: its end stays).

    What is cut off was no standstill: it counts as time in which the machine ran, as a corrected state does, and stays
    part of the stop that was reported, so that `stop_merge` or `stop_undo` bring it back. Otherwise as `stop_split`.
    """

    def change(whole: Stop, layout: Layout) -> Layout:
        parts = spans(layout, whole.starts_at, whole.ends_at)
        n = next((n for n, (a, b, said) in enumerate(parts) if _in(starts_at, a, b) and not said.trimmed), None)
        if n is None:
            raise StopRefused(_("The new start lies outside of the stop: a stop can only be made shorter."))
        since, until, _said = parts[n]
        if ends_at is not None and (until is None or ends_at > until):
            raise StopRefused(_("The new end lies outside of the stop: a stop can only be made shorter."))
        if starts_at >= (ends_at or at):
            raise StopRefused(_("The end lies before the start: check the two times."))
        return trimmed(
            layout,
            n,
            since=starts_at if starts_at != since else None,
            until=ends_at if ends_at != until else None,
        )

    return _relay(stop_id, version, "stop_trim", actor, at, change, {"starts_at": starts_at, "ends_at": ends_at})


def stop_undo(*, stop_id: int, entry: int, actor: str, at: datetime) -> Stop:
    """Takes back the last thing that was done to a stop: the journal `entry` the person saw as the last.

    Undone already: nothing changes. Done once more it takes back what was done before that, up to the very first
    state. StopChanged where somebody did something since.
    """
    with transaction.atomic():
        whole = whole_or_refuse(stop_id)
        entries = list(entries_of(whole))
        if entry in undone_by(entries):
            return whole
        last = last_to_undo(entries)
        layout = layout_of(whole)
        if last is None or last.pk != entry or _now(whole, last.data["parts_after"]) != layout:
            raise stop_changed(whole, whole)
        before = _now(whole, last.data["parts_before"])
        if last.action == "stop_explain_by_rule":  # else the rule would do it again
            before = replace(before, said=tuple(replace(said, hands_off=said.reason is None) for said in before.said))
        codes = {said.reason for said in before.said if said.reason}
        if Reason.objects.filter(code__in=codes).count() < len(codes):
            raise StopRefused(_("A reason it had before does not exist any more: give the stop another one."))
        _write(whole, layout, before, "stop_undo", actor, at, {"undoes": entry, "action": last.action})
        return whole


def _relay(
    stop_id: int,
    version: int,
    action: str,
    actor: str,
    at: datetime,
    change: Callable[[Stop, Layout], Layout],
    more: dict[str, Any],
) -> Stop:
    with transaction.atomic():
        whole = whole_or_refuse(stop_id)
        before = layout_of(whole)
        after = change(whole, before)
        if after == before:
            return whole
        if whole.version != version:
            raise stop_changed(whole, whole)
        _write(whole, before, after, action, actor, at, more)
        return whole


def _write(
    whole: Stop, before: Layout, after: Layout, action: str, actor: str, at: datetime, more: dict[str, Any]
) -> None:
    refuse_if_locked(whole.work_center, whole.starts_at, whole.ends_at or at)
    layout_write(whole, after)
    data: dict[str, Any] = {"from": whole.starts_at, "to": whole.ends_at, **more}
    data |= {"before": _summary(before), "after": _summary(after)}
    data |= {"parts_before": layout_told(before), "parts_after": layout_told(after)}
    past_changed([(whole.work_center_id, whole.starts_at, whole.ends_at or at)], why=action)
    record(actor=actor, at=at, action=action, kind=KIND, code=stop_ref(whole), data=data)


def _summary(layout: Layout) -> dict[str, Any]:
    """What the lists of edits show: how many parts, and what was said of each."""
    said = ("ran" if one.trimmed else one.reason or "–" for one in layout.said)
    return {"parts": len(layout.said), "reasons": ", ".join(said)}


def _now(whole: Stop, told: list[dict[str, Any]]) -> Layout:
    """A layout the journal keeps, over the stop as long as it is now."""
    return laid([(whole.starts_at, whole.ends_at, layout_from(told))], whole.starts_at, whole.ends_at)


def _in(at: datetime, since: datetime, until: datetime | None) -> bool:
    return since <= at and (until is None or at < until)
