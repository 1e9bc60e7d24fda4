"""Checks, lots, edits and people on the thread."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mes.journal.models import JournalEntry
from mes.materials.family import lots_visible
from mes.materials.models import Consumption, Lot
from mes.people.models import Person
from mes.plant.models import Line, WorkCenter
from mes.production.models import WorkOrder
from mes.quality.models import Check
from mes.thread import happened
from mes.thread.marks import Mark
from mes.thread.node import DOWN, UP, Debt, Fact, Link, Node
from mes.thread.tell import action_words, hour_code, lot_code, number, order_title, run_code

MOST = 200


def check_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """A quality check: values, limits it was judged by, who made it, order and hour."""
    try:
        key = UUID(code)
    except ValueError:
        return None
    found = Check.objects.filter(key=key, work_center__line__in=lines)
    check = found.select_related("characteristic", "order__item", "work_center__line__area__site").first()
    if check is None:
        return None
    place, plan = check.work_center, check.characteristic
    node = Node("check", str(check.key), f"{plan.name}: {check.get_verdict_display()}", place.line.area.site.time_zone)
    node.starts_at, node.page = check.at, reverse("quality-check", args=[check.key])
    node.state = _("taken back") if check.withdrawn_at else check.get_verdict_display()
    values = ", ".join(number(value) for value in check.values) or "–"
    limits = (
        f"{number(check.lsl) if check.lsl is not None else '–'} … {number(check.usl) if check.usl is not None else '–'}"
    )
    node.facts = [
        Fact("values", _("Values"), f"{values} {plan.unit}".strip()),
        Fact("limits", _("Limits"), limits),
        Fact("machine", _("Machine"), place.name),
        Fact("made-by", _("Made by"), check.actor),
    ]
    if check.order is not None:
        node.links.append(Link(UP, "order", check.order.number, order_title(check.order)))
    else:
        node.debts.append(Debt("check-without-order", _("It belongs to no order.")))
    if check.verdict == Check.Verdict.MISSED:
        node.debts.append(Debt("check-missed", _("The check was not made.")))
    hour = check.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    node.links.append(Link(DOWN, "machine-hour", hour_code(place.code, hour), _("Readings of that hour")))
    named = Q(data__after__key=str(check.key)) | Q(data__before__key=str(check.key))
    told = Q(named, kind="characteristic", code=plan.code) | Q(kind="check", code=str(check.key))
    node.events, node.following = happened.story([partial(happened.entries, told)], after)
    return node


def lot_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """A lot: what went into it, where it went, its order."""
    item, _bar, text = code.partition("~")
    found = lots_visible(lines).filter(item__code=item, number=text)
    lot = found.select_related("item", "site", "order__item", "run__work_center").first()
    if lot is None:
        return None
    mine = set(lines.values_list("pk", flat=True))
    node = Node("lot", lot_code(lot), _("Lot %(lot)s of %(item)s") % {"lot": lot.number, "item": lot.item.name}, "UTC")
    node.zone, node.state, node.starts_at = lot.site.time_zone, lot.get_status_display(), lot.at
    node.page = reverse("lot", args=[lot.number]) + "?" + urlencode({"item": lot.item.code})
    node.facts = [
        Fact("quantity", _("Quantity"), f"{number(lot.quantity)} {lot.unit}"),
        Fact("on-hand", _("On hand"), f"{number(lot.on_hand)} {lot.unit}"),
        Fact("supplier-lot", _("Supplier's lot"), lot.supplier_lot or "–"),
    ]
    node.links = _lot_links(lot, mine)
    made_here = lot.line_id is not None and lot.line_id in mine
    if made_here and not any(link.kind == "lot" and link.way == UP for link in node.links):
        node.debts.append(Debt("lot-without-parent", _("It is not recorded what it was made of.")))
    if made_here and lot.order_id is None:
        node.debts.append(Debt("lot-without-order", _("It belongs to no order.")))
    if made_here:
        told = Q(kind="lot", code=lot.number, data__item=lot.item.code)
        node.events, node.following = happened.story([partial(happened.entries, told)], after)
    return node


def _lot_links(lot: Lot, mine: set[int]) -> list[Link]:
    links = []
    if lot.order is not None and lot.order.line_id in mine:
        links.append(Link(UP, "order", lot.order.number, order_title(lot.order)))
        if lot.run is not None:
            links.append(Link(UP, "run", run_code(lot.run), lot.run.work_center.name))
    into = Q(into=lot) | (Q(order=lot.order, into=None) if lot.order_id else Q(pk=None))
    taken = Consumption.objects.filter(into, undoes=None, undone=False, line__in=mine).select_related("lot__item")
    links += [Link(UP, "lot", lot_code(one.lot), one.lot.number) for one in taken.order_by("at", "pk")[:MOST]]
    used = Consumption.objects.filter(lot=lot, undoes=None, undone=False, line__in=mine)
    for one in used.select_related("into__item", "order__item").order_by("at", "pk")[:MOST]:
        if one.into is not None and (one.into.line_id in mine or one.into.line_id is None):
            links.append(Link(DOWN, "lot", lot_code(one.into), one.into.number))
        elif one.order is not None and one.order.line_id in mine:
            links.append(Link(DOWN, "order", one.order.number, order_title(one.order)))
    return list(dict.fromkeys(links))


def edit_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """One sealed journal entry about something on these lines: who, when, before, after, and its place in the chain."""
    if not (code.isascii() and code.isdigit() and len(code) < 19):
        return None
    entry = JournalEntry.objects.filter(about_visible(lines), seq=int(code)).first()
    if entry is None:
        return None
    node = Node("edit", code, f"{action_words(entry)}: {entry.code}", "UTC")
    zone = lines.values_list("area__site__time_zone", flat=True).first()
    node.zone, node.starts_at = zone or "UTC", entry.at
    before, after_ = entry.data.get("before"), entry.data.get("after")
    node.facts = [
        Fact("who", _("Who"), entry.actor),
        Fact("action", _("Action"), entry.action),
        Fact("why", _("Why"), str(entry.data.get("why") or "–")),
    ]
    for key in list(dict.fromkeys([*_keys(before), *_keys(after_)]))[:MOST]:
        change = f"{_told(before, key)} → {_told(after_, key)}"
        node.facts.append(Fact(f"changed-{key}", key.replace("_", " "), change))
    node.facts.append(Fact("hash", _("Place in the journal's chain"), f"{entry.seq}, {entry.hash}"))
    kind = {"work-order": "order", "stop": "stop"}.get(entry.kind, "")
    if kind:
        node.links.append(Link(UP, kind, entry.code, entry.code))
    node.links.append(Link(UP, "person", entry.actor, entry.actor))
    return node


def person_node(code: str, lines: QuerySet[Line], after: Mark | None, now: datetime) -> Node | None:
    """What one person did on these lines; None for somebody who never did anything there."""
    told = about_visible(lines) & Q(actor=code)
    if not JournalEntry.objects.filter(told).exists():
        return None
    person = Person.objects.filter(username=code).first()
    name = person.get_full_name() if person else ""
    node = Node("person", code, name or code, lines.values_list("area__site__time_zone", flat=True).first() or "UTC")
    node.facts = [Fact("name", _("Name in the journal"), code)]
    if person is not None:
        node.facts.append(Fact("role", _("Role"), str(person.get_role_display())))
    node.events, node.following = happened.story([partial(happened.entries, told)], after)
    return node


def about_visible(lines: QuerySet[Line]) -> Q:
    """Entries about orders, machines and stops of these lines; what cannot be placed on a line is not among them."""
    orders = WorkOrder.objects.filter(line__in=lines).values("number")
    machines = list(WorkCenter.objects.filter(line__in=lines).values_list("code", flat=True))
    stops = Q(pk__in=[])
    for machine in machines:
        stops |= Q(kind="stop", code__startswith=f"{machine}@")
    return Q(kind="work-order", code__in=orders) | Q(kind="work-center", code__in=machines) | stops


def _keys(values: object) -> list[str]:
    return [str(key) for key in values] if isinstance(values, dict) else []


def _told(values: object, key: str) -> str:
    found = values.get(key) if isinstance(values, dict) else None
    return "–" if found is None or found == "" else str(found)[:200]
