"""A confirmation as CSV: one line per figure, totals so far. Pure."""

import csv
import io
from decimal import Decimal

from erp_sync.messages import OperationsResponse

COLUMNS = (
    *("event_id", "order", "sequence", "occurred_at", "posting_date", "final"),
    *("what", "item", "quantity", "unit", "delta", "lot", "reason", "work_center"),
)


def confirmation_csv(message: OperationsResponse, item: str) -> bytes:
    """UTF-8, comma separated, decimal points. `quantity` is the total so far, `delta` what came since the last file.

    Downtime, labour, run and set-up are in seconds (unit `s`). A delta is empty where only the total is known.
    """
    now, more = message.cumulative, message.delta
    rows: list[list[str]] = []
    for name in ("good", "scrap", "rework"):
        total, change = getattr(now, name), getattr(more, name)
        rows.append([name, item, _plain(total.value), total.unit, _plain(change.value), "", "", ""])
    for used in now.materials:
        rows.append([used.use.value, used.item, _plain(used.quantity.value), used.quantity.unit, "", used.lot])
        rows[-1] += [used.reason, ""]
    rows += [["downtime", "", str(stop.seconds), "s", "", "", stop.reason, stop.work_center] for stop in now.downtime]
    for name in ("labor_s", "run_s", "setup_s"):
        seconds, change_s = getattr(now, name), getattr(more, name)
        rows.append([name.removesuffix("_s"), "", str(seconds), "s", str(change_s), "", "", message.work_center])
    head = [str(message.event_id), message.order.number or message.order.key, str(message.sequence)]
    head += [message.occurred_at.isoformat(), message.posting_date, "yes" if message.final else "no"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in [*head, *row]] for row in rows)
    return text.getvalue().encode()


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


def _harmless(cell: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe; numbers stay."""
    if cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and not cell[1:2].isdigit()):
        return "'" + cell
    return cell
