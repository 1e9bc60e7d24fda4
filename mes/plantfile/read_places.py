"""Reads sites with holidays, areas, lines and work centers of a plant file."""

from collections.abc import Iterable
from zoneinfo import available_timezones

from mes.plant.models import Line, Node, Site
from mes.plantfile.document import AreaRow, HolidayRow, LineRow, Ref, SiteRow, WorkCenterRow
from mes.plantfile.fields import Fields, day_from, entries
from mes.plantfile.tree import Mapping, Mistakes, Scalar, did_you_mean
from mes.plantfile.tree import Node as TreeNode

LEVELS = tuple(Node.Level.values)
FLOWS = ("serial", "parallel")
PRODUCTION_DAYS = ("shift-start", "shift-end", "calendar")
ORDERS_RUN_ON = ("line", "work-center")
SITE_FIELDS = ("name", "time_zone", "shifts", "production_day", "holidays", "isa95")
AREA_FIELDS = ("name", "site", "shifts", "isa95")
LINE_FIELDS = ("name", "area", "flow", "orders_run_on", "shifts", "isa95")
WORK_CENTER_FIELDS = ("name", "line", "exit", "micro_stop_s", "shifts", "archived", "isa95")


def sites_from(node: TreeNode | None, mistakes: Mistakes) -> tuple[SiteRow, ...]:
    """The section `sites`."""
    rows = []
    for code, line, content in entries(node, "site", mistakes):
        fields = Fields(content, f"site {code}", mistakes, SITE_FIELDS)
        zone = fields.text("time_zone")
        if zone and zone not in available_timezones():
            hint = did_you_mean(zone, available_timezones()) or " Write an IANA name like Europe/Berlin."
            fields.wrong("time_zone", f"has the time zone '{zone}', which does not exist.{hint}")
        rows.append(
            SiteRow(
                code=code,
                name=fields.text("name", code),
                time_zone=zone,
                production_day=fields.choice("production_day", PRODUCTION_DAYS, _default(Site, "production_day")),
                shifts=fields.ref("shifts", required=False),
                isa95=fields.choice("isa95", LEVELS, _default(Site, "isa95_level")),
                holidays=_holidays(fields, mistakes),
                line=line,
            )
        )
    return tuple(rows)


def _default(model: type, name: str) -> str:
    return str(model._meta.get_field(name).default)  # type: ignore[attr-defined]


def _holidays(fields: Fields, mistakes: Mistakes) -> tuple[HolidayRow, ...] | None:
    node = fields.items.get("holidays")
    if node is None:
        return None
    if not isinstance(node, Mapping):
        if not (isinstance(node, Scalar) and node.empty):
            mistakes.add(node.line, f"{fields.subject} needs its holidays as {{2026-12-25: Christmas Day}}.")
        return ()
    rows = []
    for text, value in node.items.items():
        day = day_from(text)
        if day is None:
            mistakes.add(node.key_lines[text], f"'{text}' is not a date: write 2026-12-25.")
            continue
        name = value.value if isinstance(value, Scalar) else ""
        if not name or len(name) > 60:
            mistakes.add(value.line, f"holiday {text} needs a name of at most 60 characters.")
        rows.append(HolidayRow(day, name))
    return tuple(sorted(rows, key=lambda row: row.date))


def areas_from(node: TreeNode | None, sites: tuple[SiteRow, ...], mistakes: Mistakes) -> tuple[AreaRow, ...]:
    """The section `areas`; the site may be left out where the file has just one."""
    rows = []
    for code, line, content in entries(node, "area", mistakes):
        fields = Fields(content, f"area {code}", mistakes, AREA_FIELDS)
        rows.append(
            AreaRow(
                code=code,
                name=fields.text("name", code),
                site=site_of(fields, sites),
                shifts=fields.ref("shifts", required=False),
                isa95=fields.choice("isa95", LEVELS, Node.Level.AREA),
                line=line,
            )
        )
    return tuple(rows)


def site_of(fields: Fields, sites: tuple[SiteRow, ...]) -> Ref:
    """The field `site`, or the file's only site."""
    if len(sites) == 1 and not fields.has("site"):
        return Ref(sites[0].code, fields.line)
    return fields.ref("site") or Ref("", fields.line)


def lines_from(node: TreeNode | None, mistakes: Mistakes) -> tuple[LineRow, ...]:
    """The section `lines`."""
    rows = []
    for code, line, content in entries(node, "line", mistakes):
        fields = Fields(content, f"line {code}", mistakes, LINE_FIELDS)
        rows.append(
            LineRow(
                code=code,
                name=fields.text("name", code),
                area=fields.ref("area") or Ref("", line),
                flow=fields.choice("flow", FLOWS, _default(Line, "flow")),
                orders_run_on=fields.choice("orders_run_on", ORDERS_RUN_ON, _default(Line, "orders_run_on")),
                shifts=fields.ref("shifts", required=False),
                isa95=fields.choice("isa95", LEVELS, Node.Level.WORK_CENTER),
                line=line,
            )
        )
    return tuple(rows)


def work_centers_from(node: TreeNode | None, lines: Iterable[LineRow], mistakes: Mistakes) -> tuple[WorkCenterRow, ...]:
    """The section `work_centers`, in the order of flow.

    Where no machine of a line says `exit`, the last one of a serial line is its exit, and every one of a parallel line.
    """
    found = [
        (code, line, Fields(content, f"work center {code}", mistakes, WORK_CENTER_FIELDS))
        for code, line, content in entries(node, "work center", mistakes)
    ]
    at = {code: fields.ref("line") or Ref("", line) for code, line, fields in found}
    flows = {row.code: row.flow for row in lines}
    said = {at[code].code for code, _, fields in found if fields.has("exit")}
    last = {at[code].code: code for code, _, fields in found if not fields.yes("archived", False)}
    rows = []
    for code, line, fields in found:
        home = at[code]
        default = home.code not in said and (flows.get(home.code) == "parallel" or last.get(home.code) == code)
        rows.append(
            WorkCenterRow(
                code=code,
                name=fields.text("name", code),
                at_line=home,
                is_exit=fields.yes("exit", default),
                micro_stop_s=fields.whole("micro_stop_s", 120, least=0, most=86_400) or 0,
                archived=fields.yes("archived", False),
                isa95=fields.choice("isa95", LEVELS, Node.Level.WORK_UNIT),
                shifts=fields.ref("shifts", required=False),
                line=line,
            )
        )
    return tuple(rows)
