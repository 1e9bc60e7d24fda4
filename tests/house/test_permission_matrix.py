"""Every route x method x role x line, against a table that says in words and letters who may do what.

A route that is not in `permission_table` fails the test: whoever adds a page says there who reads and who writes it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from analytics.models import Signal
from erp_sync.models import ErpConnection, ErpImport
from mes.andon.models import Call, CallCategory
from mes.downtime.models import Stop
from mes.downtime.queries import stop_ref
from mes.guidance.instructions import file_store
from mes.guidance.models import Checklist, Instruction
from mes.materials.models import Lot
from mes.people.keys import api_key_create
from mes.people.models import Person
from mes.plant.models import Line, Shift, WorkCenter
from mes.plc.models import Controller, TagBinding
from mes.production.models import Run
from mes.quality.models import Characteristic, Check, Hold, Nonconformance
from tests.analytics.forecast_pages.made import bucket, forecast
from tests.erp_sync.erp_rows import connection as erp_connection
from tests.erp_sync.erp_rows import dead, difference, link
from tests.house.permission_table import (
    BAD_QUESTION,
    LETTER,
    OK_READ,
    OK_WRITE,
    PUBLIC,
    SAID_IN_THE_FORM,
    Row,
    rows,
)
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant


def nothing_odd(odd: list[str]) -> None:
    """Fails with every line of the list: a matrix is mended as a whole."""
    if odd:
        pytest.fail("\n".join(odd), pytrace=False)


def allowed(letters: str, role: str) -> bool:
    return letters == "*" or (letters != "-" and (role == "A" or role in letters))


@dataclass
class Place:
    """One thing of every kind on one line, by the name that stands in braces."""

    line: Line
    names: dict[str, str]

    def path(self, template: str) -> str:
        """The template with this line's names."""
        return template.format_map(self.names)


@dataclass
class World:
    """Two lines with the same kinds of things; the second one's names are all its own."""

    plant: SmallPlant
    own: Place
    other: Place
    people: dict[str, Person]


def erp_at(line: Line) -> ErpConnection:
    """The one connection of the site, which both lines share."""
    known = ErpConnection.objects.filter(code="ERP").first()
    return known or erp_connection(line.area.site, SIX)


def furnished(plant: SmallPlant, line: Line, machine: WorkCenter, mark: str) -> Place:
    """An order that ran, a stop, a check that was out with its hold and report, a lot and a controller."""
    order = plant.order(f"WO-{mark}", line=line)
    counted(machine, SIX, good=10, order=order)
    Run.objects.create(work_center=machine, order=order, item=plant.cola, starts_at=SIX, started_by=f"op-{mark}")
    stop = Stop.objects.create(work_center=machine, starts_at=SIX + timedelta(minutes=5), state="fault", ends_at=None)
    plan = Characteristic.objects.create(
        code=f"CHK-{mark}", name=f"Weight {mark}", work_center=machine, chart="individuals"
    )
    check = Check.objects.create(
        characteristic=plan, work_center=machine, order=order, item=plant.cola, at=SIX, values=[1], size=1,
        verdict="out", actor=f"op-{mark}", recorded_at=SIX, key=uuid4(),
    )  # fmt: skip
    hold = Hold.objects.create(
        characteristic=plan,
        work_center=machine,
        order=order,
        check_out=check,
        starts_at=SIX,
        ends_at=SIX,
        opened_at=SIX,
    )
    ncr = Nonconformance.objects.create(
        line=line, work_center=machine, order=order, finding=f"Finding {mark}", raised_by="op", raised_at=SIX,
        hold=hold, key=uuid4(),
    )  # fmt: skip
    lot = Lot.objects.create(
        number=f"LOT-{mark}", item=plant.cola, quantity=5, unit="pcs", site=line.area.site, line=line, at_line=line,
        order=order, at=SIX, actor=f"op-{mark}", key=uuid4(),
    )  # fmt: skip
    controller = Controller.objects.create(
        code=f"PLC-{mark}", name=f"Controller {mark}", site=line.area.site, address="127.0.0.1"
    )
    TagBinding.objects.create(
        controller=controller, work_center=machine, role="good", tag=f"{mark}.Good", valid_from=SIX
    )
    category = CallCategory.objects.get_or_create(code="HELP", defaults={"name": "Help"})[0]
    call = Call.objects.create(work_center=machine, category=category, raised_by=f"op-{mark}", raised_at=SIX)
    Checklist.objects.create(
        code=f"LIST-{mark}", name=f"List {mark}", kind="startup", work_center=machine, points=[f"Point {mark}"]
    )
    Instruction.objects.create(
        code=f"HOW-{mark}", title=f"How {mark}", work_center=machine, valid_from=SIX,
        file=file_store(b"%PDF-1.4 " + mark.encode()),
    )  # fmt: skip
    told = link(erp_at(line), mark, SIX, order, number=f"MO-{mark}", badge="conflict", said=f"Said of {mark}")
    file = ErpImport.objects.create(
        key=uuid4(), connection=told.connection, name=f"{mark}.csv", state="checked", good=1, created_at=SIX, by="op"
    )
    refused, differs = dead(told, SIX), difference(told, SIX, kind="change")
    said = forecast(line, SIX, [bucket(SIX, 412)])
    seen = Signal.objects.create(line=line, kind="silent", began=SIX, noticed_at=SIX, saw={})
    return Place(
        line,
        {
            "line": line.code, "machine": machine.code, "order": order.number, "stop": stop_ref(stop),
            "run": f"{machine.code}@{stop_ref(stop).partition('@')[2].replace('06:05', '06:00')}", "lot": lot.number,
            "check": str(check.key), "check_plan": plan.code, "hold": str(hold.pk), "ncr": str(ncr.pk),
            "controller": controller.code, "checklist": f"LIST-{mark}", "instruction": f"HOW-{mark}",
            "call": str(call.pk), "erp_key": mark, "import": str(file.key),
            "message": str(refused.event_id), "difference": str(differs.pk), "forecast": str(said.pk),
            "signal": str(seen.pk),
        },
    )  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    plant = small_plant()
    Line.objects.filter(pk=plant.line_2.pk).update(name="Secret line")
    plant.press.name = "Secretpress"
    plant.press.save()
    Shift.objects.create(
        line=plant.line_2, name="Early", production_date=plant.shift.production_date, starts_at=SIX,
        ends_at=SIX + timedelta(hours=8),
    )  # fmt: skip
    plant.line_2.refresh_from_db()
    own = furnished(plant, plant.line_1, plant.packer, "ONE")
    other = furnished(plant, plant.line_2, plant.press, "SECRET")
    people = {letter: plant.person(role, plant.line_1, name=f"one-{role.value}") for letter, role in LETTER.items()}
    return World(plant, own, other, people)


def routes(patterns: Any = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Name and pattern of every route but those of the admin, which tests/admin is about."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        whole = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield str(one.name), whole
        elif not whole.startswith("admin/"):
            yield from routes(one.url_patterns, whole)


class Wrote:
    """Notes the tables that a request writes to."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and "django_session" not in sql:
            self.tables.append(sql[:80])
        return execute(sql, params, many, context)


def asked(client: Client, method: str, path: str, data: Any = None) -> tuple[int, str, list[str]]:
    """Status, text and tables written of one request, whose effects are taken back."""
    wrote = Wrote()
    with transaction.atomic(), connection.execute_wrapper(wrote):
        sent = {"content_type": "application/json"} if path.startswith("/api/") else {}
        answer = (
            getattr(client, method)(path, data or {}, **sent) if method == "post" else getattr(client, method)(path)
        )
        body = answer.content.decode(errors="replace") if not answer.streaming else ""
        transaction.set_rollback(True)
    return answer.status_code, body, wrote.tables


@cache
def _handler() -> Any:
    """One chain of middleware for all clients: to build it, every static file is looked at."""
    return Client(raise_request_exception=False).handler


def visitor(person: Person | None = None, **options: Any) -> Client:
    """A client of its own on the common chain; with a person, one that is logged in."""
    client = Client(raise_request_exception=False, **options)
    client.handler = _handler()
    if person is not None:
        client.force_login(person)
    return client


@pytest.fixture
def clients(world: World) -> dict[str, Client]:
    return {letter: visitor(person) for letter, person in world.people.items()}


def test_every_route_stands_in_the_table_once_and_nothing_else_does() -> None:
    placed = {row.name for row in rows()} | {line.split()[0] for line in SAID_IN_THE_FORM.strip().splitlines()}
    found = {name for name, _pattern in routes()}
    assert sorted(found - placed - PUBLIC) == []
    assert sorted(placed - found) == []


def test_nobody_is_let_in_without_logging_in(world: World) -> None:
    odd = []
    for row in rows():
        for method in ("get", "post"):
            status, body, wrote = asked(visitor(), method, world.own.path(row.path))
            pages = not row.path.startswith("/api/") or row.name == "api-docs"
            sent_away = status in ((302, 403, 405) if pages else (401, 403))
            if not sent_away or wrote or "LINE-1" in body:
                odd.append(f"{row.name} {method}: {status} {wrote}")
    nothing_odd(odd)


def test_reading_is_for_whom_the_table_says_and_other_lines_do_not_exist(
    world: World, clients: dict[str, Client]
) -> None:
    """R: 404 outside the lines, 403 inside but not allowed; nothing of the other line stands in any answer."""
    odd = []
    hidden = ("LINE-2", "SECRET", "Secret", "PRESS", *(world.other.names[name] for name in ("check",)))
    for row in rows():
        for letter, client in clients.items():
            status, body, _wrote = asked(client, "get", world.own.path(row.path))
            expected = {405} if row.reads == "-" else OK_READ if allowed(row.reads, letter) else {403}
            if status not in expected | ({400} if row.path in BAD_QUESTION else set()):
                odd.append(f"{row.name} {letter}: {status}, not {expected}")
            if letter == "A":
                continue
            odd += [f"{row.name} {letter}: tells {word}" for word in hidden if word in body]
            if "{" not in row.path or row.reads == "-":
                continue
            status, body, _wrote = asked(client, "get", world.other.path(row.path))
            outside = {404} if allowed(row.reads, letter) else {403, 404}
            if status not in outside or "Secret" in body:
                odd.append(f"{row.name} {letter} of the other line: {status}")
    nothing_odd(odd)


def written() -> list[tuple[Row, dict[str, str]]]:
    """The rows to write to, with the form that each of them gets."""
    found: list[tuple[Row, dict[str, str]]] = [(row, {}) for row in rows()]
    for line in SAID_IN_THE_FORM.strip().splitlines():
        name, path, form, who = line.split()
        found.append((Row(name, path, "-", who), dict([form.split("=")]) if form != "-" else {}))
    return found


def test_writing_is_for_whom_the_table_says_and_changes_nothing_elsewhere(
    world: World, clients: dict[str, Client]
) -> None:
    odd = []
    for row, form in written():
        for letter, client in clients.items():
            said = {name: world.own.path(value) for name, value in form.items()}
            status, _body, wrote = asked(client, "post", world.own.path(row.path), said)
            may = allowed(row.writes, letter)
            expected = {403, 405} if row.writes == "-" else OK_WRITE if may else {403}
            if row.writes == "~":
                expected = {403, 404}
            if status not in expected and not (may and status == 404 and "{" not in row.path):
                odd.append(f"{row.name} {letter}: {status}, not {expected}")
            if not may and wrote:
                odd.append(f"{row.name} {letter}: wrote {wrote}")
            if letter == "A" or "{" not in row.path + "".join(form.values()) or row.writes == "-":
                continue
            said = {name: world.other.path(value) for name, value in form.items()}
            status, body, wrote = asked(client, "post", world.other.path(row.path), said)
            refused = {404, 400} if row.path.startswith("/api/") else {404}  # the API reads the body first
            if status not in (refused if may else refused | {403}) or wrote or "Secret" in body:
                odd.append(f"{row.name} {letter} of the other line: {status} {wrote}")
    nothing_odd(odd)


def test_no_other_method_changes_anything(world: World, clients: dict[str, Client]) -> None:
    odd = []
    for row, _form in written():
        for method in ("put", "patch", "delete"):
            status, _body, wrote = asked(clients["A"], method, world.own.path(row.path))
            if status >= 500 or wrote:
                odd.append(f"{row.name} {method}: {status} {wrote}")
    nothing_odd(odd)


def test_a_key_reads_its_own_lines_only_and_writes_nothing_without_the_scope(world: World) -> None:
    key = api_key_create(
        owner=world.people["A"], name="reader", scopes=("read",), lines=(world.plant.line_1,), expires_at=None,
        actor="test", at=SIX,
    )  # fmt: skip
    client, odd = visitor(headers={"Authorization": f"Token {key}"}), []
    for row in (row for row in rows() if row.path.startswith("/api/") and row.name != "api-docs"):
        status, body, _wrote = asked(client, "get", world.own.path(row.path))
        if status != (405 if row.reads == "-" else 200) or "SECRET" in body or "LINE-2" in body:
            odd.append(f"{row.name}: {status}")
        if "{" in row.path and row.reads != "-" and asked(client, "get", world.other.path(row.path))[0] != 404:
            odd.append(f"{row.name}: shows the other line")
        status, _body, wrote = asked(client, "post", world.own.path(row.path))
        if status not in (403, 405) or wrote:
            odd.append(f"{row.name} written: {status} {wrote}")
    nothing_odd(odd)


def test_a_code_that_does_not_exist_answers_as_one_of_another_line(world: World, clients: dict[str, Client]) -> None:
    missing = {
        name: dict.fromkeys(("hold", "ncr", "call", "difference", "forecast", "signal"), "999999").get(
            name, str(UUID(int=7)) if name in ("check", "message", "import") else "NO-SUCH-THING"
        )
        for name in world.own.names
    }
    missing |= {"stop": "NO@2026-03-02T06:05:00.000000Z", "run": "NO@2026-03-02T06:00:00.000000Z"}
    odd = []
    for row in (row for row in rows() if "{" in row.path):
        for method in ("get", "post"):
            there = asked(clients["O"], method, world.other.path(row.path))[0]
            nowhere = asked(clients["O"], method, row.path.format_map(missing))[0]
            if there != nowhere:
                odd.append(f"{row.name} {method}: {there} for another line, {nowhere} for nothing")
    nothing_odd(odd)
