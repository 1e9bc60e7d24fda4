"""Values and actions in words, the same in every node, and the codes under which things stand on the thread."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.downtime.queries import instant_ref
from mes.journal.models import JournalEntry
from mes.materials.models import Lot
from mes.production.models import Run, WorkOrder

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ACTIONS: dict[str, "StrOrPromise"] = {
    "order_create": gettext_lazy("Order created"),
    "order_receive": gettext_lazy("Order received"),
    "order_release": gettext_lazy("Order released"),
    "order_dispatch": gettext_lazy("Order sent to the floor"),
    "order_kind_set": gettext_lazy("Kind of the order changed"),
    "order_start": gettext_lazy("Order started"),
    "order_pause": gettext_lazy("Order paused"),
    "order_resume": gettext_lazy("Order resumed"),
    "order_complete": gettext_lazy("Order completed"),
    "order_reopen": gettext_lazy("Order opened again"),
    "order_close": gettext_lazy("Order closed"),
    "order_cancel": gettext_lazy("Order cancelled"),
    "order_hold": gettext_lazy("Order put on hold"),
    "order_release_hold": gettext_lazy("Hold of the order released"),
    "change_ask": gettext_lazy("A change was asked for"),
    "change_accept": gettext_lazy("The change was accepted"),
    "change_refuse": gettext_lazy("The change was refused"),
    "operations_set": gettext_lazy("Operations set"),
    "operation_finish": gettext_lazy("Operation done"),
    "count_enter": gettext_lazy("Pieces entered"),
    "part_report": gettext_lazy("Part reported"),
    "setup_end": gettext_lazy("Production began after setup"),
    "stop_explain": gettext_lazy("Reason of a stop given"),
    "stop_split": gettext_lazy("Stop split"),
    "stop_merge": gettext_lazy("Stop merged"),
    "stop_trim": gettext_lazy("Stop trimmed"),
    "stop_undo": gettext_lazy("Change of a stop undone"),
    "state_correct": gettext_lazy("State corrected"),
    "count_correct": gettext_lazy("Count corrected"),
    "scrap_enter": gettext_lazy("Scrap entered"),
    "scrap_undo": gettext_lazy("Scrap taken back"),
    "counts_assign": gettext_lazy("Pieces assigned to an order"),
    "lot_produce": gettext_lazy("Lot made"),
    "lot_consume": gettext_lazy("Lot used"),
    "lot_hold": gettext_lazy("Lot put on hold"),
    "lot_release": gettext_lazy("Lot released"),
    "check_record": gettext_lazy("Check made"),
    "check_withdraw": gettext_lazy("Check taken back"),
}


def action_words(entry: JournalEntry) -> str:
    """What an entry tells of, in words; an action without words of its own by its name."""
    return str(ACTIONS.get(entry.action, entry.action.replace("_", " ")))


def number(value: Decimal | int | float | None) -> str:
    """12000.000 -> 12000; 12.500 -> 12.5; None -> unknown. For people and programs alike, so without separators."""
    if value is None:
        return _("unknown")
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def run_code(run: Run) -> str:
    """`<machine>@<start in UTC>`."""
    return f"{run.work_center.code}@{instant_ref(run.starts_at)}"


def hour_code(machine: str, hour: datetime) -> str:
    """`<machine>@<UTC hour>`, e.g. FILL-1@2026-11-22T10."""
    return f"{machine}@{hour.astimezone(UTC):%Y-%m-%dT%H}"


def lot_code(lot: Lot) -> str:
    """`<item>~<number>`: a number alone is unique per item only."""
    return f"{lot.item.code}~{lot.number}"


def order_title(order: WorkOrder) -> str:
    """What an order is, in one line."""
    return _("Order %(number)s: %(quantity)s %(unit)s of %(item)s") % {
        "number": order.number,
        "quantity": number(order.quantity),
        "unit": order.item.unit,
        "item": order.item.name,
    }


def lasting(seconds: float) -> str:
    """3661 -> 1:01:01."""
    whole = max(0, int(seconds))
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def changed_words(data: dict[str, Any]) -> str:
    """Before and after of an entry in one line, cut where it grows long."""
    before, after = data.get("before"), data.get("after")
    parts = []
    if isinstance(before, dict) and isinstance(after, dict):
        parts = [f"{key}: {_short(before.get(key))} → {_short(value)}" for key, value in after.items()]
    why = data.get("why")
    if why:
        parts.append(str(why))
    return "; ".join(parts)[:300]


def _short(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)[:60]
