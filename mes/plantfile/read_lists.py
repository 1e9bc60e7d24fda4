"""Reads reasons, items with ideal cycles, and people of a plant file."""

import re
from decimal import Decimal

from mes.downtime.models import Reason
from mes.people.models import Role
from mes.plantfile.document import CycleRow, ItemRow, PersonRow, ReasonRow, Ref
from mes.plantfile.fields import Fields, entries
from mes.plantfile.tree import Mapping, Mistakes, Node, Scalar

REASON_FIELDS = ("name", "class", "semi_e10", "plc_code", "archived")
CATEGORY_FIELDS = (*REASON_FIELDS, "reasons")
ITEM_FIELDS = ("name", "unit", "ideal_cycle_s")
PERSON_FIELDS = ("name", "role", "lines", "email", "active")
CLASSES = tuple(Reason.Klass.values)
SEMI_E10 = tuple(Reason.SemiE10.values)
MOST = 8
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*/\s*h")
_USERNAME = re.compile(r"[A-Za-z0-9@.+_-]{1,150}")


def semi_e10_of(klass: str) -> str:
    """The SEMI E10 state a class of reasons usually belongs to: planned stops and setup are scheduled down."""
    scheduled = klass in (Reason.Klass.PLANNED, Reason.Klass.CHANGEOVER)
    return Reason.SemiE10.SCHEDULED_DOWN if scheduled else Reason.SemiE10.UNSCHEDULED_DOWN


def reasons_from(node: Node | None, mistakes: Mistakes) -> tuple[ReasonRow, ...]:
    """The section `reasons`: categories, each with its reasons; at most eight of eight that are not archived."""
    rows: list[ReasonRow] = []
    for code, line, content in entries(node, "category of reasons", mistakes):
        fields = Fields(content, f"category {code}", mistakes, CATEGORY_FIELDS)
        category = _reason(code, line, fields, None)
        rows.append(category)
        inner = fields.part("reasons")
        children = [
            _reason(name, at, Fields(value, f"reason {name}", mistakes, REASON_FIELDS), category)
            for name, at, value in entries(inner, "reason", mistakes)
        ]
        if sum(not row.archived for row in children) > MOST:
            mistakes.add(line, f"category {code} has more than {MOST} reasons: nobody finds one among so many.")
        rows += children
    if sum(not row.archived and row.parent is None for row in rows) > MOST:
        mistakes.add(node.line if node else 1, f"There are more than {MOST} categories of reasons: merge some.")
    _only_once(rows, mistakes)
    return tuple(rows)


def _reason(code: str, line: int, fields: Fields, category: ReasonRow | None) -> ReasonRow:
    klass = fields.choice("class", CLASSES, category.klass if category else Reason.Klass.UNPLANNED)
    return ReasonRow(
        code=code,
        name=fields.text("name", code, longest=80),
        parent=category.code if category else None,
        klass=klass,
        semi_e10=fields.choice("semi_e10", SEMI_E10, semi_e10_of(klass)),
        plc_code=fields.whole("plc_code", None, least=-(2**31), most=2**31 - 1),
        archived=fields.yes("archived", False),
        line=line,
    )


def _only_once(rows: list[ReasonRow], mistakes: Mistakes) -> None:
    codes: dict[str, int] = {}
    plc_codes: dict[int, str] = {}
    for row in rows:
        if row.code in codes:
            mistakes.add(row.line, f"reason {row.code} is there twice, first in line {codes[row.code]}: rename one.")
        codes.setdefault(row.code, row.line)
        if row.plc_code is None or row.archived:
            continue
        other = plc_codes.setdefault(row.plc_code, row.code)
        if other != row.code:
            mistakes.add(row.line, f"reason {row.code} has the plc_code {row.plc_code} of reason {other}: change one.")


def items_from(node: Node | None, mistakes: Mistakes) -> tuple[ItemRow, ...]:
    """The section `items`; a cycle is seconds per piece, or a rate like 36000/h."""
    rows = []
    for code, line, content in entries(node, "item", mistakes, longest=60):
        fields = Fields(content, f"item {code}", mistakes, ITEM_FIELDS)
        cycles = []
        inner = fields.part("ideal_cycle_s")
        if isinstance(inner, Mapping):
            for machine, value in inner.items.items():
                seconds = _seconds(value, f"item {code} on {machine}", mistakes)
                cycles.append(CycleRow(Ref(machine, inner.key_lines[machine]), seconds))
        elif inner is not None:
            fields.wrong("ideal_cycle_s", "needs seconds per piece for each machine: {FILL-1: 0.1}.")
        ordered = tuple(sorted(cycles, key=lambda row: row.work_center.code))
        rows.append(ItemRow(code, fields.text("name", code), fields.text("unit", "pcs", longest=16), ordered, line))
    return tuple(rows)


def _seconds(value: Node, subject: str, mistakes: Mistakes) -> Decimal:
    least = Decimal("0.000001")
    text = value.value.strip() if isinstance(value, Scalar) else ""
    rate = _RATE.fullmatch(text)
    if rate and Decimal(rate[1]) > 0:
        seconds = (3600 / Decimal(rate[1])).quantize(least)
        if least <= seconds < 10**6:
            return seconds
    wrapped = Fields(Mapping(value.line, {"ideal_cycle_s": value}, {}), subject, mistakes, ())
    if not text or rate:
        mistakes.add(value.line, f"{subject} needs seconds per piece, e.g. 0.1, or a rate, e.g. 36000/h.")
        return least
    return wrapped.decimal_from("ideal_cycle_s", text, least=least, places=6, digits=12)


def people_from(node: Node | None, mistakes: Mistakes) -> tuple[PersonRow, ...]:
    """The section `people`: name, role and lines, never a password."""
    rows = []
    content = node.items if isinstance(node, Mapping) else {}
    if node is not None and not isinstance(node, Mapping) and not (isinstance(node, Scalar) and node.empty):
        mistakes.add(node.line, "Write each person as 'anna: {name: Anna Becker, role: supervisor, lines: all}'.")
    for username, value in content.items():
        line = node.key_lines[username] if isinstance(node, Mapping) else 1
        if not _USERNAME.fullmatch(username):
            mistakes.add(line, f"'{username}' cannot be a user name: use letters, digits and @ . + - _")
        fields = Fields(value, f"person {username}", mistakes, PERSON_FIELDS)
        lines = fields.refs("lines")
        every = [ref.code for ref in lines] == ["all"]
        name, email = fields.text("name", username, longest=150), fields.text("email", "", longest=254)
        if email and "@" not in email:
            fields.wrong("email", f"has the e-mail address '{email}', which has no '@'.")
        rows.append(
            PersonRow(
                username=username,
                name=" ".join(name.split()),
                role=fields.choice("role", tuple(Role.values)),
                all_lines=every,
                lines=() if every else tuple(sorted(set(lines), key=lambda ref: ref.code)),
                email=email,
                active=fields.yes("active", True),
                line=line,
            )
        )
    return tuple(rows)
