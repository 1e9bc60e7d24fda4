"""A second import changes what is different: bindings and cycles from then on, everything else in place."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mes.people.models import Person
from mes.plant.models import WorkCenter
from mes.plantfile.outcome import Outcome
from mes.plantfile.read import plant_read
from mes.plantfile.store import plant_import
from mes.plc.models import TagBinding
from mes.production.models import IdealCycle

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LATER = FIRST + timedelta(days=10)
FILE = """\
sites: {S: {time_zone: Europe/Berlin}}
areas: {A: {site: S}}
lines: {L: {area: A}}
work_centers: {M-1: {line: L}, M-2: {line: L}}
controllers: {PLC: {address: 10.0.0.1}}
bindings:
  M-1: {controller: PLC, tags: {good: M1.Good, heartbeat: M1.Beat}}
  M-2: {controller: PLC, tags: {good: M2.Good}}
items: {I: {ideal_cycle_s: {M-1: 0.5, M-2: 2}}}
people: {otto: {name: Otto Lang, role: operator, lines: [L]}}
"""


def _import(text: str, at: datetime) -> Outcome:
    return plant_import(plant=plant_read(text), source="plant.yaml", actor="eva", at=at)


def _bindings(role: str = "good") -> list[tuple[str, datetime, datetime | None]]:
    rows = TagBinding.objects.filter(work_center__code="M-1", role=role).order_by("valid_from")
    return [(row.tag, row.valid_from, row.valid_to) for row in rows]


def test_a_changed_binding_ends_and_a_new_one_begins() -> None:
    _import(FILE, FIRST)
    outcome = _import(FILE.replace("M1.Good", "M1.Parts"), LATER)
    assert _bindings() == [("M1.Good", FIRST, LATER), ("M1.Parts", LATER, None)]
    assert _bindings("heartbeat") == [("M1.Beat", FIRST, None)]
    assert [(change.kind, change.code) for change in outcome.changes] == [("tag-binding", "M-1.good")]


def test_a_binding_that_is_no_longer_listed_ends() -> None:
    _import(FILE, FIRST)
    _import(FILE.replace(", heartbeat: M1.Beat", ""), LATER)
    assert _bindings("heartbeat") == [("M1.Beat", FIRST, LATER)]
    assert _bindings() == [("M1.Good", FIRST, None)]


def test_a_work_center_that_is_not_listed_under_bindings_keeps_its_own() -> None:
    _import(FILE, FIRST)
    _import(FILE.replace("  M-1: {controller: PLC, tags: {good: M1.Good, heartbeat: M1.Beat}}\n", ""), LATER)
    assert _bindings() == [("M1.Good", FIRST, None)]


def test_a_change_at_the_same_instant_replaces_and_leaves_no_empty_interval() -> None:
    _import(FILE, FIRST)
    _import(FILE.replace("M1.Good", "M1.Parts"), FIRST)
    assert _bindings() == [("M1.Parts", FIRST, None)]


def test_a_binding_that_begins_later_is_left_alone_and_ends_the_new_one() -> None:
    _import(FILE, FIRST)
    future = LATER + timedelta(days=5)
    row = TagBinding.objects.get(work_center__code="M-1", role="good")
    TagBinding.objects.filter(pk=row.pk).update(valid_to=future)
    row.pk, row.tag, row.valid_from = None, "M1.Future", future
    row.save()
    _import(FILE.replace("M1.Good", "M1.Parts"), LATER)
    assert _bindings() == [("M1.Good", FIRST, LATER), ("M1.Parts", LATER, future), ("M1.Future", future, None)]


def test_a_changed_ideal_cycle_keeps_the_past() -> None:
    _import(FILE, FIRST)
    _import(FILE.replace("M-1: 0.5, M-2: 2", "M-1: 0.4"), LATER)
    rows = IdealCycle.objects.order_by("work_center__code", "valid_from")
    assert [(row.ideal_cycle_s, row.valid_from, row.valid_to) for row in rows] == [
        (Decimal("0.5"), FIRST, LATER),
        (Decimal("0.4"), LATER, None),
        (Decimal("2"), FIRST, LATER),
    ]


def test_a_person_keeps_their_password_and_what_the_file_does_not_name_stays() -> None:
    _import(FILE, FIRST)
    otto = Person.objects.get(username="otto")
    otto.set_password("a long enough password")
    otto.save()
    _import(
        FILE.replace("role: operator", "role: engineer")
        .replace(", M-2: {line: L}}", "}")
        .replace("  M-2: {controller: PLC, tags: {good: M2.Good}}\n", "")
        .replace(", M-2: 2", ""),
        LATER,
    )
    otto.refresh_from_db()
    assert otto.check_password("a long enough password")
    assert (otto.role, otto.is_staff) == ("engineer", True)
    assert WorkCenter.objects.filter(code="M-2").exists()


def test_the_outcome_counts_what_was_created_changed_and_left() -> None:
    first = _import(FILE, FIRST)
    # site, area, line, 2 machines, controller, 3 bindings, item, 2 cycles, person
    assert (first.created, first.changed, first.unchanged) == (13, 0, 0)
    again = _import(FILE.replace("Otto Lang", "Otto Kurz").replace("M-2: 2", "M-2: 3"), LATER)
    assert (again.created, again.changed, again.unchanged) == (0, 2, 11)
