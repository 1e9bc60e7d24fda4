"""A stop and its parts as stored: read as a layout, written as rows. Callers hold the row of the stop (whole_lock)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mes.downtime.models import Reason, Stop
from mes.downtime.parts import NOTHING, Layout, Said, spans

FOR_EVER = datetime.max.replace(tzinfo=UTC)


def whole_lock(stop_id: int) -> Stop:
    """The stop as the machine reported it, its row locked until the transaction ends, of which `stop_id` may be a part.

    Raises Stop.DoesNotExist where the part is gone.
    """
    key = Stop.every.values_list("whole_id", flat=True).get(pk=stop_id) or stop_id
    return Stop.every.select_for_update(of=("self",)).select_related("work_center__line", "reason").get(pk=key)


def parts_of(whole: Stop) -> list[Stop]:
    """The rows that stand for a stop in order of time, trimmed-off ones too; itself where nobody split it."""
    if not whole.split:
        return [whole]
    return list(Stop.every.filter(whole=whole).select_related("reason", "work_center__line").order_by("starts_at"))


def layout_of(whole: Stop) -> Layout:
    """What people said of a stop and of its parts."""
    rows = parts_of(whole)
    return Layout(tuple(row.starts_at for row in rows[1:]), tuple(said_of(row) for row in rows))


def said_of(row: Stop) -> Said:
    """What was said of one row."""
    reason = row.reason.code if row.reason else None
    return Said(reason, row.note, row.explained_by, row.explained_at, row.planned_limit_min, row.hands_off, row.trimmed)


def layout_write(whole: Stop, layout: Layout) -> None:
    """Makes the rows of a stop what the layout says. What begins where a part began stays the same row.

    Every row it touches gets the version after the stop's: an older page of any of them is told that it is old.
    """
    whole.version += 1
    codes = {said.reason for said in layout.said if said.reason}
    reasons = dict(Reason.objects.filter(code__in=codes).values_list("code", "pk"))
    if layout.whole:
        Stop.every.filter(whole=whole).delete()
        _save(whole, {"split": False, **_fields(layout.said[0], reasons)})
        return
    _save(whole, {"split": True, **_fields(NOTHING, reasons)})
    old = {row.starts_at: row for row in Stop.every.filter(whole=whole)}
    wanted = spans(layout, whole.starts_at, whole.ends_at)
    kept = {start for start, _end, _said in wanted}
    Stop.every.filter(pk__in=[row.pk for start, row in old.items() if start not in kept]).delete()
    # What shrinks makes room for what grows: two rows never overlap, not even on the way.
    staying = [(old[start], end, said) for start, end, said in wanted if start in old]
    for row, end, said in sorted(staying, key=lambda one: (one[1] or FOR_EVER) > (one[0].ends_at or FOR_EVER)):
        row.ends_at, row.version = end, whole.version
        _save(row, {**_observed(whole), **_fields(said, reasons), "trimmed": said.trimmed})
    for start, end, said in wanted:
        if start not in old:
            fields = {**_observed(whole), **_fields(said, reasons), "trimmed": said.trimmed}
            Stop.every.create(
                work_center_id=whole.work_center_id, whole=whole, source="part", starts_at=start, ends_at=end,
                version=whole.version, **fields,
            )  # fmt: skip


def layouts_take(wholes: Sequence[Stop]) -> list[tuple[datetime, datetime | None, Layout]]:
    """Takes the parts off stops that are about to be told otherwise; `laid` puts what was said over the new telling."""
    taken = []
    for whole in wholes:
        if whole.split:
            taken.append((whole.starts_at, whole.ends_at, layout_of(whole)))
            Stop.every.filter(whole=whole).delete()
            whole.split = False
            whole.save(update_fields=["split"])
    return taken


def whole_end(stop_id: int, ends_at: datetime, plc_code: int | None) -> None:
    """Ends a split stop: its parts end with it, and a part that would begin later never was."""
    whole = whole_lock(stop_id)
    if whole.ends_at is not None:
        return
    layout = layout_of(whole)
    left = [at for at in layout.cuts if at < ends_at]
    whole.ends_at, whole.plc_code = ends_at, plc_code
    whole.save(update_fields=["ends_at", "plc_code"])
    layout_write(whole, Layout(tuple(left), layout.said[: len(left) + 1]))


def _observed(whole: Stop) -> dict[str, Any]:
    return {"state": whole.state, "kind": whole.kind, "plc_code": whole.plc_code}


def _fields(said: Said, reasons: dict[str, int]) -> dict[str, Any]:
    return {
        "reason_id": reasons[said.reason] if said.reason else None,
        "note": said.note,
        "explained_by": said.by,
        "explained_at": said.at,
        "planned_limit_min": said.limit_min,
        "hands_off": said.hands_off,
    }


def _save(row: Stop, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=[*fields, "ends_at", "version"])
